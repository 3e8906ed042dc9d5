package scan

import (
	"regexp"
	"strings"
)

// line is a log's line as the rules see it.
type line struct {
	text string // without the CI system's prefix
	alt  string // another reading: with the level that may be the tool's own; or ""
}

// mostPrefixes bounds how many prefixes are taken off one line: a time stamp
// around a container's name around Ant's task, say.
const mostPrefixes = 4

// prefixes are what CI systems and tools that run other tools put before a
// line. In a shape, 0 stands for a digit and + for a sign; a line that doesn't start
// with it costs next to nothing. Only CodeArts' shape is all of it.
var prefixes = []struct {
	shape   string
	pattern *regexp.Regexp
}{
	// CodeArts Build; what follows is taken off by withoutLevel
	{"[0000/00/00 00:00:00.000 GMT+00:00]", nil},
	// GitHub Actions, and GitLab with the stream's mark, 00O or 01E+
	{"0000-00-00T00:00:00.000", regexp.MustCompile(`^[-\dT:.]{23,29}Z ?(?:\d\d[OE][ +])?`)},
	// Jenkins' Timestamper: [2023-01-01T00:00:00.000Z], or the clock alone
	{"[0000-00-00", regexp.MustCompile(`^\[[-\d]{10}[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?\] ?`)},
	// … or the time since the build began
	{"00:00:00.000 ", regexp.MustCompile(`^[\d:.]{12} {1,2}`)},
	// … and Mozharness, which puts the level behind it
	{"00:00:00 ", regexp.MustCompile(`^[\d:]{8} (?:(?:    INFO|   ERROR|   FATAL|   DEBUG| WARNING|CRITICAL) - {1,2}| )?`)},
	// Bazel under --show_timestamps
	{"(00:00:00) ", regexp.MustCompile(`^\([\d:]{8}\) `)},
	// Zuul: 2023-01-01 00:00:00.000000 | node |
	{"0000-00-00 00:00:00.000000 | ", regexp.MustCompile(`^[-\d]{10} [\d:.]{15} \| (?:[\w.-]+ \|(?: |$))?`)},
	// fastlane, around xcpretty: [15:44:26]: ▸
	{"[00:00:00]: ", regexp.MustCompile(`^\[[\d:]{8}\]: (?:▸ )?`)},
	// Taskcluster: [task 2025-02-13T11:53:22.117Z] 11:53:22     INFO -
	{"[", regexp.MustCompile(`^\[(?:task|taskcluster|vcs|fetches|setup) [-\d]{10}[T ][\d:.]+Z\] ?(?:\d\d:\d\d:\d\d +[A-Z]+ - ? ?)?`)},
	// BuildKit's plain progress: #12 34.56
	{"#0", regexp.MustCompile(`^#\d+ \d+\.\d+ `)},
	// Ant's tasks: [junit]
	{" ", antTask},
	{"[", antTask},
}

var antTask = regexp.MustCompile(`^\s*\[(?:junit|junitlauncher|javac|java|exec|testng|scalac|groovyc|echo|ivy:\w+|mvn|apply)\] ?`)

// separated are prefixes that start with any name and end with a separator.
var separated = []struct {
	separator string
	pattern   *regexp.Regexp
}{
	// Docker Compose: web_1  |
	{" | ", regexp.MustCompile(`^[a-z0-9][\w.-]*[-_]\d+ +\| `)},
	// gh run view --log: job TAB step TAB time
	{"\t", regexp.MustCompile(`^[^\t]{1,200}\t[^\t]{1,200}\t\d{4}-\d\d-\d\dT[\d:.]+Z `)},
}

// levels are the words that CI systems mark a line's level with. They may be
// the tool's own, too: Maven's lines start with [ERROR].
var levels = regexp.MustCompile(`^(?:\[(?:WARNING|WARN|ERROR|FATAL)\] |##\[(?:error|warning)\]|::(?:error|warning)(?: [^:]*)?::)`)

// codeArtsLevel is a level that CodeArts itself has given to a line of its own.
var codeArtsLevel = regexp.MustCompile(`^\[(?:WARNING|WARN|ERROR|FATAL)\] (?: : |\[[^\[\]]*\] : )`)

// unwrap takes the prefixes off a line.
func unwrap(text string) line {
	for range mostPrefixes {
		rest := withoutPrefix(text)
		if rest == text {
			break
		}
		text = rest
	}
	if text == "" || text[0] != '[' && text[0] != '#' && text[0] != ':' {
		return line{text: text}
	}
	level := levels.FindString(text)
	if level == "" {
		return line{text: text}
	}
	if codeArtsLevel.MatchString(text) {
		return line{text: strings.TrimPrefix(text[len(level):], " : ")}
	}
	return line{text: text, alt: text[len(level):]}
}

// withoutPrefix takes the first prefix off, if there is one.
func withoutPrefix(text string) string {
	for _, p := range prefixes {
		if !shaped(text, p.shape) {
			continue
		}
		if p.pattern == nil {
			return withoutLevel(text[len(p.shape):])
		}
		if end := p.pattern.FindStringIndex(text); end != nil {
			return text[end[1]:]
		}
	}
	for _, p := range separated {
		if !strings.Contains(text, p.separator) {
			continue
		}
		if end := p.pattern.FindStringIndex(text); end != nil {
			return text[end[1]:]
		}
	}
	return text
}

// withoutLevel takes off what CodeArts puts between its time and the text. Other
// levels may be the tool's own.
func withoutLevel(text string) string {
	text = strings.TrimPrefix(text, " ")
	for _, level := range []string{"[INFO] ", "[DEBUG] "} {
		if rest, ok := strings.CutPrefix(text, level); ok {
			text = rest
			break
		}
	}
	return strings.TrimPrefix(text, " : ")
}

// shaped says whether the text starts with the shape.
func shaped(text, shape string) bool {
	if len(text) < len(shape) {
		return false
	}
	for i := range len(shape) {
		c := text[i]
		switch shape[i] {
		case '0':
			if c < '0' || '9' < c {
				return false
			}
		case '+':
			if c != '+' && c != '-' {
				return false
			}
		default:
			if c != shape[i] {
				return false
			}
		}
	}
	return true
}

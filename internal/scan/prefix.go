package scan

import (
	"regexp"
	"strings"
	"unicode/utf8"
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
// line, in the order in which they are tried. In a shape, 0 stands for a digit and + for
// a sign. What starts with the shape is the prefix as far as length says, in bytes, none
// where that is 0. Those that many logs have on each line are read by hand, since a
// regular expression takes longer than all the rest; the tests have them as such.
var prefixes = []prefix{
	{"[0000/00/00 00:00:00.000 GMT+00:00]", codeArtsPrefix},
	{"0000-00-00T00:00:00.000", gitHubPrefix},
	{"[0000-00-00", jenkinsPrefix},
	// the time since Jenkins' build began
	{"00:00:00.000 ", by(`^[\d:.]{12} {1,2}`)},
	// Mozharness, which puts the level behind it
	{"00:00:00 ", by(`^[\d:]{8} (?:(?:    INFO|   ERROR|   FATAL|   DEBUG| WARNING|CRITICAL) - {1,2}| )?`)},
	// Bazel under --show_timestamps
	{"(00:00:00) ", by(`^\([\d:]{8}\) `)},
	// Zuul: 2023-01-01 00:00:00.000000 | node |
	{"0000-00-00 00:00:00.000000 | ", by(`^[-\d]{10} [\d:.]{15} \| (?:[\w.-]+ \|(?: |$))?`)},
	// fastlane, around xcpretty: [15:44:26]: ▸
	{"[00:00:00]: ", by(`^\[[\d:]{8}\]: (?:▸ )?`)},
	// Taskcluster: [task 2025-02-13T11:53:22.117Z] 11:53:22     INFO -
	{"[task 0000", taskclusterPrefix},
	{"[taskcluster 0000", taskclusterPrefix},
	{"[vcs 0000", taskclusterPrefix},
	{"[fetches 0000", taskclusterPrefix},
	{"[setup 0000", taskclusterPrefix},
	// BuildKit's plain progress: #12 34.56
	{"#0", by(`^#\d+ \d+\.\d+ `)},
	{" ", antPrefix},
	{"[", antPrefix},
}

type prefix struct {
	shape  string
	length func(text string) int
}

// prefixesOf has the prefixes by the first byte of their lines.
var prefixesOf = func() (of [256][]prefix) {
	for _, p := range prefixes {
		first, last := p.shape[0], p.shape[0]
		if first == '0' {
			last = '9'
		}
		for c := first; c <= last; c++ {
			of[c] = append(of[c], p)
		}
	}
	return of
}()

// by is the length of what the pattern finds.
func by(pattern string) func(string) int {
	compiled := regexp.MustCompile(pattern)
	return func(text string) int {
		if found := compiled.FindStringIndex(text); found != nil {
			return found[1]
		}
		return 0
	}
}

// codeArtsPrefix is the time of CodeArts Build and what it puts between that and
// the text. Levels but for these may be the tool's own.
func codeArtsPrefix(text string) int {
	rest := strings.TrimPrefix(text[len("[0000/00/00 00:00:00.000 GMT+00:00]"):], " ")
	for _, level := range []string{"[INFO] ", "[DEBUG] "} {
		if after, ok := strings.CutPrefix(rest, level); ok {
			rest = after
			break
		}
	}
	return len(text) - len(strings.TrimPrefix(rest, " : "))
}

// gitHubPrefix is GitHub Actions' time, and GitLab's, which the stream's mark
// follows: ^[-\dT:.]{23,29}Z ?(?:\d\d[OE][ +])?
func gitHubPrefix(text string) int {
	end := len("0000-00-00T00:00:00.000")
	for end < min(len(text), 29) && strings.IndexByte("-0123456789T:.", text[end]) >= 0 {
		end++
	}
	if end == len(text) || text[end] != 'Z' {
		return 0
	}
	end = skip(text, end+1, ' ')
	if rest := text[end:]; shaped(rest, "00") && len(rest) >= 4 && (rest[2] == 'O' || rest[2] == 'E') && (rest[3] == ' ' || rest[3] == '+') {
		end += 4
	}
	return end
}

// jenkinsPrefix is the time of Jenkins' Timestamper:
// ^\[[-\d]{10}[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?\] ?
func jenkinsPrefix(text string) int {
	if !shaped(text, "[0000-00-00T00:00:00") && !shaped(text, "[0000-00-00 00:00:00") {
		return 0
	}
	end := len("[0000-00-00T00:00:00")
	if fraction := digits(text, end+1); end < len(text) && text[end] == '.' && fraction > end+1 {
		end = fraction
	}
	for _, zone := range []string{"Z", "+00:00", "+0000"} {
		if shaped(text[end:], zone) {
			end += len(zone)
			break
		}
	}
	if end == len(text) || text[end] != ']' {
		return 0
	}
	return skip(text, end+1, ' ')
}

var taskclusterPrefix = by(`^\[\w+ [-\d]{10}[T ][\d:.]+Z\] ?(?:\d\d:\d\d:\d\d +[A-Z]+ - ? ?)?`)

// antPrefix is the name of Ant's task: ^\s*\[(?:junit|…|ivy:\w+|mvn|apply)\] ?
func antPrefix(text string) int {
	start := 0
	for start < len(text) && (text[start] == ' ' || text[start] == '\t' || text[start] == '\n' || text[start] == '\f' || text[start] == '\r') {
		start++
	}
	task, found := strings.CutPrefix(text[start:], "[")
	if !found {
		return 0
	}
	name, rest, found := strings.Cut(task, "]")
	if ivy, ok := strings.CutPrefix(name, "ivy:"); !found || !antTasks[name] && (!ok || ivy == "" || wordEnd(ivy) < len(ivy)) {
		return 0
	}
	return skip(text, len(text)-len(rest), ' ')
}

var antTasks = map[string]bool{
	"junit": true, "junitlauncher": true, "javac": true, "java": true, "exec": true, "testng": true,
	"scalac": true, "groovyc": true, "echo": true, "mvn": true, "apply": true,
}

// composePrefix is Docker Compose's name of a container: ^[a-z0-9][\w.-]*[-_]\d+ +\|
func composePrefix(text string) int {
	end := 0
	for end < len(text) && (word(text[end]) || text[end] == '.' || text[end] == '-') {
		end++
	}
	if end == len(text) || text[end] != ' ' {
		return 0
	}
	name := strings.TrimRight(text[:end], "0123456789")
	if len(name) < 2 || len(name) == end || !strings.HasSuffix(name, "-") && !strings.HasSuffix(name, "_") || 'A' <= name[0] && name[0] <= '_' || name[0] < '0' {
		return 0
	}
	bar := end
	for bar < len(text) && text[bar] == ' ' {
		bar++
	}
	if bar == end || !strings.HasPrefix(text[bar:], "| ") {
		return 0
	}
	return bar + len("| ")
}

// tabbedPrefix is that of gh run view --log, job TAB step TAB time:
// ^[^\t]{1,200}\t[^\t]{1,200}\t\d{4}-\d\d-\d\dT[\d:.]+Z
func tabbedPrefix(text string) int {
	end := 0
	for range 2 {
		name, _, found := strings.Cut(text[end:], "\t")
		if !found || name == "" || utf8.RuneCountInString(name) > 200 {
			return 0
		}
		end += len(name) + 1
	}
	if !shaped(text[end:], "0000-00-00T") {
		return 0
	}
	end += len("0000-00-00T")
	clock := end
	for end < len(text) && strings.IndexByte("0123456789:.", text[end]) >= 0 {
		end++
	}
	if end == clock || !strings.HasPrefix(text[end:], "Z ") {
		return 0
	}
	return end + len("Z ")
}

// levels are the words that CI systems mark a line's level with. They may be
// the tool's own, too: Maven's lines start with [ERROR].
var levels = []string{"[WARNING] ", "[WARN] ", "[ERROR] ", "[FATAL] ", "##[error]", "##[warning]", "::error", "::warning"}

// levelLength is the length of a level at the text's start, 0 when there is none.
func levelLength(text string) int {
	for _, level := range levels {
		rest, ok := strings.CutPrefix(text, level)
		if !ok {
			continue
		}
		if level[0] != ':' {
			return len(level)
		}
		// ::error file=app.js,line=1::
		parameters, _, found := strings.Cut(rest, "::")
		if found && (parameters == "" || parameters[0] == ' ' && !strings.Contains(parameters, ":")) {
			return len(level) + len(parameters) + len("::")
		}
	}
	return 0
}

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
	level := levelLength(text)
	if level == 0 {
		return line{text: text}
	}
	if codeArtsLevel.MatchString(text) {
		return line{text: strings.TrimPrefix(text[level:], " : ")}
	}
	return line{text: text, alt: text[level:]}
}

// withoutPrefix takes the first prefix off, if there is one.
func withoutPrefix(text string) string {
	if text == "" {
		return text
	}
	for _, p := range prefixesOf[text[0]] {
		if !shaped(text, p.shape) {
			continue
		}
		if n := p.length(text); n > 0 {
			return text[n:]
		}
	}
	if n := composePrefix(text); n > 0 {
		return text[n:]
	}
	return text[tabbedPrefix(text):]
}

// skip is the index after the byte at i, if it is c.
func skip(text string, i int, c byte) int {
	if i < len(text) && text[i] == c {
		i++
	}
	return i
}

// digits is the index of what follows the digits from i on.
func digits(text string, i int) int {
	for i < len(text) && '0' <= text[i] && text[i] <= '9' {
		i++
	}
	return i
}

// word says whether \w reads the byte.
func word(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

// wordEnd is the index of the first byte that isn't of a word.
func wordEnd(text string) int {
	for i := range len(text) {
		if !word(text[i]) {
			return i
		}
	}
	return len(text)
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

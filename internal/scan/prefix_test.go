package scan

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// written are the prefixes that are read by hand, as regular expressions.
var written = []struct {
	length  func(string) int
	pattern *regexp.Regexp
}{
	{startingWith("[0000/00/00 00:00:00.000 GMT+00:00]", codeArtsPrefix),
		regexp.MustCompile(`^\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{3} GMT[+-]\d\d:\d\d\] ?(?:\[INFO\] |\[DEBUG\] )?(?: : )?`)},
	{startingWith("0000-00-00T00:00:00.000", gitHubPrefix),
		regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[-\dT:.]{0,6}Z ?(?:\d\d[OE][ +])?`)},
	{startingWith("[0000-00-00", jenkinsPrefix),
		regexp.MustCompile(`^\[\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?\] ?`)},
	{antPrefix,
		regexp.MustCompile(`^\s*\[(?:junit|junitlauncher|javac|java|exec|testng|scalac|groovyc|echo|ivy:\w+|mvn|apply)\] ?`)},
	{composePrefix, regexp.MustCompile(`^[a-z0-9][\w.-]*[-_]\d+ +\| `)},
	{tabbedPrefix, regexp.MustCompile(`^[^\t]{1,200}\t[^\t]{1,200}\t\d{4}-\d\d-\d\dT[\d:.]+Z `)},
	{levelLength, regexp.MustCompile(`^(?:\[(?:WARNING|WARN|ERROR|FATAL)\] |##\[(?:error|warning)\]|::(?:error|warning)(?: [^:]*)?::)`)},
}

func startingWith(shape string, length func(string) int) func(string) int {
	return func(text string) int {
		if !shaped(text, shape) {
			return 0
		}
		return length(text)
	}
}

func checkPrefixes(t *testing.T, text string) {
	t.Helper()
	for _, w := range written {
		if got, want := w.length(text), len(w.pattern.FindString(text)); got != want {
			t.Errorf("%s in %q: got %d bytes, want %d", w.pattern, text, got, want)
		}
	}
}

// TestPrefixesAsWritten wants the prefixes that are read by hand to be what regular
// expressions say, in real logs and cut short at each place.
func TestPrefixesAsWritten(t *testing.T) {
	for _, start := range []string{
		"[2023/01/02 03:04:05.678 GMT+08:00] [INFO]  : x", "[2023/01/02 03:04:05.678 GMT+08:00] : x",
		"2023-01-02T03:04:05.6789012Z 01E+x", "2023-01-02T03:04:05.678901Z 00O x", "2023-01-02T03:04:05.678Z01Ex",
		"[2023-01-02T03:04:05.678Z] x", "[2023-01-02 03:04:05] x", "[2023-01-02 03:04:05+0800]x", "[2023-01-02T03:04:05.-08:00] x",
		"  \t[junit] x", "[ivy:retrieve]  x", "[ivy:]", "[ivy:a-b] x", "[javac]", "[exec ] x",
		"web_1  | x", "web-2 | x", "_1 | x", "Web_1 | x", "a.b-c_12 |", "9-9 | x", "1_1| x",
		"job\tstep\t2023-01-02T03:04:05.678Z x", "j\t\t2023-01-02T03:04Z x", strings.Repeat("é", 201) + "\tx\t2023-01-02T0Z x",
		"::error file=a.js,line=1::x", "::warning::x", "::error a:b::x", "::errors::x", "##[error]x", "[WARN] x", "[ERROR]x",
	} {
		for i := range len(start) + 1 {
			checkPrefixes(t, start[:i])
		}
	}
	names, err := filepath.Glob("../../testdata/logs/*.log")
	if err != nil || len(names) == 0 {
		t.Fatalf("no logs (%v)", err)
	}
	for _, name := range names {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(file); lines.Scan(); {
			checkPrefixes(t, lines.Text())
		}
		file.Close()
	}
}

func FuzzPrefixes(f *testing.F) {
	f.Add("[2023-01-02T03:04:05.678Z] web_1 | [javac] ::error line=1::x")
	f.Add("\t[ivy:x] 2023-01-02T03:04:05.6789012Z 01E+x")
	f.Fuzz(checkPrefixes)
}

package scan_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
)

// variant is another form in which the same log could have come.
type variant struct {
	name string
	// change returns the lines of the variant and how many were put before the log's
	// own, or less than 0 for those taken away; nil where the log has no such variant.
	change func(lines []string, l label) (changed []string, before int64)
}

func prefixed(prefix string) func([]string, label) ([]string, int64) {
	return func(lines []string, _ label) ([]string, int64) {
		if stamped.MatchString(lines[0]) {
			return nil, 0
		}
		changed := make([]string, len(lines))
		for i, line := range lines {
			changed[i] = prefix + line
		}
		return changed, 0
	}
}

var (
	stamped    = regexp.MustCompile(`^\x{feff}?\[?\d{4}[-/]\d\d[-/]\d\d|^\[?\d\d:\d\d:\d\d`)
	gitHubTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z `)
	colours    = regexp.MustCompile("\x1b\\[[0-9;]*m")
)

// passing stands before other logs: what has gone well is no reason for what goes wrong later.
const passing = `+ npm test
PASS src/error.test.js
  ✓ fails with an Error (3 ms)
Error: printed on purpose
    at Object.<anonymous> (src/error.test.js:3:9)

Test Suites: 1 passed, 1 total
Tests:       1 passed, 1 total
[INFO] Tests run: 12, Failures: 0, Errors: 0, Skipped: 0
[INFO] BUILD SUCCESS
12 passed in 0.31s
`

var variants = []variant{
	{"colourless", func(lines []string, _ label) ([]string, int64) {
		return strings.Split(colours.ReplaceAllString(strings.Join(lines, "\n"), ""), "\n"), 0
	}},
	{"CRLF", func(lines []string, _ label) ([]string, int64) {
		return strings.Split(strings.Join(lines, "\r\n"), "\n"), 0
	}},
	{"GitHub Actions", prefixed("2026-03-02T09:00:00.1234567Z ")},
	{"GitLab", prefixed("2026-03-02T09:00:00.123456Z 01O ")},
	{"Jenkins", prefixed("[2026-03-02T09:00:00.123Z] ")},
	{"Jenkins' clock", prefixed("09:00:00  ")},
	{"CodeArts", prefixed("[2026/03/02 09:00:00.123 GMT+08:00] ")},
	{"Taskcluster", prefixed("[task 2026-03-02T09:00:00.123Z] ")},
	{"without GitHub's time", func(lines []string, _ label) ([]string, int64) {
		if !gitHubTime.MatchString(lines[0]) {
			return nil, 0
		}
		changed := make([]string, len(lines))
		for i, line := range lines {
			changed[i] = gitHubTime.ReplaceAllString(line, "")
		}
		return changed, 0
	}},
	{"without its head", func(lines []string, l label) ([]string, int64) {
		cut := int64(len(lines) / 4)
		for _, root := range l.RootLines {
			cut = min(cut, root-20)
		}
		if cut < 1 || l.Clean {
			return nil, 0
		}
		return lines[cut:], -cut
	}},
	{"after a passing log", func(lines []string, l label) ([]string, int64) {
		if strings.HasPrefix(lines[0], "\ufeff") {
			return nil, 0
		}
		before := strings.Split(strings.TrimSuffix(passing, "\n"), "\n")
		return append(before, lines...), int64(len(before))
	}},
}

// TestVariants wants the same cause of a log, however its CI system shows it.
func TestVariants(t *testing.T) {
	for _, dir := range []string{samples, corpus} {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		labels, found := scanLabelled(t, dir)
		for _, v := range variants {
			t.Run(filepath.Base(filepath.Dir(dir))+"/"+v.name, func(t *testing.T) {
				compareVariant(t, dir, v, labels, found)
			})
		}
	}
}

func compareVariant(t *testing.T, dir string, v variant, labels []label, found [][]build.Finding) {
	var changed []label
	var logs [][]byte
	var first []int // index of the log as it is
	for i, l := range labels {
		text, err := readLog(filepath.Join(dir, l.Log))
		if err != nil {
			t.Fatal(err)
		}
		lines, before := v.change(strings.Split(string(text), "\n"), l)
		if lines == nil {
			continue
		}
		moved := l
		moved.RootLines = nil
		for _, root := range l.RootLines {
			moved.RootLines = append(moved.RootLines, root+before)
		}
		changed, logs, first = append(changed, moved), append(logs, []byte(strings.Join(lines, "\n"))), append(first, i)
	}
	for i, findings := range scanErrors(t, logs) {
		l, was := changed[i], found[first[i]]
		if hit(l, findings) == 1 || hit(labels[first[i]], was) != 1 && !l.Clean || l.Clean && len(findings) <= len(was) {
			continue
		}
		var got []string
		for _, f := range findings[:min(len(findings), 3)] {
			got = append(got, fmt.Sprintf("\n\t%d-%d %s: %.150s", f.Line, f.EndLine, f.Rule, f.Message))
		}
		t.Errorf("%s: the cause is at %d, want %v:%s", l.ID, hit(l, findings), l.RootLines[:min(len(l.RootLines), 6)], strings.Join(got, ""))
	}
}

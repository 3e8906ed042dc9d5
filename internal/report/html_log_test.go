package report_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/report"
)

// numberedLog is a log of so many lines of about 100 bytes that tell their numbers.
func numberedLog(lines int) []byte {
	var log bytes.Buffer
	for n := 1; n <= lines; n++ {
		fmt.Fprintf(&log, "line %d %s\n", n, strings.Repeat("x", 90))
	}
	return log.Bytes()
}

// withFindings is a failed build with findings at these lines, by rank.
func withFindings(name string, lines ...int64) *build.Build {
	b := passing(name, 1, 0, 1000)
	b.Status = build.Failure
	for i, line := range lines {
		b.Findings = append(b.Findings, build.Finding{Rank: i + 1, Rule: "a", Severity: build.Error, Kind: build.Cause, Line: line, EndLine: line, Message: "boom", Count: 1})
	}
	return b
}

// ranges are the lines that a page holds of a build, such as "1-5 9-10". Each
// line must tell its own number.
func ranges(t *testing.T, page string, index int) string {
	t.Helper()
	blocks := held(t, page, index)
	var numbers []int
	for first, lines := range blocks {
		n, _ := strconv.Atoi(first)
		for i, line := range lines {
			if !strings.HasPrefix(line, fmt.Sprintf("line %d ", n+i)) {
				t.Fatalf("line %d is %.40q", n+i, line)
			}
			numbers = append(numbers, n+i)
		}
	}
	slices.Sort(numbers)
	var out []string
	for i := 0; i < len(numbers); {
		first := numbers[i]
		for i++; i < len(numbers) && numbers[i] == numbers[i-1]+1; i++ {
		}
		out = append(out, fmt.Sprintf("%d-%d", first, numbers[i-1]))
	}
	return strings.Join(out, " ")
}

func TestHTMLHoldsLogs(t *testing.T) {
	large := numberedLog(200_000) // 21 MB
	many := make([]int64, 30)
	for i := range many {
		many[i] = int64(150_000 - 5_000*i)
	}
	for _, c := range []struct {
		name     string
		log      []byte
		findings []int64
		want     string
		leftOut  string
	}{
		{"small", numberedLog(1000), []int64{7}, "1-1000", ""},
		{"small, without a last line's end", bytes.TrimSuffix(numberedLog(3000), []byte("\n")), []int64{7}, "1-3000", ""},
		{"one line that is a little too long", []byte("line 1 " + strings.Repeat("x", 8_000)), nil, "1-1", ""},
		{"around the finding and the end", large, []int64{50_000}, "49000-50999 199501-200000", "197,500 of 200,000 lines are left out here"},
		{"findings that are near each other and the ends", large, []int64{1500, 300, 199_000}, "1-2499 198000-200000", "195,500"},
		{"no finding", large, nil, "199501-200000", "199,500"},
		{"findings beyond the log", large, []int64{300_000}, "199501-200000", "199,500"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := withFindings("a", c.findings...)
			shown := page(t, &build.Report{Verdict: build.Fail, Builds: []*build.Build{b}}, fstest.MapFS{*b.Log.Path: {Data: c.log}}, report.Repository{})
			if got := ranges(t, shown, 0); got != c.want {
				t.Errorf("it holds the lines %s, want %s", got, c.want)
			}
			if said := strings.Contains(shown, "left out here"); said != (c.leftOut != "") || !strings.Contains(shown, c.leftOut) {
				t.Errorf("it doesn't say %q", c.leftOut)
			}
		})
	}
	t.Run("the first twenty findings", func(t *testing.T) {
		b := withFindings("a", many...)
		shown := page(t, &build.Report{Verdict: build.Fail, Builds: []*build.Build{b}}, fstest.MapFS{*b.Log.Path: {Data: large}}, report.Repository{})
		got := strings.Fields(ranges(t, shown, 0))
		if len(got) != 21 || got[0] != "54000-55999" {
			t.Errorf("it holds %d ranges of lines, from %s on; want 21 from 54000-55999 on", len(got), got[0])
		}
	})
}

// A page's space goes to the builds that failed before the others, and to small
// logs before large ones.
func TestHTMLSharesItsSpace(t *testing.T) {
	large, small := numberedLog(60_000), numberedLog(100) // 6 MB, 10 kB
	r := &build.Report{Verdict: build.Fail}
	files := fstest.MapFS{}
	add := func(b *build.Build, log []byte) {
		r.Builds = append(r.Builds, b)
		files[*b.Log.Path] = &fstest.MapFile{Data: log}
	}
	add(passing("passed", 1, 0, 1000), large)
	for i := range 9 {
		add(withFindings(fmt.Sprint("large", i), 30_000), large)
	}
	add(withFindings("small", 50), small)
	shown := page(t, r, files, report.Repository{})
	if got := ranges(t, shown, 10); got != "1-100" {
		t.Errorf("of the small log it holds %s", got)
	}
	for i := 1; i < 10; i++ {
		if got := ranges(t, shown, i); got != "29000-30999 59501-60000" {
			t.Errorf("of large log %d it holds %s", i, got)
		}
	}
	if got := ranges(t, shown, 0); got != "1-60000" {
		t.Errorf("of the log of the build that passed it holds %s, although there is space", got)
	}
	r.Builds = r.Builds[:2]
	shown = page(t, r, files, report.Repository{})
	if passed, failed := ranges(t, shown, 0), ranges(t, shown, 1); passed != "59501-60000" || failed != "1-60000" {
		t.Errorf("of the build that passed it holds %s, of the one that failed %s", passed, failed)
	}
}

func TestHTMLCutsLongLines(t *testing.T) {
	b := withFindings("a", 1)
	log := strings.Repeat("é", 5<<20) + "\n" + "x" + strings.Repeat("é", 4_000) + "\n" + strings.Repeat("y", 8_001) + "\r\nlast"
	shown := page(t, &build.Report{Verdict: build.Fail, Builds: []*build.Build{b}}, fstest.MapFS{*b.Log.Path: {Data: []byte(log)}}, report.Repository{})
	want := []string{strings.Repeat("é", 3_975) + " … (10,477,810 bytes left out)", "x" + strings.Repeat("é", 3_974) + " … (52 bytes left out)",
		strings.Repeat("y", 7_950) + " … (51 bytes left out)", "last"}
	if got := held(t, shown, 0)["1"]; !slices.Equal(got, want) {
		for i := range got {
			t.Errorf("line %d has %d bytes and ends in %q", i+1, len(got[i]), got[i][max(0, len(got[i])-40):])
		}
	}
}

// A log that isn't there or can't be read isn't the end of the page.
func TestHTMLWithoutLogs(t *testing.T) {
	for name, files := range map[string]fs.FS{"no files": nil, "none there": fstest.MapFS{}, "a directory": fstest.MapFS{"logs/api.log/x": {}}} {
		t.Run(name, func(t *testing.T) {
			shown := page(t, sample(), files, report.Repository{})
			if !strings.HasSuffix(shown, "</html>\n") {
				t.Error("the page isn't whole")
			}
			if n := strings.Count(shown, `<span class="result">left out here</span>`); n != 5 {
				t.Errorf("%d logs are said to be left out, want 5", n)
			}
			if len(block.FindAllString(shown, -1)) != 0 {
				t.Error("it has a log")
			}
		})
	}
}

// endless is a log that is made while it is read, so that only the page can
// need memory.
type endless struct{ size, at int64 }

func (e *endless) Open(string) (fs.File, error) { return &endless{size: e.size}, nil }
func (e *endless) Stat() (fs.FileInfo, error) {
	return fs.Stat(fstest.MapFS{"a": {Data: numberedLog(1)}}, "a")
}
func (e *endless) Close() error { return nil }
func (e *endless) Read(p []byte) (int, error) {
	if e.at >= e.size {
		return 0, io.EOF
	}
	for i := range p {
		if p[i] = 'x'; (e.at+int64(i))%100 == 99 {
			p[i] = '\n'
		}
	}
	e.at += int64(len(p))
	return len(p), nil
}

func TestHTMLOfALogThatGrew(t *testing.T) {
	b := withFindings("a", 5)
	shown := page(t, &build.Report{Verdict: build.Fail, Builds: []*build.Build{b}}, &endless{size: 100 << 20}, report.Repository{})
	if len(shown) > 1<<20 {
		t.Errorf("the page has %d bytes, of a log that was 97 bytes at first", len(shown))
	}
	if got := slices.Sorted(maps.Keys(held(t, shown, 0))); len(got) != 0 {
		t.Errorf("it holds the lines from %s on", got)
	}
}

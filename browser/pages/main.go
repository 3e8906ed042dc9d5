// Command pages writes the pages that the browser tests open: report.html of
// the sample logs, of 200 builds, of a log of 100,000 lines, of one that is larger
// than a page holds, and of a hostile one, each in a directory of its own.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/gate"
	"github.com/loggate/loggate/internal/report"
	"github.com/loggate/loggate/internal/rules"
	"github.com/loggate/loggate/internal/scan"
	"github.com/loggate/loggate/testdata"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: pages DIRECTORY")
		os.Exit(2)
	}
	if err := writeAll(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// started is when every run here began.
var started = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func writeAll(dir string) error {
	set, err := rules.Builtin()
	if err != nil {
		return err
	}
	return errors.Join(
		writePage(set, filepath.Join(dir, "sample"), samples()...),
		writePage(set, filepath.Join(dir, "long"), sample{"long", 1, build.Failure, long(100_000)}),
		writePage(set, filepath.Join(dir, "large"), sample{"large", 1, build.Failure, long(300_000)}),
		writePage(set, filepath.Join(dir, "many"), many(200)...),
		writePage(set, filepath.Join(dir, "hostile"), sample{`</script><img src=x onerror="document.title='ran'">`, 1, build.Failure, hostile()}),
	)
}

// sample is a build to be.
type sample struct {
	name   string
	no     int
	status build.Status
	log    []byte
}

func samples() []sample {
	var all []sample
	for _, s := range []sample{{"api", 128, build.Success, nil}, {"web", 57, build.Failure, nil},
		{"worker", 311, build.Failure, nil}, {"docs", 42, build.Success, nil}} {
		s.log, _ = fs.ReadFile(testdata.Demo, "demo/"+s.name+".log")
		all = append(all, s)
	}
	return append(all, sample{"colours", 3, build.Success, colours()})
}

// many are so many builds, of which every tenth failed.
func many(n int) []sample {
	passed, failed := samples()[0], samples()[1]
	var all []sample
	for no := 1; no <= n; no++ {
		s := passed
		if no%10 == 0 {
			s = failed
		}
		s.name, s.no = fmt.Sprintf("%s-%03d", s.name, no), no
		all = append(all, s)
	}
	return all
}

// long is a log of so many lines with an error after three fifths of it, and a
// warning in every thousandth line.
func long(lines int) []byte {
	var log bytes.Buffer
	for n := 1; n <= lines; n++ {
		switch {
		case n == 1:
			log.WriteString("[2026/07/01 12:00:00.000 GMT+08:00] [INFO] [Build:official_shell] : 该步骤开始执行\n")
		case n == lines/5*3:
			log.WriteString("src/main.c:12:5: error: unknown type name 'nothing_else_like_it'\n")
		case n%1000 == 0:
			fmt.Fprintf(&log, "src/part%d.c:7:3: warning: unused variable 'x%d' [-Wunused-variable]\n", n, n)
		default:
			fmt.Fprintf(&log, "[2026/07/01 12:00:00.000 GMT+08:00] compiling part %d of %d\n", n, lines)
		}
	}
	return log.Bytes()
}

// colours is every colour that a terminal has, and how text can look.
func colours() []byte {
	var log bytes.Buffer
	for n := range 8 {
		fmt.Fprintf(&log, "\x1b[%dmink %d\x1b[0m \x1b[%dmbright\x1b[0m \x1b[%dmpaper\x1b[0m \x1b[1;%d;7minverse\x1b[0m\n", 30+n, n, 90+n, 40+n, 30+n)
	}
	log.WriteString("\x1b[38;5;208m256 colours\x1b[0m \x1b[38;2;20;200;20mtrue colour\x1b[0m \x1b[1mbold\x1b[22m \x1b[2mdim\x1b[22m \x1b[3mitalic\x1b[23m \x1b[4munderlined\x1b[24m\n")
	return log.Bytes()
}

// hostile is a log that would run a script or load something if any of it were
// taken for more than text.
func hostile() []byte {
	lines := []string{
		`error: <script>document.title = "ran"</script>`,
		`</script><script>document.title = "ran"</script>`,
		`<img src="http://127.0.0.1:9/x.png" onerror="document.title='ran'">`,
		`<link rel="stylesheet" href="http://127.0.0.1:9/x.css"><iframe src="http://127.0.0.1:9/"></iframe>`,
		`"><svg onload="document.title='ran'">`, `<!--`, `]]>`, `{{.Policy}} ${document.title = "ran"}`,
		`javascript:document.title="ran"`, "\x1b]8;;javascript:document.title='ran'\x07click\x1b]8;;\x07",
		"right to left \u202e txet", "zero\u200bwidth", "bell\a and nul\x00", "carriage\rreturn", "broken \xff\xfe UTF-8",
		"src/main.c:1:1: error: <b onclick=\"document.title='ran'\">bold</b>",
	}
	return []byte(strings.Join(lines, "\n") + "\n" + strings.Repeat("x", 2<<20) + "\nlast line\n")
}

// writePage scans the logs and writes them and their page.
func writePage(set *rules.Set, dir string, samples ...sample) error {
	if err := os.MkdirAll(filepath.Join(dir, "logs"), 0o755); err != nil {
		return err
	}
	r := &build.Report{Schema: build.Schema, Tool: build.Tool{Version: "test"}, StartedAt: started, FinishedAt: started.Add(90 * time.Second)}
	for i, s := range samples {
		path := fmt.Sprintf("logs/%d.log", i+1)
		if err := os.WriteFile(filepath.Join(dir, path), s.log, 0o644); err != nil {
			return err
		}
		r.Builds = append(r.Builds, scanned(set, s, path))
	}
	gate.Decide(r, gate.Policy{FailOn: gate.FailOn{Build: true, Error: true}})
	out, err := os.Create(filepath.Join(dir, "report.html"))
	if err != nil {
		return err
	}
	return errors.Join(report.WriteHTML(out, r, report.FormatOptions{Files: os.DirFS(dir)}), out.Close())
}

// scanned is the build that s becomes.
func scanned(set *rules.Set, s sample, path string) *build.Build {
	b := build.NewBuild(build.Ref{Name: s.name, JobID: "0123456789abcdef0123456789abcdef", Number: s.no})
	scanner := scan.New(set, scan.Options{})
	scanner.Write(s.log)
	result := scanner.Finish(scan.Outcome{Status: s.status})
	at, long := started, int64(60_000)
	b.Status, b.StatusSource, b.ExitStatus, b.StartedAt, b.DurationMS = s.status, build.FromAPI, result.ExitStatus, &at, &long
	b.Findings, b.FindingsDropped, b.Stages = result.Findings, result.Dropped, result.Stages
	for i := range b.Stages {
		share := long / int64(len(b.Stages))
		start := at.Add(time.Duration(int64(i)*share) * time.Millisecond)
		b.Stages[i].StartedAt, b.Stages[i].DurationMS = &start, &share
	}
	b.Log.Path, b.Log.Bytes, b.Log.Lines, b.Log.Complete = &path, int64(len(s.log)), result.Lines, true
	return b
}

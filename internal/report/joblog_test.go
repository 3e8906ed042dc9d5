package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/report"
)

func TestDetectDialect(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want report.Dialect
	}{
		{map[string]string{"GITHUB_ACTIONS": "true"}, report.GitHubLog},
		{map[string]string{"GITLAB_CI": "true"}, report.GitLabLog},
		{map[string]string{"GITHUB_ACTIONS": "false", "JENKINS_URL": "https://ci"}, report.PlainLog},
		{nil, report.PlainLog},
	} {
		if got := report.DetectDialect(c.env); got != c.want {
			t.Errorf("%v: %s, want %s", c.env, got, c.want)
		}
	}
}

// steady replaces what differs from run to run in a job's log.
func steady(log []byte) []byte {
	log = regexp.MustCompile(`::stop-commands::[A-Z2-7]{26}\n`).ReplaceAll(log, []byte("::stop-commands::TOKEN\n"))
	log = regexp.MustCompile(`(?m)^::[A-Z2-7]{26}::$`).ReplaceAll(log, []byte("::TOKEN::"))
	return regexp.MustCompile(`(section_\w+):\d+:loggate_[a-z2-7]{8}_`).ReplaceAll(log, []byte("$1:TIME:loggate_RUN_"))
}

// stageLog is a log of n numbered lines.
func stageLog(n int) *fstest.MapFile {
	var log strings.Builder
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&log, "[INFO] step %d\n", i)
	}
	return &fstest.MapFile{Data: []byte(log.String())}
}

func TestPrintFailed(t *testing.T) {
	r := sample()
	r.Builds[3].Stages = nil // worker: the stage isn't known
	files := fstest.MapFS{"logs/api.log": stageLog(50), "logs/web.log": stageLog(3), "logs/worker.log": stageLog(2)}
	for _, dialect := range []report.Dialect{report.GitHubLog, report.GitLabLog, report.PlainLog} {
		var out bytes.Buffer
		log := report.NewJobLog(&out, dialect)
		if err := log.PrintFailed(r, files); err != nil {
			t.Fatal(err)
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		golden(t, "printed-"+string(dialect)+".txt", steady(out.Bytes()))
	}
}

func TestPrintFailedShowsTheLast200Lines(t *testing.T) {
	for _, c := range []struct {
		lines       int64
		first, last *int64
		from, to    string
		title       string
	}{
		{1234, ptr(int64(4)), ptr(int64(1000)), "801", "1,000", "stage Maven build, the last 200 of 997 lines, root"},
		{1234, ptr(int64(4)), nil, "1,035", "1,234", "stage Maven build, the last 200 of 1,231 lines, root"},
		{1234, nil, nil, "1,035", "1,234", "log, the last 200 of 1,234 lines, root"},
		{204, ptr(int64(5)), ptr(int64(204)), "5", "204", "stage Maven build, 200 lines, root"},
		{3, ptr(int64(2)), ptr(int64(9)), "2", "3", "stage Maven build, 2 lines, root"},
		{3, ptr(int64(7)), ptr(int64(9)), "", "", "stage Maven build, 0 lines, root"},
	} {
		r := &build.Report{Builds: []*build.Build{compileError("api", 7, 0)}}
		r.Builds[0].Stages[1].FirstLine, r.Builds[0].Stages[1].LastLine = c.first, c.last
		var out bytes.Buffer
		log := report.NewJobLog(&out, report.PlainLog)
		if err := log.PrintFailed(r, fstest.MapFS{"logs/api.log": stageLog(int(c.lines))}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if !strings.HasPrefix(lines[0], "==> api #7: "+c.title) {
			t.Errorf("title %q, want %q", lines[0], c.title)
		}
		if c.from == "" {
			if len(lines) != 1 {
				t.Errorf("%d lines", len(lines))
			}
			continue
		}
		number := func(line string) string { return strings.TrimSpace(strings.Split(line, "|")[0]) }
		if from, to := number(lines[1]), number(lines[len(lines)-1]); from != c.from || to != c.to || len(lines) > 201 {
			t.Errorf("%s: lines %s to %s, %d in all", c.title, from, to, len(lines))
		}
		if want := "step " + strings.ReplaceAll(c.to, ",", ""); !strings.HasSuffix(lines[len(lines)-1], want) {
			t.Errorf("line %q isn't %q", lines[len(lines)-1], want)
		}
	}
}

func TestPrintFailedSaysWhichLogItCouldNotRead(t *testing.T) {
	var out bytes.Buffer
	log := report.NewJobLog(&out, report.PlainLog)
	err := log.PrintFailed(sample(), fstest.MapFS{"logs/web.log": stageLog(3)})
	if err == nil || !strings.Contains(err.Error(), "printing the log of api") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(out.String(), "web #112") {
		t.Errorf("one unreadable log lost the others: %s", out.String())
	}
}

func TestPrintFailedIsBounded(t *testing.T) {
	r := &build.Report{}
	for i := range 60 {
		b := compileError(fmt.Sprintf("b%d", i), 7, 0)
		b.Log.Path, b.Stages = ptr("a.log"), nil
		r.Builds = append(r.Builds, b)
	}
	var out bytes.Buffer
	log := report.NewJobLog(&out, report.GitLabLog)
	files := fstest.MapFS{"a.log": {Data: []byte(strings.Repeat(strings.Repeat("x", 5000)+"\n", 300))}}
	if err := log.PrintFailed(r, files); err != nil {
		t.Fatal(err)
	}
	if out.Len() > 3<<20 || !strings.Contains(out.String(), "54 more logs left out") {
		t.Errorf("%d bytes; the end: %s", out.Len(), out.String()[out.Len()-300:])
	}
}

func TestStreamsPrintWholeLines(t *testing.T) {
	var out bytes.Buffer
	log := report.NewJobLog(&out, report.PlainLog)
	var group sync.WaitGroup
	for b := range 8 {
		group.Go(func() {
			stream := log.Stream(fmt.Sprintf("b%d", b))
			defer stream.Close()
			text := []byte(strings.Repeat(fmt.Sprintf("line of b%d\r\n", b), 500) + "the end")
			for cut := range slices.Chunk(text, 7+b) {
				if n, err := stream.Write(cut); n != len(cut) || err != nil {
					t.Errorf("wrote %d, %v", n, err)
				}
			}
		})
	}
	group.Wait()
	counts := map[string]int{}
	for line := range strings.Lines(out.String()) {
		counts[line]++
	}
	for b := range 8 {
		if n := counts[fmt.Sprintf("b%d | line of b%d\n", b, b)]; n != 500 {
			t.Errorf("b%d: %d whole lines", b, n)
		}
		if n := counts[fmt.Sprintf("b%d | the end\n", b)]; n != 1 {
			t.Errorf("b%d: the last line is there %d times", b, n)
		}
	}
	if len(counts) != 16 {
		t.Errorf("%d different lines, want 16", len(counts))
	}
}

func TestStreamBoundsALine(t *testing.T) {
	var out bytes.Buffer
	log := report.NewJobLog(&out, report.PlainLog)
	stream := log.Stream("api")
	chunk := bytes.Repeat([]byte("x"), 1<<20)
	for range 10 {
		stream.Write(chunk)
	}
	io.WriteString(stream, "\nnext\n")
	if out.Len() > 5000 {
		t.Errorf("%d bytes were printed", out.Len())
	}
	if s := out.String(); !strings.Contains(s, "14,000 characters left out) … (10.0 MiB more left out)\napi | next\n") {
		t.Errorf("got …%s", s[len(s)-200:])
	}
}

// TestCommandsAmongStreamedLines shows that groups, masks and annotations work
// while logs are streamed, that nothing in a log is a command, and that a
// token isn't used again after the log has shown it.
func TestCommandsAmongStreamedLines(t *testing.T) {
	var out bytes.Buffer
	log := report.NewJobLog(&out, report.GitHubLog)
	stream := log.Stream("::error::api")
	for range 3 {
		io.WriteString(stream, "::error::no command\n##[error]nor this\n")
		log.Mask("s3cret")
		used := regexp.MustCompile(`::stop-commands::(.*)`).FindAllStringSubmatch(out.String(), -1)
		fmt.Fprintf(stream, "::%s::\n::warning::after a known token\n", used[len(used)-1][1])
		log.Fold("title\n::error::", slices.Values([]string{"::notice::folded", "plain"}))
	}
	if err := log.Print(func(w io.Writer) error { _, err := io.WriteString(w, "::error::printed"); return err }); err != nil {
		t.Fatal(err)
	}
	log.Annotate([]report.Annotation{{Severity: build.Notice, Title: "a,b", Message: "c\nd"}})
	io.WriteString(stream, "::error::without an end")
	stream.Close()
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	gh := new(runner)
	got := strings.Join(gh.run(out.String()), " ")
	if want := strings.Repeat("add-mask group endgroup ", 3) + "notice"; got != want {
		t.Errorf("the runner executes %q, want %q:\n%s", got, want, out.String())
	}
	if gh.token != "" {
		t.Error("commands are still stopped after Close")
	}
	tokens := regexp.MustCompile(`::stop-commands::(.*)`).FindAllString(out.String(), -1)
	slices.Sort(tokens)
	if len(tokens) < 6 || len(slices.Compact(tokens)) != len(tokens) {
		t.Errorf("tokens were used again: %q", tokens)
	}
	if _, err := stream.Write([]byte("x")); err == nil {
		t.Error("a closed stream can be written to")
	}
}

func TestMaskSaysNothingElsewhere(t *testing.T) {
	for _, dialect := range []report.Dialect{report.GitLabLog, report.PlainLog} {
		var out bytes.Buffer
		log := report.NewJobLog(&out, dialect)
		log.Mask("s3cret")
		log.Annotate([]report.Annotation{{Severity: build.Error, Message: "x"}})
		if out.Len() > 0 {
			t.Errorf("%s: %s", dialect, out.String())
		}
	}
}

// full is a disk that takes nothing more.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestJobLogReportsItsWriter(t *testing.T) {
	log := report.NewJobLog(full{}, report.GitHubLog)
	stream := log.Stream("api")
	if _, err := io.WriteString(stream, "line\n"); err != nil {
		t.Errorf("a job log that can't be written breaks the fetching: %v", err)
	}
	log.Mask("x")
	if err := log.Close(); err == nil || !strings.Contains(err.Error(), "writing the job's log: no space left") {
		t.Errorf("got %v", err)
	}
}

package scan_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/rules"
	"github.com/loggate/loggate/internal/scan"
)

func builtin(t testing.TB) *rules.Set {
	t.Helper()
	set, err := rules.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// scanText scans a log that comes in one piece, and whose outcome only it tells.
func scanText(t testing.TB, text string) scan.Result {
	t.Helper()
	s := scan.New(builtin(t), scan.Options{})
	_, _ = s.Write([]byte(text))
	return s.Finish(scan.Outcome{})
}

// codearts puts CodeArts Build's prefix before each line.
func codearts(lines ...string) string {
	var out strings.Builder
	for _, line := range lines {
		out.WriteString("[2026/09/10 17:26:22.661 GMT+08:00] " + line + "\n")
	}
	return out.String()
}

const gccError = "main.c:3:5: error: expected ';' before '}' token"

// TestReading reads one error through everything that may stand around it.
func TestReading(t *testing.T) {
	tests := map[string]string{
		"plain":               gccError + "\n",
		"no line end":         gccError,
		"CRLF":                gccError + "\r\n",
		"BOM":                 "\ufeff" + gccError + "\n",
		"CodeArts":            codearts(gccError),
		"CodeArts level":      codearts("[INFO] " + gccError),
		"CodeArts error":      codearts("[ERROR] " + gccError),
		"CodeArts own":        codearts("[ERROR]  : " + gccError),
		"GitHub":              "2023-01-01T00:00:00.0000000Z " + gccError + "\n",
		"GitHub annotation":   "2023-01-01T00:00:00.0000000Z ##[error]" + gccError + "\n",
		"GitHub download":     "build\tRun make\t2023-01-01T00:00:00.0000000Z " + gccError + "\n",
		"GitLab":              "2024-01-01T00:00:00.000000Z 01E " + gccError + "\n",
		"Jenkins":             "[2023-01-01T00:00:00.000Z] " + gccError + "\n",
		"Jenkins clock":       "17:26:22  " + gccError + "\n",
		"Compose":             "test_1  | " + gccError + "\n",
		"BuildKit":            "#12 34.56 " + gccError + "\n",
		"GitHub and Compose":  "2023-01-01T00:00:00.0000000Z \x1b[36mtest_1  |\x1b[0m " + gccError + "\n",
		"colours":             "\x1b[01m\x1b[Kmain.c:3:5:\x1b[m\x1b[K \x1b[01;31m\x1b[Kerror: \x1b[m\x1b[Kexpected ';' before '}' token\n",
		"colour inside words": "main.c:3:5: er\x1b[31mror: exp\x1b[0mected ';' before '}' token\n",
		"title":               "\x1b]0;make\amain.c:3:5: error: expected ';' before '}' token\n",
		"backspaces":          "\b\b\b" + gccError + "\n",
		"progress before":     "10 %\r 50 %\r" + gccError + "\n",
		"progress after":      gccError + "\rDone.\n",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			got := scanText(t, text)
			if len(got.Findings) != 1 {
				t.Fatalf("got %d findings, want 1: %+v", len(got.Findings), got.Findings)
			}
			f := got.Findings[0]
			if f.Rule != "gcc.error" || f.Message != "expected ';' before '}' token" || *f.File != "main.c" || *f.FileLine != 3 || *f.Column != 5 {
				t.Errorf("got %s %q %s", f.Rule, f.Message, *f.File)
			}
			if f.Line != 1 || f.EndLine != 1 || got.Lines != 1 || f.Rank != 1 {
				t.Errorf("got lines %d to %d of %d, rank %d", f.Line, f.EndLine, got.Lines, f.Rank)
			}
		})
	}
}

func TestForeignBytes(t *testing.T) {
	gbk := []byte("\xb1\xe0\xd2\xeb\xca\xa7\xb0\xdc\n") // 编译失败
	text := string(gbk) + "\xff\xfe\x00" + "\n" + gccError + "\n" + "make: *** [\xb1\xe0:3: x] Error 2\n"
	got := scanText(t, text)
	if len(got.Findings) != 2 || got.Findings[0].Line != 3 {
		t.Fatalf("got %+v", got.Findings)
	}
	if m := got.Findings[1].Message; m != "[\ufffd\ufffd:3: x] Error 2" {
		t.Errorf("got %q", m)
	}
	hostile := scanText(t, "main.c:3:5: error: a\u202eb\u200bc\x07\n").Findings[0]
	if hostile.Message != `a\u202eb\u200bc\u0007` {
		t.Errorf("got %q", hostile.Message)
	}
	if hostile.Excerpt[0] != `main.c:3:5: error: a\u202eb\u200bc\u0007` {
		t.Errorf("got %q", hostile.Excerpt[0])
	}
}

func TestLongLine(t *testing.T) {
	long := strings.Repeat("x", 1<<20+5000)
	got := scanText(t, long+" undefined reference to `f'\n"+gccError+long+"\n")
	if len(got.Findings) != 2 || got.Lines != 2 {
		t.Fatalf("got %d findings in %d lines", len(got.Findings), got.Lines)
	}
	for _, f := range got.Findings {
		if n := len([]rune(f.Message)); n > build.MaxMessage {
			t.Errorf("a message of %d characters", n)
		}
		for _, line := range f.Excerpt {
			if len(line) > 500 {
				t.Errorf("an excerpt's line of %d bytes", len(line))
			}
		}
	}
	s := scan.New(builtin(t), scan.Options{Watch: []*regexp.Regexp{regexp.MustCompile(`x …\[988040 bytes left out\]… x`)}})
	_, _ = s.Write([]byte(long + "\n"))
	if w := s.Finish(scan.Outcome{}).Watched[0]; w.Line != 1 {
		t.Error("the cut is not said")
	}
}

func TestStatus(t *testing.T) {
	start, done := "[INFO] [构建:shell] : 该步骤开始执行", "[INFO] [构建:shell] : 该步骤执行成功"
	failed := "[ERROR] [构建:shell] : 该步骤执行失败, exit code: 3"
	tests := map[string]struct {
		log    string
		want   build.Status
		exit   int
		stages string
	}{
		"finished":          {codearts("x", "Finished: SUCCESS"), build.Success, 0, ""},
		"finished failure":  {codearts("[ERROR]  : script returned exit code 7, exitMessage is: command run failed", "Finished: FAILURE"), build.Failure, 7, ""},
		"finished unstable": {codearts("Finished: UNSTABLE"), build.Failure, 0, ""},
		"finished aborted":  {codearts("Finished: ABORTED"), build.Aborted, 0, ""},
		"finished early":    {codearts("Finished: SUCCESS", "a", "b", "c", "d"), build.Unknown, 0, ""},
		"finished inside":   {codearts("echo Finished: SUCCESS"), build.Unknown, 0, ""},
		"all stages":        {codearts(start, done), build.Success, 0, "构建 success 1-2"},
		"stage done before": {codearts(start, "[INFO] [构建:shell] : 该步骤执行完成"), build.Success, 0, "构建 success 1-2"},
		"a line after":      {codearts(start, done, "oops"), build.Unknown, 0, "构建 success 1-2"},
		"open stage":        {codearts(start, done, start), build.Unknown, 0, "构建 success 1-2; 构建  3-3"},
		"failed stage":      {codearts(start, failed), build.Failure, 3, "构建 failure 1-2"},
		"failed, then more": {codearts(start, failed, start, done), build.Failure, 3, "构建 failure 1-2; 构建 success 3-4"},
		"mark beats stage":  {codearts(start, done, "Finished: FAILURE"), build.Failure, 0, "构建 success 1-2"},
		"script's own":      {codearts(start, "[ERROR]  : script returned exit code 139, exitMessage is: x", failed), build.Failure, 139, "构建 failure 1-3"},
		"English":           {codearts("[INFO] [Build:shell] : The step starts to run", "[ERROR] [Build:shell] : The step failed, exit code: 4"), build.Failure, 4, "Build failure 1-2"},
		"nothing":           {"", build.Unknown, 0, ""},
		"plain":             {"BUILD SUCCESS\n", build.Unknown, 0, ""},
		"GitHub":            {"2023-01-01T00:00:00.0000000Z ##[group]Run make\n2023-01-01T00:00:00.0000000Z ##[error]Process completed with exit code 2.\n2023-01-01T00:00:00.0000000Z ##[group]Run x\n", build.Failure, 2, "Run make failure 1-2; Run x  3-3"},
		"Travis, behind CR": {"travis_time:start:1\r\x1b[0K$ npm ci\ntravis_fold:end:install\r\x1b[0Ktravis_time:start:2\r\x1b[0K$ npm test\ntravis_time:end:2\r\x1b[0K\x1b[31;1mThe command \"npm test\" exited with 3.\x1b[0m\n", build.Failure, 3, "npm ci success 1-1; npm test failure 2-3"},
		"Travis, two lines": {"travis_time:start:1\r\x1b[0K$ a &&\nb\nThe command \"a &&\nb\n\" exited with 2.\n", build.Failure, 2, "a && failure 1-5"},
		"GitHub's runner":   {"2023-01-01T00:00:00.0000000Z ##[group]Run make\n2023-01-01T00:00:00.0000000Z ##[error]Process completed with exit code 2.\n2023-01-01T00:00:00.0000000Z Prepare all required actions\n", build.Failure, 2, "Run make failure 1-2"},
		"Travis":            {"travis_time:start:1\r\x1b[0K$ make\nThe command \"make\" exited with 2.\n\nDone. Your build exited with 2.\n", build.Failure, 2, "make failure 1-2"},
		"Travis success":    {"$ make\nThe command \"make\" exited with 0.\n\nDone. Your build exited with 0.\n", build.Success, 0, "make success 1-2"},
		"Travis, stopped":   {"$ make\n\nNo output has been received in the last 10m0s\n\nThe build has been terminated\n", build.Failure, 0, ""},
		"GitHub, an action's error of two lines": {gitHub("##[group]Run actions/setup-python@v2", "##[error]Version 3.5 with arch x64 not found", "The list of all available versions can be found here", "Post job cleanup."),
			build.Failure, 0, "Run actions/setup-python@v2 failure 1-3; Post job cleanup.  4-4"},
		"GitHub, an error long before the end": {gitHub("##[group]Run a", "##[error]one", "1", "2", "3", "4", "5", "6", "Post job cleanup."),
			build.Unknown, 0, "Run a success 1-8; Post job cleanup.  9-9"},
		"GitHub, an error and then a step": {gitHub("##[group]Run a", "##[error]one", "more", "##[group]Run b", "x", "Post job cleanup."),
			build.Unknown, 0, "Run a success 1-3; Run b success 4-5; Post job cleanup.  6-6"},
		"GitLab": {"section_start:1:step_script\r\x1b[0Kx\nsection_end:2:step_script\r\x1b[0K\nERROR: Job failed: exit code 1\n", build.Failure, 1, "step_script failure 1-2"},
		"Jenkins": {"[Pipeline] { (Build)\nx\n[Pipeline] // stage\n[Pipeline] { (Deploy)\nStage \"Deploy\" skipped due to earlier failure(s)\n[Pipeline] // stage\nERROR: script returned exit code 2\nFinished: FAILURE\n",
			build.Failure, 2, "Build failure 1-3; Deploy  4-6"},
		"GitLab success": {"Job succeeded\n", build.Success, 0, ""},
		"Azure Pipelines": {"##[section]Starting: Test\nx\n##[error]Bash exited with code '3'.\n##[section]Finishing: Test\n##[section]Starting: Report\n##[section]Finishing: Report\n",
			build.Failure, 3, "Test failure 1-4; Report success 5-6"},
		"Taskcluster":         {"[taskcluster 2018-09-06 16:30:38.432Z] Unsuccessful task run with exit code: 4 completed in 88.828 seconds\n", build.Failure, 4, ""},
		"Taskcluster success": {"[taskcluster 2018-09-06 16:30:38.432Z] Successful task run with exit code: 0 completed in 88.828 seconds\n", build.Success, 0, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := scanText(t, tt.log)
			if got.Status != tt.want {
				t.Errorf("status %s, want %s", got.Status, tt.want)
			}
			exit := 0
			if got.ExitStatus != nil {
				exit = *got.ExitStatus
			}
			if exit != tt.exit {
				t.Errorf("exit status %d, want %d", exit, tt.exit)
			}
			if s := stagesText(got.Stages); s != tt.stages {
				t.Errorf("stages %q, want %q", s, tt.stages)
			}
		})
	}
}

// gitHub is a log of GitHub Actions.
func gitHub(lines ...string) string {
	const stamp = "2023-01-01T00:00:00.0000000Z "
	return stamp + strings.Join(lines, "\n"+stamp) + "\n"
}

func stagesText(stages []build.Stage) string {
	var list []string
	for _, s := range stages {
		status := ""
		if s.Status != nil {
			status = *s.Status
		}
		first, last := int64(0), int64(0)
		if s.FirstLine != nil {
			first, last = *s.FirstLine, *s.LastLine
		}
		list = append(list, fmt.Sprintf("%s %s %d-%d", s.Name, status, first, last))
	}
	return strings.Join(list, "; ")
}

func TestEnded(t *testing.T) {
	s := scan.New(builtin(t), scan.Options{})
	_, _ = s.Write([]byte(strings.TrimSpace(codearts("x", "Finished: FAIL"))))
	if _, ended := s.Ended(); ended {
		t.Error("ended before its mark")
	}
	_, _ = s.Write([]byte("\n" + codearts("Finished: FAILURE")))
	if status, ended := s.Ended(); !ended || status != build.Failure {
		t.Errorf("got %s %t", status, ended)
	}
}

func TestStagesOfTheAPI(t *testing.T) {
	s := scan.New(builtin(t), scan.Options{})
	_, _ = s.Write([]byte(codearts("[INFO] [Maven:m] : 该步骤开始执行", "[ERROR] [Maven:m] : 该步骤执行失败", "[INFO] [late:x] : 该步骤开始执行")))
	status := "SUCCESS"
	got := s.Finish(scan.Outcome{Status: build.Failure, Stages: []build.Stage{{Name: "Checkout", Status: &status}, {Name: "maven"}}})
	if text := stagesText(got.Stages); text != "Checkout SUCCESS 0-0; maven failure 1-2; late  3-3" {
		t.Errorf("got %q", text)
	}
}

// TestChunking wants the same of a log however it is cut.
func TestChunking(t *testing.T) {
	text := codearts("[INFO] [a:b] : 该步骤开始执行", "\x1b[31m"+gccError+"\x1b[0m", "    3 | x", "Traceback (most recent call last):", "  File \"a.py\", line 3", "NameError: name 'x' is not defined",
		strings.Repeat("y", 70_000)+gccError, "a\rb\r"+gccError, "[ERROR] [a:b] : 该步骤执行失败, exit code: 2") + "Finished: FAILURE"
	want := scanText(t, text)
	if len(want.Findings) < 3 {
		t.Fatalf("got %+v", want.Findings)
	}
	for size := range 12 {
		if got := scanChunks(t, []byte(text), size+1); !reflect.DeepEqual(got, want) {
			t.Fatalf("in pieces of %d bytes:\n%+v\nwant\n%+v", size+1, got, want)
		}
	}
}

// scanChunks writes the text in pieces of up to size bytes.
func scanChunks(t testing.TB, text []byte, size int) scan.Result {
	s := scan.New(builtin(t), scan.Options{})
	random := rand.New(rand.NewPCG(1, uint64(size)))
	for len(text) > 0 {
		n := min(1+random.IntN(size), len(text))
		_, _ = s.Write(text[:n])
		text = text[n:]
	}
	return s.Finish(scan.Outcome{})
}

func FuzzScan(f *testing.F) {
	logs, _ := filepath.Glob("../../testdata/logs/*.log")
	for _, name := range logs {
		if text, err := os.ReadFile(name); err == nil && len(text) < 10_000 {
			f.Add(text, 7)
		}
	}
	f.Add([]byte("\x1b]\x1b[\r\n\xff"), 1)
	f.Fuzz(func(t *testing.T, text []byte, size int) {
		whole, pieces := scanText(t, string(text)), scanChunks(t, text, 1+max(size, 0)%100)
		if !reflect.DeepEqual(whole, pieces) {
			t.Errorf("whole %+v\npieces %+v", whole, pieces)
		}
		lines := int64(bytes.Count(text, []byte("\n")))
		if len(text) > 0 && text[len(text)-1] != '\n' {
			lines++
		}
		if whole.Lines != lines {
			t.Errorf("%d lines, want %d", whole.Lines, lines)
		}
		for i, finding := range whole.Findings {
			if finding.Rank != i+1 || finding.Line < 1 || finding.EndLine < finding.Line || finding.EndLine > lines {
				t.Errorf("rank %d, lines %d to %d of %d", finding.Rank, finding.Line, finding.EndLine, lines)
			}
			if strings.ContainsAny(finding.Message+strings.Join(finding.Excerpt, ""), "\x1b\r\n\u202e") {
				t.Errorf("unsafe text in %+v", finding)
			}
		}
	})
}

func TestExcerpt(t *testing.T) {
	lines := []string{"1", "2", "3", "4", "5", "\x1b[31m" + gccError + "\x1b[0m", "    3 | x", "8", "9", "10", "11"}
	f := scanText(t, strings.Join(lines, "\n")).Findings[0]
	want := []string{"3", "4", "5", gccError, "    3 | x", "8", "9", "10"}
	if !reflect.DeepEqual(f.Excerpt, want) || f.ExcerptLine != 3 || f.Line != 6 || f.EndLine != 7 {
		t.Errorf("got %q from %d, lines %d to %d", f.Excerpt, f.ExcerptLine, f.Line, f.EndLine)
	}
	f = scanText(t, gccError).Findings[0]
	if !reflect.DeepEqual(f.Excerpt, []string{gccError}) || f.ExcerptLine != 1 {
		t.Errorf("got %q from %d", f.Excerpt, f.ExcerptLine)
	}
}

func TestDuplicates(t *testing.T) {
	got := scanText(t, "/tmp/a1/x.c:3:5: error: took 12ms at 0x7ffd\n/tmp/b2/x.c:9:1: error: took 7s at 0x12\nother.c:3:5: error: took 12ms at 0x7ffd\n")
	if len(got.Findings) != 2 || got.Findings[0].Count != 2 || got.Findings[0].Line != 1 {
		t.Errorf("got %+v", got.Findings)
	}
	a, b := got.Findings[0].Fingerprint, scanText(t, "x\n/tmp/zz/x.c:1:1: error: took 1ms at 0x1\n").Findings[0].Fingerprint
	if a != b || len(a) != 16 {
		t.Errorf("fingerprints %s and %s", a, b)
	}
}

// TestLastLines wants something to look at of a failed build that no rule understands.
func TestLastLines(t *testing.T) {
	var body []string
	for i := range 50 {
		body = append(body, fmt.Sprintf("step %d", i))
	}
	log := codearts("[INFO] [s:x] : 该步骤开始执行") + codearts(body...) + codearts("[ERROR] [s:x] : 该步骤执行失败, exit code: 1", "[INFO] [post:x] : 该步骤开始执行", "[INFO] [post:x] : 该步骤执行成功")
	f := scanText(t, log).Findings[0]
	if f.Rule != build.LastLines || f.Kind != build.Summary || len(f.Excerpt) != 30 || f.EndLine != 52 || *f.Stage != "s" || f.Counted(false) {
		t.Errorf("got %+v", f)
	}
	if got := scanText(t, codearts("fine", "Finished: SUCCESS")); len(got.Findings) != 0 {
		t.Errorf("a finding in a passing log: %+v", got.Findings)
	}
	got := scanText(t, codearts("[INFO] [s:x] : 该步骤开始执行", "the reason, in words that no rule knows", "make: *** [Makefile:3: all] Error 2", "[ERROR] [s:x] : 该步骤执行失败, exit code: 2")).Findings
	if len(got) != 2 || got[0].Rule != build.LastLines || got[1].Rule != "make.failed" {
		t.Errorf("only a symptom: %+v", got)
	}
	far := codearts("[INFO] [s:x] : 该步骤开始执行", "no idea", "[ERROR] [s:x] : 该步骤执行失败, exit code: 2") + strings.Repeat("cleaning up\n", 2000)
	if f := scanText(t, far).Findings[0]; f.Rule != build.LastLines || f.Line != 1 || f.EndLine != 3 {
		t.Errorf("long after the failure: %d-%d %s", f.Line, f.EndLine, f.Rule)
	}
	s := scan.New(builtin(t), scan.Options{})
	_, _ = s.Write([]byte("no idea\n"))
	if got := s.Finish(scan.Outcome{Status: build.Failure}); len(got.Findings) != 1 || got.Findings[0].Rule != build.LastLines {
		t.Errorf("got %+v", got.Findings)
	}
	s = scan.New(builtin(t), scan.Options{})
	if got := s.Finish(scan.Outcome{Status: build.Failure}); len(got.Findings) != 1 || got.Lines != 0 {
		t.Errorf("an empty log: %+v", got)
	}
}

func TestIgnoreAndWatch(t *testing.T) {
	s := scan.New(builtin(t), scan.Options{
		Ignore: []scan.Ignore{{Rule: "gcc.warning", Pattern: regexp.MustCompile(`third_party/`), Reason: "vendored"}},
		Watch:  []*regexp.Regexp{regexp.MustCompile(`^third_party/b\.c`), regexp.MustCompile(`nope`)},
	})
	_, _ = s.Write([]byte(codearts("third_party/a.c:1:1: warning: x", "third_party/b.c:1:1: error: y", "src/a.c:1:1: warning: x")))
	got := s.Finish(scan.Outcome{})
	ignored := map[int64]string{}
	for _, f := range got.Findings {
		if f.Ignored != nil {
			ignored[f.Line] = *f.Ignored
		}
	}
	if !reflect.DeepEqual(ignored, map[int64]string{1: "vendored"}) {
		t.Errorf("ignored: %v", ignored)
	}
	if got.Watched[0].Line != 2 || got.Watched[0].Count != 1 || got.Watched[1].Line != 0 {
		t.Errorf("watched: %+v", got.Watched)
	}
}

// TestBounded scans a log of distinct errors, long lines and endless traces.
func TestBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a few seconds")
	}
	s := scan.New(builtin(t), scan.Options{})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	filler := strings.Repeat("z", 300)
	for i := range 6_500 {
		fmt.Fprintf(s, "f%c%c%c%c.c:1:1: error: %s\ntext\n\nTraceback (most recent call last):\n  File \"x\"\n", 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26, 'a'+i/17576, filler)
	}
	_, _ = s.Write(bytes.Repeat([]byte("w"), 4<<20))
	runtime.GC()
	runtime.ReadMemStats(&after)
	if used := int64(after.HeapAlloc) - int64(before.HeapAlloc); used > 24<<20 {
		t.Errorf("holds %d MB", used>>20)
	}
	got := s.Finish(scan.Outcome{})
	if len(got.Findings) > 10_000 || got.Dropped == 0 {
		t.Errorf("%d findings, %d dropped", len(got.Findings), got.Dropped)
	}
}

func BenchmarkScan(b *testing.B) {
	text := []byte(strings.Repeat(codearts("[INFO] Downloading from central: https://repo.example.com/org/acme/acme-parent/1.0/acme-parent-1.0.pom", "[INFO] gcc -Wall -c src/module/file.c -o build/file.o", "ok  \tex.com/a\t0.1s"), 2000))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		s := scan.New(builtin(b), scan.Options{})
		_, _ = s.Write(text)
		s.Finish(scan.Outcome{})
	}
}

// Prefixes of CI systems are taken off before a line is matched.
func TestPrefixes(t *testing.T) {
	for _, line := range []string{
		"(04:11:13) ERROR: /w/app/BUILD:3:10: no such target '//:x'",
		"2021-04-01 15:01:30.114543 | nb01.example.org | ERROR: /w/app/BUILD:3:10: no such target '//:x'",
		"2021-04-01 15:01:30.114543 | ERROR: /w/app/BUILD:3:10: no such target '//:x'",
		"[15:44:26]: ▸ ERROR: /w/app/BUILD:3:10: no such target '//:x'",
		"00:01:30.459 ERROR: /w/app/BUILD:3:10: no such target '//:x'",
		"15:01:30 ERROR: /w/app/BUILD:3:10: no such target '//:x'",
		"15:01:30  ERROR: /w/app/BUILD:3:10: no such target '//:x'",
		"15:01:30     INFO -  ERROR: /w/app/BUILD:3:10: no such target '//:x'",
		"15:01:30 CRITICAL - ERROR: /w/app/BUILD:3:10: no such target '//:x'",
	} {
		result := scanText(t, line+"\n")
		if len(result.Findings) != 1 || result.Findings[0].Message != "no such target '//:x'" {
			t.Errorf("%s: found %+v", line, result.Findings)
		}
	}
}

// A demand sees a line as the rules do, each text between CRs too, and the marks
// of stages, which no rule sees.
func TestWatchSeesEveryReading(t *testing.T) {
	watch := []*regexp.Regexp{regexp.MustCompile(`^two$`), regexp.MustCompile(`^one.two$`), regexp.MustCompile(`该步骤执行成功$`), regexp.MustCompile(`^gone`)}
	scanner := scan.New(builtin(t), scan.Options{Watch: watch})
	_, _ = scanner.Write([]byte("one\rtwo\n[Maven构建:official_shell_maven] : 该步骤执行成功\n"))
	var lines []int64
	for _, w := range scanner.Finish(scan.Outcome{}).Watched {
		lines = append(lines, w.Line)
	}
	if want := []int64{1, 1, 2, 0}; !slices.Equal(lines, want) {
		t.Errorf("found in lines %v, want %v", lines, want)
	}
}

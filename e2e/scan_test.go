package e2e

import (
	"bytes"
	"compress/gzip"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/loggate/loggate/internal/build"
)

// packed is text as a packer writes it.
func packed(t *testing.T, text string, packer func(io.Writer) (io.WriteCloser, error)) string {
	t.Helper()
	var out bytes.Buffer
	w, err := packer(&out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func gzipped(t *testing.T, text string) string {
	return packed(t, text, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil })
}

func zstandard(t *testing.T, text string) string {
	return packed(t, text, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) })
}

// logFiles is a directory of logs in every form that scan reads.
func logFiles(t *testing.T) string {
	dir := t.TempDir()
	write(t, dir, "good.log", goodLog)
	write(t, dir, "bad.log", badLog)
	write(t, dir, "warned.log", "src/a.c:3:9: warning: unused variable 'x' [-Wunused-variable]\n")
	write(t, dir, "bad.log.gz", gzipped(t, badLog))
	write(t, dir, "bad.log.zst", zstandard(t, badLog))
	write(t, dir, "cut.gz", gzipped(t, strings.Repeat(goodLog, 50))[:60])
	write(t, dir, "empty.log", "")
	return dir
}

func TestScanExitCodes(t *testing.T) {
	t.Parallel()
	dir := logFiles(t)
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"good.log"}, 0, "PASS"},
		{[]string{"warned.log"}, 0, "PASS"},
		{[]string{"--fail-on", "warning", "warned.log"}, 1, "unused variable"},
		{[]string{"bad.log"}, 1, "undefined: totl"},
		{[]string{"good.log", "bad.log.gz"}, 1, "undefined: totl"},
		{[]string{"bad.log.zst"}, 1, "undefined: totl"},
		{[]string{"-"}, 1, "undefined: totl"},
		{[]string{"--fail-on", "never", "bad.log"}, 0, "undefined: totl"},
		{[]string{"--dry-run", "bad.log"}, 0, "FAIL"},
		{[]string{"cut.gz"}, 3, "reading broke off"},
		{[]string{"cut.gz", "bad.log"}, 1, "reading broke off"},
		{[]string{"empty.log"}, 3, "the log is empty"},
		{[]string{"--fail-on", "build", "bad.log"}, 2, "fail-on: --fail-on="},
		{[]string{"--fail-on", "build,error", "bad.log"}, 2, "has build, but a scan"},
		{[]string{"bad.log", "nowhere.log"}, 2, `"nowhere.log" can't be opened`},
		{[]string{"."}, 2, `"." is a directory`},
		{[]string{"-", "-"}, 2, "there twice"},
		{[]string{"--format", "xml", "bad.log"}, 2, "not text or json"},
		{nil, 2, "loggate: "},
	} {
		r := run(t, invocation{dir: dir, args: append([]string{"scan"}, test.args...), stdin: strings.NewReader(badLog)})
		if r.code != test.code {
			t.Errorf("scan %v: exit code %d, want %d\n%s%s", test.args, r.code, test.code, r.stdout, r.stderr)
		}
		expectText(t, "scan "+strings.Join(test.args, " "), r.stdout+r.stderr, test.says)
		if test.code == build.ExitUsage {
			expectRefused(t, r)
		}
	}
	if got := len(files(t, dir)); got != 7 {
		t.Errorf("scan has written files: %v", files(t, dir))
	}
}

func TestScanJSON(t *testing.T) {
	t.Parallel()
	dir := logFiles(t)
	r := run(t, invocation{dir: dir, args: []string{"scan", "--format", "json", "bad.log", "bad.log.gz", "bad.log.zst", "-", "cut.gz", "empty.log"}, stdin: strings.NewReader(badLog)})
	r.expectCode(t, build.ExitFail)
	expectValid(t, r.stdout)
	rep := decode(t, r.stdout)
	first := rep.Builds[0]
	if *first.Log.SHA256 != sum(t, strings.NewReader(badLog)) || first.Status != build.Failure || first.StatusSource != build.FromLog || first.Counts.Error == 0 {
		t.Errorf("the first is %+v", first)
	}
	for _, b := range rep.Builds[1:4] { // the same, however it is packed
		if *b.Log.SHA256 != *first.Log.SHA256 || b.Counts != first.Counts || b.Log.Lines != first.Log.Lines {
			t.Errorf("%s is %+v, unlike the plain one", b.Name, b)
		}
	}
	if got := rep.FailedBuilds(); len(got) != 4 {
		t.Errorf("failed are %v", got)
	}
}

func TestScanWritesWhereToldTo(t *testing.T) {
	t.Parallel()
	dir := logFiles(t)
	policy := "version: 1\nignore: [{rule: go.compile-error, reason: known}]\n"
	write(t, dir, ".loggate.yml", policy)
	r := run(t, invocation{dir: dir, args: []string{"scan", "--output-dir", "loggate-out", "bad.log.gz"}})
	rep := r.report(t)
	r.expectCode(t, rep.ExitCode)
	if f := rep.Builds[0].Findings; len(f) == 0 || f[0].Ignored == nil && (len(f) < 2 || f[1].Ignored == nil) {
		t.Errorf("the config isn't heeded: %+v", f)
	}
	expectValid(t, r.read(t, "loggate-out/report.json"))
	if got := sumOfFile(t, filepath.Join(dir, "loggate-out", *rep.Builds[0].Log.Path)); got != sum(t, strings.NewReader(badLog)) {
		t.Error("the log isn't what was packed")
	}
}

package artifact

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	for range 2 { // the second time it is there
		d, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if left := names(t, dir); len(left) != 0 {
		t.Errorf("files were left behind: %q", left)
	}
	if info, err := os.Stat(filepath.Join(dir, "logs")); err != nil || !info.IsDir() {
		t.Errorf("logs/: %v, %v", info, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, err := range []error{
		os.WriteFile("file", []byte("content"), 0o644),
		os.MkdirAll("real/sub", 0o755),
		os.Symlink("real", "link"),
		os.Symlink("nowhere", "dangling"),
		os.MkdirAll("linked-logs", 0o755),
		os.Symlink("../real", "linked-logs/logs"),
		os.MkdirAll("inner-link", 0o755),
		os.Symlink(".", "inner-link/logs"),
		os.MkdirAll("file-logs", 0o755),
		os.WriteFile("file-logs/logs", nil, 0o644),
		os.MkdirAll("read-only", 0o755),
		os.Mkdir("read-only/logs", 0o555),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct{ dir, want string }{
		{"file", `output directory: "file" can't be made (not a directory): mend that or choose another output-dir`},
		{"file/below", `output directory: "file/below" can't be made (not a directory): mend that or choose another output-dir`},
		{"link", `output directory: "link" is a symbolic link: name the directory that it leads to as output-dir`},
		{"link/sub/below", `output directory: "link" is a symbolic link: name the directory that it leads to as output-dir`},
		{"dangling", `output directory: "dangling" is a symbolic link: name the directory that it leads to as output-dir`},
		{"linked-logs", `output directory: "linked-logs/logs" is no directory but a link or a file: remove it or choose another output-dir`},
		{"inner-link", `output directory: "inner-link/logs" is no directory but a link or a file: remove it or choose another output-dir`},
		{"file-logs", `output directory: "file-logs/logs" is no directory but a link or a file: remove it or choose another output-dir`},
		{"read-only", `output directory: "read-only/logs" can't be written to (permission denied): mend that or choose another output-dir`},
		{"/proc/loggate-out", `output directory: "/proc/loggate-out" can't be made (no such file or directory): mend that or choose another output-dir`},
		{"no\nline", ""},
	}
	for _, tt := range tests {
		if tt.dir == "read-only" && os.Getuid() == 0 {
			continue // root may write there
		}
		d, err := Open(tt.dir)
		if tt.want == "" {
			if err != nil {
				t.Errorf("%q: %v", tt.dir, err)
			}
			d.Close()
			continue
		}
		if err == nil {
			t.Errorf("%q was opened", tt.dir)
			d.Close()
			continue
		}
		if err.Error() != tt.want {
			t.Errorf("%q: %v\nwant %s", tt.dir, err, tt.want)
		}
	}
	if left := names(t, "real"); len(left) != 0 {
		t.Errorf("written through a link: %q", left)
	}
}

func TestWriteFile(t *testing.T) {
	d, dir := open(t)
	write := func(name, text string) error {
		return d.WriteFile(name, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
	}
	for _, name := range []string{"report.json", "a/b/c.txt", "report.json"} {
		if err := write(name, "of "+name); err != nil {
			t.Fatal(err)
		}
	}
	if got := names(t, dir); !slices.Equal(got, []string{"a/b/c.txt", "report.json"}) {
		t.Errorf("wrote %q", got)
	}

	// Half a file never takes the place of a whole one.
	broken := errors.New("broken")
	err := d.WriteFile("report.json", func(w io.Writer) error {
		if _, err := io.WriteString(w, strings.Repeat("x", 1<<20)); err != nil {
			return err
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("the writer's error became %v", err)
	}
	if got := files(t, dir); len(got) != 2 || got["report.json"] != "of report.json" {
		t.Errorf("after a broken write: %q", got)
	}

	for _, name := range []string{"", ".", "..", "../x", "/etc/x", "a/../../x"} {
		if err := write(name, "x"); err == nil {
			t.Errorf("%q was written", name)
		}
	}
}

// Links that somebody has put into the output directory lead nowhere.
func TestWriteFileLinks(t *testing.T) {
	d, dir := open(t)
	outside := t.TempDir()
	victim := filepath.Join(outside, "victim")
	for _, err := range []error{
		os.WriteFile(victim, []byte("untouched"), 0o600),
		os.Symlink(victim, filepath.Join(dir, "report.json")),
		os.Symlink(victim, filepath.Join(dir, ".report.json.partial")),
		os.Symlink(outside, filepath.Join(dir, "sub")),
		os.MkdirAll(filepath.Join(dir, "summary.md", "full"), 0o755),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	text := func(w io.Writer) error { _, err := io.WriteString(w, "mine"); return err }
	if err := d.WriteFile("report.json", text); err != nil {
		t.Error(err)
	}
	if info, err := os.Lstat(filepath.Join(dir, "report.json")); err != nil || !info.Mode().IsRegular() {
		t.Errorf("the link is still there: %v, %v", info, err)
	}
	if err := d.WriteFile("sub/x", text); err == nil {
		t.Error("written through a linked directory")
	}
	err := d.WriteFile("summary.md", text)
	if failed, ok := errors.AsType[*WriteError](err); !ok || failed.Path != filepath.Join(dir, "summary.md") {
		t.Errorf("a directory in the file's place: %v", err)
	}
	if got := files(t, outside); len(got) != 1 || got["victim"] != "untouched" {
		t.Errorf("outside there is now %q", got)
	}
}

// A second run in the same directory never gets its half file published.
func TestPublishOwnFile(t *testing.T) {
	d, dir := open(t)
	l, err := d.CreateLog(ref("api", 7), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Write([]byte("mine")); err != nil {
		t.Fatal(err)
	}
	other, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.CreateLog(ref("api", 7), nil, nil); err != nil {
		t.Fatal(err)
	}
	log, err := l.Finish(true)
	if _, ok := errors.AsType[*WriteError](err); !ok || log.Complete {
		t.Errorf("finished %+v, %v", log, err)
	}
	if _, there := files(t, dir)["logs/api-7.log"]; there {
		t.Error("another run's file was published")
	}
}

func TestSums(t *testing.T) {
	d, dir := open(t)
	if err := os.WriteFile(filepath.Join(dir, "older.txt"), []byte("of an earlier run"), 0o644); err != nil {
		t.Fatal(err)
	}
	writeLog(t, d, ref("web", 12), "two\n", true)
	writeLog(t, d, ref("构建 x", 7), "one\n", true)
	writeLog(t, d, ref("api", 7), "half", false)
	writeLog(t, d, ref("none", 7), "", false)
	for range 2 { // the second time SHA256SUMS is there
		if err := d.WriteFile("report.json", func(w io.Writer) error { _, err := fmt.Fprintln(w, "{}"); return err }); err != nil {
			t.Fatal(err)
		}
		if err := d.WriteSums(); err != nil {
			t.Fatal(err)
		}
	}
	var listed []string
	for line := range strings.Lines(files(t, dir)["SHA256SUMS"]) {
		listed = append(listed, strings.TrimSuffix(line[66:], "\n"))
	}
	if want := []string{"logs/api-7.partial.log", "logs/web-12.log", "logs/构建_x-7.log", "report.json"}; !slices.Equal(listed, want) {
		t.Errorf("listed %q, want %q", listed, want)
	}

	check := func() ([]byte, error) {
		cmd := exec.Command("sha256sum", "--check", "--strict", "SHA256SUMS")
		cmd.Dir = dir
		return cmd.CombinedOutput()
	}
	if _, err := exec.LookPath("sha256sum"); err != nil {
		t.Skip("no sha256sum here")
	}
	if out, err := check(); err != nil {
		t.Errorf("sha256sum: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "logs/web-12.log"), []byte("twO\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := check(); err == nil || !strings.Contains(string(out), "logs/web-12.log: FAILED") {
		t.Errorf("a changed log is not noticed: %v\n%s", err, out)
	}
}

// TestScratchLeavesNoName: what is put aside isn't redacted, so no file may
// be left of it, not even where the program is killed.
func TestScratchLeavesNoName(t *testing.T) {
	dir := t.TempDir()
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	s, err := d.CreateScratch()
	if err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "logs")); runtime.GOOS != "windows" && (err != nil || len(left) != 0) {
		t.Errorf("while it is open there are %v, %v", left, err)
	}
	for _, text := range []string{"first, longer", "second"} {
		if err := s.Truncate(0); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	got := make([]byte, 20)
	if n, _ := s.ReadAt(got, 0); string(got[:n]) != "second" {
		t.Errorf("it holds %q", got[:n])
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "logs")); err != nil || len(left) != 0 {
		t.Errorf("after it was closed there are %v, %v", left, err)
	}
}

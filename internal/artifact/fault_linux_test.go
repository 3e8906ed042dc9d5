package artifact

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary stand in for a run that meets its end.
func TestMain(m *testing.M) {
	dir := os.Getenv("ARTIFACT_TEST_DIR")
	switch os.Getenv("ARTIFACT_TEST") {
	case "full":
		os.Exit(fullDisk(dir))
	case "killed":
		os.Exit(writeForever(dir))
	}
	os.Exit(m.Run())
}

// The modes are those that the documentation promises, whatever the umask.
func TestModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	d, dir := open(t)
	writeLog(t, d, ref("api", 7), "whole", true)
	writeLog(t, d, ref("api", 8), "half", false)
	if err := d.WriteSums(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{
		".": os.ModeDir | 0o755, "logs": os.ModeDir | 0o755,
		"logs/api-7.log": 0o644, "logs/api-8.partial.log": 0o644, "SHA256SUMS": 0o644,
	} {
		if info, err := os.Lstat(filepath.Join(dir, name)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, want %v", name, info.Mode(), want)
		}
	}
}

func child(t *testing.T, what, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ARTIFACT_TEST="+what, "ARTIFACT_TEST_DIR="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

const diskSize = 100_000

// fullDisk writes more than a file may hold: the system cuts a write short
// there and refuses the next one, as on a full disk.
func fullDisk(dir string) int {
	signal.Ignore(syscall.SIGXFSZ)
	err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: diskSize, Max: diskSize})
	d, openErr := Open(dir)
	if err := errors.Join(err, openErr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var passed strings.Builder
	l, err := d.CreateLog(ref("api", 7), redactor(plainSecret), &passed)
	page := strings.Repeat(plainSecret+strings.Repeat(" and text", 30)+"\n", 100)
	for err == nil {
		_, err = l.Write([]byte(page))
	}
	_, again := l.Write([]byte("more"))
	log, finishErr := l.Finish(true)
	fmt.Println("write:", err)
	fmt.Println("same error:", err == again && err == finishErr)
	_, typed := errors.AsType[*WriteError](err)
	fmt.Println("typed:", typed, errors.Is(err, syscall.EFBIG))
	fmt.Println("log:", *log.Path, log.Complete, log.Bytes, log.Lines, len(log.Redactions))
	fmt.Println("passed on:", passed.Len())
	if err := d.WriteFile("report.json", func(w io.Writer) error {
		_, err := io.WriteString(w, strings.Repeat("x", 2*diskSize))
		return err
	}); err != nil {
		fmt.Println("report:", err)
	}
	if err := d.WriteSums(); err != nil {
		fmt.Println(err)
	}
	return 0
}

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "logs"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "logs/api-7.log"), []byte("of an earlier run"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := child(t, "full", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Count(files(t, dir)["logs/api-7.partial.log"], "\n") + 1
	want := fmt.Sprintf(`write: writing %q: file too large
same error: true
typed: true true
log: logs/api-7.partial.log false 100000 %d %[2]d
passed on: 100000
report: writing %[3]q: file too large
`, filepath.Join(dir, "logs/api-7.partial.log"), lines, filepath.Join(dir, ".report.json.partial"))
	if string(out) != want {
		t.Errorf("said\n%s\nwant\n%s", out, want)
	}
	if got := fmt.Sprint(names(t, dir)); got != "[SHA256SUMS logs/api-7.partial.log]" {
		t.Errorf("left %s", got)
	}
	check := exec.Command("sha256sum", "--check", "--strict", "SHA256SUMS")
	check.Dir = dir
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("sha256sum: %v\n%s", err, out)
	}
}

// writeForever writes logs and reports until it is killed. A whole one ends in
// a line that says so.
func writeForever(dir string) int {
	d, err := Open(dir)
	for number := 1; err == nil; number++ {
		var l *LogFile
		if l, err = d.CreateLog(ref("api", number), nil, nil); err != nil {
			break
		}
		for range 200 {
			if _, err = l.Write([]byte(strings.Repeat("some line\n", 100))); err != nil {
				break
			}
		}
		_, writeErr := l.Write([]byte("whole\n"))
		_, finishErr := l.Finish(true)
		reportErr := d.WriteFile("report.json", func(w io.Writer) error {
			_, err := io.WriteString(w, strings.Repeat("x", 1_000_000)+"whole\n")
			return err
		})
		err = errors.Join(err, writeErr, finishErr, reportErr)
		fmt.Println(number)
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// Killed at any moment, a run leaves whole files under their final names and
// others under .partial names only.
func TestKilled(t *testing.T) {
	partial := regexp.MustCompile(`\.partial(\.log)?$`)
	for round := range 10 {
		dir := t.TempDir()
		cmd := child(t, "killed", dir)
		ready, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := ready.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(round) * 3 * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // says that it was killed
		whole := 0
		for name, text := range files(t, dir) {
			switch {
			case strings.HasSuffix(text, "whole\n"):
				whole++
			case !partial.MatchString(path.Base(name)):
				t.Errorf("round %d: %s of %d bytes is not whole", round, name, len(text))
			}
		}
		if whole == 0 {
			t.Errorf("round %d: nothing whole among %q", round, names(t, dir))
		}
	}
}

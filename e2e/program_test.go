package e2e

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	// What the program is made of: Go's cache of test results doesn't see what
	// TestMain builds, and would keep them when it changes.
	_ "github.com/loggate/loggate/internal/cli"
)

// program is the path of the built loggate. TestMain sets it, and nothing
// changes it afterwards.
var program string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(testProgram(m))
}

// testProgram builds loggate once, without the race detector even where the
// tests run with it: what is tested, its memory too, is what users get.
func testProgram(m *testing.M) int {
	dir, err := os.MkdirTemp("", "loggate-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "loggate")
	build := exec.Command("go", "build", "-o", program, "github.com/loggate/loggate")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: building loggate:", err)
		return 1
	}
	return m.Run()
}

// patience bounds one run of the program, on a machine that is busy, too.
const patience = 4 * time.Minute

// invocation is one run of the program in a directory of its own. The process
// sees no more of the test's environment than PATH.
type invocation struct {
	dir   string // "" is a new one
	args  []string
	env   []string // KEY=value
	stdin io.Reader
}

// result is what one run of the program has left.
type result struct {
	dir            string
	code           int
	stdout, stderr string
	took           time.Duration
}

// run runs the program to its end.
func run(t *testing.T, in invocation) result {
	t.Helper()
	return start(t, in).wait()
}

// process is a running program.
type process struct {
	t              *testing.T
	cmd            *exec.Cmd
	started        time.Time
	stdout, stderr output
}

// output is what a process has printed so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func start(t *testing.T, in invocation) *process {
	t.Helper()
	if in.dir == "" {
		in.dir = t.TempDir()
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	p := &process{t: t, cmd: exec.CommandContext(ctx, program, in.args...), started: time.Now()}
	p.cmd.Dir, p.cmd.Stdin = in.dir, in.stdin
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + in.dir}, in.env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("starting loggate: %v", err)
	}
	return p
}

func (p *process) wait() result {
	p.t.Helper()
	err := p.cmd.Wait()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		p.t.Fatalf("running loggate: %v", err)
	}
	r := result{
		dir: p.cmd.Dir, code: p.cmd.ProcessState.ExitCode(), took: time.Since(p.started),
		stdout: p.stdout.String(), stderr: p.stderr.String(),
	}
	if strings.Contains(r.stderr, "internal error") || strings.Contains(r.stderr, "DATA RACE") {
		p.t.Errorf("loggate broke:\n%s", r.stderr)
	}
	return r
}

// signal sends a signal to the running program.
func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("sending %v: %v", s, err)
	}
}

// expectCode fails the test, with what loggate said, when it returned another
// exit code.
func (r result) expectCode(t *testing.T, want int) {
	t.Helper()
	if r.code != want {
		t.Fatalf("exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", r.code, want, r.stdout, r.stderr)
	}
}

// expectText fails the test where a text lacks one of the parts.
func expectText(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %q:\n%s", what, part, text)
		}
	}
}

// read is the content of a file below the run's directory.
func (r result) read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// files are the names of all files below a directory, sorted.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		names = append(names, filepath.ToSlash(name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

// write makes a file in a directory.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

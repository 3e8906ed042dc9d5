package docs_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/simulator"

	// What the program is made of: Go's cache of test results doesn't see what
	// program builds, and would keep them when it changes.
	_ "github.com/loggate/loggate/internal/cli"
)

var update = flag.Bool("update", false, "write what the examples print into the pages; read it before you commit it")

// patience bounds one script of a page.
const patience = 2 * time.Minute

// program builds loggate once and is the directory in which it lies, beside a
// go that has nothing to install any more.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "loggate-docs-")
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "loggate"), "github.com/loggate/loggate")
	if said, err := build.CombinedOutput(); err != nil {
		return dir, fmt.Errorf("building loggate: %w\n%s", err, said)
	}
	installed := "#!/bin/sh\n[ \"$*\" = 'install github.com/loggate/loggate@main' ]\n"
	return dir, os.WriteFile(filepath.Join(dir, "go"), []byte(installed), 0o700)
})

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if dir, _ := program(); dir != "" {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// block is a piece of a page that is fenced off.
type block struct {
	page  string
	line  int    // of its fence
	kind  string // yaml, console, text, …
	title string // the file that its first line names, "# NAME"
	text  string
	start int // of the text, in bytes from the page's beginning
}

// blocks are the fenced blocks of a page.
func blocks(t *testing.T, page string) []block {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var all []block
	var open *block
	at, line := 0, 0
	for raw := range strings.Lines(string(text)) {
		at += len(raw)
		line++
		switch {
		case open == nil && strings.HasPrefix(raw, "```"):
			open = &block{page: page, line: line, kind: strings.TrimSpace(strings.Trim(raw, "`\n")), start: at}
		case open != nil && strings.TrimRight(raw, "\n") == "```":
			first, _, _ := strings.Cut(open.text, "\n")
			if name, ok := strings.CutPrefix(first, "# "); ok && !strings.Contains(name, " ") {
				open.title = name
			}
			all = append(all, *open)
			open = nil
		case open != nil:
			open.text += raw
		}
	}
	if open != nil {
		t.Fatalf("%s:%d: the block has no end", page, open.line)
	}
	return all
}

// session is a directory in which a page's examples follow each other.
type session struct {
	t   *testing.T
	dir string
	env []string
}

func newSession(t *testing.T) *session {
	t.Helper()
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	return &session{t: t, dir: dir, env: []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C.UTF-8"}}
}

func (s *session) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// bash runs a script and returns its exit code and what it printed.
func (s *session) bash(script string, env ...string) (int, string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "--noprofile", "--norc", "-c", script)
	cmd.Dir, cmd.Env = s.dir, append(append([]string{}, s.env...), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		s.t.Fatalf("running bash: %v", err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// console runs what follows "$ " in a block, in one shell, and returns the block
// as it should be: each command with what it printed.
func (s *session) console(b block) string {
	s.t.Helper()
	const mark = "\x1e"
	var commands []string
	for line := range strings.Lines(b.text) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			commands = append(commands, strings.TrimRight(command, "\n"))
		}
	}
	var script strings.Builder
	for _, command := range commands {
		fmt.Fprintf(&script, "%s\ncode=$?; printf '%s'; (exit $code)\n", command, mark)
	}
	_, said := s.bash(script.String())
	printed := strings.Split(said, mark)
	if len(printed) != len(commands)+1 {
		s.t.Fatalf("%s:%d: %d of %d commands ran:\n%s", b.page, b.line, len(printed)-1, len(commands), said)
	}
	var out strings.Builder
	for i, command := range commands {
		out.WriteString("$ " + command + "\n" + printed[i])
	}
	return out.String()
}

// policy checks a config file, and runs the main job with it.
func (s *session) policy(b block, server service) {
	s.t.Helper()
	s.write(".loggate.yml", b.text)
	if code, said := s.bash("loggate config check"); code != 0 {
		s.t.Errorf("%s:%d: %s", b.page, b.line, said)
	}
	code, said := s.bash("loggate run --output-dir run-out", append(server.access(), "LOGGATE_BUILDS="+simulator.BuildsInput(server.builds))...)
	if _, err := os.Stat(filepath.Join(s.dir, "run-out/report.json")); err != nil || code > 1 {
		s.t.Errorf("%s:%d: a run with it ends with %d, %v:\n%s", b.page, b.line, code, err, said)
	}
}

// The keys that the simulator lets in.
const accessKey, secretKey = "DOCSACCESSKEY0000000", "docs-secret-key"

// service is a simulated CodeArts Build.
type service struct {
	url    string
	builds []simulator.Build
}

// access is what a run needs to reach the service.
func (s service) access() []string {
	return []string{"LOGGATE_ENDPOINT=" + s.url, "LOGGATE_ACCESS_KEY=" + accessKey, "LOGGATE_SECRET_KEY=" + secretKey}
}

func serve(t *testing.T, builds []simulator.Build) service {
	t.Helper()
	server, err := simulator.New(simulator.Options{Builds: builds, Auth: simulator.Auth{Keys: []simulator.Key{{Access: accessKey, Secret: secretKey}}}})
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return service{server.URL(), builds}
}

// TestPolicyExamples runs the examples of policy.md, and wants of each command
// exactly what the page says that it prints.
func TestPolicyExamples(t *testing.T) {
	s := newSession(t)
	page := blocks(t, "policy.md")
	var server service
	text, err := os.ReadFile("policy.md")
	if err != nil {
		t.Fatal(err)
	}
	shift := 0
	for _, b := range page {
		switch {
		case b.kind == "text" && b.title != "":
			_, content, _ := strings.Cut(b.text, "\n")
			s.write(b.title, content)
			if server.url == "" {
				server = serve(t, []simulator.Build{{Name: "app", JobID: simulator.JobID("app"), Number: 1, Log: strings.NewReader(content)}})
			}
		case b.kind == "yaml" && b.title == ".loggate.yml":
			s.policy(b, server)
		case b.kind == "console":
			got := s.console(b)
			if got != b.text && !*update {
				t.Errorf("%s:%d: is\n%s\nbut says\n%s\n(go test ./docs -update writes it anew)", b.page, b.line, got, b.text)
			}
			text = append(text[:b.start+shift:b.start+shift], append([]byte(got), text[b.start+shift+len(b.text):]...)...)
			shift += len(got) - len(b.text)
		default:
			t.Errorf("%s:%d: nothing runs this block of %q", b.page, b.line, b.kind)
		}
	}
	if *update {
		if err := os.WriteFile("policy.md", text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

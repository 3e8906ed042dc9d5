//go:build unix

package e2e

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/mattn/go-runewidth"
)

// onTerminal runs the program with its stdout on a terminal of so many columns,
// and returns what it prints there and on stderr, which is none.
func onTerminal(t *testing.T, columns uint16, in invocation) (shown, stderr string) {
	t.Helper()
	ours, theirs, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	if err := pty.Setsize(ours, &pty.Winsize{Rows: 50, Cols: columns}); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, in.args...)
	cmd.Dir, cmd.Env = in.dir, append([]string{"PATH=" + os.Getenv("PATH"), "TERM=xterm-256color"}, in.env...)
	var errors output
	cmd.Stdout, cmd.Stderr = theirs, &errors
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	text, _ := io.ReadAll(ours) // Linux ends it with an error once nobody writes any more
	_ = cmd.Wait()              // the exit code is the gate's
	return strings.ReplaceAll(string(text), "\r\n", "\n"), errors.String()
}

var sgr = regexp.MustCompile(`\x1b\[[0-9;]+m`)

// An account has the width of the terminal and its colours, and nothing else of
// a terminal's.
func TestAccountOnATerminal(t *testing.T) {
	t.Parallel()
	dir := logFiles(t)
	write(t, dir, "wide.log", "src/a.c:3:9: error: "+strings.Repeat("a message 构建 that is very long, ", 10)+"\n")
	for _, columns := range []uint16{60, 80, 200} {
		shown, stderr := onTerminal(t, columns, invocation{dir: dir, args: []string{"scan", "wide.log", "bad.log", "good.log"}})
		plain := sgr.ReplaceAllString(shown, "")
		if plain == shown || strings.ContainsAny(plain, "\x1b\r") {
			t.Errorf("the colours in %q", shown)
		}
		for line := range strings.Lines(plain) {
			if w := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); w > int(columns) {
				t.Errorf("%d columns on a terminal of %d: %s", w, columns, line)
			}
		}
		expectText(t, "the account", strings.Join(strings.Fields(plain), " "), strings.TrimSpace(strings.Repeat("a message 构建 that is very long, ", 9)), "undefined: totl", "FAIL: ")
		if stderr != "" {
			t.Errorf("on stderr: %s", stderr)
		}
	}
}

// What decides on colour: the flag, then NO_COLOR, then where it goes to.
func TestColour(t *testing.T) {
	t.Parallel()
	dir := logFiles(t)
	for _, test := range []struct {
		terminal bool
		flag     string // "" for none
		env      string
		want     bool
	}{
		{true, "", "A=b", true}, {true, "", "NO_COLOR=1", false}, {true, "", "NO_COLOR=", true}, {true, "", "TERM=dumb", false},
		{true, "always", "NO_COLOR=1", true}, {true, "never", "A=b", false}, {true, "auto", "NO_COLOR=1", false},
		{false, "", "A=b", false}, {false, "always", "NO_COLOR=1", true}, {false, "auto", "A=b", false},
	} {
		in := invocation{dir: dir, args: []string{"scan", "bad.log"}, env: []string{test.env}}
		if test.flag != "" {
			in.args = append(in.args, "--color", test.flag)
		}
		shown := ""
		if test.terminal {
			shown, _ = onTerminal(t, 100, in)
		} else {
			shown = run(t, in).stdout
		}
		if got := strings.Contains(shown, "\x1b["); got != test.want {
			t.Errorf("%+v: coloured %t:\n%q", test, got, shown)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "loggate-out")); err == nil {
		t.Error("a scan wrote files")
	}
}

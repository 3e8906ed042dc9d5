package runners

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startRun starts action/run with a shell script as the program.
func startRun(t *testing.T, script string) (cmd *exec.Cmd, output string) {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "program of ours")
	write(t, program, "#!/bin/bash\n"+script, 0o755)
	output = filepath.Join(dir, "output")
	cmd = exec.CommandContext(t.Context(), "bash", "../action/run")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "BINARY=" + program, "GITHUB_OUTPUT=" + output, "DIR=" + dir}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, output
}

func TestRunKeepsTheExitCode(t *testing.T) {
	t.Parallel()
	for _, code := range []int{0, 1, 2, 3, 130} {
		cmd, output := startRun(t, fmt.Sprintf("echo verdict=of-the-program >>$GITHUB_OUTPUT\nexit %d\n", code))
		if err := cmd.Wait(); err != nil {
			t.Errorf("exit code %d fails before the upload: %v", code, err)
		}
		if want := fmt.Sprintf("verdict=of-the-program\nexit-code=%d\n", code); read(t, output) != want {
			t.Errorf("outputs are %q, want %q", read(t, output), want)
		}
	}
}

// GitHub's runner signals the step's own process, and again if that takes long.
func TestRunPassesOnASignal(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		cmd, output := startRun(t, `trap 'echo signalled >>$DIR/said; sleep 1; exit 130' TERM
touch $DIR/ready
for i in {1..600}; do sleep 0.1; done
`)
		dir := filepath.Dir(output)
		for range 600 {
			if _, err := os.Stat(filepath.Join(dir, "ready")); err == nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		for range 2 {
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			time.Sleep(300 * time.Millisecond)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("after %v: %v", signal, err)
		}
		if said := read(t, filepath.Join(dir, "said")); strings.Count(said, "signalled") != 1 {
			t.Errorf("after %v the program got %q", signal, said)
		}
		if read(t, output) != "exit-code=130\n" {
			t.Errorf("after %v the outputs are %q", signal, read(t, output))
		}
	}
}

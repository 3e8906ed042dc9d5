package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// mounted is an invocation that runs with a small file system of its own at
// loggate-out, which nobody else sees. after is done there once it has ended,
// since what is in it goes with it. It needs root, or user namespaces.
func mounted(t *testing.T, in invocation, options, prepare string) *exec.Cmd {
	t.Helper()
	var unshare []string
	for _, try := range [][]string{{"unshare", "--mount"}, {"unshare", "--user", "--map-root-user", "--mount"}, {"sudo", "-n", "-E", "unshare", "--mount"}} {
		if exec.Command(try[0], append(try[1:], "mount", "-t", "tmpfs", "none", "/mnt")...).Run() == nil {
			unshare = try
			break
		}
	}
	if unshare == nil {
		t.Skip("a file system can be mounted neither as this user nor in a user namespace nor by sudo")
	}
	script := fmt.Sprintf(`mkdir -p loggate-out && mount -t tmpfs -o size=%s none loggate-out && %s
"$@"; code=$?; mkdir kept; cp -R loggate-out/. kept/; exit $code`, options, prepare)
	args := append(append(append([]string{}, unshare[1:]...), "sh", "-c", script, "sh", program), in.args...)
	cmd := exec.Command(unshare[0], args...)
	cmd.Dir = in.dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + in.dir}, in.env...)
	return cmd
}

// runMounted runs it to its end; what was written is in kept/.
func runMounted(t *testing.T, in invocation, options, prepare string) result {
	t.Helper()
	in.dir = t.TempDir()
	cmd := mounted(t, in, options, prepare)
	var stdout, stderr output
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	r := result{dir: in.dir, code: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
	if strings.Contains(r.stderr, "internal error") {
		t.Errorf("loggate broke:\n%s", r.stderr)
	}
	return r
}

// When the disk is full, what fits is kept, the rest is said to be missing, and
// nothing passes.
func TestDiskIsFull(t *testing.T) {
	for _, size := range []string{"16k", "100k", "300k", "900k", "1100k"} {
		t.Run(size, func(t *testing.T) {
			t.Parallel()
			small, large := newBuild("small", goodLog), newBuild("large", "")
			large.Log = simulator.Generate(4, 1_000_000)
			builds := []simulator.Build{small, large}
			server := serveBuilds(t, builds...)
			in := against(server, builds, "--source", "pages", "--formats", "html,sarif,junit,codequality")
			r := runMounted(t, in, size, "true")
			r.expectCode(t, build.ExitIncomplete)
			expectText(t, "what it says", r.stdout+r.stderr, "no space left on device")
			expectText(t, "stdout", r.stdout, "INCOMPLETE")
			for _, name := range files(t, filepath.Join(r.dir, "kept")) {
				text := r.read(t, filepath.Join("kept", name))
				switch {
				case name == "logs/small-7.log":
					if text != goodLog {
						t.Errorf("%s holds %d bytes", name, len(text))
					}
				case strings.Contains(name, "large"):
					start := make([]byte, len(text))
					if _, err := large.Log.ReadAt(start, 0); !strings.HasSuffix(name, ".resume.json") && (err != nil || string(start) != text || name == "logs/large-7.log" && len(text) < 1_000_000) {
						t.Errorf("%s of %d bytes isn't the start of the log: %v", name, len(text), err)
					}
				case name == "report.json":
					if rep := decode(t, text); rep.Verdict != build.Incomplete || rep.ExitCode != build.ExitIncomplete {
						t.Errorf("the report says %s and %d", rep.Verdict, rep.ExitCode)
					}
				case len(text) == 0:
					t.Errorf("%s is empty", name)
				}
			}
		})
	}
}

// A directory that can't be written to is said to be so before anything is asked for.
func TestReadOnlyDirectory(t *testing.T) {
	t.Parallel()
	b := newBuild("api", goodLog)
	server := serveBuilds(t, b)
	r := runMounted(t, against(server, []simulator.Build{b}), "1m", "mkdir loggate-out/logs && mount -o remount,ro loggate-out")
	r.expectCode(t, build.ExitUsage)
	expectText(t, "stderr", r.stderr, "output directory", "read-only file system", "choose another output-dir")
	if requests(server) != 0 {
		t.Errorf("%d requests were sent", requests(server))
	}
}

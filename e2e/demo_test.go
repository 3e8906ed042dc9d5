package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/build"
)

// The demo needs nothing, heeds nothing and tells nobody.
func TestDemo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	output, summary := filepath.Join(dir, "output"), filepath.Join(dir, "summary")
	write(t, dir, ".loggate.yml", "this: [is no config\n")
	r := run(t, invocation{dir: dir, args: []string{"demo"}, env: []string{
		"LOGGATE_TYPO=1", "LOGGATE_TIMEOUT=never", "LOGGATE_BUILDS=garbage", "LOGGATE_OUTPUT_DIR=elsewhere", "INPUT_ENDPOINT=ftp://x", "INPUT_FAIL-ON=what",
		"LOGGATE_ACCESS_KEY=a b", "HUAWEICLOUD_SDK_AK=alone", "HTTP_PROXY=http://127.0.0.1:1", "GITHUB_OUTPUT=" + output, "GITHUB_STEP_SUMMARY=" + summary}})
	r.expectCode(t, build.ExitPass)
	if r.took > 10*time.Second {
		t.Errorf("it took %v", r.took)
	}
	rep := r.report(t)
	if rep.Verdict != build.Fail || len(rep.Builds) != 4 {
		t.Errorf("the verdict is %s of %d builds", rep.Verdict, len(rep.Builds))
	}
	expectText(t, "stdout", r.stdout, "The demo went as expected", "would have exited with 1", "FAIL: 2 of 4 builds failed")
	if got := len(packedLogs(t, r.read(t, "loggate-out/report.html"))); got != 4 {
		t.Errorf("report.html holds %d logs", got)
	}
	for _, path := range []string{output, summary, filepath.Join(dir, "elsewhere")} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s was written", path)
		}
	}
}

// What `simulate` prints is all that a run needs.
func TestRunAgainstSimulate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "api.log", goodLog)
	write(t, dir, "web.log", badLog)
	server := start(t, invocation{dir: dir, args: []string{"simulate", "--listen", "127.0.0.1:0", "--logs", dir, "--fault", "cut:#1:real-time-log"}})
	waitFor(t, "the simulator", func() bool { return strings.HasSuffix(server.stdout.String(), "loggate run\n") })
	var env []string
	for _, m := range regexp.MustCompile(`(?s)(LOGGATE_[A-Z_]+)='([^']*)'`).FindAllStringSubmatch(server.stdout.String(), -1) {
		env = append(env, m[1]+"="+m[2])
	}
	r := run(t, invocation{args: []string{"run"}, env: env})
	r.expectCode(t, build.ExitFail)
	r.expectWhole(t, r.report(t), newBuild("api", goodLog))
	r.expectWhole(t, r.report(t), newBuild("web", badLog))
	server.signal(syscall.SIGTERM)
	served := server.wait()
	served.expectCode(t, build.ExitPass)
	expectText(t, "stderr of simulate", served.stderr, "log pages", "1 × cut")
}

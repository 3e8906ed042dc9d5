package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// deployLog is the log of a tool that no rule knows, with numbers, times and
// hashes that are others in each build, and with lines after the tenth step.
func deployLog(seed int, then ...string) string {
	lines := []string{"[Shell:official_shell] : 该步骤开始执行"}
	for i := range 200 {
		lines = append(lines, fmt.Sprintf("roll-out %d%% done, node-%d took %dms, digest %08x, at 10:%02d:%02d", i/2, i+seed, 17*i+seed, 0xdeadbeef*(i+seed), i%60, seed%60))
		if i == 150 {
			lines = append(lines, then...)
		}
	}
	return codearts("INFO", lines...)
}

func TestLinesUnlikeThePassingLog(t *testing.T) {
	t.Parallel()
	passed := newBuild("deploy", deployLog(1)+codearts("INFO", "Finished: SUCCESS"))
	broken := []string{"node-17 says: quota of tenant exceeded, giving up", "<script>alert(1)</script> see @everyone"}
	bad := failed("deploy", deployLog(5, broken...)+codearts("INFO", "[Shell:official_shell] : 该步骤执行失败, exit code: 3", "script returned exit code 3", "Finished: FAILURE"))
	bad.Number = 8
	known := failed("known", badLog)
	other := newBuild("known", goodLog)
	other.Number = 6
	server := serveBuilds(t, passed, bad, known, other)

	dir := t.TempDir()
	in := against(server, []simulator.Build{passed, other}, "--output-dir", "good")
	in.dir = dir
	run(t, in).expectCode(t, build.ExitPass)
	in = against(server, []simulator.Build{bad, known}, "--baseline", "good/report.json")
	in.dir = dir
	r := run(t, in)
	r.expectCode(t, build.ExitFail)
	rep := r.report(t)
	b := named(t, rep, "deploy")
	if len(b.Findings) < 2 || b.Findings[0].Rule != build.LastLines {
		t.Fatalf("findings: %+v", b.Findings)
	}
	f := b.Findings[1]
	if f.Rule != build.Unlike || f.Kind != build.Summary || f.Message != broken[0] || f.Line != 153 || f.Rank != 2 || f.New == nil || !*f.New ||
		strings.Join(f.Excerpt, "\n") != strings.Join(broken, "\n") || f.ExcerptLine != 153 {
		t.Errorf("rank 2 is %+v", f)
	}
	expectText(t, "why", strings.Join(f.Why, "\n"), "unlike anything in the log of deploy #7, which passed (")
	for i, f := range b.Findings {
		if f.Rank != i+1 || f.Own() && (strings.Contains(f.Message, "roll-out") || strings.Contains(f.Message, "Finished")) {
			t.Errorf("finding %d is %+v", i, f)
		}
	}
	if b.Counts.Notice != 0 {
		t.Errorf("counts are %+v: what is unlike doesn't count", b.Counts)
	}
	for _, f := range named(t, rep, "known").Findings {
		if f.Rule == build.Unlike {
			t.Errorf("a build that a rule explains has %+v", f)
		}
	}
	expectText(t, "stdout", r.stdout, "Most unlike the log of the baseline, which passed", "153 | "+broken[0])
	expectText(t, "summary.md", r.read(t, "loggate-out/summary.md"), "**Most unlike the log of the baseline, which passed", "153 | "+broken[0])
	expectText(t, "report.html", r.read(t, "loggate-out/report.html"), broken[0])
	expectValid(t, r.read(t, "loggate-out/report.json"))

	// A scan does the same with files, plain and packed.
	write(t, dir, "deploy.log.gz", gzipped(t, r.read(t, "loggate-out/logs/deploy-8.log")))
	write(t, dir, "deploy.log", r.read(t, "loggate-out/logs/deploy-8.log"))
	for _, args := range [][]string{{"deploy.log.gz"}, {"deploy.log"}, {"deploy.log", "--output-dir", "scanned"}} {
		r := run(t, invocation{dir: dir, args: append([]string{"scan", "--fail-on", "never", "--baseline", "good/report.json"}, args...)})
		r.expectCode(t, build.ExitPass)
		expectText(t, "stdout of scan", r.stdout, "153 | "+broken[0])
	}

	// Reports are often kept without their logs, and a path may lie.
	report := r.read(t, "good/report.json")
	for name, text := range map[string]string{
		"elsewhere":   report,
		"leading out": strings.ReplaceAll(report, `"logs/deploy-7.log"`, `"../good/logs/deploy-7.log"`),
		"absolute":    strings.ReplaceAll(report, `"logs/deploy-7.log"`, `"`+filepath.Join(dir, "good/logs/deploy-7.log")+`"`),
		"a directory": strings.ReplaceAll(report, `"logs/deploy-7.log"`, `"."`),
		"failed":      strings.ReplaceAll(report, `"status": "success"`, `"status": "failure"`),
	} {
		if err := os.MkdirAll(filepath.Join(dir, "alone"), 0o755); err != nil {
			t.Fatal(err)
		}
		at := "alone/report.json"
		if name == "failed" {
			at = "good/failed.json"
		}
		write(t, dir, at, text)
		r := run(t, invocation{dir: dir, args: []string{"scan", "--format", "json", "--fail-on", "never", "--baseline", at, "deploy.log"}})
		r.expectCode(t, build.ExitPass)
		if strings.Contains(r.stdout, build.Unlike) || r.stderr != "" {
			t.Errorf("%s: stderr %q, stdout\n%s", name, r.stderr, r.stdout)
		}
	}
}

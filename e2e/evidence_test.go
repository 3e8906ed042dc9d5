package e2e

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// absent is a build that the service doesn't have.
func absent(name string) simulator.Build {
	return simulator.Build{Name: name, JobID: simulator.JobID(name), Number: 404}
}

// lacks wants a build's log to be missing for a reason.
func lacks(t *testing.T, rep *build.Report, name string, status int, reason string) {
	t.Helper()
	for _, m := range named(t, rep, name).Incomplete {
		if m.What == build.MissingLog && strings.Contains(m.Reason, reason) && (status == 0 || m.HTTPStatus != nil && *m.HTTPStatus == status) {
			return
		}
	}
	t.Errorf("%s: lacks %+v, want its log for %q and HTTP %d", name, named(t, rep, name).Incomplete, reason, status)
}

// Builds that can't be had don't cost those that can, and don't pass.
func TestMissingBuildsBesideHealthyOnes(t *testing.T) {
	for _, test := range []struct {
		name    string
		args    []string
		missing string // why the build that doesn't exist is lacking
		status  int
	}{
		{"wait", []string{"--timeout", "12s"}, "timeout of 12s", 0},
		{"wait false", []string{"--timeout", "12s", "--wait", "false"}, "does not exist", 404},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			healthy := []simulator.Build{newBuild("api", goodLog), newBuild("web", goodLog)}
			healthy[1].Log = simulator.Generate(3, 400_000)
			forbidden, hanging := newBuild("secret", goodLog), newBuild("stuck", goodLog)
			forbidden.Forbidden, hanging.Hang = true, true
			server := serveBuilds(t, append(healthy, forbidden, hanging)...)
			asked := []simulator.Build{absent("gone"), healthy[0], forbidden, hanging, healthy[1]}
			r := run(t, against(server, asked, test.args...))
			r.expectCode(t, build.ExitIncomplete)
			rep := r.report(t)
			expectVerdict(t, rep, build.Incomplete, build.ExitIncomplete)
			for _, b := range healthy {
				r.expectWhole(t, rep, b)
			}
			lacks(t, rep, "gone", test.status, test.missing)
			lacks(t, rep, "secret", 403, "permission")
			lacks(t, rep, "stuck", 0, "timeout of 12s")
			summary := plain(r.read(t, "loggate-out/summary.md"))
			expectText(t, "summary.md", summary, "gone", "secret", "stuck", "403", "timeout of 12s", test.missing)
			expectText(t, "stdout", r.stdout, "gone #404: log: ", "secret #7: log: ", "stuck #7: log: ", "INCOMPLETE")
			if strings.Contains(summary, "api #7: log") || r.took > 20*time.Second {
				t.Errorf("took %v, summary\n%s", r.took, summary)
			}
		})
	}
}

// A build that was only just triggered is waited for.
func TestJustTriggeredBuildIsWaitedFor(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 20 seconds")
	}
	t.Parallel()
	b := newBuild("queued", goodLog)
	b.VisibleAfter = 20 * time.Second
	server := serveBuilds(t, b)
	r := run(t, against(server, []simulator.Build{b}, "--timeout", "50s"))
	r.expectCode(t, build.ExitPass)
	r.expectWhole(t, r.report(t), b)
	if r.took < 20*time.Second {
		t.Errorf("took %v: it can't have waited", r.took)
	}
}

func TestRunningBuildIsFollowedToItsEnd(t *testing.T) {
	t.Parallel()
	b := running("api", "", 4*time.Second)
	b.Log = simulator.Generate(5, 200_000)
	server := serveBuilds(t, b)
	r := run(t, against(server, []simulator.Build{b}))
	r.expectCode(t, build.ExitPass)
	r.expectWhole(t, r.report(t), b)
}

// slowly is a build that is running for longer than any test.
func slowly() simulator.Build {
	b := running("slow", "", time.Minute)
	b.Log = simulator.Generate(9, 6_000_000)
	return b
}

// expectPartial wants what there was of a running build's log, and sums that
// the system's own tool agrees with.
func expectPartial(t *testing.T, r result, rep *build.Report, reason string) {
	t.Helper()
	b := named(t, rep, "slow")
	if b.Log.Complete || b.Log.Path == nil || *b.Log.Path != "logs/slow-7.partial.log" || b.Log.Bytes == 0 {
		t.Fatalf("the log is %+v, want a partial one", b.Log)
	}
	text := r.read(t, "loggate-out/"+*b.Log.Path)
	start := make([]byte, len(text))
	if _, err := slowly().Log.ReadAt(start, 0); err != nil || string(start) != text || int64(len(text)) != b.Log.Bytes {
		t.Errorf("%v: the partial log of %d bytes isn't the start of the source", err, len(text))
	}
	lacks(t, rep, "slow", 0, reason)
	check := exec.Command("sha256sum", "-c", "SHA256SUMS")
	check.Dir = r.dir + "/loggate-out"
	out, err := check.CombinedOutput()
	if err != nil {
		t.Errorf("sha256sum -c: %v\n%s", err, out)
	}
	expectText(t, "SHA256SUMS", string(out), "logs/slow-7.partial.log", "logs/api-7.log", "report.json", "summary.md", "loggate.env")
	expectText(t, "summary.md", plain(r.read(t, "loggate-out/summary.md")), "slow #7: log: ", reason)
}

// plain is Markdown without the marks around foreign words.
func plain(markdown string) string { return strings.ReplaceAll(markdown, "`", "") }

func TestSignalsKeepWhatIsThere(t *testing.T) {
	for _, test := range []struct {
		signal syscall.Signal
		args   []string
	}{
		{syscall.SIGINT, nil},
		{syscall.SIGTERM, nil},
		{syscall.SIGTERM, []string{"--dry-run"}}, // doesn't make it pass
	} {
		t.Run(strings.Join(append(test.args, test.signal.String()), " "), func(t *testing.T) {
			t.Parallel()
			api := newBuild("api", goodLog)
			server := serveBuilds(t, api, slowly())
			p := start(t, against(server, []simulator.Build{api, slowly()}, test.args...))
			waitFor(t, "a page of each log", func() bool { return len(server.Stats().Pages) == 2 && server.Stats().Pages[slowly().JobID+":7"] > 1 })
			sent := time.Now()
			p.signal(test.signal)
			r := p.wait()
			if took := time.Since(sent); took > 5*time.Second {
				t.Errorf("it ended %v after the signal", took)
			}
			r.expectCode(t, build.ExitInterrupted)
			rep := r.report(t)
			expectVerdict(t, rep, build.Incomplete, build.ExitInterrupted)
			r.expectWhole(t, rep, api)
			expectPartial(t, r, rep, "signal received")
		})
	}
}

// waitFor waits, bounded, until something holds.
func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestUnfinishedBuildsNeverPass(t *testing.T) {
	for _, test := range []struct {
		name, reason string
		args         []string
		code         int
	}{
		{"timeout", "timeout of 3s", []string{"--timeout", "3s"}, build.ExitIncomplete},
		{"wait false", "wait: false", []string{"--wait", "false"}, build.ExitIncomplete},
		{"fail-on never", "timeout of 3s", []string{"--timeout", "3s", "--fail-on", "never"}, build.ExitPass},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			api := newBuild("api", goodLog)
			server := serveBuilds(t, api, slowly())
			waitFor(t, "lines of the running build", func() bool { time.Sleep(time.Second); return true })
			r := run(t, against(server, []simulator.Build{api, slowly()}, test.args...))
			r.expectCode(t, test.code)
			rep := r.report(t)
			expectVerdict(t, rep, build.Incomplete, test.code)
			r.expectWhole(t, rep, api)
			expectPartial(t, r, rep, test.reason)
			if s := named(t, rep, "slow"); s.Status != build.Running {
				t.Errorf("the status is %s", s.Status)
			}
		})
	}
}

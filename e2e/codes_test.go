package e2e

import (
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// What each policy makes of the same builds.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	good, bad := newBuild("api", goodLog), failed("web", badLog)
	noisy := newBuild("noisy", codearts("INFO", "orders/orders.go:12:9: undefined: totl", "Finished: SUCCESS"))
	stopped := newBuild("stopped", goodLog)
	stopped.Result = "ABORTED"
	odd := newBuild("odd", goodLog)
	odd.Result = "NEVER_HEARD_OF"
	forbidden := newBuild("forbidden", goodLog)
	forbidden.Forbidden = true
	mute := newBuild("mute", goodLog) // nobody tells its status
	mute.Refuse = map[simulator.Endpoint]int{simulator.BuildInfo: 403, simulator.RecordInfo: 403, simulator.RunningStatus: 403, simulator.FullStages: 403}
	server := serveBuilds(t, good, bad, noisy, stopped, odd, forbidden, mute)
	for _, test := range []struct {
		name    string
		builds  []simulator.Build
		args    []string
		verdict build.Verdict
		code    int
	}{
		{"pass", []simulator.Build{good}, nil, build.Pass, 0},
		{"failed build", []simulator.Build{good, bad}, nil, build.Fail, 1},
		{"aborted build", []simulator.Build{stopped}, nil, build.Fail, 1},
		{"unheard-of word", []simulator.Build{odd}, nil, build.Fail, 1},
		{"error in a green build", []simulator.Build{noisy}, nil, build.Fail, 1},
		{"errors tolerated", []simulator.Build{noisy}, []string{"--fail-on", "build"}, build.Pass, 0},
		{"missing evidence", []simulator.Build{good, forbidden}, nil, build.Incomplete, 3},
		{"1 beats 3", []simulator.Build{bad, forbidden}, nil, build.Fail, 1},
		{"status from the log alone", []simulator.Build{mute}, nil, build.Incomplete, 3},
		{"log alone is enough", []simulator.Build{mute}, []string{"--fail-on", "error"}, build.Pass, 0},
		{"never", []simulator.Build{bad}, []string{"--fail-on", "never"}, build.Fail, 0},
		{"never, incomplete", []simulator.Build{forbidden}, []string{"--fail-on", "never"}, build.Incomplete, 0},
		{"dry run", []simulator.Build{bad}, []string{"--dry-run"}, build.Fail, 0},
		{"dry run, incomplete", []simulator.Build{forbidden}, []string{"--dry-run"}, build.Incomplete, 0},
	} {
		r := run(t, against(server, test.builds, test.args...))
		if r.code != test.code {
			t.Errorf("%s: exit code %d, want %d\n%s", test.name, r.code, test.code, r.stdout)
			continue
		}
		rep := r.report(t)
		expectVerdict(t, rep, test.verdict, test.code)
		expectText(t, test.name+": stdout", r.stdout, strings.ToUpper(string(test.verdict)))
	}
}

// A wrong input stays one, however lenient the run is; so do signals, see
// TestSignalsKeepWhatIsThere.
func TestLeniencyDoesNotCoverWrongInputs(t *testing.T) {
	t.Parallel()
	server := serveBuilds(t, newBuild("api", goodLog))
	for _, lenient := range [][]string{{"--dry-run"}, {"--fail-on", "never"}} {
		r := run(t, against(server, []simulator.Build{newBuild("api", goodLog)}, append(lenient, "--timeout", "1")...))
		expectRefused(t, r)
	}
	if n := requests(server); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// `latest` is resolved once, and what turns out to be listed is fetched once.
func TestLatest(t *testing.T) {
	t.Parallel()
	older, newest := newBuild("api", goodLog), newBuild("api", badLog)
	newest.Number, newest.Result = 8, "FAILURE"
	server := serveBuilds(t, older, newest)
	in := invocation{env: append(access(server), "LOGGATE_BUILDS=old="+older.JobID+":7,new="+older.JobID+":8,last="+older.JobID+":latest")}
	r := run(t, in)
	r.expectCode(t, build.ExitFail)
	rep := r.report(t)
	names := []string{}
	for _, b := range rep.Builds {
		names = append(names, b.Name+"#"+b.Requested)
	}
	if got := strings.Join(names, " "); got != "old#7 new#8 last#latest" {
		t.Errorf("builds are %s", got)
	}
	last, twin := named(t, rep, "last"), named(t, rep, "new")
	if last.BuildNo != 8 || last.Status != build.Failure || last.Log.Path == nil || *last.Log.Path != *twin.Log.Path {
		t.Errorf("latest is %+v, its twin %+v", last, twin)
	}
	stats := server.Stats()
	if stats.Requests[simulator.RunningStatus] != 1 || stats.Pages[newest.JobID+":8"] != 1 {
		t.Errorf("requests %v, pages %v: want one for each", stats.Requests, stats.Pages)
	}
}

func TestLatestOfAJobWithoutBuilds(t *testing.T) {
	t.Parallel()
	good := newBuild("api", goodLog)
	server := serveBuilds(t, good)
	for _, args := range [][]string{nil, {"--wait", "false"}} {
		r := run(t, invocation{args: append([]string{"run"}, args...), env: append(access(server), "LOGGATE_BUILDS="+input(good)+",none="+idB+":latest")})
		r.expectCode(t, build.ExitIncomplete)
		rep := r.report(t)
		expectVerdict(t, rep, build.Incomplete, build.ExitIncomplete)
		r.expectWhole(t, rep, good)
		lacks(t, rep, "none", 0, "")
		expectText(t, "stdout", r.stdout, "none: log: ")
	}
}

// A build that is reported twice is compared with the baseline under each name.
func TestLatestAgainstABaseline(t *testing.T) {
	t.Parallel()
	b := failed("api", badLog)
	server := serveBuilds(t, b)
	dir := t.TempDir()
	in := invocation{dir: dir, args: []string{"run", "--output-dir", "good"}, env: append(access(server), "LOGGATE_BUILDS=api="+b.JobID+":7")}
	run(t, in).expectCode(t, build.ExitFail)
	for _, names := range [][2]string{{"api", "last"}, {"last", "api"}} {
		in := invocation{dir: dir, args: []string{"run", "--baseline", "good/report.json"},
			env: append(access(server), "LOGGATE_BUILDS="+names[0]+"="+b.JobID+":7,"+names[1]+"="+b.JobID+":latest")}
		r := run(t, in)
		r.expectCode(t, build.ExitFail)
		for name, isNew := range map[string]bool{"api": false, "last": true} {
			for _, f := range named(t, r.report(t), name).Findings {
				if *f.New != isNew {
					t.Errorf("%v: of %s, is %q new? %v", names, name, f.Message, *f.New)
				}
			}
		}
	}
}

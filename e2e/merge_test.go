package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// job is a parallel job: the builds that it looked at, with which flags, and
// with which config file.
type job struct {
	builds []simulator.Build
	args   []string
	policy string // behind version: 1; "" for the merge's
}

// merges are reports of jobs, and what becomes of them.
var merges = []struct {
	name   string
	jobs   []job
	args   []string // of the merge
	policy string   // behind version: 1, of the merge
	code   int
	// reasons and notices are as in TestPolicies, missing is "build: start of the reason".
	reasons, notices, missing []string
}{
	{name: "all well", jobs: jobs("api", "web"), code: 0},
	{name: "one failed", jobs: jobs("api", "bad"), code: 1, reasons: []string{"fail-on build - bad 7: ended with failure", "fail-on error - bad 7: "}},
	{name: "fail-on anew, laxer", jobs: jobs("api", "bad"), args: []string{"--fail-on", "warning"}, code: 1, reasons: []string{"fail-on warning - api 2: 2 findings", "fail-on warning - bad 7: "}},
	{name: "never", jobs: jobs("api", "bad"), args: []string{"--fail-on", "never"}, code: 0, reasons: []string{"fail-on build - bad 7: ", "fail-on error - bad 7: "}},
	{name: "dry run", jobs: jobs("api", "bad"), args: []string{"--dry-run"}, code: 0, reasons: []string{"fail-on build - bad 7: ", "fail-on error - bad 7: "}},
	{name: "evidence stays missing", jobs: jobs("api", "secret"), code: 3, missing: []string{"secret: ", "secret: "}},
	{name: "1 beats 3", jobs: jobs("bad", "secret"), code: 1, reasons: []string{"fail-on build - bad 7: ", "fail-on error - bad 7: "}, missing: []string{"secret: ", "secret: "}},

	{name: "limits over all", jobs: jobs("api", "warned"), policy: "gate: {max: {warning: 2}}", code: 1,
		reasons: []string{"max warning .loggate.yml:2 api 2: 3 warnings over all builds, 2 allowed; 2 of them here"}},
	{name: "limits anew", jobs: jobs("api", "warned"), policy: "gate: {max: {warning: 3}}", code: 0},
	{name: "a job's limit is no limit of all", jobs: []job{{builds: simulatedBuilds("api"), policy: "gate: {max: {warning: 0}}"}, {builds: simulatedBuilds("web")}}, code: 0},

	{name: "require and forbid are kept", jobs: jobs("api", "web"), policy: "gate:\n  require: [{pattern: 'Signing', builds: [web]}]\n  forbid: [{pattern: '-SNAPSHOT'}]", code: 1,
		reasons: []string{"forbid .loggate.yml:4 api 4: ", "require .loggate.yml:3 web -: no line"}},
	{name: "a build in another job is no missing one", jobs: jobs("api", "web"), policy: "gate: {require: [{pattern: 'BUILD', builds: [api, web]}]}", code: 0},
	{name: "a build in no job is", jobs: jobs("api", "web"), policy: "gate: {require: [{pattern: 'BUILD', builds: [api, worker]}]}", code: 1,
		reasons: []string{`require .loggate.yml:2 worker -: build "worker" is named by the policy, but not in this run`}},
	{name: "a job that knew no policy", jobs: []job{{builds: simulatedBuilds("api"), policy: "gate: {}"}, {builds: simulatedBuilds("web")}}, policy: "gate: {forbid: [{pattern: '-SNAPSHOT'}]}", code: 3,
		missing: []string{"api: its own run didn't look for forbid `-SNAPSHOT` (.loggate.yml:2); run it with the same config"}},
	{name: "a job under never", jobs: []job{{builds: simulatedBuilds("api"), args: []string{"--fail-on", "never"}}, {builds: simulatedBuilds("web")}}, policy: "gate: {forbid: [{pattern: '-SNAPSHOT', builds: [api]}]}", code: 3,
		missing: []string{"api: its own run didn't look for forbid (.loggate.yml:2); ", "api: its own run didn't look for forbid `-SNAPSHOT`"}},
	{name: "a job under never, a merge without the policy", jobs: []job{{builds: simulatedBuilds("api"), args: []string{"--fail-on", "never"}, policy: "gate: {forbid: [{pattern: '-SNAPSHOT', builds: [api]}]}"},
		{builds: simulatedBuilds("web"), policy: "gate: {forbid: [{pattern: '-SNAPSHOT', builds: [api]}]}"}}, policy: "gate: {}", code: 3,
		missing: []string{"api: its own run didn't look for forbid (.loggate.yml:2); run it"}},
	{name: "of which only some builds matter", jobs: []job{{builds: simulatedBuilds("api"), args: []string{"--fail-on", "never"}}, {builds: simulatedBuilds("web")}}, policy: "gate: {forbid: [{pattern: '-SNAPSHOT', builds: [web]}]}", code: 0},
	{name: "an ignore that ended is told once", jobs: jobs("web", "good"), policy: "ignore: [{rule: gcc.warning, reason: a hurry, until: 2020-02-29}]", code: 1,
		reasons: []string{"ignore .loggate.yml:2 - -: the entry ended"}},
	{name: "an ignore that one job needs", jobs: jobs("api", "web"), policy: "ignore: [{rule: gcc.warning, reason: vendored}]", code: 0},
	{name: "an ignore that no job needs", jobs: jobs("good", "web"), policy: "ignore: [{rule: gcc.warning, reason: vendored}]", code: 0,
		notices: []string{"ignore .loggate.yml:2: the entry matches nothing any more (vendored)"}},

	{name: "as many as expected", jobs: jobs("api", "web"), args: []string{"--expect", "2"}, code: 0},
	{name: "fewer than expected", jobs: jobs("api", "web"), args: []string{"--expect", "4"}, code: 3, missing: []string{"missing reports: 2 of 4 reports are here"}},
	{name: "fewer, and the policy names one of them", jobs: jobs("api", "web"), args: []string{"--expect", "3"}, policy: "gate: {require: [{pattern: 'BUILD', builds: [worker]}]}", code: 3,
		missing: []string{"missing reports: 2 of 3 reports are here"}},
	{name: "fewer, and a failure", jobs: jobs("bad"), args: []string{"--expect", "2"}, code: 1,
		reasons: []string{"fail-on build - bad 7: ", "fail-on error - bad 7: "}, missing: []string{"missing reports: 1 of 2"}},
	{name: "fewer under never", jobs: jobs("api"), args: []string{"--expect", "2", "--fail-on", "never"}, code: 0, missing: []string{"missing reports: 1 of 2"}},
	{name: "fewer under error alone", jobs: jobs("api"), args: []string{"--expect", "2", "--fail-on", "error"}, code: 3, missing: []string{"missing reports: 1 of 2"}},
	{name: "names that are there", jobs: jobs("api", "web"), args: []string{"--expect", "web, api"}, code: 0},
	{name: "a name that isn't", jobs: jobs("api", "web"), args: []string{"--expect", "web,worker"}, code: 3, missing: []string{"worker: no report has this build"}},
}

// jobs are a job for each build, which leaves the decision to the merge.
func jobs(names ...string) []job {
	var all []job
	for _, name := range names {
		all = append(all, job{builds: simulatedBuilds(name)})
	}
	return all
}

// simulatedBuilds are builds of the merges by name.
func simulatedBuilds(names ...string) []simulator.Build {
	var builds []simulator.Build
	for _, name := range names {
		b := newBuild(name, map[string]string{"api": snapshotLog, "web": releaseLog, "good": goodLog, "secret": goodLog, "bad": badLog,
			"warned": codearts("INFO", "src/a.c:3:9: warning: unused variable 'z' [-Wunused-variable]", "Finished: SUCCESS")}[name])
		if name == "bad" {
			b = failed(name, badLog)
		}
		b.Forbidden = name == "secret"
		builds = append(builds, b)
	}
	return builds
}

// inJobs runs the jobs as CI systems do, each with its artifacts below the
// directory of the merge. What ran says was run already is copied.
func inJobs(t *testing.T, server *simulator.Server, dir, policy string, all []job, ran map[string]string) []string {
	t.Helper()
	var reports []string
	for i, j := range all {
		text := policy
		if j.policy != "" {
			text = j.policy
		}
		out := filepath.Join("loggate-out", "jobs", string(rune('1'+i)))
		key := fmt.Sprint(input(j.builds...), j.args, text)
		if before, ok := ran[key]; ok {
			if err := os.CopyFS(filepath.Join(dir, out), os.DirFS(before)); err != nil {
				t.Fatal(err)
			}
		} else {
			write(t, dir, ".loggate.yml", "version: 1\n"+text)
			in := against(server, j.builds, append([]string{"--output-dir", out, "--dry-run"}, j.args...)...)
			in.dir = dir
			run(t, in).expectCode(t, build.ExitPass)
			ran[key] = filepath.Join(dir, out)
		}
		reports = append(reports, filepath.Join(out, "report.json"))
	}
	write(t, dir, ".loggate.yml", "version: 1\n"+policy)
	return reports
}

func TestMerge(t *testing.T) {
	t.Parallel()
	server := serveBuilds(t, simulatedBuilds("api", "web", "good", "secret", "bad", "warned")...)
	ran := map[string]string{}
	for _, test := range merges {
		dir := t.TempDir()
		reports := inJobs(t, server, dir, test.policy, test.jobs, ran)
		r := run(t, invocation{dir: dir, args: append(append([]string{"merge"}, reports...), test.args...)})
		if r.code != test.code || r.stderr != "" {
			t.Errorf("%s: exit code %d, want %d\n%s%s", test.name, r.code, test.code, r.stdout, r.stderr)
			continue
		}
		text := r.read(t, "loggate-out/report.json")
		expectValid(t, text)
		rep := decode(t, text)
		expectReasons(t, test.name, rep, test.reasons, test.notices)
		var missing []string
		for _, b := range rep.Builds {
			for _, m := range b.Incomplete {
				missing = append(missing, b.Name+": "+m.Reason)
			}
		}
		if slices.Contains(test.args, "error") == false && len(missing) > len(test.missing) { // where the status is wanted, it is missing too
			missing = slices.DeleteFunc(missing, func(m string) bool { return strings.Contains(m, "how the build ended is not known") })
		}
		expectStarts(t, test.name+": missing", missing, test.missing)
		for _, m := range missing {
			name, _, _ := strings.Cut(m, ": ")
			expectText(t, test.name+": stdout", r.stdout, name)
		}
		expectText(t, test.name+": stdout", r.stdout, strings.ToUpper(string(rep.Verdict)))
	}
}

// A merge leaves behind what a run does, and the logs where they are; every
// link leads to its log.
func TestMergeWritesWhatARunDoes(t *testing.T) {
	t.Parallel()
	server := serveBuilds(t, simulatedBuilds("api", "bad", "good")...)
	dir := t.TempDir()
	reports := inJobs(t, server, dir, "", []job{{builds: simulatedBuilds("api")}, {builds: simulatedBuilds("bad", "good")}}, map[string]string{})
	logs := []string{"loggate-out/jobs/1/logs/api-7.log", "loggate-out/jobs/2/logs/bad-7.log", "loggate-out/jobs/2/logs/good-7.log"}
	before := map[string]string{}
	for _, log := range logs {
		before[log] = sumOfFile(t, filepath.Join(dir, log))
	}
	env := []string{"GITHUB_ACTIONS=true", "GITHUB_OUTPUT=" + write(t, dir, "output", ""), "GITHUB_STEP_SUMMARY=" + write(t, dir, "summary", "")}
	for _, test := range []struct {
		out, path string
		links     int // a page links to what lies below it
	}{{"loggate-out", "jobs/2/logs/bad-7.log", 3}, {"merged/here", "../../loggate-out/jobs/2/logs/bad-7.log", 0}} {
		r := run(t, invocation{dir: dir, env: env, args: append([]string{"merge", "--output-dir", test.out, "--formats", "html,sarif,junit,codequality"}, reports...)})
		r.expectCode(t, build.ExitFail)
		rep := decode(t, r.read(t, test.out+"/report.json"))
		if got := *named(t, rep, "bad").Log.Path; got != test.path {
			t.Errorf("the path of a log is %s, want %s", got, test.path)
		}
		for _, b := range rep.Builds {
			if got := sumOfFile(t, filepath.Join(dir, test.out, *b.Log.Path)); got != *b.Log.SHA256 {
				t.Errorf("%s: %s isn't the log that the report describes", b.Name, *b.Log.Path)
			}
		}
		for _, name := range append([]string{"report.schema.json", "summary.md", "loggate.env", "report.html"}, formatFiles...) {
			if _, err := os.Stat(filepath.Join(dir, test.out, name)); err != nil {
				t.Error(err)
			}
		}
		check := exec.Command("sha256sum", "-c", "SHA256SUMS")
		check.Dir = filepath.Join(dir, test.out)
		if out, err := check.CombinedOutput(); err != nil || strings.Contains(string(out), ".log") {
			t.Errorf("sha256sum -c: %v\n%s", err, out)
		}
		expectLinks(t, filepath.Join(dir, test.out), r.read(t, test.out+"/report.html"), test.links)
		expectText(t, "report.html", r.read(t, test.out+"/report.html"), test.path)
		expectText(t, "stdout", r.stdout, "::error title=", "Artifacts are in "+test.out)
		expectText(t, "loggate.env", r.read(t, test.out+"/loggate.env"), "LOGGATE_RESULT_VERDICT=fail\nLOGGATE_RESULT_FAILED_BUILDS=bad\n")
		expectText(t, "the step's outputs", r.read(t, "output"), "verdict=fail", `failed-builds=["bad"]`, "report="+test.out+"/report.json")
		expectText(t, "the step's summary", r.read(t, "summary"), "loggate: fail")
	}
	for _, log := range logs {
		if before[log] != sumOfFile(t, filepath.Join(dir, log)) {
			t.Errorf("%s has changed", log)
		}
	}
	// A log that isn't there any more has no link.
	if err := os.Remove(filepath.Join(dir, logs[0])); err != nil {
		t.Fatal(err)
	}
	r := run(t, invocation{dir: dir, args: append([]string{"merge"}, reports...)})
	if b := named(t, r.report(t), "api"); b.Log.Path != nil || !b.Log.Complete {
		t.Errorf("the log is %+v", b.Log)
	}
}

var href = regexp.MustCompile(`href="\.(/[^"]*)"`)

// expectLinks wants a page's links to files of the output directory, so many
// at least, to lead somewhere.
func expectLinks(t *testing.T, dir, page string, least int) {
	t.Helper()
	links := href.FindAllStringSubmatch(page, -1)
	for _, link := range links {
		if _, err := os.Stat(filepath.Join(dir, link[1])); err != nil {
			t.Error(err)
		}
	}
	if len(links) < least {
		t.Errorf("%d links to logs, want %d", len(links), least)
	}
}

// A merged report can be merged, and is a baseline.
func TestMergeOfMerges(t *testing.T) {
	t.Parallel()
	server := serveBuilds(t, simulatedBuilds("api", "good", "warned")...)
	dir := t.TempDir()
	policy := "gate: {forbid: [{pattern: '-SNAPSHOT', builds: [api]}]}"
	reports := inJobs(t, server, dir, policy, jobs("api", "good", "warned"), map[string]string{})
	args := []string{"merge", "--dry-run", "--output-dir"}
	run(t, invocation{dir: dir, args: append(args, "loggate-out/first", reports[0], reports[1])}).expectCode(t, build.ExitPass)
	run(t, invocation{dir: dir, args: append(args, "loggate-out/then", reports[2])}).expectCode(t, build.ExitPass)
	r := run(t, invocation{dir: dir, args: []string{"merge", "loggate-out/first/report.json", "loggate-out/then/report.json", "--baseline", "loggate-out/then/report.json"}})
	r.expectCode(t, build.ExitFail)
	rep := r.report(t)
	expectReasons(t, "merge of merges", rep, []string{"forbid .loggate.yml:2 api 4: "}, []string{"baseline -: not in the baseline, so that all of their findings are new: api, good", "baseline -: the verdict of the baseline's run is fail"})
	if f := named(t, rep, "warned").Findings; len(f) != 1 || *f[0].New {
		t.Errorf("findings of warned: %+v", f)
	}
	if len(rep.Gate.Judged) != 1 {
		t.Errorf("judged are %v", rep.Gate.Judged)
	}
}

// What can't be merged is told before anything is written.
func TestWrongMerges(t *testing.T) {
	t.Parallel()
	server := serveBuilds(t, simulatedBuilds("api", "good")...)
	dir := t.TempDir()
	reports := inJobs(t, server, dir, "", jobs("api", "good"), map[string]string{})
	text := func() string {
		data, err := os.ReadFile(filepath.Join(dir, reports[0]))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}()
	if err := os.Rename(filepath.Join(dir, "loggate-out"), filepath.Join(dir, "in")); err != nil {
		t.Fatal(err)
	}
	for i := range reports {
		reports[i] = strings.Replace(reports[i], "loggate-out", "in", 1)
	}
	write(t, dir, "log.json", goodLog)
	write(t, dir, "next.json", strings.Replace(text, "loggate/report/v1", "loggate/report/v2", 1))
	write(t, dir, "half.json", text[:len(text)/2])
	write(t, dir, "renamed.json", strings.Replace(text, `"name": "api"`, `"name": "other"`, 1))
	write(t, dir, "moved.json", strings.Replace(text, `"build_no": 7`, `"build_no": 8`, 1))
	write(t, dir, "empty.json", `{"schema":"loggate/report/v1","verdict":"pass","builds":[]}`)
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "expected \"<report> ...\""},
		{[]string{"nowhere.json"}, `REPORT: "nowhere.json" can't be merged: no such file or directory; give the report.json`},
		{[]string{"in"}, `REPORT: "in" can't be merged: `},
		{[]string{"log.json"}, `REPORT: "log.json" can't be merged: reading the report: `},
		{[]string{"next.json"}, `its schema is "loggate/report/v2", not "loggate/report/v1"`},
		{[]string{"half.json"}, "unexpected EOF"},
		{[]string{"empty.json"}, "it has no builds"},
		{[]string{reports[0], reports[0]}, `build "api" is in "in/jobs/1/report.json" and in "in/jobs/1/report.json"; give each job builds of its own`},
		{[]string{reports[0], "moved.json"}, `build "api" is in `},
		{[]string{reports[0], "renamed.json"}, `build ` + simulator.JobID("api") + `:7 is in "in/jobs/1/report.json" and in "renamed.json"`},
		{[]string{reports[0], "--output-dir", "in/jobs/1"}, `"in/jobs/1/report.json" would be replaced`},
		{[]string{reports[0], "--expect", "0"}, `expect: --expect="0" is not a number of reports from 1 to 1000`},
		{[]string{reports[0], "--expect", "a,,b"}, `expect: --expect="a,,b" has an empty name, or one twice`},
		{[]string{reports[0], "--expect", "a,a"}, `has an empty name, or one twice`},
		{[]string{reports[0], "--wait", "false"}, `unknown flag --wait`},
		{[]string{reports[0], "--config", "nowhere.yml"}, `config: --config="nowhere.yml" can't be read`},
	} {
		r := run(t, invocation{dir: dir, args: append([]string{"merge"}, test.args...)})
		expectText(t, strings.Join(test.args, " "), expectRefused(t, r), test.want, "loggate: ")
	}
	// Within one report a build may have two names: its own, and latest.
	write(t, dir, "twins.json", strings.Replace(text, `"builds": [`, `"builds": [`+`{"name":"last","job_id":"`+simulator.JobID("api")+`","build_no":7,"requested":"latest","status":"success","status_source":"api","log":{"complete":true}},`, 1))
	run(t, invocation{dir: dir, args: []string{"merge", "twins.json", reports[1]}}).expectCode(t, build.ExitPass)
}

// Old findings don't count in a merge either, where that is asked for.
func TestMergeOfNewFindings(t *testing.T) {
	t.Parallel()
	server := serveBuilds(t, simulatedBuilds("api", "web")...)
	dir := t.TempDir()
	old := inJobs(t, server, dir, "", jobs("api", "web"), map[string]string{})
	if err := os.Rename(filepath.Join(dir, "loggate-out"), filepath.Join(dir, "good")); err != nil {
		t.Fatal(err)
	}
	baseline := filepath.Join("good", strings.TrimPrefix(old[0], "loggate-out"))
	reports := inJobs(t, server, dir, "", []job{{builds: simulatedBuilds("api"), args: []string{"--baseline", baseline}}, {builds: simulatedBuilds("web")}}, map[string]string{})
	args := append([]string{"merge", "--fail-on", "warning"}, reports...)
	run(t, invocation{dir: dir, args: args}).expectCode(t, build.ExitFail)
	run(t, invocation{dir: dir, args: append(args, "--new-only", "true")}).expectCode(t, build.ExitPass)
	run(t, invocation{dir: dir, args: append(args, "--new-only", "true", "--baseline", filepath.Join("good", strings.TrimPrefix(old[1], "loggate-out")))}).expectCode(t, build.ExitFail)
}

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// The logs of builds that succeed: one packages a snapshot and warns, one packages a release.
var (
	snapshotLog = codearts("INFO", "[INFO] --- jar:3.4.1:jar (default-jar) @ shop ---", "src/a.c:3:9: warning: unused variable 'x' [-Wunused-variable]",
		"src/third_party/b.c:4:9: warning: unused variable 'y' [-Wunused-variable]", "[INFO] Building jar: shop-1.4-SNAPSHOT.jar", "[INFO] BUILD SUCCESS", "Finished: SUCCESS")
	releaseLog = codearts("INFO", "[INFO] Building jar: shop-1.4.jar", "[INFO] BUILD SUCCESS", "[Maven构建:official_shell_maven] : 该步骤执行成功", "Finished: SUCCESS")
)

// policies are config files, and what they make of the builds api (a snapshot
// with two warnings), web (a release) and secret (which may not be read).
var policies = []struct {
	name    string
	text    string // behind version: 1
	builds  string // of api, web and secret; "" is api and web
	code    int
	reasons []string // policy source build line: start of the message
	notices []string // policy source: start of the message
}{
	{name: "nothing", code: 0},
	{name: "limit kept", text: "gate: {max: {error: 0, warning: 2}}", code: 0},
	{name: "limit exceeded", text: "gate:\n  max:\n    error: 0\n    warning: 1", code: 1,
		reasons: []string{"max warning .loggate.yml:5 api 2: 2 warnings over all builds, 1 allowed; 2 of them here, first: unused variable 'x'"}},
	{name: "required and there", text: "gate: {require: [{pattern: '^\\[INFO\\] BUILD SUCCESS$'}]}", code: 0},
	{name: "required of a mark", text: "gate: {require: [{pattern: '该步骤执行成功', builds: [web]}]}", code: 0},
	{name: "required and not there", text: "gate:\n  require:\n    - pattern: 'Signing jar'\n      builds: ['w*']\n      reason: releases are signed", code: 1,
		reasons: []string{"require .loggate.yml:4 web -: no line of the log matches `Signing jar` (releases are signed)"}},
	{name: "required of a log that can't be had", text: "gate: {require: [{pattern: 'BUILD'}]}", builds: "web secret", code: 1,
		reasons: []string{"require .loggate.yml:2 secret -: the log is not complete, so `BUILD` is not shown to be in it"}},
	{name: "required of others than that one", text: "gate: {require: [{pattern: 'BUILD', builds: [web]}]}", builds: "web secret", code: 3},
	{name: "forbidden", text: "gate:\n  forbid: [{pattern: '-SNAPSHOT', reason: no snapshots in a release}]", code: 1,
		reasons: []string{"forbid .loggate.yml:3 api 4: 1 line of the log matches `-SNAPSHOT` (no snapshots in a release), first: [INFO] Building jar: shop-1.4-SNAPSHOT.jar"}},
	{name: "forbidden elsewhere", text: "gate: {forbid: [{pattern: '-SNAPSHOT', builds: [web]}]}", code: 0},
	{name: "forbidden a mark", text: "gate: {forbid: [{pattern: '执行成功'}]}", code: 1,
		reasons: []string{"forbid .loggate.yml:2 web 3: 1 line of the log matches `执行成功`"}},
	{name: "a build that isn't there", text: "gate: {forbid: [{pattern: 'never', builds: [api, worker]}]}", code: 1,
		reasons: []string{`forbid .loggate.yml:2 worker -: build "worker" is named by the policy, but not in this run`}},
	{name: "a glob may match nothing", text: "gate: {require: [{pattern: 'never', builds: ['worker-*']}]}", code: 0},
	{name: "ignored", text: "ignore: [{rule: gcc.warning, pattern: third_party/, reason: vendored, until: 2999-12-31}]\ngate: {max: {warning: 1}}", code: 0},
	{name: "ignore that ended", text: "gate: {max: {warning: 1}}\nignore:\n  - {rule: gcc.warning, reason: a hurry, until: 2020-02-29}", code: 1,
		reasons: []string{"max warning .loggate.yml:2 api 2: 2 warnings", "ignore .loggate.yml:4 - -: the entry ended on 2020-02-29 (a hurry)"}},
	{name: "ignore of nothing", text: "ignore:\n  - {pattern: nowhere/, reason: moved}\n  - {rule: gcc.warning, reason: a}\n  - {pattern: third_party, reason: b}", code: 0,
		notices: []string{"ignore .loggate.yml:3: the entry matches nothing any more (moved)"}},
	{name: "ignore of what may be in a log that can't be had", text: "ignore: [{pattern: nowhere/, reason: moved}]", builds: "web secret", code: 3},
	{name: "disabled", text: "disable: [gcc.warning]\ngate: {max: {warning: 0}}", code: 0},
	{name: "violations add up", text: "gate:\n  max: {warning: 0}\n  require: [{pattern: 'Signing jar'}]\n  forbid: [{pattern: 'SUCCESS', builds: [web]}]", code: 1,
		reasons: []string{"max warning .loggate.yml:3 api 2: ", "require .loggate.yml:4 api -: ", "require .loggate.yml:4 web -: ", "forbid .loggate.yml:5 web 2: 2 lines of the log match"}},
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	builds := map[string]simulator.Build{"api": newBuild("api", snapshotLog), "web": newBuild("web", releaseLog), "secret": newBuild("secret", goodLog)}
	secret := builds["secret"]
	secret.Forbidden = true
	server := serveBuilds(t, builds["api"], builds["web"], secret)
	for _, test := range policies {
		asked := []simulator.Build{builds["api"], builds["web"]}
		if test.builds != "" {
			asked = nil
			for name := range strings.FieldsSeq(test.builds) {
				asked = append(asked, builds[name])
			}
		}
		for _, dry := range []bool{false, true} {
			in, want := against(server, asked, "--fail-on", "build"), test.code
			if dry {
				in.args, want = append(in.args, "--dry-run"), 0
			}
			in.dir = t.TempDir()
			write(t, in.dir, ".loggate.yml", "version: 1\n"+test.text)
			r := run(t, in)
			if r.code != want {
				t.Errorf("%s, dry run %v: exit code %d, want %d\n%s%s", test.name, dry, r.code, want, r.stdout, r.stderr)
				continue
			}
			rep := r.report(t)
			expectVerdict(t, rep, map[int]build.Verdict{0: build.Pass, 1: build.Fail, 3: build.Incomplete}[test.code], want)
			expectReasons(t, test.name, rep, test.reasons, test.notices)
			said := plain(r.read(t, "loggate-out/summary.md"))
			for _, v := range rep.Gate.Violations {
				expectText(t, test.name+": stdout", r.stdout, v.Remedy, *v.Source)
				expectText(t, test.name+": summary.md", said, strings.ReplaceAll(v.Remedy, "`", ""), *v.Source)
			}
			for _, n := range rep.Gate.Notices {
				expectText(t, test.name+": stdout", r.stdout, "Notices", n.Message)
				expectText(t, test.name+": summary.md", said, "### Notices", n.Message)
			}
			if says := strings.Contains(r.stdout, fmt.Sprintf("(exit code 0 was asked for, it would be %d)", test.code)); says != (dry && test.code != 0) {
				t.Errorf("%s, dry run %v: stdout is\n%s", test.name, dry, r.stdout)
			}
		}
	}
}

// expectReasons wants a report's violations and remarks, and no others.
func expectReasons(t *testing.T, name string, rep *build.Report, reasons, notices []string) {
	t.Helper()
	var got []string
	for _, v := range rep.Gate.Violations {
		got = append(got, fmt.Sprintf("%s %s %s %s: %s", v.Policy, shown(v.Source), shown(v.Build), shown(v.Line), v.Message))
	}
	expectStarts(t, name+": violations", got, reasons)
	got = nil
	for _, n := range rep.Gate.Notices {
		got = append(got, fmt.Sprintf("%s %s: %s", n.Policy, shown(n.Source), n.Message))
	}
	expectStarts(t, name+": notices", got, notices)
}

func expectStarts(t *testing.T, name string, got, want []string) {
	t.Helper()
	for i, text := range got {
		if len(got) != len(want) || !strings.HasPrefix(text, want[i]) {
			t.Errorf("%s are\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
			return
		}
	}
	if len(want) > len(got) {
		t.Errorf("%s are %q, want %q", name, got, want)
	}
}

// shown is what is known, or a dash.
func shown[T any](value *T) string {
	if value == nil {
		return "-"
	}
	return fmt.Sprint(*value)
}

// Neither fail-on never nor a scan's missing status lets the config's file go
// unread.
func TestPoliciesOfAScan(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "api.log", snapshotLog)
	write(t, dir, ".loggate.yml", "version: 1\ngate: {forbid: [{pattern: '-SNAPSHOT', builds: [api]}], require: [{pattern: BUILD, builds: [web]}]}")
	r := run(t, invocation{dir: dir, args: []string{"scan", "--format", "json", "api.log"}})
	r.expectCode(t, build.ExitFail)
	rep := decode(t, r.stdout)
	expectReasons(t, "scan", rep, []string{"require .loggate.yml:2 web -: ", "forbid .loggate.yml:2 api 4: "}, nil)
	if got := fmt.Sprint(rep.Gate.Judged); got != "[require BUILD in web forbid -SNAPSHOT in api]" {
		t.Errorf("judged are %s", got)
	}
	r = run(t, invocation{dir: dir, args: []string{"scan", "--format", "json", "--fail-on", "never", "api.log"}})
	r.expectCode(t, build.ExitPass)
	if rep := decode(t, r.stdout); len(rep.Gate.Violations)+len(rep.Gate.Judged) != 0 {
		t.Errorf("under never, the gate has %+v", rep.Gate)
	}
	write(t, dir, ".loggate.yml", "version: 1\ngates: {}")
	run(t, invocation{dir: dir, args: []string{"scan", "--fail-on", "never", "api.log"}}).expectCode(t, build.ExitUsage)
}

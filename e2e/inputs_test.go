package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// wrongInputs are rows of DESIGN section 2, each wrong in ways of its own.
// want is what the line says beside input, source and value: problem and mend.
var wrongInputs = []struct {
	input, value string
	want         []string
}{
	{"builds", "api", []string{"no job id of 32 letters and digits", "write [NAME=]JOB_ID:BUILD_NO"}},
	{"builds", "@nowhere.txt", []string{"can't be read", "write @FILE"}},
	{"builds", "# nothing but a comment", []string{"names no build", "write JOB_ID:BUILD_NO"}},
	{"builds", idA + ":0", []string{"no build number from 1 to 2147483647", "write digits only, or latest"}},
	{"builds", idA + ":2147483648", []string{"no build number from 1", "or latest"}},
	{"builds", idA, []string{"no build number", "add :BUILD_NO or :latest"}},
	{"builds", "=" + idA + ":1", []string{"an empty name", "give a name"}},
	{"builds", `[{"job_id":"` + idA + `","number":1}]`, []string{`item 1 has the unknown key "number"`, "nearest known one is"}},
	{"builds", `[{"job_id":`, []string{"not a JSON array", "one build per line"}},
	{"region", "CN North", []string{"not a region's name", "cn-north-4"}},
	{"region", "a.b", []string{"not a region's name", "cn-north-4"}},
	{"endpoint", "example.com", []string{"not a URL with a host", "https://"}},
	{"endpoint", "http://example.com", []string{"neither https nor http to loopback", "write https://"}},
	{"endpoint", "https://example.com/?a=b", []string{"query or fragment", "leave out"}},
	{"iam-endpoint", "http://10.0.0.1", []string{"neither https nor http to loopback", "write https://"}},
	{"oidc-audience", "a\x01b", []string{"control character", "write the audience"}},
	{"project-id", "my project", []string{"not a project id", "copy it"}},
	{"config", "nowhere.yml", []string{"can't be read", "name a file that is there"}},
	{"wait", "yes", []string{"not true or false", "nearest one is true"}},
	{"timeout", "60", []string{"not a duration from 1s to 24h", "90s"}},
	{"timeout", "25h", []string{"not a duration from 1s to 24h", "with its unit"}},
	{"timeout", "500ms", []string{"not a duration from 1s to 24h", "with its unit"}},
	{"concurrency", "0", []string{"not a whole number from 1 to 64", "8 is the default"}},
	{"concurrency", "65", []string{"not a whole number from 1 to 64", "8 is the default"}},
	{"rate-limit", "50", []string{"not a share", "N%"}},
	{"rate-limit", "10001%", []string{"not a share", "off"}},
	{"rate-limit", "1/0", []string{"not a share", "1/N"}},
	{"source", "page", []string{"not auto, pages or download", "nearest one is pages"}},
	{"fail-on", "errors", []string{`has "errors"`, "nearest one is error"}},
	{"fail-on", "build,never", []string{"never beside others", "alone"}},
	{"output-dir", "a-file", []string{"is a file", "name a directory"}},
	{"formats", "html,xml", []string{`has "xml"`, "nearest one is html"}},
	{"formats", "none,html", []string{"none beside others", "alone"}},
	{"print-log", "fail", []string{"not none, failed or all", "nearest one is failed"}},
	{"annotations", "11", []string{"not a whole number from 0 to 10", "0 writes none"}},
	{"summary", "on", []string{"not always, failed or never", "nearest one is"}},
	{"baseline", "nowhere.json", []string{"can't be read", "good run's report.json"}},
	{"baseline", ".", []string{"can't be read", "good run's report.json"}},
	{"baseline", "a-file", []string{"not JSON of a report", "an earlier run"}},
	{"new-only", "1", []string{"not true or false", "nearest one is"}},
	{"log-level", "warning", []string{"not debug, info, warn or error", "nearest one is warn"}},
	{"redact", "no", []string{"not true or false", "nearest one is"}},
	{"access-key", hushed + " b", []string{"has a blank", "copy it again"}},
	{"secret-key", hushed + "\nX-Injected: 1", []string{"a line break", "copy it again"}},
	{"security-token", hushed + "\u00e9", []string{"no credential has", "copy it again"}},
}

const (
	idA    = "0123456789abcdef0123456789abcdef"
	idB    = "fedcba9876543210fedcba9876543210"
	hushed = "must-not-be-shown"
)

// Each wrong input is told in one line, whichever way it was given, before
// anything is requested or written.
func TestWrongInputs(t *testing.T) {
	t.Parallel()
	server := serveBuilds(t, newBuild("api", goodLog))
	right := []given{{"endpoint", server.URL()}, {"builds", idA + ":1"}, {"access-key", accessKey}, {"secret-key", secretKey}}
	for i, test := range wrongInputs {
		inputs := slices.DeleteFunc(slices.Clone(right), func(in given) bool { return in.name == test.input })
		inputs = append(inputs, given{test.input, test.value})
		way := ways()[i%len(ways())]
		args, env := way.give(inputs)
		dir := t.TempDir()
		write(t, dir, "a-file", "no JSON")
		r := run(t, invocation{dir: dir, args: append([]string{"run"}, args...), env: env})
		line := expectRefused(t, r)
		shown := fmt.Sprintf("%q", test.value)
		switch {
		case strings.Contains(test.value, hushed):
			shown = `"[secret]"`
		case test.input == "builds" && strings.ContainsAny(test.value, "[#"):
			shown = "" // of a list, entries are shown at most
		}
		source := map[string]string{
			"flags": "--" + test.input, "INPUT_": "INPUT_" + strings.ToUpper(test.input),
			"LOGGATE_": "LOGGATE_" + strings.ToUpper(strings.ReplaceAll(test.input, "-", "_")),
		}[way.name]
		expectText(t, "the line", line, append(test.want, "loggate: "+test.input+": "+source, shown, "; ")...)
	}
	if n := requests(server); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// expectRefused wants exit code 2, one line on standard error, and nothing
// else; it returns the line.
func expectRefused(t *testing.T, r result) string {
	t.Helper()
	if r.code != build.ExitUsage || strings.Count(r.stderr, "\n") != 1 || r.stdout != "" {
		t.Errorf("exit code %d, stdout %q, want 2 and one line on stderr:\n%s", r.code, r.stdout, r.stderr)
	}
	if strings.Contains(r.stderr, hushed) {
		t.Errorf("a secret is shown: %s", r.stderr)
	}
	for _, name := range files(t, r.dir) {
		if strings.HasPrefix(name, "loggate-out") {
			t.Errorf("%s was written", name)
		}
	}
	return r.stderr
}

// wrongRuns are wrong in what belongs together, or in what is no input.
var wrongRuns = []struct {
	name  string
	args  []string
	env   []string
	files map[string]string
	want  []string
}{
	{name: "no credentials", env: []string{"LOGGATE_ACCESS_KEY=", "LOGGATE_SECRET_KEY="},
		want: []string{"credentials: none are given", "set access-key and secret-key"}},
	{name: "half a pair", env: []string{"LOGGATE_SECRET_KEY="}, want: []string{"secret-key: is missing beside LOGGATE_ACCESS_KEY; set LOGGATE_SECRET_KEY"}},
	{name: "two kinds", env: []string{"LOGGATE_AUTH_TOKEN=" + hushed}, want: []string{"two kinds of credentials in one source; keep one"}},
	{name: "no ID token", env: []string{"LOGGATE_ACCESS_KEY=", "LOGGATE_SECRET_KEY=", "LOGGATE_OIDC_PROVIDER=ci"},
		want: []string{"id-token: there is no ID token", "id-token: write"}},
	{name: "no JSON Web Token", env: []string{"LOGGATE_ACCESS_KEY=", "LOGGATE_SECRET_KEY=", "LOGGATE_OIDC_PROVIDER=ci", "LOGGATE_ID_TOKEN=" + hushed},
		want: []string{`id-token: LOGGATE_ID_TOKEN="[secret]" holds no JSON Web Token; give`}},
	{name: "no builds", env: []string{"LOGGATE_BUILDS="}, want: []string{"builds: no builds are given; name them as JOB_ID:BUILD_NO"}},
	{name: "a build twice", env: []string{"LOGGATE_BUILDS=a=" + idA + ":1,b=" + idA + ":1"}, want: []string{"the same build as line 1; name each build once"}},
	{name: "a name twice", env: []string{"LOGGATE_BUILDS=a=" + idA + ":1,a=" + idB + ":1"}, want: []string{`the name "a"`, "a name of its own"}},
	{name: "too many builds", env: []string{"LOGGATE_BUILDS=" + manyBuilds(1001)}, want: []string{"names 1001 builds, more than 1,000; split the run"}},
	{name: "new-only alone", env: []string{"LOGGATE_NEW_ONLY=true"}, want: []string{"new-only: is true without a baseline; give"}},
	{name: "empty flag", args: []string{"--timeout="}, want: []string{"timeout: --timeout is given but empty; give it a value"}},
	{name: "flag without value", args: []string{"--timeout"}, want: []string{"--timeout has no value; write --timeout=VALUE"}},
	{name: "unknown flag", args: []string{"--output-folder=x"}, want: []string{"unknown flag --output-folder", "nearest known one is --output-dir"}},
	{name: "unknown secret flag", args: []string{"--secret-keys=" + hushed}, want: []string{"unknown flag --secret-keys", "--secret-key"}},
	{name: "secret like a flag", args: []string{"--security-token", "-" + hushed}, want: []string{"--security-token has no value; write --security-token=VALUE"}},
	{name: "unknown variable", env: []string{"LOGGATE_SECRETKEY=" + hushed}, want: []string{"LOGGATE_SECRETKEY: is not a variable of loggate", "nearest known one is LOGGATE_SECRET_KEY"}},
	{name: "unknown command", args: []string{"frobnicate"}, want: []string{"unexpected argument frobnicate", "loggate --help"}},
	{name: "below a file", env: []string{"LOGGATE_OUTPUT_DIR=a-file/out"}, files: map[string]string{"a-file": ""},
		want: []string{"output-dir: ", "a-file/out", "can't be made", "choose another output-dir"}},
	{name: "baseline of another schema", env: []string{"LOGGATE_BASELINE=b.json"}, files: map[string]string{"b.json": `{"schema":"loggate/report/v9"}`},
		want: []string{"baseline: ", `"loggate/report/v9"`, "give the report.json"}},
	{name: "broken YAML", files: map[string]string{".loggate.yml": "version: 1\ngate: {max: [\n"}, want: []string{".loggate.yml:"}},
	{name: "unknown key", files: map[string]string{".loggate.yml": "version: 1\ngate:\n  maxx: {error: 1}\n"},
		want: []string{`.loggate.yml:3:3: gate has the unknown key "maxx"; the nearest known one is max`}},
	{name: "wrong pattern", files: map[string]string{".loggate.yml": "version: 1\ngate:\n  forbid: [{pattern: '(', reason: x}]\n"}, want: []string{".loggate.yml:3:"}},
	{name: "example that isn't found", files: map[string]string{".loggate.yml": "version: 1\nrules:\n  - id: acme.licence\n    severity: error\n    kind: cause\n" +
		"    pattern: 'licence check failed: (?P<message>.+)'\n    examples: ['licence check ok']\n"},
		want: []string{".loggate.yml:7:", "acme.licence", "licence check ok"}},
}

// manyBuilds are n builds of one job.
func manyBuilds(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "%s:%d\n", idA, i+1)
	}
	return out.String()
}

func TestWrongRuns(t *testing.T) {
	t.Parallel()
	server := serveBuilds(t, newBuild("api", goodLog))
	for _, test := range wrongRuns {
		dir := t.TempDir()
		for name, text := range test.files {
			write(t, dir, name, text)
		}
		env := append(access(server), "LOGGATE_BUILDS="+idA+":1")
		r := run(t, invocation{dir: dir, args: test.args, env: append(env, test.env...)})
		line := expectRefused(t, r)
		expectText(t, test.name, line, append(test.want, "loggate: ")...)
	}
	if n := requests(server); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// All mistakes are told at once, a line each.
func TestEveryWrongInputHasItsLine(t *testing.T) {
	t.Parallel()
	r := run(t, invocation{args: []string{"run", "--timeout=1", "--concurrency=x"}, env: []string{"LOGGATE_WAIT=maybe", "INPUT_PRINT-LOG=some", "LOGGATE_TYPO=1"}})
	var told []string
	for line := range strings.Lines(r.stderr) {
		told = append(told, strings.SplitN(line, ":", 3)[1])
	}
	if got, want := strings.Join(told, ""), " builds wait timeout concurrency print-log credentials LOGGATE_TYPO"; r.code != build.ExitUsage || got != want {
		t.Errorf("exit code %d, told are%s, want 2 and%s:\n%s", r.code, got, want, r.stderr)
	}
}

// What belongs to others in the environment is let be.
func TestForeignVariablesAreLetBe(t *testing.T) {
	t.Parallel()
	b := newBuild("api", goodLog)
	server := serveBuilds(t, b)
	in := against(server, []simulator.Build{b})
	in.env = append(in.env, "INPUT_TIME_OUT=of another action", "LOGGATE_RESULT_VERDICT=fail", "LOGGATE_TYPO=", "RUNNER_DEBUG=0")
	run(t, in).expectCode(t, build.ExitPass)
}

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// given is an input with its value.
type given struct{ name, value string }

// way is a way to give inputs.
type way struct {
	name string
	give func([]given) (args, env []string)
}

func ways() []way {
	return []way{
		{"flags", func(inputs []given) (args, env []string) {
			for _, in := range inputs {
				args = append(args, "--"+in.name, in.value)
			}
			return args, nil
		}},
		{"LOGGATE_", func(inputs []given) (args, env []string) {
			for _, in := range inputs {
				env = append(env, "LOGGATE_"+strings.ToUpper(strings.ReplaceAll(in.name, "-", "_"))+"="+in.value)
			}
			return nil, env
		}},
		{"INPUT_", func(inputs []given) (args, env []string) { // as GitHub's runner sets them, with hyphens
			for _, in := range inputs {
				env = append(env, "INPUT_"+strings.ToUpper(in.name)+"="+in.value)
			}
			return nil, env
		}},
	}
}

// everyInput gives each input but the other kinds of credentials, none its
// default, so that one that isn't read shows.
func everyInput(server *simulator.Server, builds []simulator.Build) []given {
	return []given{
		{"builds", input(builds...) + "\nagain=" + builds[0].JobID + ":latest"},
		{"region", "cn-east-3"}, {"endpoint", server.URL()}, {"iam-endpoint", server.URL()},
		{"access-key", accessKey}, {"secret-key", secretKey}, {"security-token", securityToken}, {"project-id", "p-1"},
		{"config", "policy.yml"}, {"wait", "false"}, {"timeout", "50s"}, {"concurrency", "3"}, {"rate-limit", "9000%"},
		{"source", "pages"}, {"fail-on", "warning"}, {"output-dir", "out/of the run"}, {"formats", "none"},
		{"print-log", "all"}, {"annotations", "3"}, {"summary", "failed"}, {"baseline", "good.json"}, {"new-only", "true"},
		{"log-level", "warn"}, {"redact", "false"},
	}
}

const securityToken = "e2e-security-token/of=temporary+keys"

func TestEachWayToGiveInputsIsTheSame(t *testing.T) {
	t.Parallel()
	warned := codearts("INFO", "src/a.c:3:9: warning: unused variable 'x' [-Wunused-variable]", "known-and-vendored: warning", "Finished: SUCCESS")
	builds := []simulator.Build{newBuild("api", goodLog), failed("web", badLog), newBuild("tool", warned)}
	server := serve(t, simulator.Options{Builds: builds, Auth: simulator.Auth{
		Keys: []simulator.Key{{Access: accessKey, Secret: secretKey, SecurityToken: securityToken}}}})
	good := t.TempDir()
	write(t, good, "web.log", badLog)
	baseline := run(t, invocation{dir: good, args: []string{"scan", "--format", "json", "web.log"}}).stdout
	policy := "version: 1\ngate:\n  max: {warning: 9}\n  forbid: [{pattern: 'BUILD SUCC', reason: shown}]\n"

	reports := map[string]string{}
	for _, way := range ways() {
		args, env := way.give(everyInput(server, builds))
		dir := t.TempDir()
		write(t, dir, "policy.yml", policy)
		write(t, dir, "good.json", baseline)
		r := run(t, invocation{dir: dir, args: append([]string{"run"}, args...), env: env})
		r.expectCode(t, build.ExitFail)
		if strings.Contains(r.stderr, "level=INFO") {
			t.Errorf("%s: log-level warn isn't heeded:\n%s", way.name, r.stderr)
		}
		expectText(t, way.name+": stdout", r.stdout, "tool | ")
		reports[way.name] = timeless(t, r.read(t, "out/of the run/report.json"))
	}
	for _, way := range ways() {
		if reports[way.name] != reports["flags"] {
			t.Errorf("%s gives\n%s\nflags give\n%s", way.name, reports[way.name], reports["flags"])
		}
	}
	rep := decode(t, reports["flags"])
	policies := []string{}
	for _, v := range rep.Gate.Violations {
		policies = append(policies, v.Policy)
	}
	slices.Sort(policies)
	if got, want := strings.Join(policies, ", "), "fail-on warning, forbid, forbid"; got != want {
		t.Errorf("violations are %s, want %s:\n%s", got, want, reports["flags"])
	}
}

// timeless is report.json without what differs between equal runs: when they
// were, and how often pages had to be asked for.
func timeless(t *testing.T, text string) string {
	t.Helper()
	rep := decode(t, text)
	rep.StartedAt, rep.FinishedAt = rep.StartedAt.Truncate(1<<62), rep.FinishedAt.Truncate(1<<62)
	for _, b := range rep.Builds {
		b.Log.Requests, b.Log.Retries = 0, 0
	}
	out, err := json.MarshalIndent(rep, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Flag beats LOGGATE_ beats INPUT_ beats Huawei's own variables.
func TestWhichWayWins(t *testing.T) {
	t.Parallel()
	b := newBuild("api", goodLog)
	server := serveBuilds(t, b)
	wrong := "http://127.0.0.1:1" // nothing listens there
	for _, test := range []struct {
		name string
		args []string
		env  []string
	}{
		{"flag", []string{"--endpoint", server.URL()}, []string{"LOGGATE_ENDPOINT=" + wrong, "INPUT_ENDPOINT=" + wrong}},
		{"LOGGATE_", nil, []string{"LOGGATE_ENDPOINT=" + server.URL(), "INPUT_ENDPOINT=" + wrong}},
		{"INPUT_", nil, []string{"LOGGATE_ENDPOINT=", "INPUT_ENDPOINT=" + server.URL()}},
	} {
		r := run(t, invocation{args: append([]string{"--builds", input(b)}, test.args...), // run is the default command
			env: append(test.env, "HUAWEICLOUD_SDK_AK="+accessKey, "HUAWEICLOUD_SDK_SK="+secretKey, "HW_ACCESS_KEY=another", "HW_SECRET_KEY=pair")})
		if r.code != build.ExitPass {
			t.Errorf("%s: exit code %d\n%s", test.name, r.code, r.stderr)
		}
	}
}

func TestBuildsFromFile(t *testing.T) {
	t.Parallel()
	b, other := newBuild("api", goodLog), newBuild("web", goodLog)
	server := serveBuilds(t, b, other)
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "ci"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "ci"), "builds.txt", "# of the release\n"+input(b)+" # first\n"+input(other)+"\n")
	r := run(t, invocation{dir: dir, args: []string{"run", "--builds", "@ci/builds.txt"}, env: access(server)})
	r.expectCode(t, build.ExitPass)
	if rep := r.report(t); len(rep.Builds) != 2 || rep.Builds[0].Name != "api" || rep.Builds[1].Name != "web" {
		t.Errorf("got %s", r.stdout)
	}
}

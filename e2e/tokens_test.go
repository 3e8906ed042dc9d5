package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// tokens are secrets that loggate knows by their shape, by kind. They are put
// together here so that scanners of this repository don't take them for leaks.
func tokens() map[string]string {
	return map[string]string{
		"github-token":        "gh" + "p_0123456789abcdefghijABCDEFGHIJ012345",
		"gitlab-token":        "gl" + "pat-0123456789abcdefghij",
		"aws-access-key-id":   "AK" + "IAIOSFODNN7EXAMPLE",
		"slack-token":         "xo" + "xb-0123456789012-0123456789012-abcdefghijABCDEFGHIJ0123",
		"npm-token":           "np" + "m_0123456789abcdefghijABCDEFGHIJ012345",
		"google-api-key":      "AI" + "za0123456789abcdefghijABCDEFGHIJ-_012",
		"stripe-key":          "sk" + "_live_0123456789abcdefghijABCD",
		"jwt":                 "ey" + "JhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
		"huawei-token-header": "MIIDkgYJKoZIhvcNAQcCoIIDgzCCA38CAQExDTALBgl",
		"authorization":       "ZGVwbG95Om5vdC1hLXNlY3JldA==",
		"url-password":        "p%40ssw0rd-of-the-registry",
	}
}

// privateKeyLines are lines of a key that is none.
func privateKeyLines() []string {
	return []string{strings.Repeat("MIIEpAIBAAKCAQEA", 4), strings.Repeat("0123456789abcdef", 4), "QUJDREVGRw=="}
}

// leakingLog is the log of a careless build: each token stands in a line of its
// own and in what rules find.
func leakingLog() (log string, lines map[string]int64) {
	lines = map[string]int64{}
	all := []string{"[Go构建:official_shell_go] : 该步骤开始执行"}
	add := func(kind, line string) {
		all = append(all, line)
		if lines[kind] == 0 {
			lines[kind] = int64(len(all))
		}
	}
	for kind, token := range tokens() {
		switch kind {
		case "huawei-token-header":
			add(kind, "> X-Auth-Token: "+token)
		case "authorization":
			add(kind, "curl -H 'Authorization: Basic "+token+"'")
		case "url-password":
			add(kind, "fatal: unable to access 'https://deploy:"+token+"@registry.example.com/': 403")
		default:
			add(kind, "export TOKEN="+token)
			all = append(all, "orders/orders.go:12:9: undefined: "+token)
		}
	}
	all = append(all, "-----BEGIN RSA PRIVATE KEY-----")
	for _, line := range privateKeyLines() {
		add("private-key", line)
	}
	all = append(all, "-----END RSA PRIVATE KEY-----", "Finished: FAILURE")
	return codearts("INFO", all...), lines
}

// leaks are the texts that must not come up.
func leaks() []string {
	secrets := privateKeyLines()
	for _, token := range tokens() {
		secrets = append(secrets, token)
	}
	return secrets
}

// What looks like a secret comes up nowhere: not in artifacts, reports,
// annotations, outputs or the job's log, although pages end inside of them.
func TestTokensNeverShow(t *testing.T) {
	t.Parallel()
	log, lines := leakingLog()
	b := failed("leaking", log)
	b.Branch, b.Commit = "of-"+tokens()["gitlab-token"], tokens()["github-token"]
	for _, printLog := range []string{"all", "failed"} {
		t.Run(printLog, func(t *testing.T) {
			t.Parallel()
			server := serve(t, simulator.Options{Builds: []simulator.Build{b}, Readings: simulator.Readings{PageBytes: 61, Cut: "unit"}})
			in := against(server, []simulator.Build{b}, "--formats", "html,sarif,junit,codequality", "--log-level", "debug", "--print-log", printLog)
			in.dir = t.TempDir()
			in.env = append(in.env, "GITHUB_ACTIONS=true", "GITHUB_OUTPUT="+filepath.Join(in.dir, "output"), "GITHUB_STEP_SUMMARY="+filepath.Join(in.dir, "summary"))
			r := run(t, in)
			r.expectCode(t, build.ExitFail)
			expectHushed(t, "stdout", r.stdout, leaks())
			expectHushed(t, "stderr", r.stderr, leaks())
			for _, name := range files(t, r.dir) {
				expectHushed(t, name, r.read(t, name), leaks())
			}
			got := named(t, r.report(t), "leaking")
			if !got.Log.Complete || got.Counts.Error == 0 || !strings.Contains(r.stdout, "::error") {
				t.Errorf("log %+v, counts %+v: this shows little", got.Log, got.Counts)
			}
			expectRedactions(t, got, lines)
			if text := r.read(t, "loggate-out/logs/leaking-7.log"); strings.Count(text, "\n") != strings.Count(log, "\n") {
				t.Errorf("%d lines were written", strings.Count(text, "\n"))
			}
		})
	}
}

// expectRedactions wants each kind to be listed with the line where it came first.
func expectRedactions(t *testing.T, b *build.Build, lines map[string]int64) {
	t.Helper()
	got := map[string]int64{}
	for _, r := range b.Log.Redactions {
		if got[r.Kind] == 0 {
			got[r.Kind] = r.Line
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(lines) {
		t.Errorf("the redactions are %v, want %v", got, lines)
	}
}

// With redact: false only the run's own credentials are replaced.
func TestRedactFalse(t *testing.T) {
	t.Parallel()
	log, _ := leakingLog()
	b := failed("leaking", strings.Replace(log, "export TOKEN=", "export KEY="+secretKey+" TOKEN=", 1))
	server := serveBuilds(t, b)
	r := run(t, against(server, []simulator.Build{b}, "--redact", "false"))
	r.expectCode(t, build.ExitFail)
	text := r.read(t, "loggate-out/logs/leaking-7.log")
	expectText(t, "the log", text, leaks()...)
	expectHushed(t, "the log", text, []string{secretKey})
	expectRedactions(t, named(t, r.report(t), "leaking"), map[string]int64{"credential": int64(strings.Count(text[:strings.Index(text, "[redacted:")], "\n")) + 1})
}

// A scan shows no secrets of the file, and lists them; nothing is written
// unless it is told to.
func TestScanHidesTokens(t *testing.T) {
	t.Parallel()
	log, lines := leakingLog()
	dir := t.TempDir()
	write(t, dir, "build.log", log)
	for _, args := range [][]string{
		{"scan", "build.log"}, {"scan", "--format", "json", "--explain", "build.log"},
		{"scan", "--output-dir", "out", "--formats", "html,sarif,junit,codequality", "--format", "json", "build.log"},
	} {
		r := run(t, invocation{dir: dir, args: args})
		r.expectCode(t, build.ExitFail)
		expectHushed(t, strings.Join(args, " "), r.stdout+r.stderr, leaks())
		expectText(t, "stdout", r.stdout, "[redacted:")
		if strings.Contains(r.stdout, `"schema"`) {
			expectRedactions(t, decode(t, r.stdout).Builds[0], lines)
		}
		for _, name := range files(t, dir) {
			if name != "build.log" {
				expectHushed(t, name, r.read(t, name), leaks())
			}
		}
		if wrote := len(files(t, dir)) > 1; wrote != (len(args) > 4 && args[1] == "--output-dir") {
			t.Errorf("%v: %v", args, files(t, dir))
		}
	}
	r := run(t, invocation{dir: dir, args: []string{"scan", "--redact", "false", "--format", "json", "build.log"}})
	expectText(t, "without redaction", r.stdout, tokens()["github-token"])
}

package config

import (
	"encoding/json"
	"log/slog"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/rules"
)

const (
	jobA = "0123456789abcdef0123456789ABCDEF"
	jobB = "ffffffffffffffffffffffffffffffff"
	// idToken has the form of a JSON Web Token and says nothing.
	idToken = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
)

// minimal is the least that a run needs.
func minimal() Environment {
	return Environment{"LOGGATE_BUILDS": jobA + ":7", "LOGGATE_ACCESS_KEY": "AKAKAKAK", "LOGGATE_SECRET_KEY": "SKSKSKSK"}
}

// resolve is Resolve of variables alone, which must be right.
func resolve(t *testing.T, env Environment, dir string) *Config {
	t.Helper()
	config, err := Resolve(Flags{}, env, dir)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func TestDefaults(t *testing.T) {
	got := resolve(t, minimal(), t.TempDir())
	builtin, err := rules.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		Builds:      []build.Ref{{Name: jobA, JobID: jobA, Number: 7}},
		Region:      "cn-north-4",
		Endpoint:    &url.URL{Scheme: "https", Host: "cloudbuild-ext.cn-north-4.myhuaweicloud.com"},
		IAMEndpoint: &url.URL{Scheme: "https", Host: "iam.cn-north-4.myhuaweicloud.com"},
		Credentials: Credentials{AccessKey: "AKAKAKAK", SecretKey: "SKSKSKSK"},
		Policy:      &Policy{Rules: builtin},
		Wait:        true, Timeout: time.Hour, Concurrency: 8, RateLimit: 1, Source: "auto",
		FailOn: FailOn{Build: true, Error: true}, OutputDir: "loggate-out", Formats: []string{"html"},
		PrintLog: "failed", Annotations: 10, Summary: "always", LogLevel: slog.LevelInfo, Redact: true, Color: "auto",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// everyInput has a value for each input, none of them its default.
func everyInput(t *testing.T, dir string) map[string]string {
	t.Helper()
	write(t, dir, "policy.yml", "version: 1\ngate:\n  max: {error: 3}\n")
	report, err := json.Marshal(build.Report{Schema: build.Schema, Builds: []*build.Build{build.NewBuild(build.Ref{Name: "api"})}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "good.json", string(report))
	return map[string]string{
		"builds": "api=" + jobA + ":7\n" + jobB + ":latest", "region": "eu-west-101", "endpoint": "http://127.0.0.1:8080/base/",
		"access-key": "AKAKAKAK", "secret-key": "SKSKSKSK", "security-token": "STSTSTST",
		"oidc-audience": "them", "iam-endpoint": "https://iam.example.com", "project-id": "0123456789abcdef0123456789abcdef",
		"config": "policy.yml", "wait": "false", "timeout": "90s", "concurrency": "64", "rate-limit": "1/4", "source": "pages",
		"fail-on": "build, warning", "output-dir": "out/x", "formats": "sarif,junit", "print-log": "all", "annotations": "0",
		"summary": "never", "baseline": "good.json", "new-only": "true", "log-level": "warn", "redact": "false",
	}
}

func TestSourcesGiveTheSameConfig(t *testing.T) {
	dir := t.TempDir()
	kinds := map[string]map[string]string{
		"keys":  {},
		"token": {"access-key": "", "secret-key": "", "security-token": "", "auth-token": "MIIToken"},
		"oidc":  {"access-key": "", "secret-key": "", "security-token": "", "oidc-provider": "ci", "id-token": idToken},
	}
	for kind, changes := range kinds {
		t.Run(kind, func(t *testing.T) {
			values := everyInput(t, dir)
			for name, text := range changes {
				values[name] = text
			}
			var args []string
			byLoggate, byGitHub, byShell := Environment{}, Environment{}, Environment{}
			for name, text := range values {
				if text == "" {
					continue
				}
				args = append(args, "--"+name, text)
				byLoggate[Input{Name: name}.Variable()] = text
				byGitHub["INPUT_"+strings.ToUpper(name)] = text
				byShell["INPUT_"+strings.ReplaceAll(strings.ToUpper(name), "-", "_")] = text + "\n"
			}
			var flags Flags
			parseFlags(t, &flags, args...)
			want, err := Resolve(flags, nil, dir)
			if err != nil {
				t.Fatal(err)
			}
			for name, env := range map[string]Environment{"LOGGATE_": byLoggate, "INPUT_ with hyphens": byGitHub, "INPUT_ with underscores": byShell} {
				if got := resolve(t, env, dir); !same(got, want) {
					t.Errorf("%s gives %+v\nflags give %+v", name, got, want)
				}
			}
			if want.Credentials.String() == "none" || want.Baseline == nil || len(want.Policy.Max) != 1 || want.Endpoint.Path != "/base" {
				t.Errorf("not everything was read: %+v", want)
			}
		})
	}
}

func TestPrecedence(t *testing.T) {
	env := minimal()
	check := func(step, want string, flags Flags) {
		t.Helper()
		config, err := Resolve(flags, env, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if config.Region != want {
			t.Errorf("%s: the region is %s, not %s", step, config.Region, want)
		}
	}
	check("default", "cn-north-4", Flags{})
	env["HW_REGION_NAME"] = "by-huawei"
	check("Huawei's own", "by-huawei", Flags{})
	env["INPUT_REGION"] = "by-input"
	check("INPUT_", "by-input", Flags{})
	env["LOGGATE_REGION"] = " \n"
	check("an empty variable is unset", "by-input", Flags{})
	env["LOGGATE_REGION"] = "  by-loggate\n"
	check("LOGGATE_", "by-loggate", Flags{})
	flag := "by-flag"
	check("flag", "by-flag", Flags{Region: &flag})

	env["INPUT_LOG-LEVEL"], env["INPUT_LOG_LEVEL"] = "error", "warn"
	if got := resolve(t, env, t.TempDir()).LogLevel; got != slog.LevelError {
		t.Errorf("INPUT_LOG-LEVEL does not beat INPUT_LOG_LEVEL: %v", got)
	}
	env["RUNNER_DEBUG"] = "1"
	if got := resolve(t, env, t.TempDir()).LogLevel; got != slog.LevelDebug {
		t.Errorf("RUNNER_DEBUG=1 gives %v", got)
	}
}

func TestForeignVariables(t *testing.T) {
	env := Environment{"INPUT_BUILDS": jobA + ":7", "INPUT_WHO-TO-GREET": "another action's", "LOGGATE_RESULT_VERDICT": "fail", "LOGGATE_OLD": "",
		"HUAWEICLOUD_SDK_PROJECT_ID": "p1", "HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam.example.com/", "HW_AUTH_TOKEN": "MIIToken"}
	config := resolve(t, env, t.TempDir())
	if config.ProjectID != "p1" || config.IAMEndpoint.String() != "https://iam.example.com" || config.Credentials.AuthToken != "MIIToken" {
		t.Errorf("got %+v", config)
	}
}

func TestGoodValues(t *testing.T) {
	for _, test := range []struct {
		input, text string
		got         func(*Config) any
		want        any
	}{
		{"rate-limit", "1%", func(c *Config) any { return c.RateLimit }, 0.01},
		{"rate-limit", "10000%", func(c *Config) any { return c.RateLimit }, 100.0},
		{"rate-limit", "1/1", func(c *Config) any { return c.RateLimit }, 1.0},
		{"rate-limit", "off", func(c *Config) any { return c.RateLimit }, 0.0},
		{"timeout", "24h", func(c *Config) any { return c.Timeout }, 24 * time.Hour},
		{"timeout", "1s", func(c *Config) any { return c.Timeout }, time.Second},
		{"source", "download", func(c *Config) any { return c.Source }, "download"},
		{"fail-on", "never", func(c *Config) any { return c.FailOn }, FailOn{Never: true}},
		{"fail-on", "warning\nbuild,", func(c *Config) any { return c.FailOn }, FailOn{Build: true, Warning: true}},
		{"formats", "none", func(c *Config) any { return len(c.Formats) }, 0},
		{"formats", "junit html", func(c *Config) any { return strings.Join(c.Formats, "+") }, "html+junit"},
		{"endpoint", "http://localhost", func(c *Config) any { return c.Endpoint.String() }, "http://localhost"},
		{"endpoint", "http://[::1]:99/a/", func(c *Config) any { return c.Endpoint.String() }, "http://[::1]:99/a"},
		{"endpoint", "HTTPS://gw.example.com:8443//", func(c *Config) any { return c.Endpoint.String() }, "https://gw.example.com:8443"},
		{"log-level", "debug", func(c *Config) any { return c.LogLevel }, slog.LevelDebug},
		{"concurrency", "1", func(c *Config) any { return c.Concurrency }, 1},
	} {
		t.Run(test.input+" "+test.text, func(t *testing.T) {
			env := minimal()
			env[Input{Name: test.input}.Variable()] = test.text
			if got := test.got(resolve(t, env, t.TempDir())); got != test.want {
				t.Errorf("got %v, not %v", got, test.want)
			}
		})
	}
}

func TestScan(t *testing.T) {
	env := Environment{
		// Those of a run are let be, right or wrong.
		"LOGGATE_TIMEOUT": "soon", "LOGGATE_BUILDS": "?", "LOGGATE_ACCESS_KEY": "AK", "INPUT_SOURCE": "download",
		"LOGGATE_ANNOTATIONS": "3",
	}
	var flags ScanFlags
	parseFlags(t, &flags, "--format=json", "--explain", "--dry-run", "--color=never")
	config, err := ResolveScan(flags, env, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if config.FailOn != (FailOn{Error: true}) || config.OutputDir != "" || config.Annotations != 3 || config.Format != "json" ||
		!config.Explain || !config.DryRun || config.Color != "never" || !config.Redact || config.Policy == nil {
		t.Errorf("got %+v", config)
	}
	if config.Credentials.Secrets() != nil {
		t.Error("a scan has read credentials")
	}
}

// same compares two configs. A set of rules is compiled when it is used, by
// functions, so that it is compared by what it is made from.
func same(a, b *Config) bool {
	return reflect.DeepEqual(rulesOf(a), rulesOf(b)) && reflect.DeepEqual(withoutRules(a), withoutRules(b))
}

func rulesOf(c *Config) []string {
	var texts []string
	for _, r := range c.Policy.Rules.Rules() {
		texts = append(texts, r.ID+" "+string(r.Severity)+" "+r.Pattern)
	}
	return texts
}

func withoutRules(c *Config) Config {
	short, policy := *c, *c.Policy
	policy.Rules = nil
	short.Policy = &policy
	return short
}

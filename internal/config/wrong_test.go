package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wrongInputs are the values that an input must refuse, with what its line
// says behind the source and the value.
var wrongInputs = []struct{ input, text, want string }{
	{"builds", "api", `line 1 has no job id of 32 letters and digits; write [NAME=]JOB_ID:BUILD_NO`},
	{"region", "CN-North-4", `is not a region's name; write one such as cn-north-4`},
	{"region", "cn_north_4", `is not a region's name`},
	{"region", "cn-north-4.evil.example", `is not a region's name`},
	{"region", strings.Repeat("a", 64), `is not a region's name`},

	{"endpoint", "cloudbuild-ext.cn-north-4.myhuaweicloud.com", `is not a URL with a host; write it like https://`},
	{"endpoint", "127.0.0.1:8080", `is not a URL with a host`},
	{"endpoint", "localhost:8080", `is not a URL with a host`},
	{"endpoint", "https://", `is not a URL with a host`},
	{"endpoint", "https:///path", `is not a URL with a host`},
	{"endpoint", "https://a b", `is not a URL with a host`},
	{"endpoint", "https://host:0", `is not a URL with a host`},
	{"endpoint", "https://host:70000", `is not a URL with a host`},
	{"endpoint", "https://höst.example", `is not a URL with a host`},
	{"endpoint", "http://example.com", `is neither https nor http to loopback; write https://`},
	{"endpoint", "http://localhost.example.com", `is neither https nor http to loopback`},
	{"endpoint", "http://10.0.0.1", `is neither https nor http to loopback`},
	{"endpoint", "ftp://example.com", `is neither https nor http to loopback`},
	{"endpoint", "https://example.com/?a=b", `has a query or fragment; leave out everything from ? or # on`},
	{"endpoint", "https://example.com/#", `has a query or fragment`},
	{"iam-endpoint", "http://iam.example.com", `is neither https nor http to loopback`},
	{"iam-endpoint", "iam", `is not a URL with a host`},
	{"oidc-audience", "a\x00b", `has a control character; write the audience`},
	{"project-id", "my project", `is not a project id; copy it from My Credentials`},
	{"project-id", "p\r\nX-Injected: 1", `is not a project id`},

	{"config", "nowhere.yml", `can't be read: no such file or directory; name a file that is there`},
	{"wait", "yes", `is not true or false; the nearest one is true`},
	{"wait", "TRUE", `is not true or false; the nearest one is true`},
	{"wait", "0", `is not true or false`},
	{"new-only", "falsee", `is not true or false; the nearest one is false`},
	{"redact", "off", `is not true or false`},

	{"timeout", "60", `is not a duration from 1s to 24h; write it with its unit, such as 90s, 45m or 1h30m`},
	{"timeout", "0", `is not a duration from 1s to 24h`},
	{"timeout", "-5m", `is not a duration from 1s to 24h`},
	{"timeout", "999ms", `is not a duration from 1s to 24h`},
	{"timeout", "24h1s", `is not a duration from 1s to 24h`},
	{"timeout", "1d", `is not a duration from 1s to 24h`},
	{"timeout", "9999999999h", `is not a duration from 1s to 24h`},

	{"concurrency", "0", `is not a whole number from 1 to 64; 8 is the default`},
	{"concurrency", "65", `is not a whole number from 1 to 64`},
	{"concurrency", "-1", `is not a whole number from 1 to 64`},
	{"concurrency", "+8", `is not a whole number from 1 to 64`},
	{"concurrency", "8.0", `is not a whole number from 1 to 64`},
	{"concurrency", "eight", `is not a whole number from 1 to 64`},
	{"concurrency", "99999999999999999999", `is not a whole number from 1 to 64`},

	{"rate-limit", "50", `is not a share of the API's limits; write N% with N from 1 to 10000, 1/N with N from 1 to 10000, or off`},
	{"rate-limit", "0%", `is not a share of the API's limits`},
	{"rate-limit", "10001%", `is not a share of the API's limits`},
	{"rate-limit", "33.3%", `is not a share of the API's limits`},
	{"rate-limit", "%", `is not a share of the API's limits`},
	{"rate-limit", "1/", `is not a share of the API's limits`},
	{"rate-limit", "1/0", `is not a share of the API's limits`},
	{"rate-limit", "1/10001", `is not a share of the API's limits`},
	{"rate-limit", "2/4", `is not a share of the API's limits`},
	{"rate-limit", "OFF", `is not a share of the API's limits`},

	{"source", "page", `is not auto, pages or download; the nearest one is pages`},

	{"fail-on", "errors", `has "errors", which is not build, error, warning or never; the nearest one is error`},
	{"fail-on", "build,never", `has never beside others; write never alone, or leave it out`},
	{"fail-on", "Error", `has "Error", which is not build, error, warning or never; the nearest one is error`},
	{"fail-on", ",", `is a list of nothing; write never if that is meant`},
	{"fail-on", "build;error", `has "build;error", which is not`},

	{"output-dir", "a-file", `is a file; name a directory`},
	{"output-dir", "a\nb", `has a control character; give a plain path`},
	{"formats", "html,xml", `has "xml", which is not html, sarif, junit, codequality or none; the nearest one is html`},
	{"formats", "none,html", `has none beside others; write none alone, or leave it out`},
	{"formats", " , ", `is a list of nothing; write none if that is meant`},
	{"formats", "code-quality", `the nearest one is codequality`},
	{"print-log", "fail", `is not none, failed or all; the nearest one is failed`},
	{"annotations", "11", `is not a whole number from 0 to 10; 10 is the default, 0 writes none`},
	{"annotations", "-1", `is not a whole number from 0 to 10`},
	{"annotations", "ten", `is not a whole number from 0 to 10`},
	{"summary", "on", `is not always, failed or never`},
	{"log-level", "warning", `is not debug, info, warn or error; the nearest one is warn`},

	{"baseline", "nowhere.json", `can't be read: no such file or directory; give the path of a good run's report.json`},
	{"baseline", ".", `can't be read: is a directory`},
	{"baseline", "a-file", `is not JSON of a report: invalid character`},
	{"baseline", "other.json", `has the schema "loggate/report/v0" and not loggate/report/v1; give the report.json`},
	{"baseline", "list.json", `is not JSON of a report`},
	{"baseline", "null-build.json", `has a build that is null`},
}

// filesOfWrong are the files that wrongInputs names.
func filesOfWrong(t *testing.T) string {
	dir := t.TempDir()
	write(t, dir, "a-file", "not JSON")
	write(t, dir, "other.json", `{"schema": "loggate/report/v0"}`)
	write(t, dir, "list.json", `[]`)
	write(t, dir, "null-build.json", `{"schema": "loggate/report/v1", "builds": [null]}`)
	return dir
}

func TestWrongInputs(t *testing.T) {
	dir := filesOfWrong(t)
	for _, test := range wrongInputs {
		t.Run(test.input+" "+test.text, func(t *testing.T) {
			var flags Flags
			parseFlags(t, &flags, "--"+test.input+"="+test.text)
			upper := strings.ToUpper(test.input)
			variable := Input{Name: test.input}.Variable()
			expectWrong(t, flags, nil, dir, test.input, "--"+test.input, test.text, test.want)
			expectWrong(t, Flags{}, Environment{variable: test.text}, dir, test.input, variable, test.text, test.want)
			expectWrong(t, Flags{}, Environment{"INPUT_" + upper: test.text}, dir, test.input, "INPUT_"+upper, test.text, test.want)
		})
	}
}

// expectWrong wants one line that names input, source, value and mend, from
// an otherwise right run.
func expectWrong(t *testing.T, flags Flags, changes Environment, dir, input, source, text, want string) {
	t.Helper()
	env := minimal()
	if input == "builds" {
		delete(env, "LOGGATE_BUILDS")
	}
	maps.Copy(env, changes)
	_, err := Resolve(flags, env, dir)
	line := oneLine(t, err)
	start := fmt.Sprintf("%s: %s=%s ", input, source, quote(strings.TrimSpace(text)))
	if rest, ok := strings.CutPrefix(line, start); !ok || !strings.Contains(rest, want) || !strings.Contains(rest, "; ") {
		t.Errorf("got  %s\nwant %s%s", line, start, want)
	}
	var wrong *InputError
	if !errors.As(err, &wrong) || wrong.Input != input || wrong.Source != source {
		t.Errorf("not an InputError of %s: %#v", input, err)
	}
}

// oneLine is the only line of an error.
func oneLine(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		t.Fatal("it is taken")
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than a line:\n%v", err)
	}
	return err.Error()
}

// wrongRuns are what is wrong with more than one value, or with none.
var wrongRuns = []struct {
	name   string
	args   []string
	env    Environment // beside the minimum, an empty one unsets
	want   string      // the whole line
	hidden string      // must not be in it
}{
	{name: "no builds", env: Environment{"LOGGATE_BUILDS": ""},
		want: "builds: no builds are given; name them as JOB_ID:BUILD_NO, one per line, with --builds, LOGGATE_BUILDS or the GitHub input builds"},
	{name: "empty flag", args: []string{"--timeout="}, want: "timeout: --timeout is given but empty; give it a value or leave the flag out"},
	{name: "blank flag", args: []string{"--access-key", " "}, want: "access-key: --access-key is given but empty; give it a value or leave the flag out"},
	{name: "unknown variable", env: Environment{"LOGGATE_ACESS_KEY": "hush"}, hidden: "hush",
		want: "LOGGATE_ACESS_KEY: is not a variable of loggate; rename or unset it; the nearest known one is LOGGATE_ACCESS_KEY"},
	{name: "small letters", env: Environment{"LOGGATE_Builds": "x"},
		want: "LOGGATE_Builds: is not a variable of loggate; rename or unset it; the nearest known one is LOGGATE_BUILDS"},
	{name: "a flag without a variable", env: Environment{"LOGGATE_DRY_RUN": "true"},
		want: "LOGGATE_DRY_RUN: dry-run is a flag without a variable; unset it and write --dry-run"},
	{name: "another", env: Environment{"LOGGATE_COLOR": "never"}, want: "LOGGATE_COLOR: color is a flag without a variable; unset it and write --color"},
	{name: "colour", args: []string{"--color=no"}, want: `color: --color="no" is not auto, always or never; the nearest one is auto`},
	{name: "new-only alone", env: Environment{"LOGGATE_NEW_ONLY": "true"},
		want: "new-only: is true without a baseline; give the report.json of a good run as the input baseline, or leave new-only out"},
	{name: "password in the endpoint", env: Environment{"LOGGATE_ENDPOINT": "https://me:hush@example.com"}, hidden: "hush",
		want: `endpoint: LOGGATE_ENDPOINT="[secret]" has a user or password in it; leave them out: credentials are inputs of their own`},
	{name: "wrong region of Huawei's", env: Environment{"HW_REGION_NAME": "?"},
		want: `region: HW_REGION_NAME="?" is not a region's name; write one such as cn-north-4: small letters, digits and -`},
	{name: "long value", env: Environment{"LOGGATE_TIMEOUT": strings.Repeat("1", 500)},
		want: `timeout: LOGGATE_TIMEOUT="` + strings.Repeat("1", 79) + `…" is not a duration from 1s to 24h; write it with its unit, such as 90s, 45m or 1h30m`},
	{name: "hostile value", env: Environment{"LOGGATE_SUMMARY": "\x1b[31m\n::error::\u202e"},
		want: `summary: LOGGATE_SUMMARY="\x1b[31m\n::error::\u202e" is not always, failed or never; the nearest one is never`},
	{name: "broken default config", want: `.loggate.yml: can't be read: no such file or directory; make it readable, or remove it`},
}

func TestWrongRuns(t *testing.T) {
	for _, test := range wrongRuns {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if test.name == "broken default config" {
				if err := os.Symlink("nowhere", filepath.Join(dir, defaultPolicy)); err != nil {
					t.Fatal(err)
				}
			}
			env := minimal()
			maps.Copy(env, test.env)
			var flags Flags
			parseFlags(t, &flags, test.args...)
			_, err := Resolve(flags, env, dir)
			if line := oneLine(t, err); line != test.want {
				t.Errorf("got  %s\nwant %s", line, test.want)
			}
			if test.hidden != "" && strings.Contains(err.Error(), test.hidden) {
				t.Errorf("%q is shown: %v", test.hidden, err)
			}
		})
	}
}

func TestEverythingWrongIsToldAtOnce(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, defaultPolicy, "version: 2\ngates: {}\n")
	_, err := Resolve(Flags{}, Environment{"LOGGATE_TIMEOUT": "1", "LOGGATE_WAIT": "2", "LOGGATE_FOO": "3"}, dir)
	if err == nil {
		t.Fatal("it is taken")
	}
	var inputs []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		name, _, _ := strings.Cut(line, ": ")
		inputs = append(inputs, name)
	}
	want := "builds wait timeout .loggate.yml:1:10 .loggate.yml:2:1 credentials LOGGATE_FOO"
	if got := strings.Join(inputs, " "); got != want {
		t.Errorf("got %s, not %s:\n%v", got, want, err)
	}
}

func TestWrongScans(t *testing.T) {
	for _, test := range []struct {
		args []string
		env  Environment
		want string
	}{
		{args: []string{"--fail-on=build,error"},
			want: `fail-on: --fail-on="build,error" has build, but a scan only reads logs and is told no build's status; write error, warning or never`},
		{args: []string{"--fail-on=fatal"}, want: `fail-on: --fail-on="fatal" has "fatal", which is not error, warning or never; the nearest one is error`},
		{args: []string{"--format=xml"}, want: `format: --format="xml" is not text or json; the nearest one is text`},
		{args: []string{"--formats=sarif"}, env: Environment{"LOGGATE_FORMATS": "html"},
			want: `formats: --formats="sarif" is given without output-dir, and a scan writes no files then; add --output-dir`},
		{args: []string{"--format="}, want: `format: --format is given but empty; give it a value or leave the flag out`},
		{env: Environment{"LOGGATE_FAILON": "error"}, want: `LOGGATE_FAILON: is not a variable of loggate; rename or unset it; the nearest known one is LOGGATE_FAIL_ON`},
		{env: Environment{"LOGGATE_FORMAT": "json"}, want: `LOGGATE_FORMAT: format is a flag without a variable; unset it and write --format`},
		{env: Environment{"LOGGATE_NEW_ONLY": "true"}, want: `new-only: is true without a baseline; give the report.json of a good run as the input baseline, or leave new-only out`},
	} {
		var flags ScanFlags
		parseFlags(t, &flags, test.args...)
		_, err := ResolveScan(flags, test.env, t.TempDir())
		if line := oneLine(t, err); line != test.want {
			t.Errorf("got  %s\nwant %s", line, test.want)
		}
	}
}

package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"strings"
	"testing"
)

func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "token", idToken+"\n")
	github := Environment{requestURLVariable: "https://run.example.com/token?a=b", requestTokenVariable: "gh-token"}
	for name, test := range map[string]struct {
		args []string
		env  Environment
		want Credentials
	}{
		"SDK": {env: Environment{"HUAWEICLOUD_SDK_AK": "ak", "HUAWEICLOUD_SDK_SK": "sk", "HUAWEICLOUD_SDK_SECURITY_TOKEN": "st"},
			want: Credentials{AccessKey: "ak", SecretKey: "sk", SecurityToken: "st"}},
		"Terraform": {env: Environment{"HW_ACCESS_KEY": "ak", "HW_SECRET_KEY": "sk\n", "HW_SECURITY_TOKEN": "st"},
			want: Credentials{AccessKey: "ak", SecretKey: "sk", SecurityToken: "st"}},
		"whole from the first": {env: Environment{"INPUT_ACCESS-KEY": "ak", "INPUT_SECRET_KEY": "sk", "HW_SECURITY_TOKEN": "st", "HW_AUTH_TOKEN": "t"},
			want: Credentials{AccessKey: "ak", SecretKey: "sk"}},
		"flags first": {args: []string{"--auth-token=flag"}, env: Environment{"LOGGATE_ACCESS_KEY": "ak", "LOGGATE_AUTH_TOKEN": "t"},
			want: Credentials{AuthToken: "flag"}},
		"an empty one is unset": {env: Environment{"LOGGATE_ACCESS_KEY": "", "LOGGATE_AUTH_TOKEN": " ", "HW_AUTH_TOKEN": "t"},
			want: Credentials{AuthToken: "t"}},
		"OIDC of the SDK": {env: Environment{"HUAWEICLOUD_SDK_IDP_ID": "idp", tokenFileVariable: "token"},
			want: Credentials{OIDC: &OIDC{Provider: "idp", Audience: "idp", IDToken: idToken, IDTokenFile: dir + "/token", Project: "cn-north-4"}}},
		"OIDC on GitLab": {env: Environment{"LOGGATE_OIDC_PROVIDER": "gitlab", "LOGGATE_ID_TOKEN": idToken, "LOGGATE_REGION": "r1", tokenFileVariable: "nowhere"},
			want: Credentials{OIDC: &OIDC{Provider: "gitlab", Audience: "gitlab", IDToken: idToken, Project: "r1"}}},
		"OIDC on GitHub": {args: []string{"--oidc-provider=gh", "--oidc-audience=aud"}, env: github,
			want: Credentials{OIDC: &OIDC{Provider: "gh", Audience: "aud", RequestURL: "https://run.example.com/token?a=b", RequestToken: "gh-token", Project: "cn-north-4"}}},
		"GitHub's token is no credential by itself": {env: with(github, "HW_AUTH_TOKEN", "t"), want: Credentials{AuthToken: "t"}},
	} {
		t.Run(name, func(t *testing.T) {
			var flags Flags
			parseFlags(t, &flags, test.args...)
			config, err := Resolve(flags, with(test.env, "INPUT_BUILDS", jobA+":7"), dir)
			if err != nil {
				t.Fatal(err)
			}
			// Their own String would hide what differs.
			if got := config.Credentials; !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %q, %s", got.Secrets(), got)
			}
		})
	}
}

func TestWrongCredentials(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "no-token", "hush")
	oidc := Environment{"LOGGATE_OIDC_PROVIDER": "ci"}
	inside := "has a blank, a line break or another character inside that no credential has; copy it again, without anything around it"
	for name, test := range map[string]struct {
		args []string
		env  Environment
		want []string
	}{
		"none": {want: []string{"credentials: none are given (GitHub hands no secrets to pull requests from forks); set access-key and secret-key, or auth-token, or oidc-provider, as flags, as LOGGATE_… or INPUT_… variables, or by HUAWEICLOUD_SDK_AK and _SK, HUAWEICLOUD_SDK_IDP_ID, HW_ACCESS_KEY and HW_SECRET_KEY, HW_AUTH_TOKEN"}},
		"no secret key": {env: Environment{"LOGGATE_ACCESS_KEY": "hush", "HW_SECRET_KEY": "hush"},
			want: []string{"secret-key: is missing beside LOGGATE_ACCESS_KEY; set LOGGATE_SECRET_KEY: credentials come whole from one source"}},
		"no access key": {args: []string{"--secret-key=hush"}, env: Environment{"LOGGATE_ACCESS_KEY": "hush"},
			want: []string{"access-key: is missing beside --secret-key; set --access-key: credentials come whole from one source"}},
		"no access key of GitHub's": {env: Environment{"INPUT_SECRET-KEY": "hush"},
			want: []string{"access-key: is missing beside INPUT_SECRET-KEY; set INPUT_ACCESS-KEY: credentials come whole from one source"}},
		"no SK": {env: Environment{"HUAWEICLOUD_SDK_AK": "hush"},
			want: []string{"secret-key: is missing beside HUAWEICLOUD_SDK_AK; set HUAWEICLOUD_SDK_SK: credentials come whole from one source"}},
		"a security token alone": {env: Environment{"HW_SECURITY_TOKEN": "hush"}, want: []string{
			"access-key: is missing beside HW_SECURITY_TOKEN; set HW_ACCESS_KEY: credentials come whole from one source",
			"secret-key: is missing beside HW_SECURITY_TOKEN; set HW_SECRET_KEY: credentials come whole from one source"}},
		"keys and a token": {env: Environment{"LOGGATE_ACCESS_KEY": "hush", "LOGGATE_SECRET_KEY": "hush", "LOGGATE_AUTH_TOKEN": "hush"},
			want: []string{"access-key: LOGGATE_ACCESS_KEY and LOGGATE_AUTH_TOKEN are two kinds of credentials in one source; keep one of them"}},
		"a token and a provider": {args: []string{"--auth-token=hush", "--oidc-provider=ci"},
			want: []string{"auth-token: --auth-token and --oidc-provider are two kinds of credentials in one source; keep one of them"}},
		"keys and a provider of the SDK": {env: Environment{"HUAWEICLOUD_SDK_SK": "hush", "HUAWEICLOUD_SDK_IDP_ID": "ci"},
			want: []string{"secret-key: HUAWEICLOUD_SDK_SK and HUAWEICLOUD_SDK_IDP_ID are two kinds of credentials in one source; keep one of them"}},
		"a line break inside": {env: Environment{"LOGGATE_AUTH_TOKEN": "hush\r\nX-Injected: 1"},
			want: []string{`auth-token: LOGGATE_AUTH_TOKEN="[secret]" ` + inside}},
		"a blank inside": {env: Environment{"LOGGATE_ACCESS_KEY": "ak", "LOGGATE_SECRET_KEY": "hush hush"},
			want: []string{`secret-key: LOGGATE_SECRET_KEY="[secret]" ` + inside}},
		"a NUL inside": {args: []string{"--access-key=hush\x00", "--secret-key=hush"},
			want: []string{`access-key: --access-key="[secret]" ` + inside}},
		"beyond ASCII": {env: Environment{"HW_ACCESS_KEY": "ak", "HW_SECRET_KEY": "sk", "HW_SECURITY_TOKEN": "hush…"},
			want: []string{`security-token: HW_SECURITY_TOKEN="[secret]" ` + inside}},
		"a provider with a line break": {env: Environment{"LOGGATE_OIDC_PROVIDER": "a\nb"},
			want: []string{`oidc-provider: LOGGATE_OIDC_PROVIDER="a\nb" ` + inside}},
		"no ID token": {env: oidc,
			want: []string{"id-token: there is no ID token to exchange at \"ci\"; on GitHub give the job `permissions: id-token: write`, on GitLab name LOGGATE_ID_TOKEN under id_tokens:, elsewhere set LOGGATE_ID_TOKEN or HUAWEICLOUD_SDK_ID_TOKEN_FILE"}},
		"half of GitHub's": {env: with(oidc, requestURLVariable, "https://run.example.com"),
			want: []string{"id-token: there is no ID token to exchange at \"ci\"; on GitHub give"}},
		"an ID token alone": {env: Environment{"LOGGATE_ID_TOKEN": idToken},
			want: []string{"oidc-provider: is missing beside LOGGATE_ID_TOKEN; set LOGGATE_OIDC_PROVIDER: credentials come whole from one source"}},
		"no JWT": {env: with(oidc, "LOGGATE_ID_TOKEN", "hush.hush"),
			want: []string{`id-token: LOGGATE_ID_TOKEN="[secret]" holds no JSON Web Token; give the ID token itself: three parts with dots between`}},
		"no base64url": {env: with(oidc, "LOGGATE_ID_TOKEN", "a+b/.hush.hush"),
			want: []string{`id-token: LOGGATE_ID_TOKEN="[secret]" holds no JSON Web Token; give`}},
		"empty parts": {env: with(oidc, "LOGGATE_ID_TOKEN", ".."),
			want: []string{`id-token: LOGGATE_ID_TOKEN="[secret]" holds no JSON Web Token; give`}},
		"no token file": {env: with(oidc, tokenFileVariable, "nowhere"),
			want: []string{`id-token: HUAWEICLOUD_SDK_ID_TOKEN_FILE="nowhere" names a file that can't be read: no such file or directory; write the ID token there before loggate runs`}},
		"no token in the file": {env: with(oidc, tokenFileVariable, "no-token"),
			want: []string{`id-token: HUAWEICLOUD_SDK_ID_TOKEN_FILE="no-token" holds no JSON Web Token; give`}},
		"a request over http": {env: with(with(oidc, requestTokenVariable, "hush"), requestURLVariable, "http://hush.example.com"),
			want: []string{`id-token: ACTIONS_ID_TOKEN_REQUEST_URL="[secret]" is not an https URL; leave it as GitHub's runner sets it`}},
		"a request token with a line break": {env: with(with(oidc, requestTokenVariable, "hush\nhush"), requestURLVariable, "https://example.com"),
			want: []string{`id-token: ACTIONS_ID_TOKEN_REQUEST_TOKEN="[secret]" ` + inside}},
	} {
		t.Run(name, func(t *testing.T) {
			var flags Flags
			parseFlags(t, &flags, test.args...)
			_, err := Resolve(flags, with(test.env, "LOGGATE_BUILDS", jobA+":7"), dir)
			if err == nil {
				t.Fatal("they are taken")
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("a secret is shown: %v", err)
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(test.want) {
				t.Fatalf("got %d lines, not %d:\n%v", len(lines), len(test.want), err)
			}
			for i, line := range lines {
				if !strings.HasPrefix(line, test.want[i]) {
					t.Errorf("got  %s\nwant %s", line, test.want[i])
				}
			}
		})
	}
}

func TestCredentialsNeverShow(t *testing.T) {
	all := Credentials{AccessKey: "hush-ak", SecretKey: "hush-sk", SecurityToken: "hush-st", AuthToken: "hush-at",
		OIDC: &OIDC{Provider: "ci", IDToken: "hush-id", RequestURL: "hush-url", RequestToken: "hush-rt"}}
	keys := all
	keys.OIDC = nil
	for _, c := range []Credentials{all, keys} {
		for _, value := range []any{c, &c, c.OIDC, Config{Credentials: c}, &Config{Credentials: c}, []any{c}, map[string]any{"c": c}} {
			var out bytes.Buffer
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				fmt.Fprintf(&out, verb+"\n", value)
			}
			options := &slog.HandlerOptions{Level: slog.LevelDebug}
			slog.New(slog.NewTextHandler(&out, options)).Debug("text", "value", value)
			slog.New(slog.NewJSONHandler(&out, options)).Debug("json", "value", value)
			text, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			out.Write(text)
			if i := strings.Index(out.String(), "hush"); i >= 0 {
				t.Errorf("%T shows …%s", value, out.String()[max(i-60, 0):i+8])
			}
			if hex := fmt.Sprintf("%x", "hush"); strings.Contains(out.String(), hex) {
				t.Errorf("%T shows a secret in hex", value)
			}
		}
	}
	want := []string{"hush-ak", "hush-sk", "hush-st", "hush-at", "hush-id", "hush-rt"}
	if got := all.Secrets(); !reflect.DeepEqual(got, want) {
		t.Errorf("the secrets are %q", got)
	}
}

// with is a copy of env with one more variable.
func with(env Environment, name, text string) Environment {
	more := Environment{}
	maps.Copy(more, env)
	more[name] = text
	return more
}

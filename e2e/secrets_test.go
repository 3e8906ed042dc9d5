package e2e

import (
	"encoding/base64"
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

const (
	authToken    = "MIIE2E/auth+token=of-iam&with?odd"
	requestToken = "gh-request-token.e2e/of+the=runner"
)

// credentials are a kind of them, as a run and the service get it.
type credentials struct {
	name    string
	env     []string
	auth    simulator.Auth
	secrets []string // that a build's log may know, too
	issued  []string // that come up during the run
}

func kindsOfCredentials(t *testing.T) []credentials {
	oidc := simulator.Auth{OIDC: &simulator.OIDC{Provider: "ci", IDTokens: []string{idToken}}}
	github := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+requestToken {
			http.Error(w, "who is asking?", http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"value":%q}`, idToken)
	}))
	t.Cleanup(github.Close)
	return []credentials{
		{name: "temporary keys",
			env:     []string{"LOGGATE_ACCESS_KEY=" + accessKey, "LOGGATE_SECRET_KEY=" + secretKey, "LOGGATE_SECURITY_TOKEN=" + securityToken},
			auth:    simulator.Auth{Keys: []simulator.Key{{Access: accessKey, Secret: secretKey, SecurityToken: securityToken}}},
			secrets: []string{accessKey, secretKey, securityToken}},
		{name: "token", env: []string{"LOGGATE_AUTH_TOKEN=" + authToken}, auth: simulator.Auth{Tokens: []string{authToken}}, secrets: []string{authToken}},
		{name: "ID token", env: []string{"LOGGATE_OIDC_PROVIDER=ci", "LOGGATE_ID_TOKEN=" + idToken}, auth: oidc, secrets: []string{idToken}},
		{name: "GitHub's ID token", auth: oidc, secrets: []string{requestToken}, issued: []string{idToken},
			env: []string{"LOGGATE_OIDC_PROVIDER=ci", "ACTIONS_ID_TOKEN_REQUEST_URL=" + github.URL + "/?x=1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=" + requestToken}},
	}
}

// tellingLog is a log that knows secrets, in all the forms of a careless build,
// also where rules find something.
func tellingLog(secrets []string) string {
	var lines []string
	for i, s := range secrets {
		basic := base64.StdEncoding.EncodeToString([]byte("deploy:" + s))
		lines = append(lines,
			"export TOKEN="+s, "curl 'https://example.com/?t="+url.QueryEscape(s)+"&p="+url.PathEscape(s)+"'",
			"Authorization: Basic "+basic, "echo "+base64.StdEncoding.EncodeToString([]byte(s))+" | base64 -d",
			"-----"+s+s+"-----", "\x1b[31m"+s+"\x1b[0m", strings.Repeat("x", 90+i)+s,
			fmt.Sprintf("orders/orders.go:%d:9: undefined: %s", i+1, s),
			"fatal: could not read Password for 'https://"+url.PathEscape(s)+"@example.com': No such device or address",
			fmt.Sprintf("src/%s.c:1:2: error: expected '%s' before '}' token", s, s))
	}
	return codearts("INFO", "[Go构建:official_shell_go] : 该步骤开始执行") + codearts("ERROR", lines...) + codearts("INFO", "Finished: FAILURE")
}

// echo is a gateway in front of the service that now and then fails and then
// tells all that it knows: what it was sent, and secrets.
type echo struct {
	next    http.Handler
	secrets string
	count   atomic.Int64

	mu     sync.Mutex
	tokens map[string]bool // that requests were sent with
}

func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if token := r.Header.Get("X-Auth-Token"); token != "" {
		e.mu.Lock()
		e.tokens[token] = true
		e.mu.Unlock()
	}
	told := fmt.Sprintf("%s; headers %v", e.secrets, r.Header)
	message := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(told)
	switch n := e.count.Add(1); {
	case strings.Contains(r.URL.Path, simulator.JobID("denied")):
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `{"error_code":"CB.00060203","error_msg":"no permission with %s"}`, message)
	case strings.Contains(r.URL.Path, simulator.JobID("moved")):
		http.Redirect(w, r, "https://example.com/?"+url.QueryEscape(told), http.StatusFound)
	case n%20 == 3:
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, `{"error":{"code":"CB.00060101","message":"broken by %s"},"status":"failed"}`, message)
	case n%20 == 8:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		fmt.Fprintf(w, "<html><title>%s</title><body>%s</body></html>", told, told)
	case n%20 == 13:
		fmt.Fprintf(w, `{"result":{"log":%s`, told)
	case n%20 == 18:
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, told)
	default:
		e.next.ServeHTTP(w, r)
	}
}

// No secret of the run comes up in anything that it says or writes.
func TestSecretsNeverShow(t *testing.T) {
	for _, kind := range kindsOfCredentials(t) {
		for i, extra := range [][]string{
			{"GITHUB_ACTIONS=true", "LOGGATE_PRINT_LOG=all"},
			{"LOGGATE_PRINT_LOG=failed", "LOGGATE_REDACT=false"},
		} {
			t.Run(fmt.Sprintf("%s %d", kind.name, i+1), func(t *testing.T) {
				t.Parallel()
				testSecrets(t, kind, extra)
			})
		}
	}
}

func testSecrets(t *testing.T, kind credentials, extra []string) {
	telling := failed("telling", tellingLog(kind.secrets))
	telling.Branch, telling.Commit = "of-"+kind.secrets[0], kind.secrets[0]
	telling.Stages = []simulator.Stage{{Name: "stage " + kind.secrets[0], Status: "FAILURE", Took: time.Second}}
	word := newBuild("word", goodLog)
	word.Result = kind.secrets[0]
	// Pages end inside secrets, as they come.
	server := serve(t, simulator.Options{Builds: []simulator.Build{telling, word}, Auth: kind.auth,
		Readings: simulator.Readings{PageBytes: 61, Cut: "unit"}})
	behind, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	gateway := &echo{next: httputil.NewSingleHostReverseProxy(behind), tokens: map[string]bool{},
		secrets: strings.Join(append(kind.issued, kind.secrets...), " ")}
	front := httptest.NewServer(gateway)
	defer front.Close()

	dir := t.TempDir()
	env := append([]string{
		"LOGGATE_ENDPOINT=" + front.URL, "LOGGATE_IAM_ENDPOINT=" + front.URL, "LOGGATE_RATE_LIMIT=off", "LOGGATE_LOG_LEVEL=debug",
		"LOGGATE_TIMEOUT=60s", "LOGGATE_WAIT=false", "LOGGATE_FORMATS=html,sarif,junit,codequality",
		"LOGGATE_BUILDS=" + input(telling, word, simulator.Build{Name: "denied", JobID: simulator.JobID("denied"), Number: 1},
			simulator.Build{Name: "moved", JobID: simulator.JobID("moved"), Number: 1}),
		"GITHUB_OUTPUT=" + filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY=" + filepath.Join(dir, "summary"),
	}, append(kind.env, extra...)...)
	r := run(t, invocation{dir: dir, args: []string{"run"}, env: env})
	r.expectCode(t, build.ExitFail)
	rep := r.report(t)
	if b := named(t, rep, "telling"); !b.Log.Complete || len(b.Log.Redactions) == 0 || b.Counts.Error == 0 {
		t.Errorf("the log is %+v with counts %+v: this shows nothing", b.Log, b.Counts)
	}
	if got, want := strings.Count(r.read(t, "loggate-out/logs/telling-7.log"), "\n"), strings.Count(tellingLog(kind.secrets), "\n"); got != want {
		t.Errorf("%d lines were written of %d", got, want)
	}

	secrets := append(append([]string{}, kind.issued...), kind.secrets...)
	for token := range gateway.tokens {
		secrets = append(secrets, token)
	}
	shown, masked := unmasked(r.stdout)
	expectHushed(t, "stdout", shown, secrets)
	if slices.Contains(extra, "GITHUB_ACTIONS=true") {
		for _, secret := range append(slices.Collect(maps.Keys(gateway.tokens)), kind.secrets...) {
			if !slices.Contains(masked, secret) {
				t.Errorf("%q is not masked", secret)
			}
		}
	} else if len(masked) > 0 {
		t.Errorf("elsewhere than on GitHub, %q are masked", masked)
	}
	expectHushed(t, "stderr", r.stderr, secrets)
	for _, name := range files(t, dir) {
		expectHushed(t, name, r.read(t, name), secrets)
	}
	for _, name := range []string{"output", "summary"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v, or empty", name, err)
		}
	}
}

// unmasked is what GitHub's runner shows of an output, and what it was told to
// mask: it takes such a line for itself.
func unmasked(output string) (shown string, masked []string) {
	for line := range strings.Lines(output) {
		if value, ok := strings.CutPrefix(line, "::add-mask::"); ok {
			value = strings.TrimSuffix(value, "\n")
			masked = append(masked, strings.NewReplacer("%25", "%", "%0D", "\r", "%0A", "\n").Replace(value))
			continue
		}
		shown += line
	}
	return shown, masked
}

var base64Run = regexp.MustCompile(`[0-9A-Za-z+/_-]{12,}`)

// expectHushed wants none of the secrets in a text: not as they are, not as in XML or
// URLs, not in a packed log, and not in base64, whatever stands around them.
func expectHushed(t *testing.T, what, text string, secrets []string) {
	t.Helper()
	decoded := append(packedLogs(t, text), text, html.UnescapeString(text))
	for _, part := range base64Run.FindAllString(text, -1) {
		part = strings.NewReplacer("-", "+", "_", "/").Replace(part)
		for skip := range 4 {
			end := skip + (len(part)-skip)/4*4
			if plain, err := base64.StdEncoding.DecodeString(part[skip:end]); err == nil {
				decoded = append(decoded, string(plain))
			}
		}
	}
	all := strings.Join(decoded, "\n")
	for _, secret := range secrets {
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			if i := strings.Index(all, form); i >= 0 {
				t.Errorf("%s shows %q: …%s…", what, form, all[max(0, i-200):min(len(all), i+len(form)+20)])
				break
			}
		}
	}
}

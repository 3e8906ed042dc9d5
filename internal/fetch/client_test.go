package fetch

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/build"
)

const testJob = "0123456789abcdef0123456789abcdef"

var testRef = build.Ref{Name: "api", JobID: testJob, Number: 7}

const (
	goodPage = `{"result":{"has_more":false,"start_offset":"1024","end_offset":1030,"log":"line\n","location":"jenkins"},"error":null,"status":"success"}`
	goodInfo = `{"result":{"building":false,"build_result":"SUCCESS","region":"cn-north-4"},"error":null,"status":"success"}`
)

// newTestClient is a client of a service, with keys and short waits.
func newTestClient(t *testing.T, service http.HandlerFunc, change func(*Options)) *Client {
	t.Helper()
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	endpoint, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Endpoint:    endpoint,
		Credentials: Credentials{AccessKey: "AKAKAKAK", SecretKey: "SKSKSKSK"},
		MinBackoff:  time.Millisecond, MaxBackoff: 4 * time.Millisecond,
		RequestTimeout: 5 * time.Second,
	}
	if change != nil {
		change(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// inTurn answers the first requests as given, and the last way ever after.
func inTurn(t *testing.T, answers ...http.HandlerFunc) (http.HandlerFunc, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		n := int(asked.Add(1))
		answers[min(n, len(answers))-1](w, r)
	}, &asked
}

// answer answers with a status, a body and headers in pairs.
func answer(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// reset breaks the connection off without an answer.
func reset(w http.ResponseWriter, _ *http.Request) {
	panic(http.ErrAbortHandler)
}

// cutShort breaks a body off.
func cutShort(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, goodPage[:40])
}

func TestPageSendsEveryParameter(t *testing.T) {
	var got *http.Request
	c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		answer(200, goodPage)(w, r)
	}, func(o *Options) {
		o.Endpoint = o.Endpoint.JoinPath("base")
		o.Credentials.SecurityToken, o.ProjectID, o.UserAgent = "TOKTOKTOK", "p1", "loggate/1"
	})
	page, err := c.Page(t.Context(), testRef, PageQuery{Start: 5_000_000_000, End: 2147483647, Sort: "AES", Size: 500})
	if err != nil {
		t.Fatal(err)
	}
	if page.Start != 1024 || page.End != 1030 || page.HasMore || string(page.Log) != `"line\n"` || page.Location != "jenkins" {
		t.Errorf("page = %+v", page)
	}
	if want := "/base/v1/log/" + testJob + "/7/real-time-log?end_offset=2147483647&size=500&sort=AES&start_offset=5000000000"; got.RequestURI != want {
		t.Errorf("asked for %s, want %s", got.RequestURI, want)
	}
	for header, want := range map[string]string{"X-Security-Token": "TOKTOKTOK", "X-Project-Id": "p1", "User-Agent": "loggate/1", "Accept-Encoding": "gzip"} {
		if got.Header.Get(header) != want {
			t.Errorf("%s: %q, want %q", header, got.Header.Get(header), want)
		}
	}
	if want := "SignedHeaders=host;x-project-id;x-sdk-date;x-security-token,"; !strings.Contains(got.Header.Get("Authorization"), want) {
		t.Errorf("Authorization: %s", got.Header.Get("Authorization"))
	}
	if _, err := c.Page(t.Context(), testRef, PageQuery{}); err != nil {
		t.Fatal(err)
	}
	if want := "?end_offset=0&size=1000&start_offset=0"; !strings.HasSuffix(got.RequestURI, want) {
		t.Errorf("asked for %s, want %s", got.RequestURI, want)
	}
}

func TestTheOtherCalls(t *testing.T) {
	c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
		result, ok := map[string]string{
			"/v1/job/" + testJob + "/7/build-info":     `{"building":true}`,
			"/v1/job/" + testJob + "/running-status":   `{"last_build_no":"9","is_running":true}`,
			"/v1/record/" + testJob + "/7/record-info": `{"build_record_id":"rec-1","branch":"main"}`,
			"/v1/record/rec-1/full-stages":             `{"build_stages":{"a":{"display_name":"Maven"}}}`,
		}[r.URL.Path]
		if !ok {
			t.Errorf("asked for %s", r.URL)
		}
		answer(200, `{"result":`+result+`,"status":"success"}`)(w, r)
	}, nil)
	info, err := c.BuildInfo(t.Context(), testRef)
	if err != nil || !info.Building {
		t.Errorf("build-info = %+v, %v", info, err)
	}
	status, err := c.RunningStatus(t.Context(), testJob)
	if err != nil || status.LastBuildNo != 9 || !status.IsRunning {
		t.Errorf("running-status = %+v, %v", status, err)
	}
	record, err := c.RecordInfo(t.Context(), testRef)
	if err != nil || record.RecordID != "rec-1" || record.Branch != "main" {
		t.Errorf("record-info = %+v, %v", record, err)
	}
	stages, err := c.FullStages(t.Context(), record.RecordID)
	if err != nil || len(stages) != 1 || stages[0].Name != "Maven" {
		t.Errorf("full-stages = %+v, %v", stages, err)
	}
	for _, id := range []string{"", "..", "a/b", "a?b", "a%2fb", strings.Repeat("a", 65)} {
		if _, err := c.FullStages(t.Context(), id); err == nil {
			t.Errorf("record id %q is asked for", id)
		}
	}
}

func TestNewChecksItsOptions(t *testing.T) {
	good := func() Options {
		return Options{Endpoint: &url.URL{Scheme: "https", Host: "h"}, Credentials: Credentials{AccessKey: "a", SecretKey: "s"}}
	}
	for name, change := range map[string]func(*Options){
		"no endpoint":         func(o *Options) { o.Endpoint = nil },
		"another scheme":      func(o *Options) { o.Endpoint.Scheme = "ftp" },
		"no host":             func(o *Options) { o.Endpoint.Host = "" },
		"a password":          func(o *Options) { o.Endpoint.User = url.UserPassword("u", "p") },
		"no credentials":      func(o *Options) { o.Credentials = Credentials{} },
		"half of them":        func(o *Options) { o.Credentials.SecretKey = "" },
		"two kinds":           func(o *Options) { o.Credentials.AuthToken = "t" },
		"OIDC without an IAM": func(o *Options) { o.Credentials = Credentials{OIDC: &OIDC{}} },
	} {
		o := good()
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := New(good()); err != nil {
		t.Error(err)
	}
}

func TestNoSecretIsLoggedOrShown(t *testing.T) {
	var logged bytes.Buffer
	creds := Credentials{AccessKey: "AKIDSECRET", SecretKey: `S"K<&>/+SECRET`, SecurityToken: "STOKSECRET"}
	echo := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(503)
		fmt.Fprintf(w, `{"error_code":"AKIDSECRET","error_msg":%q}`, "you sent "+creds.SecretKey+" "+url.QueryEscape(creds.SecretKey)+fmt.Sprint(r.Header))
	}
	c := newTestClient(t, echo, func(o *Options) {
		o.Credentials, o.Attempts = creds, 2
		o.Logger = slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	_, err := c.BuildInfo(t.Context(), testRef)
	if err == nil || logged.Len() == 0 {
		t.Fatalf("error %v, log %q", err, logged.String())
	}
	for _, text := range []string{err.Error(), logged.String()} {
		if strings.Contains(text, "SECRET") {
			t.Errorf("a secret in %q", text)
		}
	}
}

package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// The one token and the one job that most tests use.
const testToken = "token-of-the-tests"

var testJob = JobID("test")

// clock is a clock that tests move by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 24, 4, 12, 36, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// start runs a server for a test, with testToken let in.
func start(t *testing.T, opt Options) *Server {
	t.Helper()
	opt.Auth.Tokens = append(opt.Auth.Tokens, testToken)
	s, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// one is a list of one build of testJob with a log.
func one(log string) []Build {
	return []Build{{JobID: testJob, Number: 1, Log: strings.NewReader(log)}}
}

// reply is an answer, read whole.
type reply struct {
	status int
	header http.Header
	body   []byte
	err    error // of the request or of reading its body
}

// get asks for a path with testToken.
func get(s *Server, path string) reply {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, s.URL()+path, nil)
	if err != nil {
		return reply{err: err}
	}
	r.Header.Set(headerToken, testToken)
	return do(r)
}

// do sends a request on a connection of its own.
func do(r *http.Request) reply {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := client.Do(r)
	if err != nil {
		return reply{err: err}
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, data, err}
}

// decode reads a JSON answer into a generic value.
func decode(t *testing.T, r reply) map[string]any {
	t.Helper()
	if r.err != nil {
		t.Fatal(r.err)
	}
	var v map[string]any
	if err := json.Unmarshal(r.body, &v); err != nil {
		t.Fatalf("%v in %s", err, r.body)
	}
	return v
}

// logPath is the address of a page of testJob's build 1.
func logPath(query string) string { return "/v1/log/" + testJob + "/1/real-time-log?" + query }

func TestRequestsThatAreWrong(t *testing.T) {
	builds := []Build{
		{JobID: testJob, Number: 1, Log: strings.NewReader("a\n")},
		{JobID: JobID("forbidden"), Number: 1, Log: strings.NewReader("a\n"), Forbidden: true},
		{JobID: JobID("partly"), Number: 1, Log: strings.NewReader("a\n"), Refuse: map[Endpoint]int{BuildInfo: 500, RecordInfo: 404, RunningStatus: 403}},
	}
	s := start(t, Options{Builds: builds})
	record := s.jobs[testJob][0].record
	tests := []struct {
		path   string
		status int
		code   string
	}{
		{"/", 404, codeNoURL},
		{"/v1/log/" + testJob + "/1/real-time-log/", 404, codeNoURL},
		{"/v1//log/" + testJob + "/1/real-time-log", 404, codeNoURL},
		{"/v3.0/OS-AUTH/id-token/tokens", 404, codeNoURL}, // a GET
		{"/v1/log/short/1/real-time-log?size=1000", 400, codeJobID},
		{"/v1/job/" + testJob[1:] + "%2f/1/build-info", 404, codeNoURL},
		{"/v1/job/" + testJob[1:] + "-/running-status", 400, codeJobID},
		{"/v1/job/" + JobID("nobody") + "/running-status", 404, codeMissing},
		{"/v1/job/" + testJob + "/0/build-info", 400, codeParameter},
		{"/v1/job/" + testJob + "/+1/build-info", 400, codeParameter},
		{"/v1/job/" + testJob + "/01/build-info", 400, codeParameter},
		{"/v1/job/" + testJob + "/2147483648/build-info", 400, codeParameter},
		{"/v1/job/" + testJob + "/latest/build-info", 400, codeParameter},
		{"/v1/job/" + testJob + "/2147483647/build-info", 404, codeMissing},
		{"/v1/job/" + testJob + "/1/build-info?x=1", 400, codeParameter},
		{"/v1/record/" + strings.ToUpper(record) + "/full-stages", 400, codeParameter},
		{"/v1/record/" + strings.Repeat("0", 36) + "/full-stages", 404, codeMissing},
		{"/v1/record/" + record + "/full-stages?cascade=1", 400, codeParameter},
		{"/v1/log/" + record + "/download-log?log_level=WARN", 400, codeParameter},
		{"/v1/log/" + record + "/download-log?compress=yes", 400, codeParameter},
		{logPath(""), 400, codeParameter},
		{logPath("size="), 400, codeParameter},
		{logPath("size=-1"), 400, codeParameter},
		{logPath("size=1e3"), 400, codeParameter},
		{logPath("size=2147483648"), 400, codeParameter},
		{logPath("size=1000&size=1000"), 400, codeParameter},
		{logPath("size=1000&offset=0"), 400, codeParameter},
		{logPath("size=1000&%zz"), 400, codeParameter},
		{logPath("size=1000&start_offset=-1"), 400, codeParameter},
		{logPath("size=1000&start_offset="), 400, codeParameter},
		{logPath("size=1000&start_offset=x"), 400, codeParameter},
		{logPath("size=1000&start_offset=9223372036854775808"), 400, codeParameter},
		{logPath("size=1000&end_offset=1.5"), 400, codeParameter},
		{logPath("size=1000&start_offset=5&end_offset=4"), 400, codeParameter},
		{logPath("size=1000&sort=ASC"), 400, codeParameter},
		{logPath("size=1000&sort="), 400, codeParameter},
		{"/v1/log/" + JobID("forbidden") + "/1/real-time-log?size=1000", 403, codeForbidden},
		{"/v1/job/" + JobID("forbidden") + "/1/build-info", 403, codeForbidden},
		{"/v1/job/" + JobID("forbidden") + "/running-status", 403, codeForbidden},
		{"/v1/job/" + JobID("partly") + "/1/build-info", 500, codeInternal},
		{"/v1/record/" + JobID("partly") + "/1/record-info", 404, codeMissing},
		{"/v1/job/" + JobID("partly") + "/running-status", 403, codeForbidden},
		{"/v1/log/" + JobID("partly") + "/1/real-time-log?size=1000", 200, ""},
		{logPath("size=1000&sort=DESC&start_offset=0&end_offset=2147483647"), 200, ""},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			r := get(s, test.path)
			code, _ := decode(t, r)["error_code"].(string)
			if r.status != test.status || code != test.code {
				t.Errorf("got %d %s, want %d %s: %s", r.status, code, test.status, test.code, r.body)
			}
		})
	}
}

func TestErrorForms(t *testing.T) {
	tests := []struct{ reading, want string }{
		{"flat", `{"error_code":"CB.00060202","error_msg":"The build record does not exist."}`},
		{"nested", `{"error":{"code":"CB.00060202","message":"The build record does not exist."},"status":"failed"}`},
		{"fail-string", `{"result":null,"error":"CB.00060202 The build record does not exist.","status":"fail"}`},
		{"fail-object", `{"result":null,"error":{"code":"CB.00060202","message":"The build record does not exist."},"status":"fail"}`},
	}
	for _, test := range tests {
		s := start(t, Options{Readings: Readings{Errors: test.reading}})
		r := get(s, "/v1/job/"+testJob+"/1/build-info")
		want := http.StatusNotFound
		if strings.HasPrefix(test.reading, "fail") {
			want = http.StatusOK
		}
		if r.status != want || string(r.body) != test.want {
			t.Errorf("%s: got %d %s, want %d %s", test.reading, r.status, r.body, want, test.want)
		}
	}
	s := start(t, Options{Readings: Readings{Missing: "400"}})
	if r := get(s, "/v1/job/"+testJob+"/1/build-info"); r.status != http.StatusBadRequest {
		t.Errorf("missing=400: got %d", r.status)
	}
}

func TestOptionsThatAreWrong(t *testing.T) {
	log := bytes.NewReader(nil)
	good := Build{JobID: testJob, Number: 1, Log: log}
	tests := []struct {
		name string
		opt  Options
		want string
	}{
		{"remote", Options{Listen: "0.0.0.0:0"}, "not a loopback address"},
		{"no host", Options{Listen: ":80"}, "not a loopback address"},
		{"no port", Options{Listen: "127.0.0.1"}, "missing port"},
		{"limits", Options{Limits: -1}, "limits"},
		{"job", Options{Builds: []Build{{JobID: "x", Number: 1, Log: log}}}, `job id "x"`},
		{"number", Options{Builds: []Build{{JobID: testJob, Log: log}}}, "build number 0"},
		{"log", Options{Builds: []Build{{JobID: testJob, Number: 1}}}, "has no log"},
		{"twice", Options{Builds: []Build{good, good}}, "twice"},
		{"growth", Options{Builds: []Build{{JobID: testJob, Number: 1, Log: log, Grow: &Growth{}}}}, "grows over 0s"},
		{"refusal", Options{Builds: []Build{{JobID: testJob, Number: 1, Log: log, Refuse: map[Endpoint]int{BuildInfo: 200}}}}, "200"},
		{"fault", Options{Faults: []Fault{{Kind: "flood"}}}, "cut-chunked"},
		{"reading", Options{Readings: Readings{Cut: "word"}}, "cut"},
		{"key", Options{Auth: Auth{Keys: []Key{{Access: "AK"}}}}, "no secret"},
		{"token", Options{Auth: Auth{Tokens: []string{""}}}, "token is empty"},
		{"provider", Options{Auth: Auth{OIDC: &OIDC{}}}, "no id"},
	}
	for _, test := range tests {
		if _, err := New(test.opt); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got error %v, want one with %q", test.name, err, test.want)
		}
	}
	if _, err := New(Options{Listen: "0.0.0.0:0", AllowRemote: true}); err != nil {
		t.Error(err)
	}
}

func TestCloseBreaksHangingRequestsOff(t *testing.T) {
	build := one("a\n")
	build[0].Hang = true
	s, err := New(Options{Builds: build, Auth: Auth{Tokens: []string{testToken}}})
	if err != nil {
		t.Fatal(err)
	}
	if s.URL() != "" {
		t.Errorf("URL before Start is %q", s.URL())
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err == nil {
		t.Error("a second Start succeeds")
	}
	answered := make(chan reply, 3)
	for _, path := range []string{logPath("size=1000"), "/v1/job/" + testJob + "/1/build-info", "/v1/job/" + testJob + "/running-status"} {
		go func() { answered <- get(s, path) }()
	}
	for s.Stats().Requests[RealTimeLog]+s.Stats().Requests[BuildInfo]+s.Stats().Requests[RunningStatus] < 3 {
		time.Sleep(time.Millisecond)
	}
	select {
	case r := <-answered:
		t.Fatalf("a hanging build answers: %+v", r)
	case <-time.After(20 * time.Millisecond):
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for range 3 {
		if r := <-answered; r.err == nil {
			t.Errorf("got an answer: %d", r.status)
		}
	}
	if err := s.Start(); err == nil {
		t.Error("Start after Close succeeds")
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func TestLimits(t *testing.T) {
	for _, test := range []struct {
		share float64
		want  int // calls until one is refused
	}{{1, 50}, {0.1, 5}, {0.001, 1}} {
		now := newClock()
		s := start(t, Options{Builds: one("a\n"), Limits: test.share, Now: now.Now})
		allowed := 0
		for get(s, "/v1/job/"+testJob+"/1/build-info").status == http.StatusOK {
			allowed++
		}
		if allowed != test.want {
			t.Errorf("limits %v: %d calls allowed, want %d", test.share, allowed, test.want)
		}
		r := get(s, "/v1/job/"+testJob+"/1/build-info")
		if r.status != 429 || decode(t, r)["error_code"] != codeThrottling || r.header.Get("Retry-After") != "" {
			t.Errorf("limits %v: got %d %s", test.share, r.status, r.body)
		}
		if r := get(s, logPath("size=1000")); r.status != http.StatusOK {
			t.Errorf("limits %v: another endpoint got %d", test.share, r.status)
		}
		now.add(time.Minute / 50)
		if test.share == 1 && get(s, "/v1/job/"+testJob+"/1/build-info").status != http.StatusOK {
			t.Error("nothing is allowed after a fiftieth of a minute")
		}
		if s.Stats().Throttled[BuildInfo] < 2 {
			t.Errorf("throttled calls are not counted: %v", s.Stats())
		}
	}
	s := start(t, Options{Builds: one("a\n")})
	for range 60 {
		if r := get(s, "/v1/job/"+testJob+"/1/build-info"); r.status != http.StatusOK {
			t.Fatalf("limits off: %d", r.status)
		}
	}
}

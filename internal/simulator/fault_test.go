package simulator

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestParseFault(t *testing.T) {
	good := map[string]Fault{
		"reset":                        {Kind: "reset"},
		" reset:1% ":                   {Kind: "reset", Chance: 0.01},
		"reset:0.5%:#3":                {Kind: "reset", Chance: 0.005, Nth: 3},
		"latency=20ms":                 {Kind: "latency", Delay: 20 * time.Millisecond},
		"latency=50ms±20ms:build-info": {Kind: "latency", Delay: 50 * time.Millisecond, Jitter: 20 * time.Millisecond, Endpoint: BuildInfo},
		"latency=50ms+-20ms":           {Kind: "latency", Delay: 50 * time.Millisecond, Jitter: 20 * time.Millisecond},
		"429:3%:real-time-log":         {Kind: "429", Chance: 0.03, Endpoint: RealTimeLog},
		"429=2s:real-time-log:" + testJob + ":#2": {Kind: "429", Delay: 2 * time.Second, Endpoint: RealTimeLog, Job: testJob, Nth: 2},
	}
	for text, want := range good {
		if got, err := ParseFault(text); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
	bad := map[string]string{
		"":                  "cut-chunked",
		"rest":              "latency, 429, 429-bare",
		"reset=1s":          "takes no duration",
		"reset:0%":          "above 0%",
		"reset:101%":        "up to 100%",
		"reset:NaN%":        "share",
		"reset:#0":          "#1",
		"reset:log":         "real-time-log, build-info",
		"reset:":            "endpoints",
		"latency=":          "duration",
		"latency=-1s":       "above 0",
		"latency=1s±x":      "±x",
		"slow=1s±1s":        "not of latency",
		"429=soon":          "duration above 0",
		"latency=1s:1%:xyz": `"xyz"`,
	}
	for text, want := range bad {
		if _, err := ParseFault(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got error %v, want one line with %q", text, err, want)
		}
	}
	for _, kind := range KnownFaults() {
		if _, err := ParseFault(kind); err != nil || !strings.Contains(FaultHelp(), "  "+kind+" ") {
			t.Errorf("%s: %v, or it is not in the help", kind, err)
		}
	}
}

func TestParseReading(t *testing.T) {
	bad := map[string]string{
		"offset-unt=utf16":   "the nearest is offset-unit",
		"offset-unit=utf-16": "bytes, utf16, characters",
		"offset-unit":        "offset-unit=bytes|utf16|characters",
		"origin=-1":          "whole number",
		"origin=x":           "whole number",
		"empty=x":            "TIMES/EVERY",
		"empty=1/0":          "TIMES/EVERY",
		"late-log=3":         "duration",
		"":                   "nearest",
	}
	for text, want := range bad {
		var r Readings
		if err := ParseReading(text, &r); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got error %v, want one line with %q", text, err, want)
		}
	}
	for _, known := range KnownReadings() {
		name, values, _ := strings.Cut(known, "=")
		for _, value := range strings.Split(values, "|") {
			value = map[string]string{"N": "7", "DURATION": "1s", "TIMES[/EVERY]": "2/3"}[value] + strings.TrimLeft(value, "NDURATIOMES[/VY]")
			var r Readings
			if err := ParseReading(name+"="+value, &r); err != nil {
				t.Errorf("%s=%s: %v", name, value, err)
			}
		}
	}
}

func FuzzParseFault(f *testing.F) {
	f.Add("latency=50ms±20ms:1%:#3:real-time-log")
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := ParseFault(text)
		if err != nil {
			return
		}
		if _, err := arm([]Fault{fault}, 1); err != nil {
			t.Errorf("%q is parsed and then refused: %v", text, err)
		}
	})
}

func FuzzParseReading(f *testing.F) {
	f.Add("empty=2/3")
	f.Add("late-log=3s")
	f.Fuzz(func(t *testing.T, text string) {
		var r Readings
		if ParseReading(text, &r) != nil {
			return
		}
		if err := r.complete(); err != nil {
			t.Errorf("%q is parsed and then refused: %v", text, err)
		}
	})
}

// faulty runs a server whose first log page, and nothing else, has a fault.
func faulty(t *testing.T, text string) *Server {
	t.Helper()
	f, err := ParseFault(text)
	if err != nil {
		t.Fatal(err)
	}
	return start(t, Options{Builds: one(strings.Repeat("line\n", 1000)), Faults: []Fault{f}})
}

func TestFaultsThatAnswer(t *testing.T) {
	tests := []struct {
		fault            string
		status           int
		retryAfter, want string
	}{
		{"429:#1", 429, "1", codeThrottling},
		{"429=1500ms:#1", 429, "2", codeThrottling},
		{"429-bare:#1", 429, "", codeThrottling},
		{"cb211:#1", 500, "", codeTooMany},
		{"cb100:#1", 500, "", codeBusy},
		{"cb101:#1", 500, "", codeInternal},
		{"502html:#1", 502, "", "<html>"},
		{"expired", 401, "", codeAuth},
	}
	for _, test := range tests {
		s := faulty(t, test.fault)
		r := get(s, logPath("size=1000"))
		if r.status != test.status || r.header.Get("Retry-After") != test.retryAfter || !strings.Contains(string(r.body), test.want) {
			t.Errorf("%s: got %d %v %s", test.fault, r.status, r.header, r.body)
		}
		if r := get(s, logPath("size=1000")); r.status != 200 {
			t.Errorf("%s: the second request got %d", test.fault, r.status)
		}
		kind, _, _ := strings.Cut(strings.Split(test.fault, ":")[0], "=")
		if n := s.Stats().Faults[kind]; n != 1 {
			t.Errorf("%s: Stats counts %d", test.fault, n)
		}
	}
}

func TestFaultsOfConnections(t *testing.T) {
	tests := []struct {
		fault string
		path  string
		check func(reply) error
	}{
		{"reset:#1", logPath("size=1000"), func(r reply) error {
			if !errors.Is(r.err, syscall.ECONNRESET) {
				return errors.New("want a reset connection")
			}
			return nil
		}},
		{"cut:#1", logPath("size=1000"), func(r reply) error {
			if !errors.Is(r.err, io.ErrUnexpectedEOF) || len(r.body) < 1000 || r.header.Get("Content-Length") == "" {
				return errors.New("want a part of what Content-Length says")
			}
			return nil
		}},
		{"cut-chunked:#1", logPath("size=1000"), func(r reply) error {
			if !errors.Is(r.err, io.ErrUnexpectedEOF) || len(r.body) < 1000 || r.header.Get("Content-Length") != "" {
				return errors.New("want a part of a chunked body")
			}
			return nil
		}},
		{"badjson:#1", logPath("size=1000"), func(r reply) error {
			if r.err != nil || r.status != 200 || strings.HasSuffix(string(r.body), "}") || len(r.body) < 1000 {
				return errors.New("want a whole body that is no JSON")
			}
			return nil
		}},
	}
	for _, test := range tests {
		s := faulty(t, test.fault)
		r := get(s, test.path)
		if err := test.check(r); err != nil {
			t.Errorf("%s: %v; got %d %v, %d bytes, %v", test.fault, err, r.status, r.header, len(r.body), r.err)
		}
		if r := get(s, test.path); r.status != 200 || r.err != nil {
			t.Errorf("%s: the second request got %d %v", test.fault, r.status, r.err)
		}
	}
}

func TestFaultsOfTime(t *testing.T) {
	took := func(s *Server) time.Duration {
		begun := time.Now()
		if r := get(s, logPath("size=1000")); r.status != 200 || r.err != nil {
			t.Errorf("got %d %v", r.status, r.err)
		}
		return time.Since(begun)
	}
	for _, fault := range []string{"latency=60ms:#1", "slow=60ms:#1", "latency=90ms±30ms:#1"} {
		s := faulty(t, fault)
		if d := took(s); d < 55*time.Millisecond {
			t.Errorf("%s: took %v", fault, d)
		}
	}

	s := faulty(t, "hang:#1")
	r, err := http.NewRequest(http.MethodGet, s.URL()+logPath("size=1000"), nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Timeout: 50 * time.Millisecond}
	if resp, err := client.Do(r); err == nil {
		resp.Body.Close()
		t.Errorf("a hanging request got %d", resp.StatusCode)
	}
}

// TestFaultsStrikeAsAsked counts how often faults strike, and which requests.
func TestFaultsStrikeAsAsked(t *testing.T) {
	run := func(seed int64, fault string) string {
		f, err := ParseFault(fault)
		if err != nil {
			t.Fatal(err)
		}
		armed, err := arm([]Fault{f}, seed)
		if err != nil {
			t.Fatal(err)
		}
		c := &call{route: &route{name: RealTimeLog}, vars: map[string]string{"job": testJob}}
		var struck strings.Builder
		for range 10_000 {
			if strikes, _ := armed[0].strikes(c); strikes {
				struck.WriteByte('x')
			} else {
				struck.WriteByte('.')
			}
		}
		return struck.String()
	}
	if a, b := run(1, "reset:1%"), run(1, "reset:1%"); a != b {
		t.Error("the same seed strikes otherwise")
	}
	if run(1, "reset:1%") == run(2, "reset:1%") {
		t.Error("another seed strikes alike")
	}
	for fault, want := range map[string][2]int{
		"reset:1%": {70, 130}, "reset:50%": {4800, 5200}, "reset": {10_000, 10_000}, "reset:#77": {1, 1},
		"reset:" + testJob: {10_000, 10_000}, "reset:" + JobID("other"): {0, 0}, "reset:build-info": {0, 0}, "expired": {1, 1},
	} {
		if n := strings.Count(run(3, fault), "x"); n < want[0] || n > want[1] {
			t.Errorf("%s struck %d times", fault, n)
		}
	}
	if i := strings.Index(run(3, "reset:#77"), "x"); i != 76 {
		t.Errorf("#77 struck request %d", i+1)
	}
}

// TestExpiredTokenIsGone lets an exchanged token expire: only a new one helps.
func TestExpiredTokenIsGone(t *testing.T) {
	s := start(t, Options{
		Builds: one("a\n"), Faults: []Fault{{Kind: "expired"}},
		Auth: Auth{OIDC: &OIDC{Provider: "github", IDTokens: []string{"jwt"}}},
	})
	exchange := func() string {
		r := exchangeFor(t, s, "github", `{"auth":{"id_token":{"id":"jwt"},"scope":{"project":{"name":"x"}}}}`)
		return r.header.Get("X-Subject-Token")
	}
	use := func(token string) int {
		r, err := http.NewRequest(http.MethodGet, s.URL()+logPath("size=1000"), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(headerToken, token)
		return do(r).status
	}
	old := exchange()
	if got := fmt.Sprint(use(old), use(old), use(exchange())); got != "401 401 200" {
		t.Errorf("got %s", got)
	}
}

package simulator

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// sdkRequest is a request of the official SDK for Go (v0.1.207), recorded: it
// was signed by nobody of ours.
func sdkRequest(t *testing.T, url string, temporary bool) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url+"/v1/log/14c2529eb4498c5d1ffd6915d05bf58a/7/real-time-log?end_offset=0&size=1000&sort=AES&start_offset=0", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "huaweicloud-usdk-go/3.0; os/Debian_GNU/Linux#12_(bookworm)#amd64 go/go1.26.8; app/b7e5e689-49cc-42bc-a9cf-70376f4ad00e")
	r.Header.Set("X-Project-Id", "p1")
	r.Header.Set(headerDate, "20261124T041236Z")
	if temporary {
		r.Header.Set(headerSecurityToken, "st/+=x")
		r.Header.Set(headerAuthorization, "SDK-HMAC-SHA256 Access=TK, SignedHeaders=user-agent;x-project-id;x-sdk-date;x-security-token, Signature=cc7aa51ab208f2816815e5dcec35db74f685ed220a1c3826126462abdfa33f60")
		return r
	}
	r.Header.Set(headerAuthorization, "SDK-HMAC-SHA256 Access=AK, SignedHeaders=user-agent;x-project-id;x-sdk-date, Signature=4de81a6c05795205cfa10f062a191b455b6e5df87a36a725e83603a771760cb5")
	return r
}

// sign signs a request as its sender would, for the tests of what the SDK
// never sends. The canonical request is written out by hand.
func sign(r *http.Request, access, secret, headers, canonical string) {
	digest := sha256.Sum256([]byte(canonical))
	mac := hmac.New(sha256.New, []byte(secret))
	io.WriteString(mac, "SDK-HMAC-SHA256\n"+r.Header.Get(headerDate)+"\n"+hex.EncodeToString(digest[:]))
	r.Header.Set(headerAuthorization, "SDK-HMAC-SHA256 Access="+access+", SignedHeaders="+headers+", Signature="+hex.EncodeToString(mac.Sum(nil)))
}

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// authOptions let in the keys that the recorded requests were signed with.
func authOptions(now func() time.Time) Options {
	return Options{
		Builds: []Build{{JobID: "14c2529eb4498c5d1ffd6915d05bf58a", Number: 7, Log: strings.NewReader("a\n")}},
		Auth:   Auth{Keys: []Key{{Access: "AK", Secret: "SK"}, {Access: "TK", Secret: "TS", SecurityToken: "st/+=x"}}},
		Now:    now,
	}
}

func TestSignature(t *testing.T) {
	edit := func(name, from, to string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, strings.Replace(r.Header.Get(name), from, to, 1)) }
	}
	tests := []struct {
		name      string
		temporary bool
		change    func(*http.Request)
		shift     time.Duration // of the server's clock
		want      string        // "" is let in
	}{
		{name: "as recorded"},
		{name: "temporary as recorded", temporary: true},
		{name: "content type isn't signed", change: edit("Content-Type", "json", "xml")},
		{name: "clock 15 minutes ahead", shift: 15 * time.Minute},
		{name: "clock further ahead", shift: 15*time.Minute + time.Second, want: "15 minutes"},
		{name: "clock further behind", shift: -15*time.Minute - time.Second, want: "15 minutes"},
		{name: "other date", change: edit(headerDate, "36Z", "37Z"), want: signFailed},
		{name: "no date", change: func(r *http.Request) { r.Header.Del(headerDate) }, want: "X-Sdk-Date"},
		{name: "two dates", change: func(r *http.Request) { r.Header.Add(headerDate, "20261124T041236Z") }, want: "X-Sdk-Date"},
		{name: "date of another form", change: edit(headerDate, "20261124T041236Z", "2026-11-24T04:12:36Z"), want: "form"},
		{name: "other path", change: func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, "/7/", "/8/", 1) }, want: signFailed},
		{name: "other query", change: func(r *http.Request) { r.URL.RawQuery += "0" }, want: signFailed},
		{name: "more query", change: func(r *http.Request) { r.URL.RawQuery += "&x" }, want: signFailed},
		{name: "query in another order", change: func(r *http.Request) { r.URL.RawQuery = "size=1000&start_offset=0&sort=A%45S&end_offset=0" }},
		{name: "query that can't be decoded", change: func(r *http.Request) { r.URL.RawQuery += "&%zz" }, want: "decoded"},
		{name: "other method", change: func(r *http.Request) { r.Method = http.MethodDelete }, want: signFailed},
		{name: "a body", change: func(r *http.Request) { setBody(r, "x") }, want: signFailed},
		{name: "other signed header", change: edit("X-Project-Id", "p1", "p2"), want: signFailed},
		{name: "signed header twice", change: func(r *http.Request) { r.Header.Add("X-Project-Id", "p1") }, want: signFailed},
		{name: "signed header left out", change: func(r *http.Request) { r.Header.Del("X-Project-Id") }, want: "not sent"},
		{name: "header no longer in the list", change: edit(headerAuthorization, "x-project-id;", ""), want: signFailed},
		{name: "date not in the list", change: edit(headerAuthorization, ";x-sdk-date", ""), want: "x-sdk-date must be signed"},
		{name: "list not sorted", change: edit(headerAuthorization, "user-agent;x-project-id", "x-project-id;user-agent"), want: "sorted"},
		{name: "list with a repeat", change: edit(headerAuthorization, "user-agent;", "user-agent;user-agent;"), want: "twice"},
		{name: "other signature", change: edit(headerAuthorization, "Signature=4", "Signature=5"), want: signFailed},
		{name: "short signature", change: edit(headerAuthorization, "Signature=4", "Signature="), want: "form"},
		{name: "upper-case signature", change: edit(headerAuthorization, "Signature=4de", "Signature=4DE"), want: "form"},
		{name: "other algorithm", change: edit(headerAuthorization, "SDK-HMAC-SHA256", "AWS4-HMAC-SHA256"), want: "form"},
		{name: "unknown key", change: edit(headerAuthorization, "Access=AK", "Access=BK"), want: "does not exist"},
		{name: "another's key", change: edit(headerAuthorization, "Access=AK", "Access=TK"), want: "X-Security-Token is missing"},
		{name: "security token of a permanent key", change: func(r *http.Request) { r.Header.Set(headerSecurityToken, "st/+=x") }, want: "permanent"},
		{name: "no security token", temporary: true, change: func(r *http.Request) { r.Header.Del(headerSecurityToken) }, want: "not sent"},
		{name: "wrong security token", temporary: true, change: edit(headerSecurityToken, "st", "ts"), want: "X-Security-Token is wrong"},
		{name: "unsigned security token", temporary: true, change: edit(headerAuthorization, ";x-security-token", ""), want: "not signed"},
		{name: "content hash that isn't the body's", change: func(r *http.Request) { r.Header.Set(headerContentHash, strings.Repeat("0", 64)) }, want: "not the body's"},
		{name: "unsigned-payload, unsigned", change: func(r *http.Request) { r.Header.Set(headerContentHash, unsigned) }, want: "not the body's"},
		{name: "nothing at all", change: func(r *http.Request) { r.Header.Del(headerAuthorization) }, want: "no X-Auth-Token"},
	}
	now := newClock()
	s := start(t, authOptions(now.Now))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			now.add(test.shift)
			defer now.add(-test.shift)
			r := sdkRequest(t, s.URL(), test.temporary)
			if test.change != nil {
				test.change(r)
			}
			checkAuth(t, do(r), test.want)
		})
	}
}

func setBody(r *http.Request, text string) {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
}

// checkAuth fails unless the answer is 200, or 401 with a reason where one is wanted.
func checkAuth(t *testing.T, r reply, want string) {
	t.Helper()
	if want == "" {
		if r.status != http.StatusOK {
			t.Errorf("got %d %s %v, want 200", r.status, r.body, r.err)
		}
		return
	}
	var refusal flatError
	if err := json.Unmarshal(r.body, &refusal); err != nil || r.status != http.StatusUnauthorized ||
		refusal.Code != codeAuth || !strings.Contains(refusal.Message, want) {
		t.Errorf("got %d %s, want 401 %s with %q", r.status, r.body, codeAuth, want)
	}
	if bytes.Contains(r.body, []byte("SK")) || bytes.Contains(r.body, []byte("st/")) {
		t.Errorf("the answer has a secret: %s", r.body)
	}
}

func TestSignedHost(t *testing.T) {
	now := newClock()
	opt := authOptions(now.Now)
	opt.Readings.SignedHost = "required"
	s := start(t, opt)
	checkAuth(t, do(sdkRequest(t, s.URL(), false)), "host must be signed")

	host := strings.TrimPrefix(s.URL(), "http://")
	canonical := "GET\n/v1/job/14c2529eb4498c5d1ffd6915d05bf58a/running-status/\n\nhost:" + host + "\nx-sdk-date:20261124T041236Z\n\nhost;x-sdk-date\n" + emptyHash
	request := func() *http.Request {
		r, err := http.NewRequest(http.MethodGet, s.URL()+"/v1/job/14c2529eb4498c5d1ffd6915d05bf58a/running-status", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(headerDate, "20261124T041236Z")
		sign(r, "AK", "SK", "host;x-sdk-date", canonical)
		return r
	}
	checkAuth(t, do(request()), "")
	other := request()
	other.Host = "localhost" + host[strings.LastIndex(host, ":"):]
	checkAuth(t, do(other), signFailed)
}

// TestCanonicalForm signs what the SDK never sends: encoded characters, empty
// values, repeated keys, padded headers, a body. Such requests are let in and
// then refused for their parameters.
func TestCanonicalForm(t *testing.T) {
	now := newClock()
	s := start(t, authOptions(now.Now))
	body := sha256.Sum256([]byte(`{"a":1}`))
	canonical := strings.Join([]string{
		"POST", "/v1/a%20b/%E6%97%A5~/%2F/",
		"=&a=&a=1&a=b%20c&a%2Bb=%2B&z=%2A%27",
		"x-custom:one", "x-custom:two", "x-sdk-date:20261124T041236Z", "", "x-custom;x-sdk-date", hex.EncodeToString(body[:]),
	}, "\n")
	r, err := http.NewRequest(http.MethodPost, s.URL()+"/v1/a%20b/%e6%97%a5~/%2f?z=*%27&a=b+c&a=1&a&a%2bb=%2b&=", strings.NewReader(`{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(headerDate, "20261124T041236Z")
	r.Header["X-Custom"] = []string{"  two ", "one"}
	sign(r, "AK", "SK", "x-custom;x-sdk-date", canonical)
	if got := do(r); got.status != http.StatusNotFound {
		t.Errorf("got %d %s, want 404", got.status, got.body)
	}

	r.Header.Set(headerContentHash, unsigned)
	setBody(r, "anything")
	sign(r, "AK", "SK", "x-custom;x-sdk-content-sha256;x-sdk-date", strings.NewReplacer(
		"x-sdk-date:", "x-sdk-content-sha256:UNSIGNED-PAYLOAD\nx-sdk-date:",
		"x-custom;", "x-custom;x-sdk-content-sha256;", hex.EncodeToString(body[:]), unsigned).Replace(canonical))
	if got := do(r); got.status != http.StatusNotFound {
		t.Errorf("unsigned payload: got %d %s, want 404", got.status, got.body)
	}
}

func TestTokens(t *testing.T) {
	s := start(t, Options{Builds: one("a\n")})
	tests := []struct {
		name   string
		tokens []string
		want   string
	}{
		{"right", []string{testToken}, ""},
		{"wrong", []string{testToken + "x"}, "decrypt token fail"},
		{"empty", []string{""}, "decrypt token fail"},
		{"none", nil, "no X-Auth-Token"},
		{"two", []string{testToken, testToken}, "more than one"},
	}
	for _, test := range tests {
		r, err := http.NewRequest(http.MethodGet, s.URL()+logPath("size=1000"), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header[headerToken] = test.tokens
		t.Run(test.name, func(t *testing.T) { checkAuth(t, do(r), test.want) })
	}
}

// exchangeFor asks IAM for a token.
func exchangeFor(t *testing.T, s *Server, provider, body string) reply {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.URL()+"/v3.0/OS-AUTH/id-token/tokens", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Idp-Id", provider)
	return do(r)
}

func TestExchange(t *testing.T) {
	now := newClock()
	s := start(t, Options{
		Builds: one("a\n"), Now: now.Now,
		Auth: Auth{OIDC: &OIDC{Provider: "github", IDTokens: []string{"jwt"}, Project: "cn-north-4"}},
	})
	tests := []struct {
		name, provider, body string
		status               int
	}{
		{"project", "github", `{"auth":{"id_token":{"id":"jwt"},"scope":{"project":{"name":"cn-north-4"}}}}`, 201},
		{"project by id", "github", `{"auth":{"id_token":{"id":"jwt"},"scope":{"project":{"id":"cn-north-4"}}}}`, 201},
		{"domain", "github", `{"auth":{"id_token":{"id":"jwt"},"scope":{"domain":{"name":"me"}}}}`, 201},
		{"no scope", "github", `{"auth":{"id_token":{"id":"jwt"}}}`, 201},
		{"other provider", "gitlab", `{"auth":{"id_token":{"id":"jwt"}}}`, 404},
		{"other token", "github", `{"auth":{"id_token":{"id":"jwx"}}}`, 401},
		{"no token", "github", `{"auth":{}}`, 400},
		{"no JSON", "github", `auth`, 400},
		{"other project", "github", `{"auth":{"id_token":{"id":"jwt"},"scope":{"project":{"name":"cn-north-1"}}}}`, 401},
		{"empty project", "github", `{"auth":{"id_token":{"id":"jwt"},"scope":{"project":{}}}}`, 400},
		{"two scopes", "github", `{"auth":{"id_token":{"id":"jwt"},"scope":{"project":{"name":"cn-north-4"},"domain":{"name":"me"}}}}`, 400},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := exchangeFor(t, s, test.provider, test.body)
			if r.status != test.status || (r.header.Get("X-Subject-Token") != "") != (r.status == 201) {
				t.Fatalf("got %d %v %s, want %d", r.status, r.header, r.body, test.status)
			}
			if r.status != 201 {
				return
			}
			call, err := http.NewRequest(http.MethodGet, s.URL()+logPath("size=1000"), nil)
			if err != nil {
				t.Fatal(err)
			}
			call.Header.Set(headerToken, r.header.Get("X-Subject-Token"))
			want := ""
			if !strings.Contains(test.body, "project") {
				want = "scope is not a project"
			}
			checkAuth(t, do(call), want)
			if want != "" {
				return
			}
			now.add(24 * time.Hour)
			checkAuth(t, do(call), "expired")
		})
	}
}

// FuzzRequest sends what a stranger might: nothing of it may get more than a
// refusal.
func FuzzRequest(f *testing.F) {
	now := newClock()
	s, err := New(authOptions(now.Now))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("/v1/log/"+testJob+"/1/real-time-log", "size=1000&start_offset=0", "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature="+emptyHash, "20261124T041236Z", "")
	f.Add("/v3.0/OS-AUTH/id-token/tokens", "", "", "", `{"auth":{"id_token":{"id":"x"},"scope":{"project":{"name":"x"}}}}`)
	f.Fuzz(func(t *testing.T, path, query, authorization, date, body string) {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			r := &http.Request{Method: method, URL: &url.URL{Path: path, RawQuery: query}, Header: http.Header{
				"Authorization": {authorization}, "X-Sdk-Date": {date}, "Content-Type": {"application/json"},
			}, Body: io.NopCloser(strings.NewReader(body))}
			if a := s.answer(s.read(r)); a.status < 400 {
				t.Errorf("%s %q %q %q got %d", method, path, query, authorization, a.status)
			}
		}
	})
}

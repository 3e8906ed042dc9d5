package fetch

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/build"
)

func TestTokenIsSent(t *testing.T) {
	c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Auth-Token") != "TOKEN" || r.Header.Get("Authorization") != "" || r.Header.Get("X-Project-Id") != "" {
			t.Errorf("headers %v", r.Header)
		}
		answer(200, goodInfo)(w, r)
	}, func(o *Options) { o.Credentials, o.ProjectID = Credentials{AuthToken: "TOKEN"}, "p1" })
	if _, err := c.BuildInfo(t.Context(), testRef); err != nil {
		t.Error(err)
	}
}

func TestTokenThatEndsMidRunIsFinal(t *testing.T) {
	service, asked := inTurn(t, answer(200, goodInfo), answer(401, `{"error_code":"APIGW.0301","error_msg":"token expired: TOKEN"}`))
	c := newTestClient(t, service, func(o *Options) { o.Credentials = Credentials{AuthToken: "TOKEN"} })
	if _, err := c.BuildInfo(t.Context(), testRef); err != nil {
		t.Fatal(err)
	}
	_, err := c.BuildInfo(t.Context(), testRef)
	if err == nil || asked.Load() != 2 || !strings.Contains(err.Error(), "token expired: [redacted]; the credentials were accepted before") {
		t.Errorf("error %v after %d requests", err, asked.Load())
	}
}

func TestRefusedKeysAreNotTriedForever(t *testing.T) {
	service, asked := inTurn(t, answer(401, `{"error_code":"APIGW.0301","error_msg":"verify aksk signature fail"}`))
	c := newTestClient(t, service, nil)
	for n := range 10 {
		_, err := c.BuildInfo(t.Context(), build.Ref{JobID: testJob, Number: n + 1})
		var refused *APIError
		if !errors.As(err, &refused) || refused.HTTPStatus != 401 || refused.Code != "APIGW.0301" || !strings.HasSuffix(refused.Build, ":"+string("0123456789"[(n+1)%10])) && n < 9 {
			t.Errorf("error %v", err)
		}
		if n >= maxRefusals && !strings.Contains(err.Error(), "not asked, since") {
			t.Errorf("error %v", err)
		}
	}
	if asked.Load() != maxRefusals {
		t.Errorf("asked %d times, want %d", asked.Load(), maxRefusals)
	}
}

// iam is an IAM and GitHub that exchange tokens, and an API that takes only
// the token that was given last.
type iam struct {
	mu        sync.Mutex
	exchanges int
	valid     string
	life      time.Duration // 0: it doesn't say
	refuse    int           // with this status
	bodies    []string
}

func (s *iam) handle(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.URL.Path == "/github":
		if r.Header.Get("Authorization") != "Bearer REQUEST" || r.URL.Query().Get("audience") != "idp" || r.URL.Query().Get("api-version") != "2" {
			answer(401, `{"message":"bad"}`)(w, r)
			return
		}
		answer(200, `{"count":1,"value":"IDTOKEN"}`)(w, r)
	case r.URL.Path == "/v3.0/OS-AUTH/id-token/tokens":
		body, _ := io.ReadAll(r.Body)
		s.bodies = append(s.bodies, r.Method+" "+r.Header.Get("X-Idp-Id")+" "+string(body))
		s.exchanges++
		if s.refuse != 0 {
			answer(s.refuse, `{"error":{"code":401,"message":"IDTOKEN is expired","title":"Unauthorized"}}`)(w, r)
			return
		}
		s.valid = "TOKEN" + strings.Repeat("I", s.exchanges)
		ends := ""
		if s.life != 0 {
			ends = time.Now().UTC().Add(s.life).Format("2006-01-02T15:04:05.000000Z")
		}
		answer(201, `{"token":{"expires_at":"`+ends+`"}}`, "X-Subject-Token", s.valid)(w, r)
	case r.Header.Get("X-Auth-Token") != s.valid:
		answer(401, `{"error_code":"APIGW.0301","error_msg":"token expired"}`)(w, r)
	default:
		answer(200, goodInfo)(w, r)
	}
}

// expire makes the API refuse the tokens given so far.
func (s *iam) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.valid = "none"
}

func newOIDCClient(t *testing.T, s *iam, oidc OIDC) *Client {
	t.Helper()
	oidc.Provider, oidc.Project = "idp", "cn-north-4"
	return newTestClient(t, s.handle, func(o *Options) {
		o.IAMEndpoint = o.Endpoint
		if strings.HasPrefix(oidc.RequestURL, "/") {
			oidc.RequestURL = o.Endpoint.String() + oidc.RequestURL
		}
		o.Credentials = Credentials{OIDC: &oidc}
	})
}

func TestOIDCExchangesOnceForAllBuilds(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("IDTOKEN\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, oidc := range map[string]OIDC{
		"a token":      {IDToken: "IDTOKEN", IDTokenFile: "/nowhere"},
		"a file":       {IDTokenFile: file},
		"GitHub's URL": {RequestURL: "/github?api-version=2", RequestToken: "REQUEST", Audience: "idp"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &iam{life: 24 * time.Hour}
			c := newOIDCClient(t, s, oidc)
			var group sync.WaitGroup
			for range 16 {
				group.Go(func() {
					if _, err := c.BuildInfo(t.Context(), testRef); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			want := `POST idp {"auth":{"id_token":{"id":"IDTOKEN"},"scope":{"project":{"name":"cn-north-4"}}}}`
			if s.exchanges != 1 || s.bodies[0] != want {
				t.Errorf("%d exchanges: %q, want %q", s.exchanges, s.bodies, want)
			}
		})
	}
}

func TestOIDCRenewsAnExpiredToken(t *testing.T) {
	s := &iam{}
	c := newOIDCClient(t, s, OIDC{IDToken: "IDTOKEN"})
	for range 3 {
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				if _, err := c.BuildInfo(t.Context(), testRef); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		s.expire()
	}
	if s.exchanges != 3 {
		t.Errorf("%d exchanges, want 3", s.exchanges)
	}
}

func TestOIDCRenewsBeforeTheEnd(t *testing.T) {
	s := &iam{life: time.Second}
	c := newOIDCClient(t, s, OIDC{IDToken: "IDTOKEN"})
	for range 2 {
		if _, err := c.BuildInfo(t.Context(), testRef); err != nil {
			t.Fatal(err)
		}
	}
	if s.exchanges != 1 {
		t.Errorf("%d exchanges of a good token, want 1", s.exchanges)
	}
	time.Sleep(950 * time.Millisecond)
	if _, err := c.BuildInfo(t.Context(), testRef); err != nil || s.exchanges != 2 {
		t.Errorf("%d exchanges near the end, want 2 (%v)", s.exchanges, err)
	}
}

func TestOIDCRefusalIsFinalForTheRun(t *testing.T) {
	s := &iam{refuse: 401}
	c := newOIDCClient(t, s, OIDC{IDToken: "IDTOKEN"})
	for range 3 {
		_, err := c.Page(t.Context(), testRef, PageQuery{})
		var refused *APIError
		if !errors.As(err, &refused) || refused.HTTPStatus != 401 || IsNotFound(err) {
			t.Fatalf("error %v", err)
		}
		want := "fetch page at offset 0 of build api:7: exchange the ID token at IAM: HTTP 401 401: [redacted] is expired; does oidc-provider name"
		if !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %q", err)
		}
	}
	if s.exchanges != 1 {
		t.Errorf("%d exchanges, want 1", s.exchanges)
	}
}

func TestOIDCTokensThatAreNeverAcceptedHaveAnEnd(t *testing.T) {
	var exchanges atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		exchanges.Add(1)
		answer(201, `{}`, "X-Subject-Token", "TOKEN")(w, r)
	}))
	defer server.Close()
	endpoint, _ := url.Parse(server.URL)
	c := newTestClient(t, answer(401, `{"error_code":"APIGW.0301","error_msg":"no"}`), func(o *Options) {
		o.IAMEndpoint = endpoint
		o.Credentials = Credentials{OIDC: &OIDC{IDToken: "IDTOKEN"}}
	})
	for range 5 {
		if _, err := c.BuildInfo(t.Context(), testRef); !isUnauthorized(err) {
			t.Errorf("error %v", err)
		}
	}
	if exchanges.Load() != maxUnproven+1 {
		t.Errorf("%d exchanges, want %d", exchanges.Load(), maxUnproven+1)
	}
}

func TestIDTokensThatCanNotBeHad(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	large := filepath.Join(dir, "large")
	for name, size := range map[string]int{empty: 0, large: maxIDToken + 1} {
		if err := os.WriteFile(name, []byte(strings.Repeat("a", size)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		oidc OIDC
		want string
	}{
		{OIDC{}, "there is neither one"},
		{OIDC{IDTokenFile: filepath.Join(dir, "none")}, "no such file"},
		{OIDC{IDTokenFile: dir}, "no regular file"},
		{OIDC{IDTokenFile: empty}, "holds no ID token"},
		{OIDC{IDTokenFile: large}, "holds no ID token"},
		{OIDC{RequestURL: "/v1/x"}, `no "value" in it`},
		{OIDC{RequestURL: "/github?api-version=2", RequestToken: "REQUEST", Audience: "other"}, "HTTP 401"},
		{OIDC{RequestURL: "http://example.invalid/"}, "no https URL"},
		{OIDC{RequestURL: "ftp://127.0.0.1/"}, "no https URL"},
		{OIDC{RequestURL: "https://"}, "no answer"},
	} {
		s := &iam{}
		c := newOIDCClient(t, s, tt.oidc)
		_, err := c.BuildInfo(t.Context(), testRef)
		if err == nil || s.exchanges != 0 || !strings.HasPrefix(err.Error(), "get the status of build api:7: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, %d exchanges", tt.oidc, err, s.exchanges)
		}
	}
}

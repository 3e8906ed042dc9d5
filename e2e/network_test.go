package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// A server that sends more than it has announced gets nothing of that shown: it
// might be what it was sent.
func TestLeftoversOfAnAnswerAreNotShown(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = conn.Read(make([]byte, 64<<10))
				_, _ = io.WriteString(conn, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"+secretKey)
				time.Sleep(100 * time.Millisecond)
				_, _ = io.WriteString(conn, secretKey+"\r\n::error::"+secretKey)
				time.Sleep(100 * time.Millisecond)
			}()
		}
	}()
	b := newBuild("api", goodLog)
	r := run(t, invocation{args: []string{"run", "--timeout", "3s", "--wait", "false", "--log-level", "debug"}, env: []string{
		"LOGGATE_ENDPOINT=http://" + listener.Addr().String(), "LOGGATE_ACCESS_KEY=" + accessKey, "LOGGATE_SECRET_KEY=" + secretKey,
		"LOGGATE_BUILDS=" + input(b),
	}})
	r.expectCode(t, build.ExitIncomplete)
	expectHushed(t, "the output", r.stdout+r.stderr, []string{secretKey})
}

// A clock that is wrong is said to be.
func TestWrongClock(t *testing.T) {
	for _, test := range []struct {
		ahead time.Duration // of the service's clock
		want  string
	}{
		{20*time.Minute + 30*time.Second, "this machine's clock is 20 minutes behind the service's: set it right"},
		{-20*time.Minute - 30*time.Second, "this machine's clock is 20 minutes ahead of the service's: set it right"},
	} {
		t.Run(test.ahead.String(), func(t *testing.T) {
			t.Parallel()
			b := newBuild("api", goodLog)
			server := serve(t, simulator.Options{Builds: []simulator.Build{b}, Now: func() time.Time { return time.Now().Add(test.ahead) }})
			r := run(t, against(server, []simulator.Build{b}))
			r.expectCode(t, build.ExitIncomplete)
			lacks(t, r.report(t), "api", 401, test.want)
			expectText(t, "stdout", r.stdout, test.want)
		})
	}
	t.Run("a little", func(t *testing.T) {
		t.Parallel()
		b := newBuild("api", goodLog)
		server := serve(t, simulator.Options{Builds: []simulator.Build{b}, Now: func() time.Time { return time.Now().Add(10 * time.Minute) }})
		run(t, against(server, []simulator.Build{b})).expectCode(t, build.ExitPass)
	})
}

// A token that ends while a build is followed is renewed where it can be; else
// it is said what has happened.
func TestTokenEndsInTheMiddle(t *testing.T) {
	following := func() []simulator.Build {
		b := running("api", "", 6*time.Second)
		b.Log = simulator.Generate(5, 300_000)
		return []simulator.Build{b}
	}
	expired := []simulator.Fault{{Kind: "expired", Nth: 4, Endpoint: simulator.RealTimeLog}}
	t.Run("OIDC", func(t *testing.T) {
		t.Parallel()
		builds := following()
		server := serve(t, simulator.Options{Builds: builds, Faults: expired,
			Auth: simulator.Auth{OIDC: &simulator.OIDC{Provider: "ci", IDTokens: []string{idToken}}}})
		r := run(t, invocation{args: []string{"run"}, env: []string{
			"LOGGATE_ENDPOINT=" + server.URL(), "LOGGATE_IAM_ENDPOINT=" + server.URL(), "LOGGATE_OIDC_PROVIDER=ci", "LOGGATE_ID_TOKEN=" + idToken,
			"LOGGATE_BUILDS=" + input(builds...), "LOGGATE_RATE_LIMIT=off",
		}})
		r.expectCode(t, build.ExitPass)
		r.expectWhole(t, r.report(t), builds[0])
		if n := server.Stats().Requests[simulator.IDToken]; n != 2 || server.Stats().Faults["expired"] != 1 {
			t.Errorf("%d tokens were asked for, %v", n, server.Stats().Faults)
		}
	})
	t.Run("auth-token", func(t *testing.T) {
		t.Parallel()
		builds := following()
		server := serve(t, simulator.Options{Builds: builds, Faults: expired, Auth: simulator.Auth{Tokens: []string{authToken}}})
		r := run(t, invocation{args: []string{"run"}, env: []string{
			"LOGGATE_ENDPOINT=" + server.URL(), "LOGGATE_AUTH_TOKEN=" + authToken, "LOGGATE_BUILDS=" + input(builds...), "LOGGATE_RATE_LIMIT=off",
		}})
		r.expectCode(t, build.ExitIncomplete)
		rep := r.report(t)
		lacks(t, rep, "api", 401, "accepted before: they have expired or were revoked during the run; use ones that last as long as the run, or OIDC, which renews its token")
		if log := named(t, rep, "api").Log; log.Bytes == 0 || log.Path == nil {
			t.Errorf("nothing is kept: %+v", log)
		}
	})
}

// A service that refuses half of all requests for being too many gets fewer,
// and gives all logs in the end.
func TestThrottlingStorm(t *testing.T) {
	t.Parallel()
	var builds []simulator.Build
	for i := range 6 {
		b := newBuild(fmt.Sprintf("build-%d", i), "")
		b.Log = simulator.Generate(int64(i), 30_000)
		builds = append(builds, b)
	}
	server := serve(t, simulator.Options{Builds: builds, Seed: 15, Faults: []simulator.Fault{
		{Kind: "429", Chance: 0.2}, {Kind: "429-bare", Chance: 0.15}, {Kind: "cb211", Chance: 0.15},
	}})
	r := run(t, against(server, builds, "--concurrency", "6"))
	r.expectCode(t, build.ExitPass)
	rep := r.report(t)
	for _, b := range builds {
		r.expectWhole(t, rep, b)
	}
	stats := server.Stats()
	t.Logf("%v: %d requests, %v", r.took.Round(time.Second), requests(server), stats.Faults)
	if stats.Faults["429"]+stats.Faults["429-bare"]+stats.Faults["cb211"] < 6 || requests(server) > 200 {
		t.Errorf("%d requests, faults %v", requests(server), stats.Faults)
	}
}

// Redirects to another host are not followed, with whatever credentials: it
// sees no request.
func TestRedirectsElsewhere(t *testing.T) {
	for _, kind := range kindsOfCredentials(t) {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			var seen atomic.Int64
			elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
			defer elsewhere.Close()
			b := newBuild("api", goodLog)
			server := serve(t, simulator.Options{Builds: []simulator.Build{b}, Auth: kind.auth})
			behind, err := url.Parse(server.URL())
			if err != nil {
				t.Fatal(err)
			}
			next := httputil.NewSingleHostReverseProxy(behind)
			var redirect atomic.Bool
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.Contains(r.URL.Path, "real-time-log"), redirect.Load():
					http.Redirect(w, r, elsewhere.URL+r.URL.RequestURI(), http.StatusTemporaryRedirect)
				default:
					next.ServeHTTP(w, r)
				}
			}))
			defer front.Close()
			env := append([]string{"LOGGATE_ENDPOINT=" + front.URL, "LOGGATE_IAM_ENDPOINT=" + front.URL, "LOGGATE_BUILDS=" + input(b), "LOGGATE_RATE_LIMIT=off"}, kind.env...)
			r := run(t, invocation{args: []string{"run"}, env: env})
			r.expectCode(t, build.ExitIncomplete)
			lacks(t, r.report(t), "api", 0, "another host, to which credentials aren't sent")
			redirect.Store(true) // the exchange of tokens, too
			run(t, invocation{args: []string{"run", "--timeout", "20s"}, env: env}).expectCode(t, build.ExitIncomplete)
			if seen.Load() != 0 {
				t.Errorf("the other host has seen %d requests", seen.Load())
			}
		})
	}
}

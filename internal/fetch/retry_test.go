package fetch

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/build"
)

func TestRetries(t *testing.T) {
	tests := []struct {
		name  string
		first http.HandlerFunc
		again bool
	}{
		{"reset connection", reset, true},
		{"429", answer(429, `{"error_code":"APIGW.0308","error_msg":"throttled"}`, "Retry-After", "0"), true},
		{"502 with HTML", answer(502, `<html><head><title>502 Bad Gateway</title></head></html>`), true},
		{"503", answer(503, ``), true},
		{"504", answer(504, ``), true},
		{"500 internal error", answer(500, `{"error_code":"CB.00060101","error_msg":"internal"}`), true},
		{"500 network busy", answer(500, `{"error":{"code":"CB.00060100","message":"busy"},"status":"failed"}`), true},
		{"fail with a good status", answer(200, `{"result":null,"error":{"code":"CB.00060100","message":"busy"},"status":"fail"}`), true},
		{"body cut short", cutShort, true},
		{"error cut short", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(400)
			_, _ = io.WriteString(w, `{"error_code":"CB.00060200","error_msg":"inva`)
		}, true},
		{"no JSON", answer(200, `<html>welcome to the hotel`), true},
		{"501", answer(501, ``), false},
		{"400", answer(400, `{"error_code":"CB.00060201","error_msg":"invalid job id"}`), false},
		{"401", answer(401, `{"error_code":"APIGW.0301","error_msg":"wrong"}`), false},
		{"403", answer(403, `{"error_code":"CB.1","error_msg":"forbidden"}`), false},
		{"404", answer(404, `{"error_code":"CB.2","error_msg":"not found"}`), false},
		{"fail without a code", answer(200, `{"result":null,"error":"busy","status":"fail"}`), true},
		{"fail for good", answer(200, `{"result":null,"error":"no such job","status":"fail"}`), false},
		{"redirect without a place", answer(302, ``), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			service, asked := inTurn(t, tt.first, answer(200, goodInfo))
			c := newTestClient(t, service, nil)
			var tally Tally
			info, err := c.BuildInfo(WithTally(t.Context(), &tally), testRef)
			if again := err == nil && info.Result == "SUCCESS"; again != tt.again {
				t.Fatalf("tried again: %v, want %v (%v)", again, tt.again, err)
			}
			want := int64(1)
			if tt.again {
				want = 2
			}
			if asked.Load() != want || tally.Requests.Load() != want || tally.Retries.Load() != want-1 {
				t.Errorf("%d requests, tally %d and %d retries, want %d", asked.Load(), tally.Requests.Load(), tally.Retries.Load(), want)
			}
		})
	}
}

func TestRetriesHaveAnEnd(t *testing.T) {
	service, asked := inTurn(t, answer(502, `<html><head><title>502 Bad  Gateway</title></head></html>`))
	c := newTestClient(t, service, func(o *Options) { o.Attempts = 3 })
	_, err := c.Page(t.Context(), testRef, PageQuery{Start: 1024})
	var refused *APIError
	if !errors.As(err, &refused) || refused.HTTPStatus != 502 || refused.Message != "502 Bad Gateway" || refused.Offset != 1024 || refused.Build != "api:7" {
		t.Errorf("error %#v", err)
	}
	if want := "fetch page at offset 1024 of build api:7: HTTP 502: 502 Bad Gateway; the service is in trouble (3 attempts were made): try again later"; err.Error() != want {
		t.Errorf("error %q\nwant  %q", err, want)
	}
	if asked.Load() != 3 {
		t.Errorf("%d attempts, want 3", asked.Load())
	}
}

func TestEachAttemptIsSignedAnew(t *testing.T) {
	var dates []string
	c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
		dates = append(dates, r.Header.Get("X-Sdk-Date"))
		if len(dates) == 1 {
			answer(503, "", "Retry-After", "1")(w, r)
			return
		}
		answer(200, goodInfo)(w, r)
	}, nil)
	if _, err := c.BuildInfo(t.Context(), testRef); err != nil {
		t.Fatal(err)
	}
	if len(dates) != 2 || dates[0] == dates[1] {
		t.Errorf("signed at %v", dates)
	}
}

func TestBrokenPagesAreThePagersToAskForAgain(t *testing.T) {
	for name, first := range map[string]http.HandlerFunc{
		"cut short": cutShort,
		"no JSON":   answer(200, `{"result":`),
		"HTML":      answer(200, `<html><title>Sign in</title></html>`),
		"no offset": answer(200, `{"result":{"has_more":true,"log":"a"},"status":"success"}`),
		"empty":     answer(200, ``),
	} {
		t.Run(name, func(t *testing.T) {
			service, asked := inTurn(t, first, answer(200, goodPage))
			c := newTestClient(t, service, nil)
			_, err := c.Page(t.Context(), testRef, PageQuery{Start: 1024})
			var broken *BodyError
			if !errors.As(err, &broken) || broken.Offset != 1024 || broken.Build != "api:7" || asked.Load() != 1 {
				t.Fatalf("error %v after %d requests", err, asked.Load())
			}
			if !strings.HasPrefix(err.Error(), "fetch page at offset 1024 of build api:7: ") || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q", err)
			}
			if _, err := c.Page(t.Context(), testRef, PageQuery{Start: 1024}); err != nil {
				t.Errorf("asked again: %v", err)
			}
		})
	}
}

func TestThrottlingSlowsDownAllBuilds(t *testing.T) {
	for name, throttled := range map[string]http.HandlerFunc{
		"429":                  answer(429, `{"error_code":"APIGW.0308"}`, "Retry-After", "1"),
		"CB.00060211":          answer(500, `{"error_code":"CB.00060211","error_msg":"too many requests"}`),
		"CB.00060211 with 200": answer(200, `{"error":{"code":"CB.00060211","message":"too many"},"status":"fail"}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := make(chan struct{})
			var asked atomic.Int64
			c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
				if asked.Add(1) == 1 {
					throttled(w, r)
					close(first)
					return
				}
				answer(200, goodInfo)(w, r)
			}, nil)
			done := make(chan error)
			begin := time.Now()
			go func() { _, err := c.BuildInfo(t.Context(), testRef); done <- err }()
			<-first
			time.Sleep(100 * time.Millisecond)
			if _, err := c.BuildInfo(t.Context(), build.Ref{JobID: testJob, Number: 8}); err != nil {
				t.Error(err)
			}
			if took := time.Since(begin); took < 900*time.Millisecond {
				t.Errorf("another build was asked for after %s, in the pause", took)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

// failing is a network on which every connection fails alike.
type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

func TestUnknownHostIsGivenUpSoon(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want int64
	}{
		{&net.DNSError{Err: "no such host", Name: "h", IsNotFound: true}, triesOfUnknownHost},
		{&net.DNSError{Err: "server misbehaving", Name: "h", IsTemporary: true}, 8},
	} {
		c := newTestClient(t, nil, func(o *Options) { o.Transport = failing{tt.err} })
		var tally Tally
		_, err := c.BuildInfo(WithTally(t.Context(), &tally), testRef)
		if got := tally.Requests.Load(); got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%v: %d attempts, want %d", err, got, tt.want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	in := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for _, tt := range []struct {
		value, date string
		want        time.Duration
	}{
		{"", "", 0},
		{"7", "", 7 * time.Second},
		{" 7 ", "", 7 * time.Second},
		{"-7", "", 0},
		{"99999999999999999999", "", 0},
		{"4294967295", "", 4294967295 * time.Second},
		{"soon", "", 0},
		{in(time.Hour + 9*time.Second), in(time.Hour), 9 * time.Second},
		{in(-time.Hour), in(0), 0},
	} {
		h := http.Header{"Retry-After": {tt.value}, "Date": {tt.date}}
		if got := retryAfter(h); got != tt.want {
			t.Errorf("retryAfter(%q at %q) = %s, want %s", tt.value, tt.date, got, tt.want)
		}
	}
	long := &http.Response{Header: http.Header{"Retry-After": {"86400"}}}
	if got := backoff(time.Second, time.Minute, 0, long); got != maxRetryAfter {
		t.Errorf("a day is waited as %s", got)
	}
	for attempt := range 100 {
		if got := backoff(time.Second, 30*time.Second, attempt, nil); got < time.Second/2 || got > 30*time.Second {
			t.Errorf("attempt %d waits %s", attempt, got)
		}
	}
}

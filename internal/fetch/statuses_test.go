package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"github.com/loggate/loggate/internal/build"
)

// errorShapes are the bodies that errors are known to have, and some that they
// might: of the service, the gateway, IAM, proxies, and of nobody.
func errorShapes() map[string]struct{ body, code, says string } {
	return map[string]struct{ body, code, says string }{
		"flat":            {`{"error_code":"CB.00060299","error_msg":"the reason"}`, "CB.00060299", "the reason"},
		"nested":          {`{"error":{"code":"CB.00060299","message":"the reason"},"status":"failed"}`, "CB.00060299", "the reason"},
		"a string":        {`{"result":null,"error":"the reason","status":"fail"}`, "", "the reason"},
		"a coded string":  {`{"error":"CB.00060299: the reason","status":"fail"}`, "CB.00060299", "the reason"},
		"gateway":         {`{"error_msg":"the reason","error_code":"APIGW.0999","request_id":"0123456789abcdef"}`, "APIGW.0999", "the reason"},
		"IAM":             {`{"error":{"code":400,"message":"the reason","title":"Bad Request"}}`, "400", "the reason"},
		"busy":            {`{"error_code":"CB.00060100","error_msg":"the reason"}`, "CB.00060100", "the reason"},
		"throttled":       {`{"error_code":"APIGW.0308","error_msg":"the reason"}`, "APIGW.0308", "the reason"},
		"too many":        {`{"error":{"code":"CB.00060211","message":"the reason"}}`, "CB.00060211", "the reason"},
		"a web page":      {"<!DOCTYPE html>\n<html><head><title>the\n reason</title></head><body><h1>x</h1></body></html>", "", "the reason"},
		"text":            {"the\r\nreason\x1b[31m", "", "the reason"},
		"nothing":         {"", "", ""},
		"a good answer":   {goodInfo, "", ""},
		"half an answer":  {`{"error_code":"CB.000`, "", "CB.000"},
		"half, with code": {`{"error_code":"CB.00060299","error_msg":"the reason is th`, "CB.00060299", "the reason"},
		"a list":          {`[1,2,3]`, "", "[1,2,3]"},
		"hostile":         {`{"error_code":"a b\n::error::x","error_msg":"AKAKAKAK\u202e\nSKSKSKSK"}`, "", "[redacted]"},
		"no UTF-8":        {"\xff\xfe\x00", "", "\ufffd"},
		"much of nothing": {strings.Repeat(" ", 200_000) + "{}", "", ""},
	}
}

// Whatever status from 400 to 599 comes with whatever body, it is an error that
// says so in one harmless line, and it is asked again only where that may help.
func TestEveryStatusWithEveryBody(t *testing.T) {
	var status atomic.Int64
	var body atomic.Pointer[string]
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(int(status.Load()))
		_, _ = io.WriteString(w, *body.Load())
	}))
	defer server.Close()
	endpoint, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := newTransport()
	defer transport.CloseIdleConnections()
	for code := 400; code <= 599; code++ {
		for name, shape := range errorShapes() {
			status.Store(int64(code))
			body.Store(&shape.body)
			attempts := 2
			if throttles(code, shape.code) {
				attempts = 1 // since these wait for the service
			}
			c, err := New(Options{Endpoint: endpoint, Credentials: Credentials{AccessKey: "AKAKAKAK", SecretKey: "SKSKSKSK"},
				MinBackoff: time.Microsecond, MaxBackoff: time.Microsecond, Attempts: attempts, Transport: transport})
			if err != nil {
				t.Fatal(err)
			}
			asked.Store(0)
			_, err = c.Page(t.Context(), testRef, PageQuery{})
			checkRefusal(t, fmt.Sprintf("%d, %s", code, name), err, code, shape.code, shape.says)
			want := int64(1)
			if attempts == 2 && retryStatus(code, shape.code) {
				want = 2
			}
			if asked.Load() != want {
				t.Errorf("%d, %s: asked %d times, want %d", code, name, asked.Load(), want)
			}
		}
	}
}

func checkRefusal(t *testing.T, name string, err error, status int, code, says string) {
	t.Helper()
	var refused *APIError
	if !errors.As(err, &refused) || refused.HTTPStatus != status || refused.Code != code {
		t.Errorf("%s: %v (%+v)", name, err, refused)
		return
	}
	text := err.Error()
	if !strings.Contains(text, fmt.Sprintf("HTTP %d", status)) || !strings.Contains(text, says) || len(text) > 2000 ||
		strings.Contains(text, "SKSK") || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u202e' }) {
		t.Errorf("%s: %q", name, text)
	}
}

// A visit that meets any of these statuses ends, and its log isn't complete.
func TestEveryStatusEndsAVisit(t *testing.T) {
	for status := 400; status <= 599; status++ {
		if status == 429 {
			continue // it waits, which other tests show
		}
		s := &service{info: always(infoSuccess), record: always(oldRecord)}
		s.page = func(n int, q pageAsked) string {
			if n == 0 {
				return servedPage(0, 5, true, "line\n")
			}
			return refusal(status, "CB.00060299")
		}
		got := s.follow(t, true)
		got.wantBroken(t, "line\n", fmt.Sprintf("HTTP %d CB.00060299: no", status))
		if m := got.Build.Incomplete[0]; m.What != build.MissingLog || m.HTTPStatus == nil || *m.HTTPStatus != status || *m.Code != "CB.00060299" {
			t.Errorf("%d: lacks %+v", status, m)
		}
	}
}

// rawAnswer sends bytes as they are, and closes the connection.
func rawAnswer(t *testing.T, answers ...string) *url.URL {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for n := 0; ; n++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 64<<10))
			_, _ = io.WriteString(conn, answers[min(n, len(answers)-1)])
			conn.Close()
		}
	}()
	endpoint, err := url.Parse("http://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return endpoint
}

// A body that isn't as long as its Content-Length says is never taken for
// whole: it is asked for again, and a good one is taken.
func TestLyingContentLength(t *testing.T) {
	packed := func(text string) string {
		var out bytes.Buffer
		zip := gzip.NewWriter(&out)
		_, _ = io.WriteString(zip, text)
		_ = zip.Close()
		return out.String()
	}
	head := func(length int, more string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n", length, more)
	}
	good := head(len(goodInfo), "") + goodInfo
	inflated := packed(goodInfo)
	for name, lie := range map[string]string{
		"too short":              head(len(goodInfo)-10, "") + goodInfo,
		"much too short":         head(1, "") + goodInfo,
		"too long":               head(len(goodInfo)+10, "") + goodInfo,
		"none for a gzip":        head(len(inflated), "") + inflated,
		"that of what is packed": head(len(goodInfo), "Content-Encoding: gzip\r\n") + inflated,
		"less than packed":       head(len(inflated)-6, "Content-Encoding: gzip\r\n") + inflated,
		"said to be packed":      head(len(goodInfo), "Content-Encoding: gzip\r\n") + goodInfo,
		"twice":                  head(len(goodInfo), "Content-Length: 7\r\n") + goodInfo,
		"negative":               head(-1, "") + goodInfo,
		"broken chunks":          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n" + goodInfo,
		"no HTTP":                "SSH-2.0-OpenSSH_9.2\r\n",
	} {
		c := newTestClient(t, nil, func(o *Options) { o.Endpoint = rawAnswer(t, lie, lie, good) })
		var tally Tally
		info, err := c.BuildInfo(WithTally(t.Context(), &tally), testRef)
		if err != nil || info.Result != "SUCCESS" || tally.Retries.Load() != 2 {
			t.Errorf("%s: %+v, %v after %d retries", name, info, err, tally.Retries.Load())
		}
	}
}

// A small answer that would become a huge one is given up.
func TestInflationIsBounded(t *testing.T) {
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	blank := bytes.Repeat([]byte(" "), 1<<20)
	for range maxAnswer>>20 + 1 {
		_, _ = zip.Write(blank)
	}
	_ = zip.Close()
	c := newTestClient(t, answer(200, packed.String(), "Content-Encoding", "gzip"), nil)
	if _, err := c.BuildInfo(t.Context(), testRef); !errors.Is(err, errTooLarge) {
		t.Errorf("%d bytes: %v", packed.Len(), err)
	}
	c = newTestClient(t, answer(404, packed.String(), "Content-Encoding", "gzip"), nil)
	if _, err := c.BuildInfo(t.Context(), testRef); err == nil || len(err.Error()) > 1000 {
		t.Errorf("%v", err)
	}
}

// When the time is up, it is said what was wrong until then.
func TestTheLastTroubleIsTold(t *testing.T) {
	for name, tt := range map[string]struct {
		service http.HandlerFunc
		want    string
	}{
		"trouble":      {answer(503, `{"error_code":"CB.00060100","error_msg":"the network is busy"}`), "the last attempt failed: get the status of build api:7: HTTP 503 CB.00060100 the network is busy"},
		"reset":        {reset, "the last attempt failed: get the status of build api:7: EOF"},
		"just waiting": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "the test's patience ended"},
	} {
		c := newTestClient(t, tt.service, func(o *Options) { o.Attempts, o.MaxBackoff = 1000, time.Second })
		ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, errors.New("the test's patience ended"))
		got := NewFollower(c, true, testPatience()).Follow(ctx, testRef, watchInto(&bytes.Buffer{}))
		cancel()
		for _, err := range []error{got.LogErr, got.StatusErr} {
			if err == nil || !strings.Contains(err.Error(), "the test's patience ended") || !strings.HasSuffix(err.Error(), tt.want) {
				t.Errorf("%s: %v, want %q at its end", name, err, tt.want)
			}
		}
	}
}

// Credentials don't follow a redirect to the same host without TLS, either.
func TestRedirectsWithoutTLS(t *testing.T) {
	for _, test := range []struct {
		from, to string
		ok       bool
	}{
		{"https://a.example/x", "https://a.example/y", true},
		{"https://a.example/x", "https://A.example/y", true},
		{"https://a.example/x", "http://a.example/y", false},
		{"https://a.example/x", "https://a.example:444/y", false},
		{"https://a.example/x", "https://b.a.example/y", false},
		{"https://a.example/x", "https://a.example.evil.test/y", false},
		{"https://a.example/x", "https://user:pass@a.example/y", true},
	} {
		from, err := http.NewRequest(http.MethodGet, test.from, nil)
		if err != nil {
			t.Fatal(err)
		}
		to, err := http.NewRequest(http.MethodGet, test.to, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkRedirect(to, []*http.Request{from}); (err == nil) != test.ok {
			t.Errorf("%s to %s: %v", test.from, test.to, err)
		}
	}
}

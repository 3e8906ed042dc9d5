package fetch

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestErrorBodies(t *testing.T) {
	tests := []struct {
		name          string
		status        int
		body          string
		code, message string
	}{
		{"the service's", 400, `{"error_code":"CB.00060201","error_msg":"invalid job id"}`, "CB.00060201", "invalid job id"},
		{"an object", 403, `{"error":{"code":"CB.1","message":"forbidden"},"status":"failed"}`, "CB.1", "forbidden"},
		{"a string", 404, `{"result":null,"error":"no such build","status":"fail"}`, "", "no such build"},
		{"a string with a code", 404, `{"result":null,"error":"CB.00060202 The build record does not exist.","status":"fail"}`, "CB.00060202", "The build record does not exist."},
		{"IAM's", 401, `{"error":{"code":401,"message":"m","title":"Unauthorized"}}`, "401", "m"},
		{"the gateway's", 401, `{"error_msg":"Incorrect IAM authentication information","error_code":"APIGW.0301","request_id":"r"}`, "APIGW.0301", "Incorrect IAM authentication information"},
		{"code and message", 403, `{"code":"X","message":"m"}`, "X", "m"},
		{"HTML with a title", 502, "<html>\r\n<head><title>502 Bad\n Gateway</title></head><body>nginx</body></html>", "", "502 Bad Gateway"},
		{"HTML without", 403, `<!DOCTYPE html><style>p{}</style><script>alert("<b>")</script><p>Blocked &amp; <b>logged</b></p>`, "", "Blocked & logged"},
		{"HTML cut off", 502, `<html><head><tit`, "", "bad gateway"},
		{"text", 502, "upstream\nis gone\x1b[31m", "", `upstream is gone\u001b[31m`},
		{"nothing", 403, "", "", "forbidden"},
		{"white space", 503, " \r\n", "", "service unavailable"},
		{"an unknown status", 499, "", "", ""},
		{"cut JSON", 500, `{"error_code":"CB.1","err`, "CB.1", `{"error_code":"CB.1","err`},
		{"empty JSON", 403, `{}`, "", "{}"},
		{"status alone", 403, `{"status":"failed"}`, "", "forbidden"},
		{"error is a list", 403, `{"error":[1]}`, "", "[1]"},
		{"a code that is none", 403, `{"error_code":"a\nb::error::","error_msg":"m"}`, "", "m"},
		{"bidirectional", 403, `{"error_msg":"a\u202eb"}`, "", `a\u202eb`},
		{"long", 403, `{"error_msg":"` + strings.Repeat("é", 1000) + `"}`, "", strings.Repeat("é", maxMessage-1) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newTestClient(t, answer(tt.status, tt.body), func(o *Options) { o.Attempts = 1 })
			_, err := c.Page(t.Context(), testRef, PageQuery{Start: 5})
			var refused *APIError
			if !errors.As(err, &refused) {
				t.Fatalf("error %v", err)
			}
			if refused.HTTPStatus != tt.status || refused.Code != tt.code || refused.Message != tt.message {
				t.Errorf("HTTP %d, code %q, message %q; want code %q, message %q", refused.HTTPStatus, refused.Code, refused.Message, tt.code, tt.message)
			}
			if !strings.HasPrefix(err.Error(), fmt.Sprintf("fetch page at offset 5 of build api:7: HTTP %d", tt.status)) {
				t.Errorf("error %q", err)
			}
		})
	}
}

func TestRefusalsWithAGoodStatus(t *testing.T) {
	for body, want := range map[string]string{
		`{"result":null,"error":"no such build","status":"fail"}`:                                 "HTTP 200: no such build; ",
		`{"result":null,"error":{"code":"CB.7","message":"no"},"status":"failed"}`:                "HTTP 200 CB.7: no; ",
		`{"error_code":"CB.00060201","error_msg":"invalid job id"}`:                               "HTTP 200 CB.00060201: invalid job id; is the job id right?",
		`{"result":{"has_more":false,"start_offset":0,"end_offset":0,"log":""},"status":"error"}`: "HTTP 200: refused without a reason; ",
	} {
		c := newTestClient(t, answer(200, body), nil)
		_, err := c.Page(t.Context(), testRef, PageQuery{})
		var refused *APIError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestAdvice(t *testing.T) {
	keys := Credentials{AccessKey: "AKAKAKAK", SecretKey: "SKSKSKSK"}
	token := Credentials{AuthToken: "TOKEN"}
	tests := []struct {
		name   string
		status int
		body   string
		creds  Credentials
		date   time.Duration // of the service's clock
		want   string
	}{
		{"keys", 401, `{"error_code":"APIGW.0301"}`, keys, 0, "are access-key and secret-key right"},
		{"temporary keys", 401, ``, Credentials{AccessKey: "AKAKAKAK", SecretKey: "SKSKSKSK", SecurityToken: "TOKTOK"}, 0, "security-token of one set"},
		{"clock ahead", 401, ``, keys, -40 * time.Minute, "clock is 40 minutes ahead of"},
		{"clock behind", 401, ``, keys, 3*time.Hour + time.Minute/2, "clock is 180 minutes behind"},
		{"clock near enough", 401, ``, keys, 10 * time.Minute, "are access-key"},
		{"token", 401, `{"error_msg":"decrypt token fail"}`, token, 0, "is auth-token whole"},
		{"expired token", 401, `{"error_msg":"The token has expired"}`, token, 0, "auth-token has expired"},
		{"forbidden", 403, ``, keys, 0, "lack the permission to view builds"},
		{"job id", 400, `{"error_code":"CB.00060201"}`, keys, 0, "is the job id right?"},
		{"parameter", 400, `{"error_code":"CB.00060200"}`, keys, 0, "build number right?"},
		{"URL", 404, `{"error_code":"CB.00060214"}`, keys, 0, "is the endpoint (or the region) right?"},
		{"no such API", 404, `{"error_code":"APIG.0101"}`, keys, 0, "is the endpoint (or the region) right?"},
		{"not found", 404, ``, keys, 0, "in the region that"},
		{"throttled", 429, ``, keys, 0, "lower rate-limit"},
		{"too many", 500, `{"error_code":"CB.00060211"}`, keys, 0, "lower rate-limit"},
		{"trouble", 500, `{"error_code":"CB.00060101"}`, keys, 0, "try again later"},
		{"a web page", 405, `<html><title>x</title>`, keys, 0, "does a proxy stand in between?"},
		{"a redirect to nowhere", 304, ``, keys, 0, "is the endpoint right?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			date := time.Now().Add(tt.date).UTC().Format(http.TimeFormat)
			c := newTestClient(t, answer(tt.status, tt.body, "Date", date), func(o *Options) {
				o.Attempts, o.Credentials = 1, tt.creds
			})
			_, err := c.BuildInfo(t.Context(), testRef)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestWhichErrorsMeanNotFound(t *testing.T) {
	tests := []struct {
		err  APIError
		want bool
	}{
		{APIError{HTTPStatus: 404}, true},
		{APIError{HTTPStatus: 404, Code: "CB.00060999"}, true},
		{APIError{HTTPStatus: 404, Code: "CB.00060214"}, false},
		{APIError{HTTPStatus: 404, Code: "APIGW.0101"}, false},
		{APIError{HTTPStatus: 404, elsewhere: true}, false},
		{APIError{HTTPStatus: 400, Code: "CB.00060999"}, true},
		{APIError{HTTPStatus: 400, Code: "CB.00060200"}, false},
		{APIError{HTTPStatus: 400, Code: "CB.00060201"}, false},
		{APIError{HTTPStatus: 400}, false},
		{APIError{HTTPStatus: 403, Code: "CB.00060999"}, false},
		{APIError{HTTPStatus: 200, Message: "The build record does not exist."}, true},
		{APIError{HTTPStatus: 200, Message: "no permission"}, false},
	}
	for _, tt := range tests {
		if got := IsNotFound(fmt.Errorf("wrapped: %w", &tt.err)); got != tt.want {
			t.Errorf("IsNotFound(%v) = %v", &tt.err, got)
		}
	}
	if !IsThrottled(&APIError{HTTPStatus: 429}) || !IsThrottled(&APIError{HTTPStatus: 500, Code: "CB.00060211"}) || IsThrottled(&APIError{HTTPStatus: 500}) || IsThrottled(nil) {
		t.Error("IsThrottled")
	}
}

func FuzzErrorBody(f *testing.F) {
	for _, seed := range []string{
		`{"error_code":"CB.00060201","error_msg":"m SECRETKEY"}`, `{"error":{"code":"a","message":"b"},"status":"failed"}`,
		`{"error":"x"}`, `<html><title>a</title>`, `<script><p>`, "\xff\x1b[31m::error::", ``, `{`,
	} {
		f.Add([]byte(seed))
	}
	c, err := New(Options{
		Endpoint:    &url.URL{Scheme: "https", Host: "h"},
		Credentials: Credentials{AccessKey: "a", SecretKey: "SECRETKEY"},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e := c.refusal(&http.Response{StatusCode: 418, Header: http.Header{}}, &call{op: "fetch page", build: "api:7", offset: 1}, body)
		text := e.Error()
		if strings.ContainsAny(text, "\n\r\x1b\u202e") || !utf8.ValidString(text) {
			t.Errorf("unsafe text %q", text)
		}
		if strings.Contains(text, "SECRETKEY") {
			t.Errorf("a secret in %q", text)
		}
		if n := utf8.RuneCountInString(e.Message); n > maxMessage {
			t.Errorf("a message of %d characters", n)
		}
	})
}

package conformance

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/signer"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/request"

	"github.com/loggate/loggate/internal/fetch"
)

const endpoint = "https://cloudbuild-ext.cn-north-4.myhuaweicloud.com"

// TestSignatures compares the whole Authorization header that the SDK's signer
// and ours give the same request at the same time.
func TestSignatures(t *testing.T) {
	const realTimeLog = "/v1/log/0123456789abcdef0123456789ABCDEF/7/real-time-log"
	tests := []struct {
		name    string
		method  string // "" is GET
		path    string
		query   url.Values
		headers map[string]string
		body    string
		creds   fetch.Credentials // access key and secret key have defaults
	}{
		{name: "plain", path: realTimeLog},
		{name: "query in another order than sorted", path: realTimeLog,
			query: url.Values{"start_offset": {"0"}, "end_offset": {"0"}, "size": {"1000"}, "sort": {"AES"}}},
		{name: "offset beyond int32", path: realTimeLog, query: url.Values{"start_offset": {"9007199254740993"}}},
		{name: "keys that differ in case and length", path: realTimeLog,
			query: url.Values{"a": {"1"}, "A": {"2"}, "aa": {"3"}, "a-b": {"4"}, "a_b": {"5"}, "a.b": {"6"}}},
		{name: "keys that sort in another order once encoded", path: realTimeLog,
			query: url.Values{"a b": {"1"}, "a-": {"2"}, "a~": {"3"}, "aé": {"4"}, "a{": {"5"}}},
		{name: "empty value", path: realTimeLog, query: url.Values{"sort": {""}, "size": {"1000"}}},
		{name: "repeated key", path: realTimeLog, query: url.Values{"tag": {"b", "a", "", "a b", "a"}}},
		{name: "values that sort in another order once encoded", path: realTimeLog,
			query: url.Values{"tag": {"é", "~", "{", "z", " "}}},
		{name: "space, plus and percent", path: realTimeLog, query: url.Values{"q": {"a b+c%20d"}}},
		{name: "reserved characters", path: realTimeLog, query: url.Values{"q": {"!*'();:@&=$,/?#[]|\\\"<>^`{}"}}},
		{name: "unreserved characters", path: realTimeLog, query: url.Values{"q": {"AZaz09-_.~"}}},
		{name: "unicode in the query", path: realTimeLog, query: url.Values{"分支": {"主干/功能-é-😀"}}},
		{name: "line ends in the query", path: realTimeLog, query: url.Values{"q": {"a\r\nb\tc"}}},
		{name: "bytes that are not UTF-8", path: realTimeLog, query: url.Values{"q": {"\xff\x00\xfe"}}},
		{name: "root", path: "/"},
		{name: "slash at the end", path: "/v1/log/"},
		{name: "empty segments", path: "/v1//log"},
		{name: "unicode in the path", path: "/v1/job/构建 é/running-status"},
		{name: "reserved characters in the path", path: "/v1/a b/c+d/e%f/g:h@i/j;k=l,m/n~o/(p)*'!$&"},
		{name: "percent that looks encoded", path: "/v1/a%20b/c%2Fd"},
		{name: "project id", path: realTimeLog, headers: map[string]string{"X-Project-Id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9"}},
		{name: "security token", path: realTimeLog, creds: fetch.Credentials{SecurityToken: "ST/with+signs=="}},
		{name: "security token and project id", path: realTimeLog,
			headers: map[string]string{"X-Project-Id": "0a1b2c3d"}, creds: fetch.Credentials{SecurityToken: "token"}},
		{name: "spaces around a header's value", path: realTimeLog, headers: map[string]string{"X-Project-Id": "  0a1b  "}},
		{name: "content type is not signed", path: realTimeLog, headers: map[string]string{"Content-Type": "application/json"}},
		{name: "body", method: "POST", path: "/v1/job/execute", headers: map[string]string{"Content-Type": "application/json"},
			body: `{"job_id":"0123456789abcdef0123456789abcdef","note":"é <&> "}`},
		{name: "keys with signs in them", path: realTimeLog, creds: fetch.Credentials{AccessKey: "A/K+=", SecretKey: "schlüssel/+= "}},
	}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.FixedZone("GMT+8", 8*60*60))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.method == "" {
				tt.method = http.MethodGet
			}
			if tt.creds.AccessKey == "" {
				tt.creds.AccessKey, tt.creds.SecretKey = "AKEXAMPLE", "secret"
			}

			u, err := url.Parse(endpoint)
			if err != nil {
				t.Fatal(err)
			}
			u.Path, u.RawQuery = tt.path, tt.query.Encode()
			ours, err := http.NewRequest(tt.method, u.String(), strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range tt.headers {
				ours.Header.Set(name, value)
			}
			if err := fetch.SignRequest(ours, tt.creds, now); err != nil {
				t.Fatal(err)
			}

			theirs := request.NewHttpRequestBuilder().WithEndpoint(endpoint).WithMethod(tt.method).WithPath(tt.path).
				AddHeaderParam("Host", u.Host).AddHeaderParam("X-Sdk-Date", now.UTC().Format("20060102T150405Z"))
			for key, values := range tt.query {
				theirs.AddQueryParam(key, reflect.ValueOf(values))
			}
			for name, value := range tt.headers {
				theirs.AddHeaderParam(name, value)
			}
			if tt.creds.SecurityToken != "" {
				theirs.AddHeaderParam("X-Security-Token", tt.creds.SecurityToken)
			}
			if tt.body != "" {
				theirs.WithBody("", tt.body)
			}
			signed, err := signer.Sign(theirs.Build(), tt.creds.AccessKey, tt.creds.SecretKey)
			if err != nil {
				t.Fatal(err)
			}

			if got, want := ours.Header.Get("Authorization"), signed["Authorization"]; got != want {
				t.Errorf("signed %s\n  ours:  %s\n  SDK's: %s", u, got, want)
			}
		})
	}
}

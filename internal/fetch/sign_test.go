package fetch

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestSignRequest compares with what core/auth/signer of huaweicloud-sdk-go-v3
// v0.1.207 signs for the same requests.
func TestSignRequest(t *testing.T) {
	const host = "cloudbuild-ext.cn-north-4.myhuaweicloud.com"
	page := "/v1/log/0123456789abcdef0123456789abcdef/7/real-time-log"
	tests := []struct {
		name, path string
		query      url.Values
		project    string
		token      string
		body       string
		signed     string
		signature  string
	}{
		{
			name: "a page", path: page,
			query:     url.Values{"start_offset": {"0"}, "end_offset": {"0"}, "size": {"1000"}},
			signed:    "host;x-sdk-date",
			signature: "54ccc9ea9c5830c0f11032c988d9dafc909970d9933bf9ab5ae5c4cd376ebd33",
		},
		{
			name: "query order, empty and special values", path: page,
			query:     url.Values{"b": {"2", "10", "1"}, "a": {""}, "B": {"x"}, "a-b": {"~ +/=&"}},
			signed:    "host;x-sdk-date",
			signature: "7668acfde3be1c5f7d8086ee97d50c718481eb3b966f61d23927563ce98a8ee1",
		},
		{
			name: "unicode", path: "/v1/构建/a b/~x._-",
			query:     url.Values{"名": {"值 %"}, "é": {"\u202e"}},
			signed:    "host;x-sdk-date",
			signature: "fe428c4e12912d2a71294004bf97258acc2497ffa0b4b252281e69acc7a9e57b",
		},
		{
			name: "security token, project id, a slash at the end", path: "/v1/x/",
			project: " 0123 ", token: "tok/+=",
			signed:    "host;x-project-id;x-sdk-date;x-security-token",
			signature: "0dfb8ba2743d5304e858beb720c4f3ab34ffe5ce45cbc2218dd54e16a5279c4e",
		},
		{
			name: "the root", path: "/", token: "t",
			signed:    "host;x-sdk-date;x-security-token",
			signature: "795ae46a322afac94bbd71eb2e9a00cadc5592cc416308c01e21cf1c7443f4f0",
		},
		{
			name: "a body", path: "/v1/x", body: `{"a":"é"}`,
			signed:    "host;x-sdk-date",
			signature: "407b892d1abc6cbe965e474308b9932ea8316f6e3bbcfa77ce6e149008129dbc",
		},
	}
	now := time.Date(2026, 3, 1, 20, 30, 45, 0, time.FixedZone("", 8*3600))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := url.URL{Scheme: "https", Host: host, Path: tt.path, RawQuery: tt.query.Encode()}
			req, err := http.NewRequest(http.MethodGet, u.String(), nil)
			if tt.body != "" {
				req, err = http.NewRequest(http.MethodGet, u.String(), strings.NewReader(tt.body))
			}
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("User-Agent", "not signed")
			if tt.project != "" {
				req.Header.Set("X-Project-Id", tt.project)
			}
			creds := Credentials{AccessKey: "AKAKAKAK", SecretKey: "SKSKSKSK", SecurityToken: tt.token}
			if err := SignRequest(req, creds, now); err != nil {
				t.Fatal(err)
			}
			want := "SDK-HMAC-SHA256 Access=AKAKAKAK, SignedHeaders=" + tt.signed + ", Signature=" + tt.signature
			if got := req.Header.Get("Authorization"); got != want {
				t.Errorf("Authorization\n got %s\nwant %s", got, want)
			}
			if got := req.Header.Get("X-Sdk-Date"); got != "20260301T123045Z" {
				t.Errorf("X-Sdk-Date = %q", got)
			}
		})
	}
}

func TestSignRequestRefuses(t *testing.T) {
	good := Credentials{AccessKey: "a", SecretKey: "s"}
	for name, tt := range map[string]struct {
		url   string
		creds Credentials
	}{
		"no secret key": {"https://h/", Credentials{AccessKey: "a"}},
		"no access key": {"https://h/", Credentials{SecretKey: "s"}},
		"broken query":  {"https://h/?a=%zz", good},
	} {
		req, err := http.NewRequest(http.MethodGet, tt.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := SignRequest(req, tt.creds, time.Now()); err == nil || req.Header.Get("Authorization") != "" {
			t.Errorf("%s: signed, error %v", name, err)
		}
	}
}

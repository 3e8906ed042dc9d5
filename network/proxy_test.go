package network

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// connectProxy is an HTTP proxy that knows one host, by CONNECT.
type connectProxy struct {
	*httptest.Server
	to string // where the host really is

	mu    sync.Mutex
	asked []string // "host authorization" of each CONNECT
}

const proxiedHost = "codearts.test:443" // no resolver knows it

func newProxy(t *testing.T, to, authorization string) *connectProxy {
	t.Helper()
	p := &connectProxy{to: to}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := r.Header.Get("Proxy-Authorization")
		p.mu.Lock()
		p.asked = append(p.asked, fmt.Sprintf("%s %s %s", r.Method, r.Host, given))
		p.mu.Unlock()
		switch {
		case given != authorization:
			w.Header().Set("Proxy-Authenticate", `Basic realm="proxy"`)
			http.Error(w, "<html><title>Proxy Authentication Required</title></html>", http.StatusProxyAuthRequired)
		case r.Method != http.MethodConnect || r.Host != proxiedHost:
			http.Error(w, "not by this proxy", http.StatusForbidden)
		default:
			p.tunnel(w)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *connectProxy) tunnel(w http.ResponseWriter) {
	upstream, err := net.Dial("tcp", p.to)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		upstream.Close()
		return
	}
	_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		_, _ = io.Copy(upstream, client)
		upstream.Close()
	}()
	_, _ = io.Copy(client, upstream)
	client.Close()
}

func TestProxies(t *testing.T) {
	builds := someBuilds(2, 200_000)
	server, a, dir := serve(t, builds, nil), newAuthority(t), t.TempDir()
	a.certify(t, dir, time.Now().Add(time.Hour), "codearts.test")
	n := front(t, dir, server, "")
	const user = "Basic dXNlcjpwcm94eS1wYXNzd29yZA==" // user:proxy-password
	for _, test := range []struct {
		name          string
		authorization string // that the proxy wants
		env           []string
		reason        string // why it fails
		asked         bool   // the proxy is
	}{
		{name: "HTTPS_PROXY", env: []string{"HTTPS_PROXY=http://ADDRESS"}, asked: true},
		{name: "https_proxy", env: []string{"https_proxy=ADDRESS"}, asked: true},
		{name: "with a password", authorization: user, env: []string{"HTTPS_PROXY=http://user:proxy-password@ADDRESS"}, asked: true},
		{name: "without the password", authorization: user, env: []string{"HTTPS_PROXY=http://user:wrong-password@ADDRESS"}, asked: true, reason: "the proxy answers 407 Proxy Authentication Required; is HTTPS_PROXY right"},
		{name: "NO_PROXY", env: []string{"HTTPS_PROXY=http://ADDRESS", "NO_PROXY=.test"}, reason: "is the region (or the endpoint) right?"},
		{name: "HTTP_PROXY", env: []string{"HTTP_PROXY=http://ADDRESS"}, reason: "is the region (or the endpoint) right?"},
		{name: "a proxy that isn't there", env: []string{"HTTPS_PROXY=http://127.0.0.1:1"}, reason: "the last attempt failed: get the status of build build-"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t, n.address, test.authorization)
			env := []string{"SSL_CERT_FILE=" + a.file}
			for _, variable := range test.env {
				env = append(env, strings.Replace(variable, "ADDRESS", strings.TrimPrefix(p.URL, "http://"), 1))
			}
			r := run(t, "https://codearts.test", builds, env, "--timeout", "10s", "--log-level", "debug")
			if test.reason == "" {
				r.expectWhole(t, builds)
			} else {
				r.expectRefused(t, test.reason)
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			if (len(p.asked) > 0) != test.asked {
				t.Errorf("the proxy was asked %q", p.asked)
			}
			for _, text := range []string{r.stdout, r.stderr} {
				if strings.Contains(text, "proxy-password") || strings.Contains(text, "wrong-password") || strings.Contains(text, "dXNlcjp") {
					t.Errorf("the proxy's password shows in %s", text)
				}
			}
		})
	}
}

package network

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/simulator"
)

// authority is a certificate authority of the test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // its certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of the test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{cert: cert, key: key, file: filepath.Join(t.TempDir(), "ca.pem")}
	writePEM(t, a.file, "CERTIFICATE", der)
	return a
}

// certify makes a certificate and its key, in two files in dir.
func (a *authority) certify(t *testing.T, dir string, ends time.Time, hosts ...string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: hosts[0]}, NotBefore: ends.Add(-48 * time.Hour), NotAfter: ends,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, filepath.Join(dir, "cert.pem"), "CERTIFICATE", der)
	writePEM(t, filepath.Join(dir, "key.pem"), "EC PRIVATE KEY", encoded)
}

func writePEM(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// nginx is a front of a service that speaks TLS.
type nginx struct {
	dir, address string
}

// front starts an nginx with the certificate in dir in front of a service.
// extra goes into its server's configuration.
func front(t *testing.T, dir string, server *simulator.Server, extra string) nginx {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := nginx{dir: dir, address: listener.Addr().String()}
	listener.Close()
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;"
	}
	config := fmt.Sprintf(`%s
daemon off; worker_processes 1; pid %[2]s/pid; error_log %[2]s/error.log;
events {}
http {
  log_format short '$server_protocol $status $sent_http_content_encoding $request_uri';
  access_log %[2]s/access.log short;
  client_body_temp_path %[2]s/1; proxy_temp_path %[2]s/2; fastcgi_temp_path %[2]s/3; uwsgi_temp_path %[2]s/4; scgi_temp_path %[2]s/5;
  server {
    listen %[3]s ssl http2;
    ssl_certificate %[2]s/cert.pem; ssl_certificate_key %[2]s/key.pem;
    %[5]s
    location / { proxy_pass %[4]s; proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header Connection ""; }
  }
}
`, user, dir, n.address, server.URL(), extra)
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	path, err := exec.LookPath("nginx")
	if err != nil {
		path = "/usr/sbin/nginx"
	}
	cmd := exec.Command(path, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", filepath.Join(dir, "error.log"))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting nginx (Debian: apt-get install nginx-light): %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	for range 300 {
		if conn, err := net.Dial("tcp", n.address); err == nil {
			conn.Close()
			return n
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("nginx doesn't listen: %s", n.log("error.log"))
	return n
}

func (n nginx) log(name string) string {
	text, _ := os.ReadFile(filepath.Join(n.dir, name))
	return string(text)
}

// Through TLS and HTTP/2, with compressed answers, logs are the same. The
// authority is one that only SSL_CERT_FILE knows.
func TestBehindNginx(t *testing.T) {
	for name, extra := range map[string]string{
		"plain":      "",
		"compressed": "gzip on; gzip_types application/json; gzip_min_length 100; gzip_proxied any;",
		"buffered":   "proxy_buffering on; proxy_buffers 4 4k; proxy_buffer_size 4k; proxy_busy_buffers_size 8k; limit_rate 400k;",
		"unbuffered": "proxy_buffering off; keepalive_requests 7;", // connections end in the middle
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			builds := someBuilds(4, 400_000)
			server := serve(t, builds, func(o *simulator.Options) { o.Readings.PageBytes = 50_000 })
			a, dir := newAuthority(t), t.TempDir()
			a.certify(t, dir, time.Now().Add(time.Hour), "127.0.0.1")
			n := front(t, dir, server, extra)
			r := run(t, "https://"+n.address, builds, []string{"SSL_CERT_FILE=" + a.file})
			r.expectWhole(t, builds)
			log := n.log("access.log")
			if strings.Contains(log, "HTTP/1") || strings.Count(log, "HTTP/2.0 200") < 30 {
				t.Errorf("nginx has seen\n%s", log)
			}
			if packed := strings.Contains(log, " gzip "); packed != (name == "compressed") {
				t.Errorf("compressed: %v\n%s", packed, log)
			}
		})
	}
}

// Who can't show who they are isn't told anything.
func TestWrongCertificates(t *testing.T) {
	known := newAuthority(t)
	for _, test := range []struct {
		name   string
		by     *authority
		ends   time.Duration
		host   string
		reason string
	}{
		{"expired", known, -time.Hour, "127.0.0.1", "certificate has expired"},
		{"of another host", known, time.Hour, "codearts.test", "127.0.0.1"},
		{"of an unknown authority", newAuthority(t), time.Hour, "127.0.0.1", "SSL_CERT_FILE"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			builds := someBuilds(2, 1000)
			server, dir := serve(t, builds, nil), t.TempDir()
			test.by.certify(t, dir, time.Now().Add(test.ends), test.host)
			n := front(t, dir, server, "")
			r := run(t, "https://"+n.address, builds, []string{"SSL_CERT_FILE=" + known.file})
			r.expectRefused(t, test.reason)
			if log := n.log("access.log"); log != "" || len(server.Stats().Requests) > 0 {
				t.Errorf("requests were sent: %s", log)
			}
			if r.took > time.Minute {
				t.Errorf("it was tried for %v", r.took)
			}
		})
	}
}

// Package network tests loggate on bad networks: through Toxiproxy, behind a real nginx with TLS and HTTP/2, and through HTTP
// proxies. It is a module of its own, since nothing but these tests needs Toxiproxy. It holds tests only.
package network

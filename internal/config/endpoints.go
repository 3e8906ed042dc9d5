package config

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// regionName fits a label of a host name, which it becomes part of.
var regionName = regexp.MustCompile(`^[a-z0-9-]{1,63}$`)

func (r *reader) region(v value) {
	if !regionName.MatchString(v.text) {
		r.wrong(v, "is not a region's name", "write one such as cn-north-4: small letters, digits and -")
		return
	}
	r.config.Region = v.text
}

func (r *reader) endpoint(v value)    { r.config.Endpoint = r.baseURL(v) }
func (r *reader) iamEndpoint(v value) { r.config.IAMEndpoint = r.baseURL(v) }

// endpoints works out those that were not given from the region.
func (r *reader) endpoints() {
	c := &r.config
	if c.Endpoint == nil {
		c.Endpoint = &url.URL{Scheme: "https", Host: "cloudbuild-ext." + c.Region + ".myhuaweicloud.com"}
	}
	if c.IAMEndpoint == nil {
		c.IAMEndpoint = &url.URL{Scheme: "https", Host: "iam." + c.Region + ".myhuaweicloud.com"}
	}
}

// baseURL reads the URL of a service; nil when it is wrong.
func (r *reader) baseURL(v value) *url.URL {
	if strings.Contains(v.text, "@") {
		v.Secret = true // whatever is before it may be a password
		r.wrong(v, "has a user or password in it", "leave them out: credentials are inputs of their own")
		return nil
	}
	u, err := url.Parse(v.text)
	if err != nil || u.Opaque != "" || !hostName.MatchString(u.Hostname()) || !validPort(u.Port()) {
		r.wrong(v, "is not a URL with a host", "write it like https://cloudbuild-ext.cn-north-4.myhuaweicloud.com")
		return nil
	}
	if strings.ContainsAny(v.text, "?#") {
		r.wrong(v, "has a query or fragment", "leave out everything from ? or # on")
		return nil
	}
	if !secure(u) {
		r.wrong(v, "is neither https nor http to loopback", "write https://, so that credentials are sent encrypted")
		return nil
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u
}

// hostName is a name or address; names beyond ASCII are written in punycode.
var hostName = regexp.MustCompile(`^[0-9A-Za-z._:%-]{1,253}$`)

func validPort(port string) bool {
	n, err := strconv.Atoi(port)
	return port == "" || err == nil && n >= 1 && n <= 65535
}

// secure says whether secrets may be sent there: over https, or to this machine.
func secure(u *url.URL) bool {
	if u.Scheme == "https" {
		return true
	}
	if u.Scheme != "http" {
		return false
	}
	host := u.Hostname()
	address, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && address.IsLoopback()
}

package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// transport sends one attempt: it waits for its turn, signs, counts, bounds the
// attempt in time and tells the limits how it went. It sits below the retries,
// so that each of them, and each redirect, passes through all of this anew.
type transport struct {
	client *Client
	base   http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	c, ctx := t.client, req.Context()
	cl := callOf(ctx)
	if !cl.granted || cl.attempt > 0 {
		if err := c.limits.wait(ctx, cl.endpoint); err != nil {
			closeBody(req)
			return nil, err
		}
	}
	attempt, end := context.WithCancel(ctx)
	timer := time.AfterFunc(c.opts.RequestTimeout, end)
	cancel := func() { timer.Stop(); end() }
	signed := req.Clone(attempt)
	if err := c.auth.sign(signed, cl); err != nil {
		cancel()
		closeBody(req)
		return nil, err
	}
	if c.opts.UserAgent != "" {
		signed.Header.Set("User-Agent", c.opts.UserAgent)
	}
	tallyOf(ctx).Requests.Add(1)
	sent := time.Now()
	resp, err := t.base.RoundTrip(signed)
	if err != nil {
		err = c.attemptError(ctx, attempt, err)
		cancel()
		return nil, err
	}
	c.opts.Logger.Debug("answer", "doing", cl.where(), "status", resp.StatusCode, "after", time.Since(sent).Round(time.Millisecond))
	resp.Request = req.WithContext(context.WithValue(ctx, sentKey{}, sent))
	resp.Body = &attemptBody{ReadCloser: resp.Body, fail: func(err error) error { return c.attemptError(ctx, attempt, err) }, cancel: cancel, goesOn: func() {
		if cl.stream {
			timer.Reset(c.opts.RequestTimeout)
		}
	}}
	c.learn(resp, cl, sent)
	return resp, nil
}

// learn tells the limits what an answer says of them. The body of an error is
// read for it, as its code is there, and put back.
func (c *Client) learn(resp *http.Response, cl *call, sent time.Time) {
	if resp.StatusCode < 400 {
		c.limits.succeeded(cl.endpoint, sent)
		return
	}
	body := readError(resp)
	if throttles(resp.StatusCode, parseFailure(body).code) {
		c.throttled(cl, retryAfter(resp.Header), sent)
	}
}

// throttled slows down all builds.
func (c *Client) throttled(cl *call, retryAfter time.Duration, sent time.Time) {
	pause := c.limits.throttled(cl.endpoint, sent, retryAfter)
	c.opts.Logger.Info("the service throttles: all requests pause", "during", cl.where(), "pause", pause.Round(time.Millisecond))
}

type sentKey struct{}

// sentAt is when the request that an answer belongs to was sent.
func sentAt(resp *http.Response) time.Time {
	sent, _ := resp.Request.Context().Value(sentKey{}).(time.Time)
	return sent
}

// readError returns the body of an error as far as it came, bounded, and puts
// it back for the next reader.
func readError(resp *http.Response) []byte {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxError))
	_ = resp.Body.Close()
	resp.Body = &errorBody{Reader: bytes.NewReader(body), broken: err != nil || brokenOff(resp)}
	return body
}

// errorBody is the body of an error that was read already.
type errorBody struct {
	io.Reader
	broken bool // it broke off: the code may be missing
}

// Close implements io.Closer.
func (*errorBody) Close() error { return nil }

// brokenOff says whether the body of an error that was read broke off.
func brokenOff(resp *http.Response) bool {
	body, ok := resp.Body.(*errorBody)
	return ok && body.broken
}

// timeoutError says that one attempt took too long. It isn't the end of the
// caller's context, so it can be tried again.
type timeoutError struct{ after time.Duration }

func (e *timeoutError) Error() string { return fmt.Sprintf("no whole answer within %s", e.after) }

// Timeout makes it a net.Error's kind of timeout.
func (e *timeoutError) Timeout() bool { return true }

// attemptError tells the end of an attempt's own time from other errors.
func (c *Client) attemptError(ctx, attempt context.Context, err error) error {
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case attempt.Err() != nil:
		return &timeoutError{after: c.opts.RequestTimeout}
	}
	return err
}

// attemptBody is an answer's body; closing it ends the attempt.
type attemptBody struct {
	io.ReadCloser
	fail   func(error) error
	goesOn func() // called when something has come
	cancel context.CancelFunc
}

// Read implements io.Reader.
func (b *attemptBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 && err == nil {
		b.goesOn()
	}
	return n, b.fail(err)
}

// Close implements io.Closer.
func (b *attemptBody) Close() error {
	err := b.ReadCloser.Close()
	b.cancel()
	return err
}

// closeBody closes the body of a request that isn't sent, as a RoundTripper must.
func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

// maxConnections bounds the connections to a host: one for each build that can
// be fetched at the same time.
const maxConnections = 64

// newTransport makes a transport of bounded connections. The time of an attempt
// as a whole is bounded by RoundTrip above.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: checkProxy,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxConnsPerHost:        maxConnections,
		MaxIdleConnsPerHost:    maxConnections,
		MaxResponseHeaderBytes: 256 << 10,
	}
}

// proxyError is a proxy's refusal to let us through.
type proxyError struct{ status int }

func (e *proxyError) Error() string {
	return fmt.Sprintf("the proxy answers %d %s", e.status, http.StatusText(e.status))
}

// checkProxy reads what a proxy says of a CONNECT.
func checkProxy(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return &proxyError{status: resp.StatusCode}
	}
	return nil
}

// maxRedirects bounds a chain of redirects on the same host.
const maxRedirects = 5

// redirectError is a redirect that isn't followed, since the credentials would
// go with it.
type redirectError struct{ to, why string }

func (e *redirectError) Error() string {
	return fmt.Sprintf("the service redirects to %s, %s", e.to, e.why)
}

// checkRedirect allows a few redirects on the same scheme, host and port. They
// are signed anew.
func checkRedirect(req *http.Request, via []*http.Request) error {
	to := (&url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host}).String()
	first := via[0].URL
	if req.URL.Scheme != first.Scheme || !strings.EqualFold(req.URL.Host, first.Host) {
		return &redirectError{to: to, why: "another host, to which credentials aren't sent; if it is the right one, set it as the endpoint"}
	}
	if len(via) > maxRedirects {
		return &redirectError{to: to, why: fmt.Sprintf("after %d redirects", maxRedirects)}
	}
	return nil
}

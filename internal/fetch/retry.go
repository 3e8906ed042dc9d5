package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Some failures seldom mend themselves: they get fewer tries than the rest.
const (
	triesOfUnknownHost   = 3 // a wrong region, or a resolver that hiccups
	triesOfBrokenBody    = 4
	triesOfSilentRefusal = 4 // HTTP 200 with a refusal, but no code to decide by
)

// checkRetry is the policy of retries (retryablehttp.CheckRetry). Tried again
// are connections that fail, attempts that take too long, throttling and the
// service's own trouble; not what is the request's fault.
func (c *Client) checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	cl := callOf(ctx)
	again := false
	switch {
	case cl.tries > 0 && cl.attempt+1 >= cl.tries:
	case err != nil:
		again = cl.retryError(err)
	case resp != nil && resp.StatusCode >= 300:
		again = retryStatus(resp.StatusCode, parseFailure(readError(resp)).code) ||
			brokenOff(resp) && cl.attempt+1 < triesOfBrokenBody
	}
	tally := tallyOf(ctx)
	if err == nil && resp != nil && resp.StatusCode < 300 {
		tally.trouble.Store(nil)
	}
	if again {
		trouble := c.troubleOf(cl, resp, err)
		tally.trouble.Store(&trouble)
		c.opts.Logger.Debug("attempt failed", "doing", cl.where(), "attempt", cl.attempt+1, "status", statusOf(resp), "error", c.redact.error(err))
	}
	return again, nil
}

// troubleOf is what was wrong with an attempt, in one line.
func (c *Client) troubleOf(cl *call, resp *http.Response, err error) string {
	var (
		refused *APIError
		body    *BodyError
		aborted *url.Error
	)
	switch {
	case errors.As(err, &refused), errors.As(err, &body): // which say where themselves
		return c.redact.error(err)
	case errors.As(err, &aborted):
		err = aborted.Err // its text repeats the URL, with whatever is in it
	case err == nil:
		f := parseFailure(readError(resp))
		err = errors.New(strings.TrimSpace(fmt.Sprintf("HTTP %d %s %s", resp.StatusCode, f.code, f.message)))
	}
	return cl.where() + ": " + c.redact.error(err)
}

// retryStatus says whether an answer with an HTTP status and code may be
// another one next time.
func retryStatus(status int, code string) bool {
	switch code {
	case codeTooMany, codeBusy, codeInternal:
		return true
	}
	switch status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return throttles(status, code)
}

// retryError says whether an attempt that ended in an error is worth another.
func (cl *call) retryError(err error) bool {
	var (
		refused  *APIError
		body     *BodyError
		redirect *redirectError
		proxy    *proxyError
		final    *finalError
		host     *net.DNSError
	)
	switch {
	case errors.As(err, &refused):
		return retryStatus(refused.HTTPStatus, refused.Code) || refused.saysNothing() && cl.attempt+1 < triesOfSilentRefusal
	case errors.Is(err, errTooLarge), errors.As(err, &redirect), errors.As(err, &final), isTLSFailure(err):
		return false
	case errors.As(err, &proxy):
		return proxy.status >= 500
	case errors.As(err, &body):
		return cl.attempt+1 < triesOfBrokenBody
	case errors.As(err, &host) && host.IsNotFound:
		return cl.attempt+1 < triesOfUnknownHost
	}
	return true
}

// saysNothing says whether nothing tells what kind of refusal this is: neither
// the HTTP status nor a code, nor that there is no such thing.
func (e *APIError) saysNothing() bool {
	return e.HTTPStatus == http.StatusOK && e.Code == "" && !IsNotFound(e)
}

// finalError is an error of our own making that no retry mends.
type finalError struct{ err error }

func (e *finalError) Error() string { return e.err.Error() }
func (e *finalError) Unwrap() error { return e.err }

// isTLSFailure says whether the other side isn't who it should be, or doesn't
// speak TLS at all.
func isTLSFailure(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		invalid      x509.CertificateInvalidError
		record       tls.RecordHeaderError
	)
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &hostname) ||
		errors.As(err, &invalid) || errors.As(err, &record) ||
		strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}

// countRetry notes which attempt is coming (retryablehttp.RequestLogHook).
func countRetry(_ retryablehttp.Logger, req *http.Request, attempt int) {
	callOf(req.Context()).attempt = attempt
	if attempt > 0 {
		tallyOf(req.Context()).Retries.Add(1)
	}
}

// backoff is how long to wait after an attempt (retryablehttp.Backoff): what
// the service asks for, bounded, else twice as long each time, at random
// between half of it and all, so that builds don't come back all at once.
func backoff(shortest, longest time.Duration, attempt int, resp *http.Response) time.Duration {
	if resp != nil {
		if d := min(retryAfter(resp.Header), maxRetryAfter); d > 0 {
			return d
		}
	}
	d := shortest
	for range attempt {
		d = min(2*d, longest)
	}
	d = min(d, longest)
	return d/2 + rand.N(d/2+1)
}

// retryAfter reads the header Retry-After, in seconds or as a date, which is
// compared with the service's own clock where it shows it. 0 means not given.
func retryAfter(h http.Header) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return max(0, at.Sub(now))
}

// statusOf is the HTTP status of an answer, 0 without one.
func statusOf(resp *http.Response) int {
	if resp == nil {
		return 0
	}
	return resp.StatusCode
}

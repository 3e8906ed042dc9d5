// Package fetch speaks CodeArts Build's API: it signs, limits, sends and
// retries requests, reads a build's log page by page and follows it until it
// has ended, so that the rest of loggate sees a log as one complete, ordered
// stream of bytes or is told why it isn't.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Options says which service a Client speaks to, as whom, and how hard it tries.
type Options struct {
	Endpoint    *url.URL // base of the API
	IAMEndpoint *url.URL // base of IAM, for the OIDC exchange only
	Credentials Credentials
	ProjectID   string  // sent as X-Project-Id with AK/SK; "" sends none
	RateLimit   float64 // share of the published limits, 1 is all of them; 0 means no limit
	UserAgent   string
	Logger      *slog.Logger        // nil discards; never gets a secret
	Issued      func(secret string) // told of each token that comes up during the run; may be nil

	Attempts               int               // tries of one request; default 8
	RequestTimeout         time.Duration     // of one attempt with its body; default 60s
	MinBackoff, MaxBackoff time.Duration     // between tries; default 500ms and 30s
	Transport              http.RoundTripper // nil: a transport of its own, with the environment's proxy
}

const (
	defaultAttempts       = 8
	defaultRequestTimeout = 60 * time.Second
	defaultMinBackoff     = 500 * time.Millisecond
	defaultMaxBackoff     = 30 * time.Second
)

// Client is one run's connection to the service. All builds share it, since
// they share the tenant's limits. It is safe for concurrent use.
type Client struct {
	opts    Options
	limits  *limits
	auth    *authority
	redact  *redactor
	retries *retryablehttp.Client
}

// New checks the options and returns a Client; nothing is requested yet.
func New(o Options) (*Client, error) {
	if err := o.fill(); err != nil {
		return nil, fmt.Errorf("set up the client: %w", err)
	}
	c := &Client{opts: o, limits: newLimits(o.RateLimit), redact: newRedactor(o.Credentials)}
	c.auth = newAuthority(c)
	c.retries = &retryablehttp.Client{
		HTTPClient:     &http.Client{Transport: &transport{client: c, base: o.Transport}, CheckRedirect: checkRedirect},
		RetryMax:       o.Attempts - 1,
		RetryWaitMin:   o.MinBackoff,
		RetryWaitMax:   o.MaxBackoff,
		CheckRetry:     c.checkRetry,
		Backoff:        backoff,
		RequestLogHook: countRetry,
		ErrorHandler:   retryablehttp.PassthroughErrorHandler,
	}
	return c, nil
}

// fill checks the options and sets what was left to the defaults.
func (o *Options) fill() error {
	if err := checkBase(o.Endpoint); err != nil {
		return fmt.Errorf("endpoint: %w", err)
	}
	if err := o.Credentials.check(); err != nil {
		return err
	}
	if o.Credentials.OIDC != nil {
		if err := checkBase(o.IAMEndpoint); err != nil {
			return fmt.Errorf("IAM endpoint: %w", err)
		}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Issued == nil {
		o.Issued = func(string) {}
	}
	if o.Attempts <= 0 {
		o.Attempts = defaultAttempts
	}
	if o.RequestTimeout <= 0 {
		o.RequestTimeout = defaultRequestTimeout
	}
	if o.MinBackoff <= 0 {
		o.MinBackoff = defaultMinBackoff
	}
	if o.MaxBackoff <= 0 {
		o.MaxBackoff = defaultMaxBackoff
	}
	o.MaxBackoff = max(o.MaxBackoff, o.MinBackoff)
	if o.Transport == nil {
		o.Transport = newTransport()
	}
	return nil
}

// checkBase checks that a URL can be the base of an API.
func checkBase(u *url.URL) error {
	switch {
	case u == nil:
		return errors.New("there is none")
	case u.Scheme != "https" && u.Scheme != "http":
		return errors.New("it is no http or https URL")
	case u.Host == "":
		return errors.New("it names no host")
	case u.User != nil:
		return errors.New("it holds a user name or password, which would be logged")
	}
	return nil
}

// Close closes the connections that nobody uses.
func (c *Client) Close() { c.retries.HTTPClient.CloseIdleConnections() }

// Tally counts the HTTP attempts made under a context, see WithTally.
type Tally struct {
	Requests atomic.Int64 // every attempt, redirects and token exchanges too
	Retries  atomic.Int64 // attempts after the first of the same request

	trouble atomic.Pointer[string] // what was wrong with the last attempt; nil after a good one
}

// ended is why a context has ended, with the trouble that there was until then:
// else a service that can't be reached would look like one that is slow.
func ended(ctx context.Context) error {
	cause := context.Cause(ctx)
	if trouble := tallyOf(ctx).trouble.Load(); trouble != nil && cause != nil {
		return fmt.Errorf("%w; the last attempt failed: %s", cause, *trouble)
	}
	return cause
}

type tallyKey struct{}

// WithTally returns a context under which every HTTP attempt is counted in t.
func WithTally(ctx context.Context, t *Tally) context.Context {
	return context.WithValue(ctx, tallyKey{}, t)
}

// tallyOf is the context's Tally, or one that nobody reads.
func tallyOf(ctx context.Context) *Tally {
	if t, ok := ctx.Value(tallyKey{}).(*Tally); ok && t != nil {
		return t
	}
	return new(Tally)
}

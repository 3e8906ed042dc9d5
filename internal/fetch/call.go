package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"

	"github.com/hashicorp/go-retryablehttp"
)

// The bounds of an answer's body, after decompression. A body at its bound
// isn't cut but refused.
const (
	maxPage   = 64 << 20
	maxAnswer = 4 << 20
	maxError  = 64 << 10 // what is read of an error's body
)

// call is one request of the API with all its attempts. It travels in the
// request's context, since transport and retry policy need to know it.
type call struct {
	endpoint Endpoint
	op       string // what is being done, such as "fetch page"
	build    string // of which build, see nameOf; "" where it is about none
	offset   int64  // of the page; -1 where there is none
	maxBody  int64
	pager    bool   // a broken body is the pager's to ask for again
	token    string // for X-Auth-Token, where OIDC is used
	plain    bool   // carries credentials of its own
	granted  bool   // the first attempt has the limiter's leave already
	stream   bool   // the answer may take long, as long as it goes on
	tries    int    // attempts at most; 0: what the client's options say
	attempt  int    // from 0
}

type callKey struct{}

// callOf is the call that a request belongs to.
func callOf(ctx context.Context) *call {
	if cl, ok := ctx.Value(callKey{}).(*call); ok {
		return cl
	}
	return &call{endpoint: endpointNone, offset: -1, maxBody: maxAnswer}
}

// where says what was being done on what, for errors.
func (cl *call) where() string { return where(cl.op, cl.build, cl.offset) }

func where(op, build string, offset int64) string {
	if offset >= 0 {
		op = fmt.Sprintf("%s at offset %d", op, offset)
	}
	if build != "" {
		op += " of build " + build
	}
	return op
}

// pathRE is how the parts of a path look: ids, which may be the service's own
// words, can't mean another path.
var pathRE = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)

// get asks an endpoint of the API and hands the result of its answer to decode,
// whose error means that the answer can't be understood.
func (c *Client) get(ctx context.Context, cl *call, path []string, query url.Values, decode func(result []byte) error) error {
	for _, part := range path {
		if !pathRE.MatchString(part) {
			return fmt.Errorf("%s: %.80q is no id", cl.where(), part)
		}
	}
	u := c.opts.Endpoint.JoinPath(path...)
	u.RawQuery = query.Encode()
	err := c.auth.with(ctx, cl, func() error {
		req, err := retryablehttp.NewRequestWithContext(context.WithValue(ctx, callKey{}, cl), http.MethodGet, u.String(), nil)
		if err != nil {
			return err
		}
		req.Header.Set("Accept", "application/json")
		return c.do(req, cl, func(_ http.Header, body []byte) error {
			result, refused, err := openEnvelope(body)
			if err != nil {
				return err
			}
			if refused {
				return errRefused
			}
			return decode(result)
		})
	})
	return c.explain(ctx, cl, err)
}

// errRefused is an answer with a good HTTP status that is a refusal.
var errRefused = errors.New("refused")

// do sends a request, with retries, and hands the body of a good answer to
// decode. An answer that decode refuses is an *APIError, one that it can't
// understand a *BodyError.
func (c *Client) do(req *retryablehttp.Request, cl *call, decode func(http.Header, []byte) error) error {
	var broken error // kept from the retry policy where the pager asks again
	err := c.send(req, cl, func(resp *http.Response) error {
		broken = nil
		err := c.read(resp, cl, decode)
		var body *BodyError
		if cl.pager && errors.As(err, &body) {
			broken = err
			return nil
		}
		return err
	})
	if err == nil {
		err = broken
	}
	return err
}

// send sends a request, with retries, and hands each good answer to handle,
// whose error may be retried, too.
func (c *Client) send(req *retryablehttp.Request, cl *call, handle retryablehttp.ResponseHandlerFunc) error {
	req.SetResponseHandler(handle)
	resp, err := c.retries.Do(req)
	if resp != nil {
		defer resp.Body.Close()
	}
	if err == nil && resp != nil && resp.StatusCode >= 300 {
		return c.refusal(resp, cl, readError(resp)) // retried in vain
	}
	return err
}

// read reads one answer.
func (c *Client) read(resp *http.Response, cl *call, decode func(http.Header, []byte) error) error {
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return c.refusal(resp, cl, readError(resp))
	}
	body, err := readAll(resp.Body, cl.maxBody)
	if err == nil {
		err = decode(resp.Header, body)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errRefused):
		refusal := c.refusal(resp, cl, body[:min(len(body), maxError)])
		if throttles(refusal.HTTPStatus, refusal.Code) {
			c.throttled(cl, refusal.RetryAfter, sentAt(resp))
		}
		return refusal
	}
	return &BodyError{Op: cl.op, Build: cl.build, Offset: cl.offset, Err: c.describeBody(resp, body, err)}
}

// describeBody adds what came to the error of a body that isn't what it should be.
func (c *Client) describeBody(resp *http.Response, body []byte, err error) error {
	if f := parseFailure(body[:min(len(body), maxError)]); f.html {
		line := fmt.Sprintf("it is a web page (%s); is the endpoint right, does a proxy stand in between?", c.redact.line(f.message))
		return &lineError{line: line, err: err}
	}
	line := fmt.Sprintf("%d bytes of %.40q: %v", len(body), resp.Header.Get("Content-Type"), err)
	return &lineError{line: c.redact.line(line), err: err}
}

var errTooLarge = errors.New("larger than any answer may be")

// readAll reads a body to its end, or says that it exceeds its bound.
func readAll(body io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return data, fmt.Errorf("broke off after %d bytes: %w", len(data), err)
	}
	if int64(len(data)) > limit {
		return data[:limit], fmt.Errorf("%w: over %d MiB", errTooLarge, limit>>20)
	}
	return data, nil
}

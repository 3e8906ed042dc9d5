package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// APIError is the service's refusal of one request, after all retries.
type APIError struct {
	Op         string // what was being done, such as "fetch page"
	Build      string // which build, such as "api:7"; "" when it is about none
	Offset     int64  // of the page; -1 where there is none
	HTTPStatus int    // 200 too: the service can refuse with it
	Code       string // the service's, such as CB.00060201; "" when it gave none
	Message    string // the service's, one printable line without secrets of ours
	Advice     string // what to do
	RetryAfter time.Duration

	elsewhere bool // it isn't CodeArts Build that refuses, but whoever gives tokens
}

// Error is what was being done, on what, what the service said and what to do.
func (e *APIError) Error() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: HTTP %d", where(e.Op, e.Build, e.Offset), e.HTTPStatus)
	if e.Code != "" {
		out.WriteString(" " + e.Code)
	}
	if e.Message != "" {
		out.WriteString(": " + strings.TrimRight(e.Message, "."))
	}
	if e.Advice != "" {
		out.WriteString("; " + e.Advice)
	}
	return out.String()
}

// BodyError is an answer that broke off, is too large or can't be understood.
type BodyError struct {
	Op, Build string // as in APIError
	Offset    int64  // of the page; -1 where there is none
	Err       error  // what is wrong with it, in one printable line
}

// Error is what was being done, on what, and what is wrong with the answer.
func (e *BodyError) Error() string {
	return fmt.Sprintf("%s: the answer can't be used: %v", where(e.Op, e.Build, e.Offset), e.Err)
}

// Unwrap returns what is wrong with the answer.
func (e *BodyError) Unwrap() error { return e.Err }

// The codes that decide something, from the API's reference. The gateway's
// come as APIGW.0308 and as APIG.0308.
const (
	codeParameter = "CB.00060200"
	codeJobID     = "CB.00060201"
	codeTooMany   = "CB.00060211"
	codeNoURL     = "CB.00060214"
	codeBusy      = "CB.00060100"
	codeInternal  = "CB.00060101"

	gatewayNoAPI     = "0101"
	gatewayAuth      = "0301"
	gatewayThrottled = "0308"
)

// gatewayCode is the number of a code of the API gateway; "" for other codes.
func gatewayCode(code string) string {
	prefix, number, _ := strings.Cut(code, ".")
	if prefix == "APIGW" || prefix == "APIG" {
		return number
	}
	return ""
}

// throttles says whether an answer asks the whole client to slow down.
func throttles(status int, code string) bool {
	return status == http.StatusTooManyRequests || code == codeTooMany || gatewayCode(code) == gatewayThrottled
}

// IsThrottled says whether the service refused because of too many requests.
func IsThrottled(err error) bool {
	var e *APIError
	return errors.As(err, &e) && throttles(e.HTTPStatus, e.Code)
}

// IsNotFound says whether the service answered that there is no such build,
// job or record, or none yet: HTTP 404, but for an unknown URL, HTTP 400 with a
// code of CodeArts Build's that doesn't blame a parameter, and HTTP 200 with a
// refusal that says so.
func IsNotFound(err error) bool {
	var e *APIError
	if !errors.As(err, &e) || e.elsewhere {
		return false
	}
	switch e.HTTPStatus {
	case http.StatusNotFound:
		return !e.noSuchURL()
	case http.StatusBadRequest:
		return strings.HasPrefix(e.Code, "CB.") && e.Code != codeParameter && e.Code != codeJobID
	case http.StatusOK:
		return notFoundRE.MatchString(e.Message)
	}
	return false
}

// notFoundRE is how refusals say that there is no such thing.
var notFoundRE = regexp.MustCompile(`(?i)not (be )?found|(not|n't) exist|no such|不存在`)

// noSuchURL says whether it is the endpoint that the service doesn't know.
func (e *APIError) noSuchURL() bool {
	return e.Code == codeNoURL || gatewayCode(e.Code) == gatewayNoAPI
}

// lineError shows an error as one printable line without secrets, and still
// unwraps to it.
type lineError struct {
	line string
	err  error
}

func (e *lineError) Error() string { return e.line }
func (e *lineError) Unwrap() error { return e.err }

// explain says what was being done when an error came up that isn't the
// service's answer, and what may be behind it.
func (c *Client) explain(ctx context.Context, cl *call, err error) error {
	var (
		refused *APIError
		body    *BodyError
		final   *finalError
		aborted *url.Error
		proxy   *proxyError
		host    *net.DNSError
	)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", cl.where(), ctx.Err())
	case errors.As(err, &refused) && refused.Op == cl.op, errors.As(err, &body) && body.Op == cl.op:
		return err
	case refused != nil, body != nil, errors.As(err, &final):
		return fmt.Errorf("%s: %w", cl.where(), err)
	}
	if errors.As(err, &aborted) {
		err = aborted.Err // its text repeats the URL, with whatever is in it
	}
	line := fmt.Sprintf("%s: no answer in %d attempts: %s", cl.where(), cl.attempt+1, c.redact.error(err))
	switch {
	case errors.As(err, &host) && host.IsNotFound:
		line += "; is the region (or the endpoint) right?"
	case errors.As(err, &proxy):
		line += "; is HTTPS_PROXY right, with its user and password, or does NO_PROXY lack the endpoint?"
	case isTLSFailure(err):
		line += "; is the endpoint right, and is its certificate authority known here (SSL_CERT_FILE)?"
	}
	return &lineError{line: line, err: err}
}

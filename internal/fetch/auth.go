package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Credentials is one of: access key and secret key (with a security token
// where they are temporary), an IAM token, or OIDC.
type Credentials struct {
	AccessKey, SecretKey, SecurityToken string
	AuthToken                           string
	OIDC                                *OIDC
}

// check says whether there is exactly one kind of credentials, and whole.
func (c *Credentials) check() error {
	kinds := 0
	if c.AccessKey != "" || c.SecretKey != "" || c.SecurityToken != "" {
		kinds++
		if c.AccessKey == "" || c.SecretKey == "" {
			return errors.New("credentials: access key and secret key go together")
		}
	}
	if c.AuthToken != "" {
		kinds++
	}
	if c.OIDC != nil {
		kinds++
	}
	switch kinds {
	case 0:
		return errors.New("credentials: there are none")
	case 1:
		return nil
	}
	return errors.New("credentials: more than one kind of them")
}

// authority proves to the service who is asking.
type authority struct {
	creds     Credentials
	projectID string
	tokens    *tokens // nil unless OIDC is used

	mu       sync.Mutex
	accepted bool // the service has accepted the credentials once
	refusals int  // so often it hasn't, before
	refusal  *APIError
}

func newAuthority(c *Client) *authority {
	a := &authority{creds: c.opts.Credentials, projectID: c.opts.ProjectID}
	if a.creds.OIDC != nil {
		a.tokens = newTokens(c, *a.creds.OIDC)
	}
	return a
}

// sign adds the proof to one attempt of a request.
func (a *authority) sign(req *http.Request, cl *call) error {
	switch {
	case cl.plain:
		return nil
	case a.tokens != nil:
		req.Header.Set("X-Auth-Token", cl.token)
	case a.creds.AuthToken != "":
		req.Header.Set("X-Auth-Token", a.creds.AuthToken)
	default:
		if a.projectID != "" {
			req.Header.Set("X-Project-Id", a.projectID)
		}
		if err := SignRequest(req, a.creds, time.Now()); err != nil {
			return &finalError{err}
		}
	}
	return nil
}

// tokenTries is how often a request is sent, each time with a new token, as long
// as the service says that the token isn't valid any more.
const tokenTries = 4

// with runs send with a token where one is needed.
func (a *authority) with(ctx context.Context, cl *call, send func() error) error {
	if refusal := a.hopeless(cl); refusal != nil {
		return refusal
	}
	if a.tokens == nil {
		return a.note(send())
	}
	for try := 1; ; try++ {
		token, err := a.tokens.get(ctx)
		if err != nil {
			return &finalError{err}
		}
		cl.token = token
		err = send()
		if isUnauthorized(err) && try < tokenTries && a.tokens.discard(token) {
			continue
		}
		if err == nil {
			a.tokens.proven()
		}
		return a.note(err)
	}
}

// maxRefusals is how often credentials that were never accepted are tried: the
// service locks an access key for five minutes after five failures in a row.
const maxRefusals = 3

// note remembers what an answer says of the credentials.
func (a *authority) note(err error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var refusal *APIError
	switch {
	case err == nil || errors.As(err, &refusal) && !isUnauthorized(err):
		a.accepted = true
	case isUnauthorized(err):
		a.refusals++
		a.refusal = refusal
		if a.accepted && a.tokens == nil {
			refusal.Advice = "the credentials were accepted before: they have expired or were revoked during the run; " +
				"use ones that last as long as the run, or OIDC, which renews its token"
		}
	}
	return err
}

// hopeless is the service's refusal, in place of a request with credentials
// that it has refused again and again; nil while there is hope.
func (a *authority) hopeless(cl *call) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accepted || a.refusals < maxRefusals {
		return nil
	}
	again := *a.refusal
	again.Op, again.Build, again.Offset = cl.op, cl.build, cl.offset
	again.Message = fmt.Sprintf("not asked, since the service has refused the credentials %d times: %s", a.refusals, again.Message)
	return &again
}

// isUnauthorized says whether the service doesn't know who is asking.
func isUnauthorized(err error) bool {
	var e *APIError
	return errors.As(err, &e) && e.HTTPStatus == http.StatusUnauthorized
}

package fetch

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// maxSkew is how far our clock may be from the service's: signatures of
// another time are refused.
const maxSkew = 15 * time.Minute

// advice is what somebody who gets an error should look at.
func (c *Client) advice(e *APIError, h http.Header, page bool) string {
	switch {
	case throttles(e.HTTPStatus, e.Code):
		return "others use the tenant's limit too: lower rate-limit (1/N for N parallel jobs) or run fewer jobs at once"
	case e.elsewhere && e.HTTPStatus < 500:
		return c.adviceOnTokens(e)
	case e.HTTPStatus == http.StatusUnauthorized || gatewayCode(e.Code) == gatewayAuth:
		return c.adviceOnCredentials(e, h)
	case e.HTTPStatus == http.StatusForbidden:
		return "the credentials lack the permission to view builds in this job's project: have it given to them, or is project-id or the region (" +
			c.opts.Endpoint.Host + ") wrong?"
	case e.noSuchURL():
		return "the service at " + c.opts.Endpoint.Host + " has no such call: is the endpoint (or the region) right?"
	case e.Code == codeJobID:
		return "is the job id right? It is the 32 letters and digits at the end of the build task's address"
	case e.Code == codeParameter:
		return "are the job id and the build number right?"
	case e.HTTPStatus == http.StatusNotFound:
		return "are the job id and the build number right, and is the job in the region that " + c.opts.Endpoint.Host + " serves?"
	case e.HTTPStatus >= 500:
		return fmt.Sprintf("the service is in trouble (%d attempts were made): try again later", c.opts.Attempts)
	case page:
		return "a web page came in place of an answer: is the endpoint right, does a proxy stand in between?"
	case e.HTTPStatus >= 300 && e.HTTPStatus < 400:
		return "is the endpoint right?"
	}
	return "is there such a build, and may the credentials see it?"
}

// adviceOnCredentials is about HTTP 401: wrong keys, a wrong clock, or a token
// that has ended.
func (c *Client) adviceOnCredentials(e *APIError, h http.Header) string {
	if skew := clockSkew(h); skew > maxSkew || skew < -maxSkew {
		direction := "ahead of"
		if skew < 0 {
			skew, direction = -skew, "behind"
		}
		return fmt.Sprintf("this machine's clock is %d minutes %s the service's: set it right", int(skew.Minutes()), direction)
	}
	message := strings.ToLower(e.Message)
	switch {
	case c.opts.Credentials.OIDC != nil:
		return "the token that IAM gave for the ID token isn't accepted: is it of the same region as the endpoint?"
	case c.opts.Credentials.AuthToken != "" && strings.Contains(message, "expire"):
		return "auth-token has expired: tokens last 24 hours; get a new one, or use access-key and secret-key or OIDC"
	case c.opts.Credentials.AuthToken != "":
		return "is auth-token whole, younger than 24 hours, and scoped to a project of this region?"
	case c.opts.Credentials.SecurityToken != "":
		return "are access-key, secret-key and security-token of one set, and not expired?"
	}
	return "are access-key and secret-key right, and still active? After five failures in a row the service locks them for five minutes"
}

// adviceOnTokens is about the requests that get a token.
func (c *Client) adviceOnTokens(e *APIError) string {
	switch e.HTTPStatus {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "does oidc-provider name an identity provider of IAM that trusts this CI, with oidc-audience as its client id? Is the ID token still valid, and allowed to be requested (permission id-token: write)?"
	case http.StatusNotFound:
		return "is oidc-provider right, and iam-endpoint?"
	}
	return "are oidc-provider, oidc-audience and the region right?"
}

// clockSkew is how far our clock is ahead of the service's; 0 if it doesn't say.
func clockSkew(h http.Header) time.Duration {
	at, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return time.Since(at)
}

package simulator

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"sync"
	"time"
)

// Auth says who is let in.
type Auth struct {
	Keys   []Key
	Tokens []string // for X-Auth-Token, as if IAM had issued them for the project
	OIDC   *OIDC    // nil: there is no identity provider
}

// Key is an access key; with a SecurityToken it is a temporary one.
type Key struct {
	Access, Secret string
	SecurityToken  string
}

// OIDC is an identity provider that IAM trusts.
type OIDC struct {
	Provider string   // its id, sent as X-Idp-Id
	IDTokens []string // the ID tokens that count as valid
	Project  string   // name or id of the only project that tokens can be scoped to; "" lets any
}

// Headers of authentication.
const (
	headerToken         = "X-Auth-Token"
	headerSecurityToken = "X-Security-Token"
	headerDate          = "X-Sdk-Date"
	headerContentHash   = "X-Sdk-Content-Sha256"
	headerAuthorization = "Authorization"
)

// tokenLife is how long a token is valid that IAM issues.
const tokenLife = 24 * time.Hour

// maxIssued bounds how many issued tokens are remembered.
const maxIssued = 10_000

// authority decides who is let in.
type authority struct {
	keys   map[string]Key
	tokens []string
	oidc   *OIDC
	// signedHost says whether a signature must cover the header host.
	signedHost bool

	mu     sync.Mutex
	issued map[string]issuedToken
}

// issuedToken is a token that was got for an ID token.
type issuedToken struct {
	expires time.Time
	project bool // scoped to a project, which the service demands
}

// newAuthority checks what was set up.
func newAuthority(a Auth, readings Readings) (*authority, error) {
	out := &authority{
		keys: map[string]Key{}, tokens: a.Tokens, oidc: a.OIDC, issued: map[string]issuedToken{},
		signedHost: readings.SignedHost == "required",
	}
	for _, key := range a.Keys {
		if key.Access == "" || key.Secret == "" {
			return nil, errors.New("simulator: auth: an access key has no name or no secret")
		}
		out.keys[key.Access] = key
	}
	for _, token := range a.Tokens {
		if token == "" {
			return nil, errors.New("simulator: auth: a token is empty")
		}
	}
	if a.OIDC != nil && a.OIDC.Provider == "" {
		return nil, errors.New("simulator: auth: the identity provider has no id")
	}
	return out, nil
}

// check says why a call is refused, "" when it is let in.
func (a *authority) check(c *call, now time.Time) string {
	if authorization := c.Header.Get(headerAuthorization); authorization != "" {
		return a.checkSignature(c, authorization, now)
	}
	tokens := c.Header.Values(headerToken)
	switch {
	case len(tokens) == 0:
		return "no X-Auth-Token and no Authorization header"
	case len(tokens) > 1:
		return "more than one X-Auth-Token"
	}
	return a.checkToken(tokens[0], now)
}

// checkToken says why a token is refused.
func (a *authority) checkToken(token string, now time.Time) string {
	if anyEqual(a.tokens, token) {
		return ""
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	issued, known := a.issued[token]
	switch {
	case !known:
		return "decrypt token fail"
	case !now.Before(issued.expires):
		return "token has expired"
	case !issued.project:
		return "the token's scope is not a project"
	}
	return ""
}

// anyEqual compares a secret with each that is known, in a time that doesn't
// tell how much of it was right.
func anyEqual(known []string, secret string) bool {
	found := 0
	for _, k := range known {
		found |= subtle.ConstantTimeCompare([]byte(k), []byte(secret))
	}
	return found == 1
}

// issue makes a token and remembers it. Beyond the bound an old one is dropped.
func (a *authority) issue(now time.Time, project bool) (token string, expires time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.issued) >= maxIssued {
		for old := range a.issued {
			delete(a.issued, old)
			break
		}
	}
	token, expires = "simulated-"+rand.Text(), now.Add(tokenLife)
	a.issued[token] = issuedToken{expires, project}
	return token, expires
}

// revoke forgets an issued token, which then counts as unknown. Tokens that
// were handed in stay valid, since their owner couldn't get another.
func (a *authority) revoke(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.issued, token)
}

package fetch

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// minSecret is the length from which a secret is looked for in texts: shorter
// ones would make them unreadable and are no secrets worth the name.
const minSecret = 4

// redactor takes this run's own credentials out of what the service says, as
// it may repeat what was sent to it.
type redactor struct {
	mu      sync.RWMutex
	secrets []string // longest first
}

func newRedactor(creds Credentials) *redactor {
	r := &redactor{}
	r.add(creds.AccessKey)
	r.add(creds.SecretKey)
	r.add(creds.SecurityToken)
	r.add(creds.AuthToken)
	if creds.OIDC != nil {
		r.add(creds.OIDC.IDToken)
		r.add(creds.OIDC.RequestToken)
	}
	return r
}

// add makes a secret known, also as it looks in a URL or in JSON.
func (r *redactor) add(secret string) {
	if len(secret) < minSecret {
		return
	}
	quoted, _ := json.Marshal(secret) // a string always can be
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, form := range []string{secret, url.QueryEscape(secret), strings.Trim(string(quoted), `"`)} {
		if !slices.Contains(r.secrets, form) {
			r.secrets = append(r.secrets, form)
		}
	}
	slices.SortStableFunc(r.secrets, func(a, b string) int { return len(b) - len(a) })
}

// line is a foreign text as one printable, bounded line without secrets.
func (r *redactor) line(s string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, secret := range r.secrets {
		s = strings.ReplaceAll(s, secret, "[redacted]")
	}
	return oneLine(s)
}

// error is an error's text as line makes it; "" for nil.
func (r *redactor) error(err error) string {
	if err == nil {
		return ""
	}
	return r.line(err.Error())
}

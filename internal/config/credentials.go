package config

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
)

// Credentials are of one kind: keys (temporary ones with SecurityToken), a
// token, or an exchange of the CI's own ID token. However they are printed,
// logged or encoded, their values don't show.
type Credentials struct {
	AccessKey, SecretKey, SecurityToken string
	AuthToken                           string
	OIDC                                *OIDC
}

// OIDC is what the exchange of an ID token at IAM needs. The token is IDToken,
// which IDTokenFile (where that is where it is from) may renew, or else what
// RequestURL answers to RequestToken.
type OIDC struct {
	Provider                 string // X-Idp-Id
	Audience                 string
	IDToken, IDTokenFile     string
	RequestURL, RequestToken string // GitHub's
	Project                  string // scope of the token: the region's name
}

// Secrets are all secret values of the run, for redaction.
func (c Credentials) Secrets() []string {
	all := []string{c.AccessKey, c.SecretKey, c.SecurityToken, c.AuthToken}
	if c.OIDC != nil {
		all = append(all, c.OIDC.IDToken, c.OIDC.RequestToken)
	}
	var secrets []string
	for _, secret := range all {
		if secret != "" {
			secrets = append(secrets, secret)
		}
	}
	return secrets
}

// String is the kind of the credentials.
func (c Credentials) String() string {
	switch {
	case c.OIDC != nil:
		return "ID token for " + c.OIDC.Provider
	case c.AuthToken != "":
		return "token"
	case c.SecurityToken != "":
		return "temporary keys"
	case c.AccessKey != "":
		return "keys"
	}
	return "none"
}

// Format prints the kind of the credentials, whatever the verb.
func (c Credentials) Format(s fmt.State, _ rune) { io.WriteString(s, c.String()) }

// LogValue logs the kind of the credentials.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalText encodes the kind of the credentials.
func (c Credentials) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// String names the provider.
func (o OIDC) String() string { return "ID token for " + o.Provider }

// Format prints the provider, whatever the verb.
func (o OIDC) Format(s fmt.State, _ rune) { io.WriteString(s, o.String()) }

// LogValue logs the provider.
func (o OIDC) LogValue() slog.Value { return slog.StringValue(o.String()) }

// MarshalText encodes the provider.
func (o OIDC) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// credentialKinds are the inputs that make up each kind.
func credentialKinds() [][]string {
	return [][]string{
		{"access-key", "secret-key", "security-token"},
		{"auth-token"},
		{"oidc-provider", "id-token"},
	}
}

// credentials reads them whole from the first layer that has any.
func (r *reader) credentials() {
	for l := range layers {
		given := r.credentialsAt(l)
		if len(given) == 0 {
			continue
		}
		r.oneKind(l, given)
		return
	}
	r.report(&InputError{Input: "credentials", Problem: "none are given (GitHub hands no secrets to pull requests from forks)",
		Mend: "set access-key and secret-key, or auth-token, or oidc-provider, as flags, as LOGGATE_… or INPUT_… variables, or by HUAWEICLOUD_SDK_AK and _SK, HUAWEICLOUD_SDK_IDP_ID, HW_ACCESS_KEY and HW_SECRET_KEY, HW_AUTH_TOKEN"})
}

// credentialsAt are the credential inputs that a layer has, by name.
func (r *reader) credentialsAt(l layer) map[string]value {
	given := map[string]value{}
	for _, in := range r.inputs {
		if in.read != nil {
			continue // no credential
		}
		if v, ok := r.at(l, in); ok {
			given[in.Name] = v
		}
	}
	return given
}

// oneKind keeps the credentials of a layer, if they are of one kind and whole.
func (r *reader) oneKind(l layer, given map[string]value) {
	var kinds []value // the first value of each kind
	for _, kind := range credentialKinds() {
		for _, name := range kind {
			if v, ok := given[name]; ok {
				kinds = append(kinds, v)
				break
			}
		}
	}
	if len(kinds) > 1 {
		r.report(&InputError{Input: kinds[0].Name, Source: kinds[0].source, Problem: "and " + kinds[1].source + " are two kinds of credentials in one source",
			Mend: "keep one of them"})
		return
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !r.sendable(given[name]) {
			return
		}
	}
	r.config.Credentials = Credentials{
		AccessKey: given["access-key"].text, SecretKey: given["secret-key"].text, SecurityToken: given["security-token"].text,
		AuthToken: given["auth-token"].text,
	}
	switch kinds[0].Name {
	case "access-key", "secret-key", "security-token":
		r.needs(l, given, kinds[0], "access-key", "secret-key")
	case "oidc-provider", "id-token":
		if r.needs(l, given, kinds[0], "oidc-provider") {
			r.config.Credentials.OIDC = r.exchange(l, given)
		}
	}
}

// needs reports the inputs that are missing beside v in its layer.
func (r *reader) needs(l layer, given map[string]value, v value, names ...string) bool {
	whole := true
	for _, name := range names {
		if _, ok := given[name]; ok {
			continue
		}
		whole = false
		r.report(&InputError{Input: name, Problem: "is missing beside " + v.source,
			Mend: "set " + r.nameAt(l, name) + ": credentials come whole from one source"})
	}
	return whole
}

// nameAt is how an input is given in a layer.
func (r *reader) nameAt(l layer, name string) string {
	for _, in := range r.inputs {
		if names := in.variables(l); in.Name == name && len(names) > 0 {
			return names[0]
		}
	}
	return "--" + name
}

// sendable reports a credential that can't be sent in a header: most often one
// that was copied with a line break, and at worst an injected header.
func (r *reader) sendable(v value) bool {
	if strings.ContainsFunc(v.text, func(c rune) bool { return c <= ' ' || c > '~' }) {
		r.wrong(v, "has a blank, a line break or another character inside that no credential has", "copy it again, without anything around it")
		return false
	}
	return true
}

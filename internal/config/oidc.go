package config

import (
	"encoding/base64"
	"net/url"
	"strings"
	"unicode"
)

// The variables that an ID token comes from where the input id-token has none.
const (
	tokenFileVariable    = "HUAWEICLOUD_SDK_ID_TOKEN_FILE"
	requestURLVariable   = "ACTIONS_ID_TOKEN_REQUEST_URL"
	requestTokenVariable = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
)

// maxIDToken bounds an ID token's file, in bytes. GitHub's have some 2 KB.
const maxIDToken = 64 << 10

func (r *reader) oidcAudience(v value) {
	if strings.ContainsFunc(v.text, unicode.IsControl) {
		r.wrong(v, "has a control character", "write the audience that the identity provider in IAM expects")
	}
	r.audience = v.text
}

// exchange is what the exchange of an ID token needs, with the provider of
// the given layer; nil when something is wrong.
func (r *reader) exchange(l layer, given map[string]value) *OIDC {
	provider := given["oidc-provider"].text
	oidc := &OIDC{Provider: provider, Audience: provider, Project: r.config.Region}
	if r.audience != "" {
		oidc.Audience = r.audience
	}
	if token, ok := given["id-token"]; ok {
		oidc.IDToken = token.text
		return oidc.checked(r, token)
	}
	if path := strings.TrimSpace(r.env[tokenFileVariable]); path != "" {
		return r.tokenFromFile(oidc, path)
	}
	if r.env[requestURLVariable] != "" && r.env[requestTokenVariable] != "" {
		return r.tokenFromGitHub(oidc)
	}
	r.report(&InputError{Input: "id-token", Problem: "there is no ID token to exchange at " + quote(provider),
		Mend: "on GitHub give the job `permissions: id-token: write`, on GitLab name LOGGATE_ID_TOKEN under id_tokens:, elsewhere set " + r.nameAt(l, "id-token") + " or " + tokenFileVariable})
	return nil
}

func (r *reader) tokenFromFile(oidc *OIDC, path string) *OIDC {
	v := value{Input{Name: "id-token"}, tokenFileVariable, path}
	data, err := readBounded(r.file(path), maxIDToken)
	if err != nil {
		r.wrong(v, "names a file that can't be read: "+reason(err), "write the ID token there before loggate runs")
		return nil
	}
	oidc.IDToken, oidc.IDTokenFile = strings.TrimSpace(string(data)), r.file(path)
	return oidc.checked(r, v)
}

// tokenFromGitHub checks what GitHub's runner says where to ask for a token.
func (r *reader) tokenFromGitHub(oidc *OIDC) *OIDC {
	in := Input{Name: "id-token", Secret: true}
	u, err := url.Parse(r.env[requestURLVariable])
	if err != nil || u.Host == "" || !secure(u) {
		r.wrong(value{in, requestURLVariable, ""}, "is not an https URL", "leave it as GitHub's runner sets it")
		return nil
	}
	if !r.sendable(value{in, requestTokenVariable, r.env[requestTokenVariable]}) {
		return nil
	}
	oidc.RequestURL, oidc.RequestToken = u.String(), r.env[requestTokenVariable]
	return oidc
}

// checked is the exchange again, or nil when its token is no JSON Web Token:
// three parts of base64url.
func (o *OIDC) checked(r *reader, v value) *OIDC {
	parts := strings.Split(o.IDToken, ".")
	whole := len(parts) == 3
	for _, part := range parts {
		_, err := base64.RawURLEncoding.DecodeString(part)
		whole = whole && part != "" && err == nil
	}
	if whole {
		return o
	}
	r.wrong(v, "holds no JSON Web Token", "give the ID token itself: three parts with dots between")
	return nil
}

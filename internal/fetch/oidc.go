package fetch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// OIDC says how to get the CI's own ID token, and as which identity provider's
// it is exchanged at IAM. IDToken beats IDTokenFile beats RequestURL.
type OIDC struct {
	Provider     string // the identity provider's id at IAM
	Audience     string // asked for at RequestURL
	IDToken      string
	IDTokenFile  string
	RequestURL   string // GitHub's ACTIONS_ID_TOKEN_REQUEST_URL
	RequestToken string // and ACTIONS_ID_TOKEN_REQUEST_TOKEN
	Project      string // the IAM token's scope: the region's name
}

const (
	maxIDToken  = 64 << 10
	renewBefore = 5 * time.Minute // a token's end, or a tenth of its life before it if that is less
)

// tokens holds the IAM token of all builds: it is exchanged at the first
// request, and again when it nears its end or is refused.
type tokens struct {
	client *Client
	oidc   OIDC
	turn   chan struct{} // holds the right to use what is below

	token     string
	renew     time.Time // zero: its end is not known
	good      bool      // the service has accepted a token of this run
	discarded int       // so many were refused
	failed    error     // the exchange was refused: final for the run
}

func newTokens(c *Client, oidc OIDC) *tokens {
	return &tokens{client: c, oidc: oidc, turn: make(chan struct{}, 1)}
}

// get returns the token, exchanging the ID token for it where there is none yet.
func (t *tokens) get(ctx context.Context) (string, error) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	due := !t.renew.IsZero() && time.Now().After(t.renew)
	if t.token != "" && !due {
		return t.token, nil
	}
	if t.failed != nil {
		return "", t.failed
	}
	token, ends, err := t.exchange(ctx)
	if err != nil && ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil && t.token != "" { // not at its end yet: the service decides
		t.renew = time.Time{}
		return t.token, nil
	}
	if err != nil {
		t.failed = err
		return "", err
	}
	t.client.redact.add(token)
	t.client.opts.Issued(token)
	t.token, t.renew = token, renewalOf(ends)
	return t.token, nil
}

// renewalOf is when a token that ends at a time is to be renewed; zero where
// the end isn't known, or is past by our clock, which may be wrong.
func renewalOf(ends *time.Time) time.Time {
	if ends == nil || !ends.After(time.Now()) {
		return time.Time{}
	}
	return ends.Add(-min(renewBefore, time.Until(*ends)/10))
}

// proven notes that the service accepts the tokens that we get.
func (t *tokens) proven() {
	t.turn <- struct{}{}
	defer func() { <-t.turn }()
	t.good = true
}

// maxUnproven is how many tokens are discarded where none was ever accepted: a
// first one may have ended at once, but then something else is wrong.
const maxUnproven = 2

// discard drops a token that was refused and says whether to ask with another.
func (t *tokens) discard(token string) bool {
	t.turn <- struct{}{}
	defer func() { <-t.turn }()
	if token != t.token {
		return true // another build has renewed it
	}
	if !t.good && t.discarded >= maxUnproven {
		return false
	}
	t.discarded++
	t.token, t.renew = "", time.Time{}
	return true
}

// exchange gets a token from IAM for the CI's ID token: POST
// /v3.0/OS-AUTH/id-token/tokens. ends is nil when IAM doesn't say.
func (t *tokens) exchange(ctx context.Context) (token string, ends *time.Time, err error) {
	id, err := t.idToken(ctx)
	if err != nil {
		return "", nil, err
	}
	t.client.redact.add(id)
	t.client.opts.Issued(id)
	body, err := json.Marshal(map[string]any{"auth": map[string]any{
		"id_token": map[string]string{"id": id},
		"scope":    map[string]any{"project": map[string]string{"name": t.oidc.Project}},
	}})
	if err != nil {
		return "", nil, err
	}
	cl := &call{endpoint: endpointNone, op: "exchange the ID token at IAM", offset: -1, maxBody: maxAnswer, plain: true}
	url := t.client.opts.IAMEndpoint.JoinPath("v3.0", "OS-AUTH", "id-token", "tokens").String()
	header := http.Header{"Content-Type": {"application/json;charset=utf8"}, "X-Idp-Id": {t.oidc.Provider}}
	err = t.send(ctx, cl, http.MethodPost, url, body, header, func(h http.Header, body []byte) error {
		var answer struct {
			Token struct {
				ExpiresAt text `json:"expires_at"`
			} `json:"token"`
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return err
		}
		token, ends = h.Get("X-Subject-Token"), parseTime(string(answer.Token.ExpiresAt))
		if token == "" {
			return errors.New("no X-Subject-Token in it")
		}
		return nil
	})
	return token, ends, err
}

// idToken gets the CI's ID token from where the options say.
func (t *tokens) idToken(ctx context.Context) (string, error) {
	switch {
	case t.oidc.IDToken != "":
		return t.oidc.IDToken, nil
	case t.oidc.IDTokenFile != "":
		return readIDToken(t.oidc.IDTokenFile)
	case t.oidc.RequestURL != "":
		return t.requestIDToken(ctx)
	}
	return "", errors.New("get the ID token: there is neither one, nor a file with it, nor an address to request it at")
}

// readIDToken reads an ID token from a file, which is renewed by others.
func readIDToken(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("read the ID token's file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("read the ID token's file %q: it is no regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the ID token's file: %w", err)
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, maxIDToken+1))
	if err != nil {
		return "", fmt.Errorf("read the ID token's file: %w", err)
	}
	token := strings.TrimSpace(string(raw))
	if token == "" || len(raw) > maxIDToken || strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("read the ID token's file %q: it holds no ID token", path)
	}
	return token, nil
}

// requestIDToken asks GitHub for an ID token for the audience.
func (t *tokens) requestIDToken(ctx context.Context) (string, error) {
	u, err := url.Parse(t.oidc.RequestURL)
	if err != nil || u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u)) {
		return "", errors.New("request the ID token: ACTIONS_ID_TOKEN_REQUEST_URL is no https URL")
	}
	if t.oidc.Audience != "" {
		query := u.Query()
		query.Set("audience", t.oidc.Audience)
		u.RawQuery = query.Encode()
	}
	var token string
	cl := &call{endpoint: endpointNone, op: "request the ID token from GitHub", offset: -1, maxBody: maxAnswer, plain: true}
	header := http.Header{"Authorization": {"Bearer " + t.oidc.RequestToken}, "Accept": {"application/json"}}
	err = t.send(ctx, cl, http.MethodGet, u.String(), nil, header, func(_ http.Header, body []byte) error {
		var answer struct {
			Value string `json:"value"`
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return err
		}
		if answer.Value == "" {
			return errors.New(`no "value" in it`)
		}
		token = answer.Value
		return nil
	})
	return token, err
}

// send sends a request that is none of CodeArts Build's.
func (t *tokens) send(ctx context.Context, cl *call, method, url string, body []byte, header http.Header, decode func(http.Header, []byte) error) error {
	var raw any
	if body != nil {
		raw = body
	}
	ctx = context.WithValue(ctx, callKey{}, cl)
	req, err := retryablehttp.NewRequestWithContext(ctx, method, url, raw)
	if err != nil {
		return fmt.Errorf("%s: %w", cl.op, err)
	}
	req.Header = header
	return t.client.explain(ctx, cl, t.client.do(req, cl, decode))
}

// isLoopback says whether a URL is one of this machine.
func isLoopback(u *url.URL) bool {
	if u.Hostname() == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return err == nil && addr.IsLoopback()
}

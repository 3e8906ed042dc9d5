package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The algorithm is that of the "API request signing guide" of Huawei Cloud. It
// is written from its text, and shares nothing with the client's signer.
const (
	algorithm  = "SDK-HMAC-SHA256"
	dateForm   = "20060102T150405Z"
	maxSkew    = 15 * time.Minute
	unsigned   = "UNSIGNED-PAYLOAD"
	signFailed = "verify aksk signature fail"
)

var authorizationForm = regexp.MustCompile(`^` + algorithm + ` Access=([^,\s]+), SignedHeaders=([a-z0-9!#$%&'*+.^_|~;-]+), Signature=([0-9a-f]{64})$`)

// checkSignature says why a signed call is refused, "" when it is let in.
func (a *authority) checkSignature(c *call, authorization string, now time.Time) string {
	m := authorizationForm.FindStringSubmatch(authorization)
	if m == nil || len(c.Header.Values(headerAuthorization)) != 1 {
		return "the Authorization header is not of the form " + algorithm + " Access=, SignedHeaders=, Signature="
	}
	access, headers, signature := m[1], strings.Split(m[2], ";"), m[3]
	key, known := a.keys[access]
	if !known {
		return "the access key does not exist"
	}
	if refusal := checkDate(c.Header.Values(headerDate), now); refusal != "" {
		return refusal
	}
	if refusal := a.checkSignedHeaders(c, headers); refusal != "" {
		return refusal
	}
	if refusal := checkSecurityToken(c, key, headers); refusal != "" {
		return refusal
	}
	hash, refusal := bodyHash(c, headers)
	if refusal != "" {
		return refusal
	}
	canonical, ok := canonicalRequest(c, headers, hash)
	if !ok {
		return "the path or the query can't be decoded"
	}
	digest := sha256.Sum256([]byte(canonical))
	mac := hmac.New(sha256.New, []byte(key.Secret))
	mac.Write([]byte(algorithm + "\n" + c.Header.Get(headerDate) + "\n" + hex.EncodeToString(digest[:])))
	if !hmac.Equal([]byte(hex.EncodeToString(mac.Sum(nil))), []byte(signature)) {
		return signFailed
	}
	return ""
}

// checkDate says why a date is refused: it must be there once and near the clock.
func checkDate(dates []string, now time.Time) string {
	if len(dates) != 1 {
		return "there is not one X-Sdk-Date"
	}
	date, err := time.Parse(dateForm, dates[0])
	if err != nil {
		return "X-Sdk-Date is not of the form 20060102T150405Z"
	}
	if now.Sub(date).Abs() > maxSkew {
		return "X-Sdk-Date is more than 15 minutes from the server's clock"
	}
	return ""
}

// checkSignedHeaders says what is wrong with the list of signed headers: it is
// sorted, has x-sdk-date and, if that is switched on, host, and each of them
// was sent.
func (a *authority) checkSignedHeaders(c *call, headers []string) string {
	switch {
	case !slices.IsSorted(headers) || len(slices.Compact(slices.Clone(headers))) != len(headers):
		return "SignedHeaders is not sorted, or names a header twice"
	case !slices.Contains(headers, strings.ToLower(headerDate)):
		return "x-sdk-date must be signed"
	case a.signedHost && !slices.Contains(headers, "host"):
		return "host must be signed"
	}
	for _, name := range headers {
		if len(headerValues(c, name)) == 0 {
			return "a signed header was not sent"
		}
	}
	return ""
}

// checkSecurityToken says what is wrong with the token of a temporary key,
// which must be sent and signed; a permanent key has none.
func checkSecurityToken(c *call, key Key, headers []string) string {
	sent := c.Header.Values(headerSecurityToken)
	if key.SecurityToken == "" {
		if len(sent) != 0 {
			return "the access key is permanent and has no security token"
		}
		return ""
	}
	switch {
	case len(sent) != 1:
		return "the access key is temporary and X-Security-Token is missing"
	case subtle.ConstantTimeCompare([]byte(sent[0]), []byte(key.SecurityToken)) != 1:
		return "X-Security-Token is wrong"
	case !slices.Contains(headers, strings.ToLower(headerSecurityToken)):
		return "X-Security-Token is not signed"
	}
	return ""
}

// bodyHash is the last line of the canonical request. A client may send it
// itself, signed, and may then leave the body out.
func bodyHash(c *call, headers []string) (hash, refusal string) {
	digest := sha256.Sum256(c.body)
	hash = hex.EncodeToString(digest[:])
	sent := c.Header.Get(headerContentHash)
	switch {
	case sent == "" || sent == hash:
		return hash, ""
	case sent == unsigned && slices.Contains(headers, strings.ToLower(headerContentHash)):
		return unsigned, ""
	default:
		return "", "X-Sdk-Content-Sha256 is not the body's"
	}
}

// canonicalRequest is the text that is signed, made of the request as it came
// over the wire.
func canonicalRequest(c *call, headers []string, hash string) (string, bool) {
	path, ok := canonicalPath(c.URL.EscapedPath())
	if !ok {
		return "", false
	}
	query, ok := canonicalQuery(c.URL.RawQuery)
	if !ok {
		return "", false
	}
	var lines strings.Builder
	for _, name := range headers {
		values := slices.Sorted(slices.Values(headerValues(c, name)))
		for _, value := range values {
			lines.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
		}
	}
	return strings.Join([]string{c.Method, path, query, lines.String(), strings.Join(headers, ";"), hash}, "\n"), true
}

// headerValues are the values of a header that was sent; net/http keeps Host apart.
func headerValues(c *call, name string) []string {
	if name == "host" {
		return []string{c.Host}
	}
	return c.Header.Values(name)
}

// canonicalPath encodes each segment anew and ends in a slash.
func canonicalPath(path string) (string, bool) {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		plain, err := url.PathUnescape(segment)
		if err != nil {
			return "", false
		}
		segments[i] = percentEncode(plain)
	}
	out := strings.Join(segments, "/")
	if !strings.HasSuffix(out, "/") {
		out += "/"
	}
	return out, true
}

// canonicalQuery decodes and encodes each pair anew and sorts by key, then value.
func canonicalQuery(raw string) (string, bool) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return "", false
	}
	var pairs [][2]string
	for key, list := range values {
		for _, value := range list {
			pairs = append(pairs, [2]string{key, value})
		}
	}
	slices.SortFunc(pairs, func(a, b [2]string) int {
		if a[0] != b[0] {
			return strings.Compare(a[0], b[0])
		}
		return strings.Compare(a[1], b[1])
	})
	var out []string
	for _, pair := range pairs {
		out = append(out, percentEncode(pair[0])+"="+percentEncode(pair[1]))
	}
	return strings.Join(out, "&"), true
}

// percentEncode leaves the unreserved characters and writes every other byte as %XX.
func percentEncode(s string) string {
	const hexDigits = "0123456789ABCDEF"
	var out strings.Builder
	for _, c := range []byte(s) {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~':
			out.WriteByte(c)
		default:
			out.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
		}
	}
	return out.String()
}

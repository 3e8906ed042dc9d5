package artifact

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

var percentEscape = regexp.MustCompile(`%[0-9A-F]{2}`)

// forms are the texts by which a secret shows in a log, each once, none with a
// line end, none under six characters.
func forms(value string) []string {
	var all []string
	for _, line := range strings.FieldsFunc(value, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line = strings.TrimSpace(line)
		if utf8.RuneCountInString(line) < shortestSecret {
			continue
		}
		all = append(all, line)
		all = append(all, percentEncoded(line)...)
		all = append(all, jsonEscaped(line)...)
		all = append(all, base64Encoded(line)...)
	}
	all = append(all, base64Encoded(value)...) // of a secret with several lines, as a whole

	seen := map[string]bool{}
	kept := all[:0]
	for _, text := range all {
		if !seen[text] && len(text) >= shortestSecret {
			seen[text] = true
			kept = append(kept, text)
		}
	}
	return kept
}

// percentEncoded is a secret as parts of URLs and forms have it, with the
// escapes in either case.
func percentEncoded(s string) []string {
	query := url.QueryEscape(s)
	texts := []string{query, strings.ReplaceAll(query, "+", "%20"), url.PathEscape(s)}
	for _, text := range texts {
		texts = append(texts, percentEscape.ReplaceAllStringFunc(text, strings.ToLower))
	}
	return texts
}

// jsonEscaped is a secret as it stands in a JSON string, with and without the
// escapes that only some encoders use.
func jsonEscaped(s string) []string {
	var plain strings.Builder
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return nil
	}
	html, err := json.Marshal(s)
	if err != nil {
		return nil
	}
	bare := strings.Trim(plain.String(), "\n")
	bare = bare[1 : len(bare)-1]
	return []string{bare, strings.ReplaceAll(bare, "/", `\/`), string(html[1 : len(html)-1])}
}

// base64Encoded is a secret alone in base64, and what is sure to be seen of it
// where it is encoded with other text before and behind it, such as in
// "user:secret": base64 writes three bytes as four characters, so there are
// three ways to lie in that grid, and the characters at the edges belong to
// the neighbours as well.
func base64Encoded(s string) []string {
	var texts []string
	for _, alphabet := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		texts = append(texts, alphabet.EncodeToString([]byte(s)))
		for before := range 3 {
			padded := append(make([]byte, before), s...)
			encoded := alphabet.WithPadding(base64.NoPadding).EncodeToString(padded)
			first := (before*8 + 5) / 6 // the first character with bits of s alone
			last := len(padded) * 8 / 6 // behind the last such character
			texts = append(texts, encoded[first:last])
		}
	}
	return texts
}

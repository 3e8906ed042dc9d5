package build

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxMessage bounds a finding's message, in characters.
const MaxMessage = 500

// Printable is s as one line of harmless text of at most limit characters:
// control, bidirectional and zero-width characters and what is no character at
// all are shown as \u202e, bytes that are not UTF-8 as U+FFFD; what is cut ends
// in "…". ANSI sequences are to be stripped before. limit 0 means no limit.
func Printable(s string, limit int) string {
	if (limit == 0 || len(s) <= limit) && harmless(s) {
		return strings.Clone(s) // so that it doesn't hold what s is a part of in memory
	}
	var out strings.Builder
	n, room := 0, 0 // characters so far, and the bytes of out that leave room for the "…"
	for _, r := range s {
		shown := string(r)
		if hidden(r) {
			shown = fmt.Sprintf(`\u%04x`, r)
		}
		n += utf8.RuneCountInString(shown)
		if limit > 0 && n > limit {
			return out.String()[:room] + "…"
		}
		out.WriteString(shown)
		if n < limit {
			room = out.Len()
		}
	}
	return out.String()
}

// harmless says whether s is printable ASCII, as nearly all text is.
func harmless(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' || s[i] > '~' {
			return false
		}
	}
	return true
}

// hidden says whether a character shows nothing of itself or changes how its
// neighbours are shown.
func hidden(r rune) bool {
	if r == '\t' {
		return false
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' ||
		unicode.Is(unicode.Noncharacter_Code_Point, r) || r == '\u115f' || r == '\u1160' || r == '\u3164' || unicode.Is(unicode.Variation_Selector, r)
}

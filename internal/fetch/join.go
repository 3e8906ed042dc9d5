package fetch

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A page's text may start or end inside a character: its JSON string then
// holds half a UTF-8 sequence as raw bytes, or half a surrogate pair as an
// escape. encoding/json would turn both into U+FFFD and the character would be
// lost for good, so the string is decoded here with its bytes untouched. Half
// a pair is kept as three bytes (as in WTF-8) until the other half arrives.

const surrogateBytes = 3

var errNotAString = errors.New("the log is no JSON string")

// decodeText decodes a JSON string literal, or null, which is no text.
func decodeText(raw json.RawMessage) ([]byte, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return nil, errNotAString
	}
	in := raw[1 : len(raw)-1]
	out := make([]byte, 0, len(in))
	for {
		i := bytes.IndexByte(in, '\\')
		if i < 0 {
			return append(out, in...), nil
		}
		out = append(out, in[:i]...)
		size, err := 0, error(nil)
		if out, size, err = appendEscape(out, in[i:]); err != nil {
			return nil, err
		}
		in = in[i+size:]
	}
}

// appendEscape decodes the escape that in starts with and says how long it is.
func appendEscape(out, in []byte) ([]byte, int, error) {
	if len(in) < 2 {
		return nil, 0, errNotAString
	}
	switch in[1] {
	case '"', '\\', '/':
		return append(out, in[1]), 2, nil
	case 'b':
		return append(out, '\b'), 2, nil
	case 'f':
		return append(out, '\f'), 2, nil
	case 'n':
		return append(out, '\n'), 2, nil
	case 'r':
		return append(out, '\r'), 2, nil
	case 't':
		return append(out, '\t'), 2, nil
	case 'u':
		return appendUnicode(out, in)
	}
	return nil, 0, errNotAString
}

func appendUnicode(out, in []byte) ([]byte, int, error) {
	r, ok := hexRune(in)
	if !ok {
		return nil, 0, errNotAString
	}
	if !utf16.IsSurrogate(r) {
		return utf8.AppendRune(out, r), 6, nil
	}
	if low, ok := hexRune(in[6:]); ok {
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return utf8.AppendRune(out, pair), 12, nil
		}
	}
	return appendSurrogate(out, r), 6, nil
}

// hasHalves says whether a JSON string may hold escapes of half a pair.
func hasHalves(raw json.RawMessage) bool {
	return bytes.Contains(raw, []byte(`\ud`)) || bytes.Contains(raw, []byte(`\uD`))
}

// hexRune reads \uXXXX.
func hexRune(in []byte) (rune, bool) {
	if len(in) < 6 || in[0] != '\\' || in[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(in[2:6]), 16, 16)
	return rune(n), err == nil
}

func appendSurrogate(out []byte, r rune) []byte {
	return append(out, 0xED, byte(0x80|r>>6&0x3F), byte(0x80|r&0x3F))
}

// surrogateAt reads the half pair that text starts with.
func surrogateAt(text []byte) (rune, bool) {
	if len(text) < surrogateBytes || text[0] != 0xED || text[1] < 0xA0 || text[1] > 0xBF || text[2]&0xC0 != 0x80 {
		return 0, false
	}
	return 0xD000 | rune(text[1]&0x3F)<<6 | rune(text[2]&0x3F), true
}

// endsInHighSurrogate says whether text ends with the first half of a pair.
func endsInHighSurrogate(text []byte) bool {
	if len(text) < surrogateBytes {
		return false
	}
	r, ok := surrogateAt(text[len(text)-surrogateBytes:])
	return ok && r < 0xDC00
}

// joinSurrogates makes characters out of the halves that meet in text and
// U+FFFD of those that have no other half.
func joinSurrogates(text []byte) []byte {
	if bytes.IndexByte(text, 0xED) < 0 {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		high, ok := surrogateAt(text[i:])
		if !ok {
			out = append(out, text[i])
			i++
			continue
		}
		i += surrogateBytes
		r := rune(utf8.RuneError)
		if low, ok := surrogateAt(text[i:]); ok {
			if r = utf16.DecodeRune(high, low); r != utf8.RuneError {
				i += surrogateBytes
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

// unit is what a service may count its offsets in. A service that sends \n as
// two characters may count each of them or the newline that it stands for.
type unit struct {
	name    string
	escaped bool // the two characters \n are one unit
}

// unitSet is a set of the units below, by index.
type unitSet uint8

func units() [6]unit {
	return [6]unit{{"bytes", false}, {"utf16", false}, {"characters", false},
		{"bytes", true}, {"utf16", true}, {"characters", true}}
}

const allUnits unitSet = 1<<6 - 1

// fitting is the set of units in which text is n long.
func fitting(text []byte, n int64) unitSet {
	of, pairs := lengths(text)
	var set unitSet
	for i, length := range of {
		if length == n {
			set |= 1 << i
		}
		if length-pairs == n {
			set |= 1 << (i + 3)
		}
	}
	return set
}

// lengths is how long text is in bytes, UTF-16 units and characters, and how
// many pairs of a backslash and an n it has.
func lengths(text []byte) (of [3]int64, pairs int64) {
	of[0] = int64(len(text))
	pairs = int64(bytes.Count(text, escapedNewline))
	for i := 0; i < len(text); {
		ascii := i
		for i < len(text) && text[i] < utf8.RuneSelf {
			i++
		}
		of[1] += int64(i - ascii)
		of[2] += int64(i - ascii)
		if i == len(text) {
			break
		}
		width, size := stepOver(text[i:])
		of[1] += width
		of[2]++
		i += size
	}
	return of, pairs
}

// stepOver is the length of text's first character in UTF-16 units and bytes.
func stepOver(text []byte) (width int64, size int) {
	if _, ok := surrogateAt(text); ok {
		return 1, surrogateBytes
	}
	r, size := utf8.DecodeRune(text)
	if r > 0xFFFF {
		return 2, size
	}
	return 1, size
}

// cut drops the first n units of text; false when it hasn't that many.
func (u unit) cut(text []byte, n int64) ([]byte, bool) {
	if u.name == "bytes" && !u.escaped {
		if n > int64(len(text)) {
			return nil, false
		}
		return text[n:], true
	}
	for n > 0 {
		if len(text) == 0 {
			return nil, false
		}
		if u.escaped && bytes.HasPrefix(text, []byte(`\n`)) {
			text, n = text[2:], n-1
			continue
		}
		if u.name == "bytes" {
			text, n = text[1:], n-1
			continue
		}
		width, size := stepOver(text)
		if u.name == "utf16" && width == 2 && n == 1 {
			return cutPair(text, size), true
		}
		if u.name == "characters" {
			width = 1
		}
		text, n = text[size:], n-width
	}
	return text, true
}

// cut drops the first n units of text, in whichever unit of the set; false when
// the set is empty, when nothing would be left, and when its units disagree.
func (s unitSet) cut(text []byte, n int64) ([]byte, bool) {
	var rest []byte
	for i, u := range units() {
		if s&(1<<i) == 0 {
			continue
		}
		cut, ok := u.cut(text, n)
		if !ok || len(cut) == 0 || rest != nil && !bytes.Equal(cut, rest) {
			return nil, false
		}
		rest = cut
	}
	return rest, rest != nil
}

// cutPair drops the first half of the pair that text starts with.
func cutPair(text []byte, size int) []byte {
	r, _ := utf8.DecodeRune(text)
	_, low := utf16.EncodeRune(r)
	return append(appendSurrogate(nil, low), text[size:]...)
}

// first names a unit of the set, or "opaque" when none is left.
func (s unitSet) first() (unit, bool) {
	for i, u := range units() {
		if s&(1<<i) != 0 {
			return u, true
		}
	}
	return unit{name: "opaque"}, false
}

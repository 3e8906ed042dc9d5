package simulator

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// text is the content of a page as a JSON string.
func (s *Server) text(b *served, p page, descending bool) ([]byte, error) {
	if !p.from.before(p.to) {
		return []byte(`""`), nil
	}
	chunk, err := readRange(b.Log, p.from.at, min(p.to.at+utf8.UTFMax, b.Log.Size()))
	if err != nil {
		return nil, err
	}
	after := chunk[p.to.at-p.from.at:]
	chunk = chunk[:p.to.at-p.from.at]
	out := append(make([]byte, 0, len(chunk)+len(chunk)/8+16), '"')
	if p.from.half {
		r, width := utf8.DecodeRune(chunk)
		out, chunk = appendHalf(out, r, 1), chunk[width:]
	}
	if descending {
		chunk = reverseLines(chunk)
	}
	out = appendText(out, chunk, s.opt.Readings.Newline == "literal")
	if p.to.half {
		r, _ := utf8.DecodeRune(after)
		out = appendHalf(out, r, 0)
	}
	return append(out, '"'), nil
}

// pageBody is the whole answer of a page. It is written by hand, since a JSON
// encoder would replace bytes that are no whole characters.
func (s *Server) pageBody(b *served, p page, descending bool) ([]byte, error) {
	text, err := s.text(b, p, descending)
	if err != nil {
		return nil, err
	}
	quote := `"`
	if s.opt.Readings.Offsets == "numbers" {
		quote = ""
	}
	out := fmt.Appendf(make([]byte, 0, len(text)+256),
		`{"result":{"has_more":%t,"start_offset":%s%d%s,"end_offset":%s%d%s,"log":`,
		p.more, quote, p.start, quote, quote, p.end, quote)
	out = append(out, text...)
	return append(out, `,"location":"jenkins"},"error":null,"status":"success"}`...), nil
}

// appendText appends a log's bytes as the inside of a JSON string. Only what
// JSON demands is escaped, so that every byte survives, UTF-8 or not. With
// literal, a newline becomes the two characters \ and n of the text.
func appendText(out, text []byte, literal bool) []byte {
	for _, c := range text {
		switch {
		case c == '\n' && literal:
			out = append(out, `\\n`...)
		case c == '\n':
			out = append(out, `\n`...)
		case c == '\r':
			out = append(out, `\r`...)
		case c == '\t':
			out = append(out, `\t`...)
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c < 0x20:
			out = fmt.Appendf(out, `\u%04x`, c)
		default:
			out = append(out, c)
		}
	}
	return out
}

// appendHalf appends one UTF-16 unit, the first (0) or second (1), of a
// character that takes two.
func appendHalf(out []byte, r rune, unit int) []byte {
	high, low := utf16.EncodeRune(r)
	return fmt.Appendf(out, `\u%04x`, [...]rune{high, low}[unit])
}

// reverseLines is text with its last line first.
func reverseLines(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for end := len(text); end > 0; {
		start := end - 1
		for start > 0 && text[start-1] != '\n' {
			start--
		}
		out = append(out, text[start:end]...)
		end = start
	}
	return out
}

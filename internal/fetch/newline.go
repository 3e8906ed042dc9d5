package fetch

import "bytes"

// unescaper writes the two characters \n between lines as a newline, for a
// service that really sends them, and leaves a log with real newlines alone.
//
// It decides by the page: one without any newline, but with the two characters
// before a [20.. timestamp, is escaped. Until such a page or a real newline has
// come, everything from the first \n on waits for the next page, bounded, since
// what follows decides.
type unescaper struct {
	real    bool   // a real newline was seen: nothing is touched any more
	escaped bool   // an escaped page was seen
	held    []byte // what can't be decided yet
	prev    byte   // the last one that was decided
}

var (
	escapedNewline = []byte(`\n`)
	escapedLine    = []byte(`\n[20`)
)

// maxUndecided bounds what waits for a decision. A log that has shown no
// newline by then, and no timestamp behind a \n, has neither.
const maxUndecided = 64 << 10

// next returns what is known of the log after a further piece of text.
func (u *unescaper) next(text []byte) []byte {
	if u.real {
		return text
	}
	if len(u.held) > 0 {
		text = append(u.held, text...)
		u.held = nil
	}
	if bytes.IndexByte(text, '\n') >= 0 {
		u.real = true
		return text
	}
	u.escaped = u.escaped || bytes.Contains(text, escapedLine)
	if !u.escaped {
		return u.undecided(text)
	}
	return u.replace(u.hold(text, splitTail(text)))
}

// undecided keeps back what would be written otherwise if a later page is escaped.
func (u *unescaper) undecided(text []byte) []byte {
	first := bytes.Index(text, escapedNewline)
	if first < 0 {
		first = splitTail(text)
	}
	if len(text)-first > maxUndecided {
		u.real = true
		return text
	}
	return u.decided(u.hold(text, first))
}

// hold keeps text back from an index on.
func (u *unescaper) hold(text []byte, from int) []byte {
	u.held = bytes.Clone(text[from:])
	return text[:from]
}

// splitTail is where an end of text begins that could be the start of \n[20,
// which takes up to four further characters to tell.
func splitTail(text []byte) int {
	for n := min(len(escapedLine)-1, len(text)); n > 0; n-- {
		if bytes.HasPrefix(escapedLine, text[len(text)-n:]) {
			return len(text) - n
		}
	}
	return len(text)
}

// end returns what is still held back, once no page will follow.
func (u *unescaper) end() []byte {
	held := u.held
	u.held = nil
	if u.escaped && !u.real {
		return u.replace(held)
	}
	return held
}

// decided remembers how text ends.
func (u *unescaper) decided(text []byte) []byte {
	if len(text) > 0 {
		u.prev = text[len(text)-1]
	}
	return text
}

// replace replaces every \n that stands between lines. One behind another
// backslash is an escaped backslash of the line's own text, unless a timestamp
// follows: then the line before ended in a backslash.
func (u *unescaper) replace(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for {
		i := bytes.Index(text, escapedNewline)
		if i < 0 {
			out = append(out, text...)
			u.decided(text)
			return out
		}
		u.decided(text[:i])
		out = append(out, text[:i]...)
		if u.prev == '\\' && !bytes.HasPrefix(text[i:], escapedLine) {
			out = append(out, escapedNewline...)
		} else {
			out = append(out, '\n')
		}
		u.prev = 'n'
		text = text[i+len(escapedNewline):]
	}
}

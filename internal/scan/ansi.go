package scan

import "strings"

// maxSequence bounds what is taken for one escape sequence, in bytes: more is
// text that somebody wants to hide behind an ESC.
const maxSequence = 256

// stripANSI is text without its terminal control sequences (ECMA-48): CSI, OSC
// and other strings, two-byte escapes, and backspaces.
func stripANSI(text string) string {
	if !ansi(text) {
		return text
	}
	var out strings.Builder
	out.Grow(len(text))
	for len(text) > 0 {
		if n := sequence(text); n > 0 {
			text = text[n:]
			continue
		}
		next := strings.IndexAny(text[1:], "\x1b\b\u009b") + 1
		if next == 0 {
			next = len(text)
		}
		out.WriteString(text[:next])
		text = text[next:]
	}
	return out.String()
}

// ansi says whether text has anything that stripANSI takes away.
func ansi(text string) bool {
	return strings.IndexByte(text, '\x1b') >= 0 || strings.IndexByte(text, '\b') >= 0 || strings.Contains(text, "\u009b")
}

// sequence is the length of the control sequence that text starts with, 0 when
// it starts with none.
func sequence(text string) int {
	switch {
	case text[0] == '\b':
		return 1
	case strings.HasPrefix(text, "\u009b"):
		return csi(text, len("\u009b"))
	case text[0] != '\x1b':
		return 0
	case len(text) == 1:
		return 1
	}
	switch c := text[1]; {
	case c == '[':
		return csi(text, 2)
	case strings.IndexByte("]PX^_", c) >= 0:
		return stringSequence(text)
	case 0x20 <= c && c <= 0x2f: // intermediate bytes, then a final one: ESC ( B
		i := 2
		for i < min(len(text), maxSequence) && 0x20 <= text[i] && text[i] <= 0x2f {
			i++
		}
		return min(i+1, len(text))
	case 0x30 <= c && c <= 0x7e:
		return 2
	}
	return 1
}

// csi is the length of a control sequence whose parameters start at i.
func csi(text string, i int) int {
	start := i
	for i < len(text) && i < maxSequence && 0x20 <= text[i] && text[i] <= 0x3f {
		i++
	}
	if i < len(text) && 0x40 <= text[i] && text[i] <= 0x7e {
		return i + 1
	}
	return start // broken: only what introduces it is let go
}

// stringSequence is the length of an OSC, DCS, SOS, PM or APC string, up to BEL or ST.
func stringSequence(text string) int {
	for i := 2; i < min(len(text), maxSequence*8); i++ {
		switch {
		case text[i] == '\a':
			return i + 1
		case text[i] == '\x1b' && i+1 < len(text) && text[i+1] == '\\':
			return i + 2
		}
	}
	return 2
}

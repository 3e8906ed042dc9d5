package scan

import (
	"bytes"
	"fmt"
	"strings"
)

// Of a line over headBytes+tailBytes, its head and its tail are kept.
const (
	headBytes = 48 << 10
	tailBytes = 16 << 10
	// atOnce bounds the lines that are taken from the stream at once, in bytes.
	atOnce = 32 << 10
)

// splitter cuts a stream of bytes, however it comes, into lines at LF, and takes CRs
// before that and ANSI sequences out.
type splitter struct {
	head []byte // of the line that has no LF yet
	tail []byte // what came after a full head, at most 2*tailBytes
	cut  int64  // bytes between head and tail that were let go
	some bool   // the line has bytes
}

// write calls line for every line that p ends. What is kept of a line is to be
// cloned: lines that are whole in p share their memory.
func (s *splitter) write(p []byte, line func(string)) {
	for len(p) > 0 {
		if whole := bytes.LastIndexByte(p[:min(len(p), atOnce)], '\n') + 1; whole > 0 && !s.some {
			lines := string(p[:whole-1])
			plain := !ansi(lines)
			for text := range strings.SplitSeq(lines, "\n") {
				text = strings.TrimRight(text, "\r")
				if !plain {
					text = stripANSI(text)
				}
				line(text)
			}
			p = p[whole:]
			continue
		}
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			s.add(p)
			return
		}
		s.add(p[:end])
		s.end(line)
		p = p[end+1:]
	}
}

// flush calls line for a last line without LF.
func (s *splitter) flush(line func(string)) {
	if s.some {
		s.end(line)
	}
}

func (s *splitter) add(p []byte) {
	s.some = s.some || len(p) > 0
	if room := headBytes - len(s.head); room > 0 {
		n := min(room, len(p))
		s.head = append(s.head, p[:n]...)
		p = p[n:]
	}
	for len(p) > 0 {
		n := min(len(p), 2*tailBytes-len(s.tail))
		s.tail = append(s.tail, p[:n]...)
		p = p[n:]
		if len(s.tail) == 2*tailBytes {
			s.shorten()
		}
	}
}

// shorten lets go of all but the last tailBytes of the tail.
func (s *splitter) shorten() {
	if over := len(s.tail) - tailBytes; over > 0 {
		s.cut += int64(over)
		s.tail = append(s.tail[:0], s.tail[over:]...)
	}
}

func (s *splitter) end(line func(string)) {
	s.shorten()
	text := string(s.head)
	if s.cut > 0 {
		text += fmt.Sprintf(" …[%d bytes left out]… ", s.cut)
	}
	text += string(s.tail)
	s.head, s.tail, s.cut, s.some = s.head[:0], s.tail[:0], 0, false
	line(stripANSI(strings.TrimRight(text, "\r")))
}

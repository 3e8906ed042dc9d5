package report

import "bytes"

// splitter cuts a stream of bytes into lines and holds at most max bytes of
// one, whatever the stream's own chunks are.
type splitter struct {
	max     int
	emit    func(line []byte, cut int64) // without its LF; cut bytes were left out at its end
	line    []byte
	cut     int64
	started bool
}

// Write takes the next bytes; it never fails.
func (s *splitter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			s.hold(p)
			break
		}
		s.hold(p[:i])
		s.flush()
		p = p[i+1:]
	}
	return n, nil
}

// Close emits a last line that no LF has ended.
func (s *splitter) Close() {
	if s.started {
		s.flush()
	}
}

func (s *splitter) hold(p []byte) {
	s.started = true
	room := max(0, min(len(p), s.max-len(s.line)))
	s.line = append(s.line, p[:room]...)
	s.cut += int64(len(p) - room)
}

func (s *splitter) flush() {
	s.emit(s.line, s.cut)
	s.line, s.cut, s.started = s.line[:0], 0, false
}

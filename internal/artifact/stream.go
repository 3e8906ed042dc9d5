package artifact

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
)

// window bounds how much text is searched for secrets at once, in bytes,
// besides what was held back.
const window = 32 << 10

// redacting passes text on with its secrets replaced, however it is cut. It
// holds back what may be the beginning of a secret: at most maxSecret bytes, or
// the longest literal.
type redacting struct {
	red   *Redactor
	out   io.Writer
	found func(kind string, line int64) // may be nil; lines count from 1
	held  []byte                        // text that is not passed on yet
	line  int64                         // line ends passed on

	behind []byte            // the end of what was passed on
	drop   *[256]bool        // what goes on with a secret that was too long
	key    *keyBlock         // a private key is being passed on
	slow   map[string]string // marks of secrets that people choose
}

// mostSlow bounds the slow marks of one log: whoever writes it could have a
// million passwords in it. Those beyond are no longer told apart.
const mostSlow = 16

func newRedacting(red *Redactor, out io.Writer, found func(kind string, line int64)) *redacting {
	if red == nil {
		red = &Redactor{}
	}
	if found == nil {
		found = func(string, int64) {}
	}
	return &redacting{red: red, out: out, found: found, slow: map[string]string{}}
}

// Write takes the next piece of text; its error is that of the writer behind it.
func (r *redacting) Write(p []byte) (int, error) {
	for done := 0; done < len(p); {
		n := min(window, len(p)-done)
		r.held = append(r.held, p[done:done+n]...)
		if err := r.pass(false); err != nil {
			return done, err
		}
		done += n
	}
	return len(p), nil
}

// Close passes on what was held back. It leaves the writer behind it open.
func (r *redacting) Close() error { return r.pass(true) }

// pass passes on what of the held text is certain.
func (r *redacting) pass(final bool) error {
	text := r.held
	for len(text) > 0 {
		n, err := r.step(text, final)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		text = text[n:]
	}
	r.held = append(r.held[:0], text...)
	return nil
}

// step passes on some of text and says how much; 0 where that depends on bytes
// to come.
func (r *redacting) step(text []byte, final bool) (int, error) {
	if r.drop != nil {
		n := 0
		for n < len(text) && r.drop[text[n]] {
			n++
		}
		if n > 0 {
			return n, nil
		}
		r.drop = nil
	}
	if r.key != nil {
		return r.keyLine(text, final)
	}
	return r.replace(text, final)
}

// replace passes text on up to and with the first secret.
func (r *redacting) replace(text []byte, final bool) (int, error) {
	h, safe, ok := r.red.find(r.behind, text, final)
	if !ok {
		return safe, r.emit(text[:safe])
	}
	if h.start == h.end { // it says that a key follows
		r.key = &keyBlock{}
		return h.over, r.emit(text[:h.over])
	}
	// What stands before the secret, such as a user's name, may be one, too.
	if err := errors.Join(r.emit(text[:h.at]), r.replaceAll(text[h.at:h.start])); err != nil {
		return 0, err
	}
	if h.open {
		r.drop = h.shape.tail()
	}
	return h.end, r.emitMark(h.kind(), r.markOf(h, text[h.start:h.end]))
}

// keyLine passes on a line of a private key, or one before or behind it.
func (r *redacting) keyLine(text []byte, final bool) (int, error) {
	n := bytes.IndexByte(text[:min(len(text), maxKeyLine)], '\n') + 1
	switch {
	case n == 0 && len(text) >= maxKeyLine:
		r.key = nil
		return r.replace(text, final)
	case n == 0 && !final:
		return 0, nil
	case n == 0:
		n = len(text)
	}
	start, end, more := r.key.line(text[:n])
	if !more {
		r.key = nil
	}
	if start == end {
		return n, r.replaceAll(text[:n])
	}
	return n, errors.Join(
		r.replaceAll(text[:start]),
		r.emitMark(privateKey, fastMark(privateKey, text[start:end])),
		r.emit(text[end:n]))
}

// replaceAll passes on text behind which no secret goes on.
func (r *redacting) replaceAll(text []byte) error {
	for len(text) > 0 {
		n, err := r.replace(text, true)
		if err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}

// markOf is what is written in the place of a secret.
func (r *redacting) markOf(h hit, value []byte) string {
	switch {
	case h.literal != nil:
		return h.literal.placeholder()
	case !h.shape.weak:
		return fastMark(h.shape.kind, value)
	}
	key := h.shape.kind + " " + string(value)
	mark, ok := r.slow[key]
	if !ok && len(r.slow) >= mostSlow {
		return markOf(h.shape.kind, make([]byte, 4))
	}
	if !ok {
		mark = slowMark(h.shape.kind, string(value), r.red.rounds)
		r.slow[key] = mark
	}
	return mark
}

func (r *redacting) emitMark(kind, mark string) error {
	r.found(kind, r.line+1)
	return r.emit([]byte(mark))
}

func (r *redacting) emit(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	r.line += int64(bytes.Count(text, []byte{'\n'}))
	r.behind = append(r.behind, text[max(0, len(text)-context):]...)
	r.behind = append(r.behind[:0], r.behind[max(0, len(r.behind)-context):]...)
	_, err := r.out.Write(text)
	return err
}

// sink writes to a file, and keeps the account of exactly those bytes that the
// file took, which it also passes on.
type sink struct {
	file io.Writer
	path string // for errors
	next io.Writer

	old *os.File // the file again, where an earlier run has begun it, with
	due int64    // so many bytes, which what is written must repeat

	hash  hash.Hash
	bytes int64
	ends  int64 // line ends
	last  byte
}

func newSink(file io.Writer, path string, next io.Writer) *sink {
	return &sink{file: file, path: path, next: next, hash: sha256.New()}
}

// Write fails with a *WriteError where the file doesn't take all of p.
func (s *sink) Write(p []byte) (int, error) {
	repeated, err := s.repeat(p)
	if err != nil || repeated == len(p) {
		return repeated, err
	}
	n, err := s.file.Write(p[repeated:])
	if nextErr := s.took(p[repeated : repeated+n]); nextErr != nil && err == nil {
		return repeated + n, nextErr
	}
	if err != nil {
		return repeated + n, &WriteError{Path: s.path, Err: cause(err)}
	}
	return repeated + n, nil
}

// took notes what is in the file and passes it on.
func (s *sink) took(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	s.hash.Write(p)
	s.bytes += int64(len(p))
	s.ends += int64(bytes.Count(p, []byte{'\n'}))
	s.last = p[len(p)-1]
	_, err := s.next.Write(p)
	return err
}

// lines counts as report.json does: a last line without its end is one.
func (s *sink) lines() int64 {
	if s.bytes > 0 && s.last != '\n' {
		return s.ends + 1
	}
	return s.ends
}

func (s *sink) sum() string { return hex.EncodeToString(s.hash.Sum(nil)) }

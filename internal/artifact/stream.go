package artifact

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"os"
)

// window bounds how much text is searched for secrets at once, in bytes,
// besides what was held back.
const window = 32 << 10

// redacting passes text on with its secrets replaced, however it is cut. It
// holds back at most the longest literal less one byte.
type redacting struct {
	red   *Redactor
	out   io.Writer
	found func(kind string, line int64) // may be nil; lines count from 1
	held  []byte                        // text that is not passed on yet
	line  int64                         // line ends passed on
}

func newRedacting(red *Redactor, out io.Writer, found func(kind string, line int64)) *redacting {
	if red == nil {
		red = &Redactor{}
	}
	if found == nil {
		found = func(string, int64) {}
	}
	return &redacting{red: red, out: out, found: found}
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

func (r *redacting) pass(final bool) error {
	text := r.held
	for {
		start, end, hit := r.red.find(text, final)
		if err := r.emit(text[:start]); err != nil {
			return err
		}
		text = text[end:]
		if hit == nil {
			break
		}
		r.found(hit.kind, r.line+1)
		if err := r.emit([]byte(hit.placeholder())); err != nil {
			return err
		}
	}
	r.held = append(r.held[:0], text...)
	return nil
}

func (r *redacting) emit(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	r.line += int64(bytes.Count(text, []byte{'\n'}))
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

package artifact

import (
	"bytes"
	"cmp"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// credential is the kind of the run's own secrets.
const credential = "credential"

// shortestSecret is the length in characters from which a secret is replaced:
// a shorter one would take ordinary words and numbers with it.
const shortestSecret = 6

// Redactor replaces secrets by [redacted:KIND:8 hex], in logs and in loggate's
// own messages. It is safe for concurrent use. A nil Redactor replaces nothing.
type Redactor struct {
	// literals has the texts to replace, by their first two bytes, longest first.
	literals map[[2]byte][]literal
	starts   [1 << 16 / 64]uint64 // a bit for each key of literals
	firsts   [256]bool            // the first bytes of those keys
}

// literal is one form in which a secret can be written: at least two bytes and
// without line ends, so that replacing it never changes the number of lines.
type literal struct {
	text   []byte
	secret *secret
}

// secret is what a placeholder stands for.
type secret struct {
	kind        string
	placeholder func() string // made when first needed
}

// NewRedactor replaces the given secrets: as they are, percent-encoded (as URLs
// have them), as in a JSON string, and in base64, wherever in the encoded text
// they stand. Of a secret with several lines each line is replaced.
// White space around a secret is not part of it; secrets and lines under
// six characters stay.
func NewRedactor(secrets []string) *Redactor {
	r := &Redactor{literals: map[[2]byte][]literal{}}
	for _, value := range secrets {
		value = strings.TrimSpace(strings.ToValidUTF8(value, "\uFFFD"))
		if utf8.RuneCountInString(value) < shortestSecret {
			continue
		}
		s := &secret{kind: credential, placeholder: sync.OnceValue(func() string { return placeholder(credential, value) })}
		for _, text := range forms(value) {
			r.add(text, s)
		}
	}
	for _, sameStart := range r.literals {
		slices.SortStableFunc(sameStart, func(a, b literal) int { return cmp.Compare(len(b.text), len(a.text)) })
	}
	return r
}

// identity names what is replaced besides the run's own credentials, so that
// parts of a log from two runs can be told apart.
func (r *Redactor) identity() string { return "credentials" }

func (r *Redactor) add(text string, s *secret) {
	key := [2]byte{text[0], text[1]}
	r.literals[key] = append(r.literals[key], literal{[]byte(text), s})
	pair := uint16(key[0])<<8 | uint16(key[1])
	r.starts[pair/64] |= 1 << (pair % 64)
	r.firsts[key[0]] = true
}

// placeholder is what is written in a secret's place: the same for the same
// secret in every run, so that logs can be compared. The eight hex digits are
// the start of PBKDF2 with SHA-256 (RFC 8018); the rounds make guessing a weak
// secret from them slow, and 32 bits fit many wrong guesses as well.
func placeholder(kind, value string) string {
	const rounds = 100_000
	key, err := pbkdf2.Key(sha256.New, value, []byte("loggate redaction v1"), rounds, sha256.Size)
	if err != nil { // only a FIPS-only process may refuse; the secret has to go all the same
		key = make([]byte, sha256.Size)
	}
	return fmt.Sprintf("[redacted:%s:%s]", kind, hex.EncodeToString(key[:4]))
}

// find looks for the first secret in text: hit is nil when there is none, and
// text[start:end] is it otherwise. Without a hit, text[start:] may be the
// beginning of a secret that goes on in bytes to come; with final there are
// none, and start is len(text). At one place the longest form wins, so that
// the result doesn't depend on how a text is cut.
func (r *Redactor) find(text []byte, final bool) (start, end int, hit *secret) {
	for i := 0; i+1 < len(text); i++ {
		pair := uint16(text[i])<<8 | uint16(text[i+1])
		if r.starts[pair/64]&(1<<(pair%64)) == 0 {
			continue
		}
		for _, l := range r.literals[[2]byte{text[i], text[i+1]}] {
			n, more := l.match(text[i:])
			if more && !final {
				return i, i, nil
			}
			if n > 0 {
				return i, i + n, l.secret
			}
		}
	}
	if last := len(text) - 1; last >= 0 && !final && r.firsts[text[last]] {
		return last, last, nil
	}
	return len(text), len(text), nil
}

// match is the length of the literal when text starts with it, else 0; more
// says that text is only its beginning.
func (l literal) match(text []byte) (n int, more bool) {
	if bytes.HasPrefix(text, l.text) {
		return len(l.text), false
	}
	return 0, bytes.HasPrefix(l.text, text)
}

// String is s without secrets, for messages.
func (r *Redactor) String(s string) string {
	var out strings.Builder
	w := newRedacting(r, &out, nil)
	_, _ = io.WriteString(w, s) // a strings.Builder takes everything
	_ = w.Close()
	return out.String()
}

// Writer passes on to w what is written to it, without secrets, for loggate's
// own output. It holds back no more than what may be the beginning of a
// secret, which a line end never is; Close writes that too and leaves w open.
// It may be written to by several goroutines at once.
func (r *Redactor) Writer(w io.Writer) io.WriteCloser {
	return &lockedWriter{w: newRedacting(r, w, nil)}
}

type lockedWriter struct {
	mu sync.Mutex
	w  *redacting
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (l *lockedWriter) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Close()
}

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

	"github.com/loggate/loggate/internal/build"
)

// credential is the kind of the run's own secrets.
const credential = "credential"

// shortestSecret is the length in characters from which a secret is replaced:
// a shorter one would take ordinary words and numbers with it.
const shortestSecret = 6

// Redactor replaces secrets by [redacted:KIND:8 hex], in logs and in loggate's
// own messages. It is safe for concurrent use. A nil Redactor replaces nothing.
type Redactor struct {
	literals map[[4]byte][]literal // by their first four bytes, longest first
	shapes   map[[4]byte][]*shape  // likewise, in the order of the catalogue
	starts   [1 << 16 / 64]uint64  // a bit for the hash of each of these
	begun    map[string]bool       // the first one, two and three bytes of these
	id       string
	rounds   int // of slow marks
}

// literal is one form in which a secret can be written: at least six bytes and
// without line ends, so that replacing it never changes the number of lines.
type literal struct {
	text   []byte
	secret *secret
}

// secret is what a placeholder stands for.
type secret struct {
	placeholder func() string // made when first needed
}

// NewRedactor replaces the given secrets: as they are, percent-encoded (as URLs
// have them), as in a JSON string, and in base64, wherever in the encoded text
// they stand. Of a secret with several lines each line is replaced.
// White space around a secret is not part of it; secrets and lines under
// six characters stay. With byShape it also replaces what looks like a secret
// by the catalogue, secrets.yml.
func NewRedactor(secrets []string, byShape bool) (*Redactor, error) {
	r := &Redactor{
		literals: map[[4]byte][]literal{}, begun: map[string]bool{}, id: "credentials", rounds: 100_000,
	}
	for _, value := range secrets {
		value = strings.TrimSpace(strings.ToValidUTF8(value, "\uFFFD"))
		if utf8.RuneCountInString(value) < shortestSecret {
			continue
		}
		s := &secret{placeholder: sync.OnceValue(func() string { return slowMark(credential, value, r.rounds) })}
		for _, text := range forms(value) {
			key := r.begin(text)
			r.literals[key] = append(r.literals[key], literal{[]byte(text), s})
		}
	}
	for _, sameStart := range r.literals {
		slices.SortStableFunc(sameStart, func(a, b literal) int { return cmp.Compare(len(b.text), len(a.text)) })
	}
	if !byShape {
		return r, nil
	}
	known, err := shapes()
	if err != nil {
		return nil, err
	}
	r.shapes = known
	for key := range known {
		r.begin(string(key[:]))
	}
	r.id += "+" + shapesID()
	return r, nil
}

// begin notes how something starts that is to be found.
func (r *Redactor) begin(text string) (key [4]byte) {
	copy(key[:], text)
	h := hashOf(key[0], key[1], key[2], key[3])
	r.starts[h/64] |= 1 << (h % 64)
	for n := 1; n < len(key); n++ {
		r.begun[text[:n]] = true
	}
	return key
}

// hashOf spreads four bytes over 16 bits.
func hashOf(a, b, c, d byte) uint32 {
	return (uint32(a) | uint32(b)<<8 | uint32(c)<<16 | uint32(d)<<24) * 0x9E3779B1 >> 16
}

// identity names what is replaced besides the run's own credentials, so that
// parts of a log from two runs can be told apart.
func (r *Redactor) identity() string {
	if r == nil {
		return ""
	}
	return r.id
}

// slowMark is what is written in the place of a secret that somebody may have
// chosen: the same for the same secret in every run, so that logs can be
// compared. The eight hex digits are the start of PBKDF2 with SHA-256 (RFC
// 8018); the rounds make guessing a weak secret from them slow, and 32 bits fit
// many wrong guesses as well.
func slowMark(kind, value string, rounds int) string {
	key, err := pbkdf2.Key(sha256.New, value, []byte("loggate redaction v1"), rounds, sha256.Size)
	if err != nil { // only a FIPS-only process may refuse; the secret has to go all the same
		key = make([]byte, sha256.Size)
	}
	return markOf(kind, key)
}

// fastMark is the same for a secret that a machine has made at random, which
// nobody guesses.
func fastMark(kind string, value []byte) string {
	sum := sha256.Sum256(append([]byte("loggate redaction v1\x00"), value...))
	return markOf(kind, sum[:])
}

func markOf(kind string, sum []byte) string {
	return fmt.Sprintf("[redacted:%s:%s]", kind, hex.EncodeToString(sum[:4]))
}

// hit is a secret in a text.
type hit struct {
	found
	at      int     // where what was found begins
	literal *secret // one of the run's own, or
	shape   *shape  // one that is known by its shape
}

// kind names the secret for log.redactions.
func (h hit) kind() string {
	if h.literal != nil {
		return credential
	}
	return h.shape.kind
}

// find looks for the first secret in text; behind is what comes before it.
// Without a hit, text[:safe] holds no part of a secret, but the rest may, with
// bytes to come; with final there are none. At one place the longest of the
// run's own secrets wins, else the first shape of the catalogue, so that the
// result doesn't depend on how a text is cut.
func (r *Redactor) find(behind, text []byte, final bool) (h hit, safe int, ok bool) {
	for i := 0; i+4 <= len(text); i++ {
		n := hashOf(text[i], text[i+1], text[i+2], text[i+3])
		if r.starts[n/64]&(1<<(n%64)) == 0 {
			continue
		}
		h, ok, more := r.at(behind, text, i, final)
		if ok || more {
			return h, i, ok
		}
	}
	if final {
		return hit{}, len(text), false
	}
	for i := max(0, len(text)-3); i < len(text); i++ {
		if r.begun[string(text[i:])] {
			return hit{}, i, false
		}
	}
	return hit{}, len(text), false
}

// at looks for a secret at one place.
func (r *Redactor) at(behind, text []byte, i int, final bool) (h hit, ok, more bool) {
	key := [4]byte(text[i:])
	for _, l := range r.literals[key] {
		if bytes.HasPrefix(text[i:], l.text) {
			end := i + len(l.text)
			return hit{found: found{start: i, end: end, over: end}, at: i, literal: l.secret}, true, false
		}
		if !final && bytes.HasPrefix(l.text, text[i:]) {
			return hit{}, false, true
		}
	}
	for _, s := range r.shapes[key] {
		if s.boundary && behindWord(before(behind, text, i)) {
			continue
		}
		f, ok, more := s.at(text[i:], final)
		if more {
			return hit{}, false, true
		}
		if ok {
			return r.inner(text, hit{found: found{start: i + f.start, end: i + f.end, over: i + f.over, open: f.open}, at: i, shape: s}), true, false
		}
	}
	return hit{}, false, false
}

// before is the text that comes before text[i], as far as it matters.
func before(behind, text []byte, i int) []byte {
	if i >= context {
		return text[i-context : i]
	}
	return append(bytes.Clone(behind), text[:i]...)
}

// inner names a secret that was found by where it stands, as in a URL, by what
// it is, where it is a known one: it has the same mark everywhere then.
func (r *Redactor) inner(text []byte, h hit) hit {
	value := text[h.start:h.end]
	if !h.shape.weak || h.open || len(value) < 4 {
		return h
	}
	key := [4]byte(value)
	for _, l := range r.literals[key] {
		if bytes.Equal(l.text, value) {
			h.literal, h.shape = l.secret, nil
			return h
		}
	}
	for _, s := range r.shapes[key] {
		if f, ok, _ := s.at(value, true); ok && !s.weak && f.start == 0 && f.end == len(value) {
			h.shape = s
			return h
		}
	}
	return h
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

// Filter passes a log on to w without secrets, and keeps the list of them.
func (r *Redactor) Filter(w io.Writer) *Filter {
	f := &Filter{}
	f.redacting = newRedacting(r, w, f.note)
	return f
}

// Filter is a log that is passed on without its secrets. It is for one goroutine.
type Filter struct {
	*redacting
	redactions
}

// redactions is the list of what was replaced, bounded, once per line and kind.
type redactions []build.Redaction

func (r *redactions) note(kind string, line int64) {
	entry := build.Redaction{Kind: kind, Line: line}
	if n := len(*r); n < maxRedactions && (n == 0 || (*r)[n-1] != entry) {
		*r = append(*r, entry)
	}
}

// Redactions is what was replaced so far: at most 1,000, once per line and kind.
func (r redactions) Redactions() []build.Redaction { return append([]build.Redaction{}, r...) }

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

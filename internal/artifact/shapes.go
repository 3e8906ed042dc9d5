package artifact

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

//go:embed secrets.yml
var secretsFile []byte

// maxSecret bounds how far a secret is followed, in bytes, to find its shape.
// Of a longer one, the rest goes with it as long as it could belong to it.
const maxSecret = 16 << 10

// shape is one way in which secrets of a kind look.
type shape struct {
	kind     string
	boundary bool // no word goes on before it
	weak     bool // people choose such secrets
	parts    []part
}

// shapes are the catalogue by the first four bytes, compiled at its first use.
var shapes = sync.OnceValues(func() (map[[4]byte][]*shape, error) {
	all, err := parseShapes(secretsFile)
	if err != nil {
		return nil, err
	}
	byHead := map[[4]byte][]*shape{}
	for _, s := range all {
		heads, err := s.heads()
		if err != nil {
			return nil, err
		}
		for _, head := range heads {
			key := [4]byte([]byte(head))
			byHead[key] = append(byHead[key], s)
		}
	}
	return byHead, nil
})

// shapesID names the catalogue, and changes when it does.
var shapesID = sync.OnceValue(func() string {
	sum := sha256.Sum256(secretsFile)
	return hex.EncodeToString(sum[:8])
})

// parseShapes reads a catalogue of secrets: of the rules' form, what a shape
// needs. The rest is there for those who test it.
func parseShapes(text []byte) ([]*shape, error) {
	var file struct {
		Rules []struct {
			ID              string   `yaml:"id"`
			Docs            string   `yaml:"docs"`
			Pattern         string   `yaml:"pattern"`
			Examples        []any    `yaml:"examples"`
			Counterexamples []string `yaml:"counterexamples"`
		} `yaml:"rules"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("the catalogue of secrets: %w", err)
	}
	var all []*shape
	for _, r := range file.Rules {
		list, err := newShapes(r.ID, r.Pattern)
		if err != nil {
			return nil, fmt.Errorf("the catalogue of secrets: %s: %w", r.ID, err)
		}
		all = append(all, list...)
	}
	return all, nil
}

// newShapes are the ways in which a pattern can match.
func newShapes(id, pattern string) ([]*shape, error) {
	kind, found := strings.CutPrefix(id, "secret.")
	if !found {
		return nil, errors.New("the id lacks its prefix \"secret.\"")
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, err
	}
	ways, err := compile(parsed)
	if err != nil {
		return nil, err
	}
	weak := strings.HasPrefix(kind, "authorization") || kind == "url-password"
	var all []*shape
	for _, parts := range ways {
		boundary := parts[0].set == nil && parts[0].mark == wordEdge
		if boundary {
			parts = parts[1:]
		}
		all = append(all, &shape{kind: kind, boundary: boundary, weak: weak, parts: settle(parts)})
	}
	return all, nil
}

// found is where a shape was found.
type found struct {
	start, end int // of what is secret; equal where nothing is
	over       int // of the whole match
	open       bool
}

// at says whether the shape is found at the start of text; more says that this
// depends on bytes to come. open says that the secret goes on beyond what was
// looked at.
func (s *shape) at(text []byte, final bool) (f found, ok, more bool) {
	beyond := len(text) > maxSecret
	m := matching{text: text[:min(len(text), maxSecret)], final: final || beyond, start: -1}
	over, result := m.match(s.parts, 0)
	if result != yes {
		return found{}, false, result == unknown
	}
	f = found{start: m.start, end: m.end, over: over}
	if m.start < 0 {
		f.start, f.end = 0, over
		if s.kind == privateKey {
			f.start = over
		}
	}
	f.open = beyond && f.end == maxSecret && s.tail() != nil
	return f, true, false
}

// tail is what the end of the shape is made of, where it can go on for ever.
func (s *shape) tail() *[256]bool {
	for i := len(s.parts) - 1; i >= 0; i-- {
		if p := s.parts[i]; p.set != nil {
			if p.most == forever {
				return p.set
			}
			return nil
		}
	}
	return nil
}

// context is how much of the text before a place is looked at, in bytes.
const context = 24

// behindWord says whether a word goes on behind text. Behind an ANSI sequence
// and behind the escapes of JSON and URLs none does, although they end in a letter or digit.
func behindWord(text []byte) bool {
	if len(text) == 0 || !isWord(text[len(text)-1]) {
		return false
	}
	text = text[max(0, len(text)-context):]
	last, n := text[len(text)-1], len(text)
	switch {
	case n >= 2 && text[n-2] == '\\' && (last == 'n' || last == 'r' || last == 't'),
		n >= 3 && text[n-3] == '%' && isHex(text[n-2:]),
		n >= 6 && string(text[n-6:n-2]) == `\u00` && isHex(text[n-2:]):
		return false
	}
	i := n - 1 // of an ANSI sequence's last letter
	for i > 0 && (text[i-1] == ';' || '0' <= text[i-1] && text[i-1] <= '9') {
		i--
	}
	return last <= '9' || i < 2 || text[i-1] != '[' || text[i-2] != 0x1b
}

func isHex(text []byte) bool {
	for _, b := range text {
		if !('0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'f') {
			return false
		}
	}
	return true
}

func isWord(b byte) bool {
	return b == '_' || '0' <= b && b <= '9' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z'
}

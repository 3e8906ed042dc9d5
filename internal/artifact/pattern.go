package artifact

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"unicode/utf8"
)

// The patterns of secrets are matched here rather than by package regexp: they
// are tried at every URL of a log, have to say when the answer depends on bytes
// that are still to come, and need no more than runs of bytes. A pattern is
// taken apart into its alternatives, each of which is a sequence of parts.

// part is one part of a shape: a run of bytes or, without a set, a mark.
type part struct {
	set         *[256]bool
	least, most int
	mark        markKind
	firm        bool // what follows can't be in the set, so only the longest run will do
}

type markKind int

const (
	secretStart markKind = iota
	secretEnd
	wordEdge
)

const (
	forever  = 1 << 30
	mostWays = 64 // alternatives of a pattern
)

// compile takes a pattern apart into the ways in which it can match, the
// preferred one first.
func compile(re *syntax.Regexp) ([][]part, error) {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return [][]part{nil}, nil
	case syntax.OpLiteral:
		var parts []part
		for _, r := range re.Rune {
			if r >= utf8.RuneSelf {
				return nil, fmt.Errorf("%q is not of ASCII", r)
			}
			parts = append(parts, part{set: literalSet(r, re.Flags&syntax.FoldCase != 0), least: 1, most: 1})
		}
		return [][]part{parts}, nil
	case syntax.OpCharClass:
		return [][]part{{{set: classSet(re.Rune), least: 1, most: 1}}}, nil
	case syntax.OpWordBoundary:
		return [][]part{{{mark: wordEdge}}}, nil
	case syntax.OpCapture:
		ways, err := compile(re.Sub[0])
		for i, way := range ways {
			ways[i] = append(append([]part{{mark: secretStart}}, way...), part{mark: secretEnd})
		}
		return ways, err
	case syntax.OpConcat:
		return compileConcat(re.Sub)
	case syntax.OpAlternate:
		var all [][]part
		for _, sub := range re.Sub {
			ways, err := compile(sub)
			if err != nil {
				return nil, err
			}
			all = append(all, ways...)
		}
		return all, nil
	case syntax.OpStar:
		return compileRepeat(re.Sub[0], 0, -1)
	case syntax.OpPlus:
		return compileRepeat(re.Sub[0], 1, -1)
	case syntax.OpQuest:
		return compileRepeat(re.Sub[0], 0, 1)
	case syntax.OpRepeat:
		return compileRepeat(re.Sub[0], re.Min, re.Max)
	}
	return nil, fmt.Errorf("the pattern has %v, which no pattern of a secret may have", re.Op)
}

func compileConcat(subs []*syntax.Regexp) ([][]part, error) {
	all := [][]part{nil}
	for _, sub := range subs {
		ways, err := compile(sub)
		if err != nil {
			return nil, err
		}
		if len(all)*len(ways) > mostWays {
			return nil, errors.New("the pattern has too many alternatives")
		}
		var longer [][]part
		for _, before := range all {
			for _, way := range ways {
				longer = append(longer, append(before[:len(before):len(before)], way...))
			}
		}
		all = longer
	}
	return all, nil
}

// compileRepeat makes a run of what is one byte, and alternatives of the rest.
func compileRepeat(sub *syntax.Regexp, least, most int) ([][]part, error) {
	ways, err := compile(sub)
	if err != nil {
		return nil, err
	}
	if len(ways) == 1 && len(ways[0]) == 1 && ways[0][0].set != nil && ways[0][0].least == 1 && ways[0][0].most == 1 {
		if most < 0 {
			most = forever
		}
		return [][]part{{{set: ways[0][0].set, least: least, most: most}}}, nil
	}
	if most < 0 || most > 8 {
		return nil, errors.New("only one of a set of characters may be repeated for ever")
	}
	var all [][]part
	for n := most; n >= least; n-- {
		var subs []*syntax.Regexp
		for range n {
			subs = append(subs, sub)
		}
		repeated, err := compileConcat(subs)
		if err != nil {
			return nil, err
		}
		all = append(all, repeated...)
	}
	return all, nil
}

func literalSet(r rune, fold bool) *[256]bool {
	set := &[256]bool{}
	set[r] = true
	if upper := r &^ 0x20; fold && upper >= 'A' && upper <= 'Z' {
		set[upper], set[upper|0x20] = true, true
	}
	return set
}

// classSet is a class of characters as bytes, without the line end: a secret
// never goes on in another line.
func classSet(ranges []rune) *[256]bool {
	set := &[256]bool{}
	for i := 0; i < len(ranges); i += 2 {
		for r := ranges[i]; r <= min(ranges[i+1], utf8.RuneSelf-1); r++ {
			set[r] = true
		}
	}
	for b := utf8.RuneSelf; ranges[len(ranges)-1] >= utf8.RuneSelf && b < len(set); b++ {
		set[b] = true
	}
	set['\n'] = false
	return set
}

// answer is whether something matches.
type answer int

const (
	no answer = iota
	yes
	unknown // it depends on bytes to come
)

// matching is a try of one shape at one place.
type matching struct {
	text       []byte
	final      bool // there are no bytes to come
	start, end int  // of the secret, -1 before it is known
}

// match says where the parts end that text matches from a place on. Each run
// is as long as can be.
func (m *matching) match(parts []part, at int) (end int, a answer) {
	if len(parts) == 0 {
		return at, yes
	}
	p, rest := parts[0], parts[1:]
	if p.set == nil {
		return m.passMark(p.mark, rest, at)
	}
	n := 0
	for n < p.most && at+n < len(m.text) && p.set[m.text[at+n]] {
		n++
	}
	if n < p.most && at+n == len(m.text) && !m.final {
		return 0, unknown
	}
	for ; n >= p.least; n-- {
		if end, a := m.match(rest, at+n); a != no || p.firm {
			return end, a
		}
	}
	return 0, no
}

// settle notes which parts are firm.
func settle(parts []part) []part {
	for i := range parts {
		next := i + 1
		for next < len(parts) && parts[next].set == nil && parts[next].mark != wordEdge {
			next++
		}
		if parts[i].set == nil || next == len(parts) || parts[next].set == nil || parts[next].least == 0 {
			continue
		}
		parts[i].firm = true
		for b, in := range parts[i].set {
			parts[i].firm = parts[i].firm && !(in && parts[next].set[b])
		}
	}
	return parts
}

func (m *matching) passMark(k markKind, rest []part, at int) (end int, a answer) {
	switch k {
	case secretStart:
		m.start = at
	case secretEnd:
		m.end = at
	case wordEdge:
		if at == len(m.text) && !m.final {
			return 0, unknown
		}
		if at < len(m.text) && isWord(m.text[at]) {
			return 0, no
		}
	}
	return m.match(rest, at)
}

// mostHeads bounds the ways in which a shape can start.
const mostHeads = 4096

// heads lists all four bytes that the shape can start with.
func (s *shape) heads() ([]string, error) {
	heads, ok := headsOf(nil, "", s.parts)
	if !ok {
		return nil, fmt.Errorf("secret.%s can be shorter than four bytes, or start in too many ways", s.kind)
	}
	return heads, nil
}

// headsOf appends to heads what head and, behind it, the parts can start with.
func headsOf(heads []string, head string, parts []part) ([]string, bool) {
	switch {
	case len(head) == 4:
		return append(heads, head), len(heads) < mostHeads
	case len(parts) == 0:
		return nil, false
	case parts[0].set == nil:
		return headsOf(heads, head, parts[1:])
	}
	p, ok := parts[0], true
	if p.least == 0 {
		heads, ok = headsOf(heads, head, parts[1:])
	}
	rest := append([]part{{set: p.set, least: max(0, p.least-1), most: p.most - 1}}, parts[1:]...)
	for b, in := range p.set {
		if in && p.most > 0 && ok {
			heads, ok = headsOf(heads, head+string([]byte{byte(b)}), rest)
		}
	}
	return heads, ok
}

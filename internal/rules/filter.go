// # How a line is matched
//
// Trying hundreds of regular expressions on each line would take a thousand times as
// long as reading it, and nearly no line is found by any. So the filter says first,
// in a few nanoseconds a byte, which rules are worth trying. It may let through too many,
// never too few; the tests hold it against trying every rule. All it knows comes from
// the patterns' syntax trees (regexp/syntax); no rule says anything for its sake:
//
//   - Needs (literals.go): what a line must contain for the pattern to be found in it, as
//     all or any of some literals. '(?:fatal )?error: .+ in \S+\.c' needs "error: " and
//     " in " and ".c".
//   - Signs (filter.go): from the needs, the rarest literals of which one has to be there.
//     A line is searched for those of all rules in one pass: each four bytes are
//     hashed, and looked up in a table of 8 kB that has a bit for one gram of four bytes
//     of each sign. Only where it is set are the literals compared. A rule
//     whose literals are all shorter has no sign and goes on with every line.
//   - Starts (starts.go): most patterns are bound to the line's start. For each of the
//     first ten places and each character there is the set of rules that could have read it
//     there; what the pattern's program could read is found by walking it without a text.
//     A few intersections leave the rules that the line starts for.
//   - At last the needs of the rules that are left are checked. For one line in twenty
//     that leaves a rule, and every fourth one that is left is found.
//
// The first rule, in the order of precedence, that is found makes the finding; the
// regular expressions are Go's own.
package rules

import (
	"regexp/syntax"
	"slices"
)

// A gram is a text of four bytes. A literal is searched for by one of its grams.
const (
	gramLength = 4
	hashBits   = 16
)

// filter tells which rules are worth trying on a line, and which lines may be
// the ones that rules with after want.
type filter struct {
	words  int // of a set, for rules; what they want before has a place in the words after these
	starts starts
	needs  []*need              // by rule
	always [startClasses]bitset // the rules without a sign, by the class of the line's first character
	signs  []sign
	hashes [1 << hashBits / 64]uint64 // a bit for each hash of a sign's gram
	first  [1 << hashBits]int32       // by hash, the first of its signs, from 1
}

// sign is a literal that makes some rules worth a look where it is in a line.
type sign struct {
	literal
	offset int // of the gram that it is searched for by
	rules  []int32
	next   int32 // as filter.first
}

// newFilter is for the patterns of the rules and, after them, those of heads.
func newFilter(rules []*Rule, heads []string) *filter {
	words := len(newBitset(len(rules)))
	patterns := make([]string, 64*words+len(heads))
	for i, r := range rules {
		patterns[i] = r.Pattern
	}
	copy(patterns[64*words:], heads)
	f := &filter{words: words, starts: newStarts(len(patterns)), needs: make([]*need, len(patterns))}
	always := newBitset(len(patterns))
	often := frequencies(rules)
	known := map[literal]int{}
	for i, pattern := range patterns {
		if pattern == "" {
			continue
		}
		re, err := syntax.Parse(pattern, syntax.Perl)
		if err != nil {
			continue // prepare has refused it before
		}
		re = re.Simplify()
		f.starts.allow(i, re)
		f.needs[i] = required(re)
		signs, _ := often.signs(f.needs[i])
		if signs == nil {
			always.add(i)
		}
		for _, l := range signs {
			if _, ok := known[l]; !ok {
				known[l] = len(f.signs)
				f.signs = append(f.signs, sign{literal: l, offset: often.rarest(l)})
			}
			s := &f.signs[known[l]]
			s.rules = append(s.rules, int32(i))
		}
	}
	for i := range f.signs {
		s := &f.signs[i]
		hash := hashed(gram(s.text, s.offset))
		f.hashes[hash/64] |= 1 << (hash % 64)
		s.next, f.first[hash] = f.first[hash], int32(i+1)
	}
	for class := range f.always {
		f.always[class] = slices.Clone(always)
		f.always[class].intersect(f.starts.first.at(0, class))
	}
	return f
}

// newFound is for candidates.
func (f *filter) newFound() bitset { return make(bitset, len(f.always[0])) }

// rules is the part of the candidates that are rules.
func (f *filter) rules(found bitset) bitset { return found[:f.words] }

// heads is the part of the candidates that rules want before.
func (f *filter) heads(found bitset) bitset { return found[f.words:] }

// candidates sets found to the rules that may be found in the line, and to what
// others may want before.
func (f *filter) candidates(line string, found bitset) {
	copy(found, f.always[classAt(line, 0)])
	for i := 0; i+gramLength <= len(line); i++ {
		hash := hashed(gram(line, i))
		if f.hashes[hash/64]&(1<<(hash%64)) != 0 {
			f.look(line, i, hash, found)
		}
	}
	f.starts.keep(line, found)
	for i := range f.rules(found).all() {
		if !f.needs[i].met(line) {
			found.remove(i)
		}
	}
}

// look adds the rules of the signs with this hash whose gram is at the place.
func (f *filter) look(line string, at int, hash uint32, found bitset) {
	for i := f.first[hash]; i != 0; i = f.signs[i-1].next {
		s := &f.signs[i-1]
		start := at - s.offset
		if end := start + len(s.text); start < 0 || end > len(line) || !s.is(line[start:end]) {
			continue
		}
		for _, rule := range s.rules {
			found.add(int(rule))
		}
	}
}

// gram is the four bytes from the i-th on.
func gram(text string, i int) uint32 {
	t := text[i : i+gramLength]
	return uint32(t[0]) | uint32(t[1])<<8 | uint32(t[2])<<16 | uint32(t[3])<<24
}

// hashed is the same for letters of both cases.
func hashed(gram uint32) uint32 { return (gram | 0x20202020) * 0x9E3779B1 >> (32 - hashBits) }

// frequency says how often grams are to be expected, by their hash.
type frequency []uint32

// frequencies counts in the rules' examples, which are lines of real logs.
func frequencies(rules []*Rule) frequency {
	often := make(frequency, 1<<hashBits)
	for _, r := range rules {
		for _, e := range r.Examples {
			for i := range len(e.Log) - gramLength + 1 {
				often[hashed(gram(e.Log, i))]++
			}
		}
	}
	return often
}

// rarest is the place of the literal's rarest gram.
func (often frequency) rarest(l literal) int {
	at := 0
	for i := range len(l.text) - gramLength + 1 {
		if often[hashed(gram(l.text, i))] < often[hashed(gram(l.text, at))] {
			at = i
		}
	}
	return at
}

// signs are literals of which at least one is in every line that meets the need,
// the rarest there are, and how often to expect one; none when all are too short.
func (often frequency) signs(n *need) (signs []literal, times uint32) {
	switch {
	case n == nil, n.subs == nil && len(n.literal.text) < gramLength:
		return nil, 0
	case n.subs == nil:
		return []literal{n.literal}, 1 + often[hashed(gram(n.literal.text, often.rarest(n.literal)))]
	}
	for _, sub := range n.subs {
		of, seen := often.signs(sub)
		switch {
		case n.all && of != nil && (signs == nil || seen < times):
			signs, times = of, seen
		case !n.all && of == nil:
			return nil, 0
		case !n.all:
			signs, times = slices.Concat(signs, of), times+seen
		}
	}
	return signs, times
}

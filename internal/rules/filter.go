package rules

import "math/bits"

// filter tells, in one pass over a line, which rules are worth trying on it:
// an Aho-Corasick automaton over the literals that their patterns require.
// https://doi.org/10.1145/360825.360855
type filter struct {
	class   [256]uint8 // of each byte; bytes in no literal share class 0
	classes int
	next    []int32    // state*classes + class → state
	ends    [][]uint16 // state → the rules whose literals end there
	always  ruleBits   // the rules without literals
}

// ruleBits is a set of rules by their index.
type ruleBits []uint64

func (b ruleBits) add(i int) { b[i/64] |= 1 << (i % 64) }

// each calls try with the members in order, until it returns true.
func (b ruleBits) each(try func(i int) bool) {
	for word, set := range b {
		for ; set != 0; set &= set - 1 {
			if try(word*64 + bits.TrailingZeros64(set)) {
				return
			}
		}
	}
}

func newFilter(rules []*Rule) *filter {
	f := &filter{classes: 1, always: make(ruleBits, (len(rules)+63)/64)}
	wanted := make([][]string, len(rules))
	for i, r := range rules {
		wanted[i] = required(r.Pattern)
		if wanted[i] == nil {
			f.always.add(i)
		}
		for _, literal := range wanted[i] {
			f.classify(literal)
		}
	}
	f.grow()
	for i := range rules {
		for _, literal := range wanted[i] {
			state := f.insert(literal)
			f.ends[state] = append(f.ends[state], uint16(i))
		}
	}
	f.link()
	return f
}

// classify gives each byte of the literal a class, a letter the same in both cases.
func (f *filter) classify(literal string) {
	for _, b := range []byte(literal) {
		if f.class[b] != 0 {
			continue
		}
		f.class[b] = uint8(f.classes)
		if 'a' <= b && b <= 'z' {
			f.class[b-'a'+'A'] = uint8(f.classes)
		}
		f.classes++
	}
}

// grow adds a state without transitions.
func (f *filter) grow() int32 {
	f.next = append(f.next, make([]int32, f.classes)...)
	f.ends = append(f.ends, nil)
	return int32(len(f.ends) - 1)
}

// insert adds a literal to the trie and returns its last state.
func (f *filter) insert(literal string) int32 {
	state := int32(0)
	for _, b := range []byte(literal) {
		at := int(state)*f.classes + int(f.class[b])
		if f.next[at] == 0 {
			added := f.grow()
			f.next[at] = added
		}
		state = f.next[at]
	}
	return state
}

// link makes the trie an automaton: where a state has no transition, it takes
// that of the longest suffix that is a state too.
func (f *filter) link() {
	suffix := make([]int32, len(f.ends))
	queue := []int32{0}
	for len(queue) > 0 {
		state := queue[0]
		queue = queue[1:]
		for class := range f.classes {
			at := int(state)*f.classes + class
			shorter := int32(0)
			if state != 0 {
				shorter = f.next[int(suffix[state])*f.classes+class]
			}
			child := f.next[at]
			if child == 0 {
				f.next[at] = shorter
				continue
			}
			suffix[child] = shorter
			f.ends[child] = append(f.ends[child], f.ends[shorter]...)
			queue = append(queue, child)
		}
	}
}

// candidates adds to found the rules that may be found in the line.
func (f *filter) candidates(line string, found ruleBits) {
	for i, set := range f.always {
		found[i] |= set
	}
	state := int32(0)
	for i := range len(line) {
		state = f.next[int(state)*f.classes+int(f.class[line[i]])]
		for _, rule := range f.ends[state] {
			found.add(int(rule))
		}
	}
}

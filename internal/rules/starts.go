package rules

import (
	"regexp/syntax"
	"unicode"
	"unicode/utf8"
)

// starts tells by the first characters of a line which rules can be found in it.
type starts struct {
	first  places // of the line
	inside places // of what follows the white space that the line begins with
}

func newStarts(rules int) starts { return starts{newPlaces(rules), newPlaces(rules)} }

// keep removes the rules that the line doesn't start for.
func (s starts) keep(line string, found bitset) {
	s.first.keep(line, found)
	indent := 0
	for indent < len(line) && white(line[indent]) {
		indent++
	}
	if indent > 0 {
		s.inside.keep(line[indent:], found)
	}
}

// white says whether \s reads the character; it may be all that \s reads.
func white(char byte) bool { return char == ' ' || '\t' <= char && char <= '\r' && char != '\v' }

// allow notes how a line can start that the rule's pattern is found in.
func (s starts) allow(rule int, re *syntax.Regexp) {
	program, err := syntax.Compile(re)
	if err != nil {
		return // prepare has refused it before
	}
	w := walk{program: program, seen: make([]int, len(program.Inst)), read: make([]bitset, len(program.Inst))}
	start := []uint32{uint32(program.Start)}
	if len(w.reach(start, false, true)) > 0 { // it can be found anywhere in a line
		s.first.allowAll(0, rule)
		s.inside.allowAll(0, rule)
		return
	}
	s.first.allow(rule, &w, start, true)
	s.inside.allow(rule, &w, w.afterWhite(start), false)
}

// places has for each of some places in a line and each class of characters the
// rules that can read it there. The classes are the characters of ASCII, all
// others, and the line's end.
type places struct {
	words int // of each set
	sets  []uint64
}

const (
	startLength  = 10
	startOther   = utf8.RuneSelf
	startEnd     = utf8.RuneSelf + 1
	startClasses = utf8.RuneSelf + 2
)

func classAt(text string, place int) int {
	if place >= len(text) {
		return startEnd
	}
	return min(int(text[place]), startOther)
}

func newPlaces(rules int) places {
	words := len(newBitset(rules))
	return places{words, make([]uint64, startLength*startClasses*words)}
}

func (p places) at(place, class int) bitset {
	at := (place*startClasses + class) * p.words
	return p.sets[at : at+p.words]
}

func (p places) keep(text string, found bitset) {
	for i, set := range found {
		for place := 0; set != 0 && place < startLength; place++ {
			class := classAt(text, place)
			set &= p.sets[(place*startClasses+class)*p.words+i]
			if class >= startOther { // the next character is no single byte further
				break
			}
		}
		found[i] = set
	}
}

// allow notes the characters that the program, going on from the instructions, could read
// in each place, whatever it has read in the places before; start says whether the
// first place is the line's.
func (p places) allow(rule int, w *walk, from []uint32, start bool) {
	for place := range startLength {
		start = start && place == 0
		for _, pc := range w.reach(from, start, true) {
			if w.program.Inst[pc].Op == syntax.InstMatch {
				p.at(place, startEnd).add(rule)
			}
		}
		var next []uint32
		read := newBitset(startClasses)
		for _, pc := range w.reach(from, start, false) {
			inst := &w.program.Inst[pc]
			if inst.Op == syntax.InstMatch {
				p.allowAll(place, rule)
				return
			}
			read.unite(w.reads(pc))
			next = append(next, inst.Out)
		}
		for class := range read.all() {
			p.at(place, class).add(rule)
		}
		from = next
	}
}

// allowAll allows anything from the place on.
func (p places) allowAll(place, rule int) {
	for ; place < startLength; place++ {
		for class := range startClasses {
			p.at(place, class).add(rule)
		}
	}
}

// classesOf are those that an instruction reads a character of.
func classesOf(inst *syntax.Inst) bitset {
	read := newBitset(startClasses)
	if len(inst.Rune) == 1 { // which may stand for its other case, too
		r := inst.Rune[0]
		read.add(int(min(r, startOther)))
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			if inst.MatchRune(other) {
				read.add(int(min(other, startOther)))
			}
		}
		return read
	}
	ranges := inst.Rune
	if inst.Op == syntax.InstRuneAny || inst.Op == syntax.InstRuneAnyNotNL {
		ranges = []rune{0, utf8.MaxRune} // a line has no NL
	}
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= min(ranges[i+1], startOther); r++ {
			read.add(int(r))
		}
		if ranges[i+1] >= startOther {
			read.add(startOther)
		}
	}
	return read
}

// walk follows a pattern's program.
type walk struct {
	program    *syntax.Prog
	seen       []int // by instruction, the last turn in which it was
	turn       int
	start, end bool
	reached    []uint32
	read       []bitset // by instruction, see reads
}

// reads are the classes of the characters that the instruction reads.
func (w *walk) reads(pc uint32) bitset {
	if w.read[pc] == nil {
		w.read[pc] = classesOf(&w.program.Inst[pc])
	}
	return w.read[pc]
}

// reach are the instructions that read a character, or say that the pattern is
// found, which the program comes to from those given without reading any, where it
// is at the line's start or end. What other assertions want counts as given.
func (w *walk) reach(from []uint32, start, end bool) []uint32 {
	w.turn++
	w.start, w.end, w.reached = start, end, nil
	for _, pc := range from {
		w.follow(pc)
	}
	return w.reached
}

// afterWhite are the instructions that the program can go on with after one or
// more characters of white space at the line's start.
func (w *walk) afterWhite(from []uint32) []uint32 {
	var all []uint32
	known := make([]bool, len(w.program.Inst))
	for start := true; len(from) > 0; start = false {
		var next []uint32
		for _, pc := range w.reach(from, start, false) {
			inst := &w.program.Inst[pc]
			if inst.Op == syntax.InstMatch { // whatever follows
				return []uint32{pc}
			}
			if !known[inst.Out] && w.readsWhite(pc) {
				known[inst.Out] = true
				next = append(next, inst.Out)
			}
		}
		all = append(all, next...)
		from = next
	}
	return all
}

func (w *walk) readsWhite(pc uint32) bool {
	for class := range w.reads(pc).all() {
		if class < startOther && white(byte(class)) {
			return true
		}
	}
	return false
}

func (w *walk) follow(pc uint32) {
	if w.seen[pc] == w.turn {
		return
	}
	w.seen[pc] = w.turn
	switch inst := &w.program.Inst[pc]; inst.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		w.follow(inst.Out)
		w.follow(inst.Arg)
	case syntax.InstCapture, syntax.InstNop:
		w.follow(inst.Out)
	case syntax.InstEmptyWidth:
		wants := syntax.EmptyOp(inst.Arg)
		if (w.start || wants&syntax.EmptyBeginText == 0) && (w.end || wants&syntax.EmptyEndText == 0) {
			w.follow(inst.Out)
		}
	case syntax.InstFail:
	default:
		w.reached = append(w.reached, pc)
	}
}

package rules

import (
	"regexp/syntax"
	"unicode/utf8"
)

// starts tells by a line's first characters which rules can be found in it. It has
// the rules that can read a class of characters in a place, by both.
type starts []bitset

// startLength is how many characters are looked at. The classes are the
// characters of ASCII, all others, and the line's end.
const (
	startLength  = 10
	startOther   = utf8.RuneSelf
	startEnd     = utf8.RuneSelf + 1
	startClasses = utf8.RuneSelf + 2
)

func newStarts(rules int) starts { return newBitsets(startLength*startClasses, rules) }

func (s starts) at(place, class int) bitset { return s[place*startClasses+class] }

// keep removes the rules that the line doesn't start for.
func (s starts) keep(line string, found bitset) {
	for place := range startLength {
		class := startEnd
		if place < len(line) {
			class = min(int(line[place]), startOther)
		}
		found.intersect(s.at(place, class))
		if class >= startOther { // the next character is no single byte further
			return
		}
	}
}

// allow notes how a line can start that the rule's pattern is found in: which
// characters it could read in each place, whatever it has read before.
func (s starts) allow(rule int, re *syntax.Regexp) {
	program, err := syntax.Compile(re)
	if err != nil {
		return // prepare has refused it before
	}
	w := walk{program: program, seen: make([]int, len(program.Inst))}
	at := []uint32{uint32(program.Start)}
	if len(w.reach(at, false, true)) > 0 { // it can be found anywhere in a line
		s.allowFrom(0, rule)
		return
	}
	for place := range startLength {
		for _, pc := range w.reach(at, place == 0, true) {
			if program.Inst[pc].Op == syntax.InstMatch {
				s.at(place, startEnd).add(rule)
			}
		}
		var next []uint32
		for _, pc := range w.reach(at, place == 0, false) {
			inst := &program.Inst[pc]
			if inst.Op == syntax.InstMatch {
				s.allowFrom(place, rule)
				return
			}
			s.allowRead(place, rule, inst)
			next = append(next, inst.Out)
		}
		at = next
	}
}

// allowFrom allows anything from the place on.
func (s starts) allowFrom(place, rule int) {
	for _, set := range s[place*startClasses:] {
		set.add(rule)
	}
}

// allowRead allows in the place what the instruction reads.
func (s starts) allowRead(place, rule int, inst *syntax.Inst) {
	for char := range rune(utf8.RuneSelf) {
		if inst.MatchRune(char) {
			s.at(place, int(char)).add(rule)
		}
	}
	if inst.Op != syntax.InstRune1 || inst.Rune[0] >= utf8.RuneSelf { // else none of the others
		s.at(place, startOther).add(rule)
	}
}

// walk follows a pattern's program.
type walk struct {
	program    *syntax.Prog
	seen       []int // by instruction, the last turn in which it was
	turn       int
	start, end bool
	reached    []uint32
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

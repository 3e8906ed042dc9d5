package rules

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of the texts that one part of a pattern gives.
const (
	mostExact   = 16 // when alternatives are joined to what is before or after them
	mostInClass = 4  // characters of a class that is taken for alternatives
)

// need is what a line must contain for a pattern to be found in it: a literal, or
// all or any of several needs. A nil need asks for nothing.
type need struct {
	literal literal // when subs is nil
	all     bool    // of subs; else any of them
	subs    []*need
}

// literal is a text that isn't empty. With fold, it is in lower case and A to Z are
// looked for as well as a to z.
type literal struct {
	text string
	fold bool
}

// required is what a line must contain for the pattern to be found in it.
func required(re *syntax.Regexp) *need { return partOf(re).required() }

// part is what is known of a part of a pattern.
type part struct {
	exact []literal // all texts that it can match, where they are few; else nil and
	need  *need     // what is in each of them
}

func (p part) required() *need {
	if p.exact != nil {
		return anyLiteral(p.exact)
	}
	return p.need
}

func partOf(re *syntax.Regexp) part {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return part{exact: []literal{{}}}
	case syntax.OpLiteral:
		return text(re.Rune, re.Flags&syntax.FoldCase != 0)
	case syntax.OpCharClass:
		return class(re.Rune)
	case syntax.OpCapture, syntax.OpConcat:
		return joined(inOrder(nil, re))
	case syntax.OpAlternate:
		return alternatives(re.Sub)
	case syntax.OpQuest:
		if p := partOf(re.Sub[0]); p.exact != nil {
			return part{exact: append(slices.Clone(p.exact), literal{})}
		}
	case syntax.OpPlus:
		return part{need: partOf(re.Sub[0]).required()}
	}
	return part{}
}

// inOrder appends the parts of a pattern that come one after the other. Groups
// don't part what belongs together: (\.py): contains ".py:".
func inOrder(parts []part, re *syntax.Regexp) []part {
	if re.Op != syntax.OpCapture && re.Op != syntax.OpConcat {
		return append(parts, partOf(re))
	}
	for _, sub := range re.Sub {
		parts = inOrder(parts, sub)
	}
	return parts
}

// text is the characters one after the other.
func text(runes []rune, fold bool) part {
	var parts []part
	for len(runes) > 0 {
		n := 0
		for n < len(runes) && plain(runes[n], fold) {
			n++
		}
		if n == 0 {
			parts, runes = append(parts, part{}), runes[1:]
			continue
		}
		l := literal{string(runes[:n]), fold}
		if fold {
			l.text = lower(l.text)
		}
		parts, runes = append(parts, part{exact: []literal{l}}), runes[n:]
	}
	return joined(parts)
}

// plain says whether a character stands for itself, with fold also for its
// other case. Without regard to case, k and s also stand for K (Kelvin) and ſ, and
// other letters for more than two; U+FFFD stands for any byte that is not UTF-8.
func plain(r rune, fold bool) bool {
	return r != utf8.RuneError && !(fold && (r >= utf8.RuneSelf || strings.ContainsRune("kKsS", r)))
}

// class is one of the characters in the ranges, of which each has two ends.
func class(ranges []rune) part {
	var all part
	for i := 0; i < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if !plain(r, false) || len(all.exact) == mostInClass {
				return part{}
			}
			all.exact = append(all.exact, literal{text: string(r)})
		}
	}
	return all
}

// joined is the parts one after the other.
func joined(parts []part) part {
	var needs []*need
	exact, whole := []literal{{}}, true
	for _, p := range parts {
		longer := product(exact, p.exact)
		if longer != nil {
			exact = longer
			continue
		}
		whole = false
		needs = append(needs, anyLiteral(exact))
		exact = p.exact
		if exact == nil {
			needs = append(needs, p.need)
			exact = []literal{{}}
		}
	}
	if whole {
		return part{exact: exact}
	}
	return part{need: allOf(append(needs, anyLiteral(exact)))}
}

// product is each text of a with each of b after it, nil when these are too many.
func product(a, b []literal) []literal {
	if len(a)*len(b) > mostExact && len(a) > 1 && len(b) > 1 {
		return nil
	}
	var texts []literal
	for _, x := range a {
		for _, y := range b {
			xy := literal{x.text + y.text, x.fold || y.fold}
			if xy.fold {
				xy.text = lower(xy.text)
			}
			texts = append(texts, xy)
		}
	}
	return texts
}

func alternatives(subs []*syntax.Regexp) part {
	var exact []literal
	var needs []*need
	for _, sub := range subs {
		p := partOf(sub)
		needs = append(needs, p.required())
		if p.exact == nil || exact == nil && len(needs) > 1 {
			exact = nil
			continue
		}
		exact = append(exact, p.exact...)
	}
	if exact != nil {
		return part{exact: exact}
	}
	return part{need: anyOf(needs)}
}

// anyLiteral wants one of the texts. One that contains another adds nothing to it.
func anyLiteral(texts []literal) *need {
	texts = slices.Clone(texts)
	slices.SortFunc(texts, func(a, b literal) int { return len(a.text) - len(b.text) })
	var needs []*need
	for i, t := range texts {
		if t.text == "" {
			return nil
		}
		if !slices.ContainsFunc(texts[:i], t.contains) {
			needs = append(needs, &need{literal: t})
		}
	}
	return anyOf(needs)
}

// contains says whether other is in every text that l is in.
func (l literal) contains(other literal) bool {
	if other.fold {
		return strings.Contains(lower(l.text), other.text)
	}
	return !l.fold && strings.Contains(l.text, other.text)
}

// allOf has the need that is least likely to be met first. A literal that is in
// another one adds nothing to it.
func allOf(needs []*need) *need {
	needs = slices.DeleteFunc(needs, func(n *need) bool { return n == nil })
	slices.SortStableFunc(needs, func(a, b *need) int { return b.length() - a.length() })
	var kept []*need
	for _, n := range needs {
		implied := func(by *need) bool { return n.subs == nil && by.subs == nil && by.literal.contains(n.literal) }
		if !slices.ContainsFunc(kept, implied) {
			kept = append(kept, n)
		}
	}
	switch len(kept) {
	case 0:
		return nil
	case 1:
		return kept[0]
	}
	return &need{all: true, subs: kept}
}

// length is that of the text which has to be there at least.
func (n *need) length() int {
	if n.subs == nil {
		return len(n.literal.text)
	}
	length := n.subs[0].length()
	for _, sub := range n.subs[1:] {
		if n.all {
			length = max(length, sub.length())
		} else {
			length = min(length, sub.length())
		}
	}
	return length
}

func anyOf(needs []*need) *need {
	if len(needs) == 1 {
		return needs[0]
	}
	if len(needs) == 0 || slices.Contains(needs, nil) {
		return nil
	}
	return &need{subs: needs}
}

// met says whether the line has all that is needed.
func (n *need) met(line string) bool {
	switch {
	case n == nil:
		return true
	case n.subs == nil:
		return n.literal.in(line)
	}
	for _, sub := range n.subs {
		if sub.met(line) != n.all {
			return !n.all
		}
	}
	return n.all
}

// in says whether the literal is in the line.
func (l literal) in(line string) bool {
	if !l.fold {
		return strings.Contains(line, l.text)
	}
	for i := range len(line) - len(l.text) + 1 {
		if l.is(line[i : i+len(l.text)]) {
			return true
		}
	}
	return false
}

// is says whether the text, which has the literal's length, is the literal.
func (l literal) is(text string) bool {
	if !l.fold {
		return text == l.text
	}
	for i := range len(text) {
		c := text[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != l.text[i] {
			return false
		}
	}
	return true
}

// lower is text with a to z for A to Z.
func lower(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

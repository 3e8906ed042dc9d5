package rules

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// expression is a problem matcher's regular expression in RE2's words, in
// pieces, so that its groups can be named and filled anew.
type expression struct {
	pieces []piece
	groups int // how many capture
}

// piece is a part of an expression: text, or the bracket that opens or closes
// a group.
type piece struct {
	text          string
	opens, closes *capture
}

type capture struct {
	number int // from 1; 0 for a group that doesn't capture
}

// What GitHub's runner and RE2 write differently.
var (
	unicodeEscape = regexp.MustCompile(`^\\u([0-9A-Fa-f]{4})`)
	controlEscape = regexp.MustCompile(`^\\c([A-Za-z])`)
	backReference = regexp.MustCompile(`^\\(?:[1-9]|k[<'])`)
	lookAround    = regexp.MustCompile(`^\(\?(?:<?[=!]|>)`)
	namedGroup    = regexp.MustCompile(`^\(\?(?:<\w+>|'\w+')`)
	startOfClass  = regexp.MustCompile(`^\[\^?\]?`) // a ] that comes first is only a character
)

// parseExpression reads a regular expression as GitHub's runner does (.NET's
// with the option ECMAScript). What RE2 can't do is an error.
func parseExpression(text string) (expression, error) {
	p := expressionParser{rest: text}
	for p.rest != "" {
		if err := p.next(); err != nil {
			return expression{}, err
		}
	}
	for _, c := range p.named { // .NET counts them after the others
		p.groups++
		c.number = p.groups
	}
	if _, err := regexp.Compile(p.render(nil, 0, "")); err != nil {
		return expression{}, errors.New(strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return p.expression, nil
}

// render writes the expression as RE2: names are those of each group (0: the
// whole match), and content replaces that of the group filled (0: of none).
func (e expression) render(names map[int][]string, filled int, content string) string {
	var out strings.Builder
	out.WriteString(opening(names[0], ""))
	skip := false
	for _, p := range e.pieces {
		switch {
		case p.closes != nil && p.closes.number > 0:
			skip = skip && p.closes.number != filled
			if !skip {
				out.WriteString(strings.Repeat(")", max(1, len(names[p.closes.number]))))
			}
		case skip:
		case p.opens != nil && p.opens.number > 0:
			out.WriteString(opening(names[p.opens.number], p.text))
			if p.opens.number == filled {
				out.WriteString(content)
				skip = true
			}
		default:
			out.WriteString(p.text)
		}
	}
	out.WriteString(strings.Repeat(")", len(names[0])))
	return out.String()
}

// opening are the brackets that open a group of these names, or unnamed.
func opening(names []string, unnamed string) string {
	if len(names) == 0 {
		return unnamed
	}
	return "(?P<" + strings.Join(names, ">(?P<") + ">"
}

// required is the expression where the group, and what is around it, can't be
// left out any more. Alternatives to it stay.
func (e expression) required(number int) expression {
	around := map[*capture]bool{}
	var open []*capture
	for _, p := range e.pieces {
		if p.closes != nil {
			open = open[:max(0, len(open)-1)]
		}
		if p.opens == nil {
			continue
		}
		open = append(open, p.opens)
		if p.opens.number == number {
			for _, c := range open {
				around[c] = true
			}
		}
	}
	pieces := slices.Clone(e.pieces)
	for i := range pieces[:max(0, len(pieces)-1)] {
		if !around[pieces[i].closes] {
			continue
		}
		switch next := &pieces[i+1]; next.text {
		case "?":
			next.text = ""
			if i+2 < len(pieces) && pieces[i+2].text == "?" { // it was lazy
				pieces[i+2].text = ""
			}
		case "*":
			next.text = "+"
		}
	}
	return expression{pieces: pieces, groups: e.groups}
}

// group is the text in the brackets of a capturing group.
func (e expression) group(number int) string {
	var text strings.Builder
	inside := false
	for _, p := range e.pieces {
		if p.closes != nil && p.closes.number == number {
			return text.String()
		}
		if inside {
			text.WriteString(p.text)
		}
		inside = inside || p.opens != nil && p.opens.number == number
	}
	return ""
}

// expressionParser goes through an expression from left to right.
type expressionParser struct {
	expression
	rest    string
	inClass bool
	open    []*capture // the brackets that are open
	named   []*capture // those with names of their own
}

// next takes one piece off the rest.
func (p *expressionParser) next() error {
	switch c := p.rest[0]; {
	case c == '\\':
		return p.escape()
	case p.inClass && c == '[':
		p.replace(1, `\[`) // RE2 would look for [:alpha:] and the like
	case p.inClass:
		p.inClass = c != ']'
		p.take(1)
	case c == '[':
		p.inClass = true
		p.take(len(startOfClass.FindString(p.rest)))
	case c == '(':
		return p.openGroup()
	case c == ')':
		p.closeGroup()
	default:
		p.take(1)
	}
	return nil
}

// take moves n bytes of the rest into the text as they are.
func (p *expressionParser) take(n int) { p.replace(n, p.rest[:n]) }

// replace puts text in the place of the next n bytes.
func (p *expressionParser) replace(n int, text string) {
	p.pieces = append(p.pieces, piece{text: text})
	p.rest = p.rest[n:]
}

func (p *expressionParser) escape() error {
	if found := backReference.FindString(p.rest); found != "" && !p.inClass {
		return fmt.Errorf("the back-reference %s can't be expressed in RE2", found)
	}
	if found := unicodeEscape.FindStringSubmatch(p.rest); found != nil {
		p.replace(len(found[0]), `\x{`+found[1]+`}`)
		return nil
	}
	if found := controlEscape.FindStringSubmatch(p.rest); found != nil {
		p.replace(len(found[0]), fmt.Sprintf(`\x%02x`, found[1][0]&0x1f))
		return nil
	}
	if p.inClass && strings.HasPrefix(p.rest, `\b`) {
		p.replace(2, `\x08`)
		return nil
	}
	p.take(min(2, len(p.rest)))
	return nil
}

func (p *expressionParser) openGroup() error {
	if found := lookAround.FindString(p.rest); found != "" {
		return fmt.Errorf("the group %s…) can't be expressed in RE2", found)
	}
	opened := piece{text: "(", opens: &capture{}}
	length := 1
	if name := namedGroup.FindString(p.rest); name != "" {
		p.named = append(p.named, opened.opens)
		length = len(name)
	} else if strings.HasPrefix(p.rest, "(?") {
		opened.text, length = "(?", 2
	} else {
		p.groups++
		opened.opens.number = p.groups
	}
	p.open = append(p.open, opened.opens)
	p.pieces = append(p.pieces, opened)
	p.rest = p.rest[length:]
	return nil
}

func (p *expressionParser) closeGroup() {
	closed := piece{text: ")"}
	if last := len(p.open) - 1; last >= 0 {
		closed.closes = p.open[last]
		p.open = p.open[:last]
	}
	p.pieces = append(p.pieces, closed)
	p.rest = p.rest[1:]
}

package rules

import (
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// mostLiterals bounds the alternatives that one pattern gives to the filter.
const mostLiterals = 32

// required returns literals of which at least one is in every text that the
// pattern is found in, in lower case (A to Z only); nil when there are none to
// be had, and the pattern has to be tried on every line.
func required(pattern string) []string {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil // regexp.Compile has refused it before
	}
	return literals(parsed.Simplify())
}

func literals(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		if text := longestLiteral(re.Rune, re.Flags&syntax.FoldCase != 0); text != "" {
			return []string{text}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return literals(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return literals(re.Sub[0])
		}
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if found := literals(sub); shortest(found) > shortest(best) {
				best = found
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			found := literals(sub)
			if found == nil || len(all)+len(found) > mostLiterals {
				return nil
			}
			all = append(all, found...)
		}
		return all
	}
	return nil
}

// longestLiteral is the longest part of a literal that the filter can look
// for. Without regard to case, k and s also stand for K (Kelvin) and ſ, and other
// letters for more than two; U+FFFD stands for any byte that is not UTF-8.
func longestLiteral(runes []rune, fold bool) string {
	longest := ""
	var part strings.Builder
	for _, r := range runes {
		ambiguous := fold && (r == 'k' || r == 'K' || r == 's' || r == 'S' || r >= utf8.RuneSelf)
		if ambiguous || r == utf8.RuneError {
			part.Reset()
			continue
		}
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		part.WriteRune(r)
		if part.Len() > len(longest) {
			longest = part.String()
		}
	}
	return longest
}

// shortest is the length of the shortest text, 0 when there are none.
func shortest(texts []string) int {
	if len(texts) == 0 {
		return 0
	}
	length := len(texts[0])
	for _, t := range texts {
		length = min(length, len(t))
	}
	return length
}

package main

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// forRipgrep writes a pattern for Rust's regular expressions so that it means what it
// means in Go: \d and the like are ASCII, groups have no names (the same name
// twice is an error there), and ^ and $ are the line's.
func forRipgrep(pattern string) (string, error) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", err
	}
	return plain(re).String(), nil
}

// plain is the pattern without groups, bound to lines.
func plain(re *syntax.Regexp) *syntax.Regexp {
	switch re.Op {
	case syntax.OpCapture:
		return plain(re.Sub[0])
	case syntax.OpBeginText:
		return &syntax.Regexp{Op: syntax.OpBeginLine}
	case syntax.OpEndText:
		return &syntax.Regexp{Op: syntax.OpEndLine}
	}
	changed := *re
	changed.Sub = nil
	for _, sub := range re.Sub {
		changed.Sub = append(changed.Sub, plain(sub))
	}
	return &changed
}

// forGrep writes a pattern as an extended regular expression of POSIX for the C
// locale, in which a character is a byte.
func forGrep(pattern string) (string, error) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", err
	}
	return extended(re), nil
}

func extended(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return "()"
	case syntax.OpLiteral:
		var text strings.Builder
		for _, r := range re.Rune {
			text.WriteString(character(r, re.Flags&syntax.FoldCase != 0))
		}
		return text.String()
	case syntax.OpCharClass:
		return bracket(re.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "."
	case syntax.OpBeginText, syntax.OpBeginLine:
		return "^"
	case syntax.OpEndText, syntax.OpEndLine:
		return "$"
	case syntax.OpWordBoundary:
		return `\b`
	case syntax.OpNoWordBoundary:
		return `\B`
	case syntax.OpCapture:
		return "(" + extended(re.Sub[0]) + ")"
	case syntax.OpStar:
		return "(" + extended(re.Sub[0]) + ")*"
	case syntax.OpPlus:
		return "(" + extended(re.Sub[0]) + ")+"
	case syntax.OpQuest:
		return "(" + extended(re.Sub[0]) + ")?"
	case syntax.OpRepeat:
		most := ""
		if re.Max >= 0 {
			most = fmt.Sprint(re.Max)
		}
		return fmt.Sprintf("(%s){%d,%s}", extended(re.Sub[0]), re.Min, most)
	}
	var subs []string
	for _, sub := range re.Sub {
		subs = append(subs, extended(sub))
	}
	if re.Op == syntax.OpAlternate {
		return "(" + strings.Join(subs, "|") + ")"
	}
	return strings.Join(subs, "")
}

func character(r rune, fold bool) string {
	text := string(r)
	if upper, lower := strings.ToUpper(text), strings.ToLower(text); fold && r < utf8.RuneSelf && upper != lower {
		return "[" + upper + lower + "]"
	}
	if strings.ContainsRune(`\.[](){}*+?^$|`, r) {
		return `\` + text
	}
	return text
}

// bracket is a class of characters. One that has the end of Unicode has all that
// isn't ASCII, near enough.
func bracket(ranges []rune) string {
	var ascii, others []string
	all := len(ranges) > 0 && ranges[len(ranges)-1] == utf8.MaxRune
	first, last := "", ""
	for i := 0; i < len(ranges); i += 2 {
		for r := max(ranges[i], 1); r <= min(ranges[i+1], utf8.RuneSelf-1); r++ {
			switch r {
			case '\n':
			case ']':
				first = "]"
			case '-', '^', '[':
				last = string(r) + last
			default:
				ascii = append(ascii, string(r))
			}
		}
		for r := max(ranges[i], utf8.RuneSelf); !all && r <= ranges[i+1]; r++ {
			others = append(others, string(r))
		}
	}
	set := first + strings.Join(ascii, "")
	if all {
		set += "\x80-\xff"
	}
	set += strings.ReplaceAll(last, "-", "")
	if strings.Contains(last, "-") {
		set += "-"
	}
	switch {
	case set == "^":
		set = `\^`
	case strings.HasPrefix(set, "^"):
		set = "[" + set[1:] + "^]" // only ^[ or ^-, or both, begin with it
	case set != "":
		set = "[" + set + "]"
	}
	if len(others) == 0 {
		return set
	}
	if set != "" {
		others = append(others, set)
	}
	return "(" + strings.Join(others, "|") + ")"
}

// longestLiteral is the longest text that is in every line that the pattern is found in.
func longestLiteral(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			return string(re.Rune)
		}
	case syntax.OpCapture, syntax.OpPlus:
		return longestLiteral(re.Sub[0])
	case syntax.OpConcat:
		longest := ""
		for _, sub := range re.Sub {
			if text := longestLiteral(sub); len(text) > len(longest) {
				longest = text
			}
		}
		return longest
	}
	return ""
}

package report

import (
	"html"
	"net/url"
	"regexp"
	"strings"
)

// Markdown's own escapes don't keep GitHub from making links of @names, URLs,
// e-mail addresses, #12 and commit ids; code does. So foreign text is always
// shown as code, but for the plain words of a sentence, see prose.

// code is s as a code span: nothing in it is read as Markdown or HTML, and
// nothing becomes a link.
func code(s string, limit int) string {
	s = strings.TrimSpace(clip(s, limit))
	if s == "" {
		return unknown
	}
	return span(s)
}

// noBreak keeps what is on both sides of it on one line.
const noBreak = "\u00a0"

// maxWord is the longest word in the table of builds: a browser makes a column
// as wide as its longest.
const maxWord = 26

// shortened is s in at most limit characters, and without the middle of words
// that are longer than maxWord, for where the whole is told elsewhere.
func shortened(s string, limit int) string {
	var out []string
	for word := range strings.SplitSeq(clip(s, maxMessage), " ") {
		if runes := []rune(word); len(runes) > maxWord {
			word = string(runes[:maxWord/2]) + "…" + string(runes[len(runes)-maxWord/2+1:])
		}
		out = append(out, word)
	}
	text := []rune(strings.Join(out, " "))
	if len(text) > limit {
		return strings.TrimRight(string(text[:limit-1]), " ") + "…"
	}
	return string(text)
}

// span is the code span of text that is clipped and not empty.
func span(s string) string {
	ticks := strings.Repeat("`", longestRun(s)+1)
	if strings.ContainsAny(s[:1]+s[len(s)-1:], "` ") {
		s = " " + s + " " // the renderer takes one space off each end
	}
	return ticks + s + ticks
}

// codeHTML is code for a line that begins as HTML, in which Markdown isn't read.
func codeHTML(s string, limit int) string {
	s = strings.TrimSpace(clip(s, limit))
	if s == "" {
		return unknown
	}
	return "<code>" + html.EscapeString(s) + "</code>"
}

// cell is code for a table's cell. A pipe ends a cell even inside of code and
// renderers differ about what a backslash before it means, so it stands
// outside of the code spans, as a character reference in an HTML element.
func cell(s string, limit int) string {
	s = strings.TrimSpace(clip(s, limit))
	if s == "" {
		return unknown
	}
	var out strings.Builder
	for i, part := range strings.Split(s, "|") {
		if i > 0 {
			out.WriteString("<code>&#124;</code>")
		}
		if part != "" {
			out.WriteString(span(part))
		}
	}
	return out.String()
}

// longestRun is the length of the longest run of backticks in s.
func longestRun(s string) int {
	longest, run := 0, 0
	for _, r := range s {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// fence puts lines into a fenced block that none of them can close.
func fence(lines []string) string {
	longest := 2
	for _, line := range lines {
		longest = max(longest, longestRun(line))
	}
	ticks := strings.Repeat("`", longest+1)
	return ticks + "text\n" + strings.Join(lines, "\n") + "\n" + ticks + "\n"
}

// plainWord is a word that can't mean anything to a Markdown renderer: letters
// joined by hyphens, apostrophes or slashes, or a short number, with the usual
// punctuation around it. No markup, no URL, no e-mail address, no @name, no
// #12, no file name has this form; allHex takes care of commit ids.
var plainWord = regexp.MustCompile(`^["'(]*(?:\p{L}+(?:[-'’/]\p{L}+)*|[0-9]{1,6}|[0-9]{1,3}(?:,[0-9]{3})+)[.,;:!?)"']*$`)

var allHex = regexp.MustCompile(`(?i)[0-9a-f]{7,}`)

// quoted is what a sentence's author has marked as code.
var quoted = regexp.MustCompile("`[^`]+`")

// prose is a sentence of foreign text, such as a hint: plain words stand as
// they are, everything else is shown as code.
func prose(s string, limit int) string {
	s = clip(s, limit)
	whole, strange := s, 0
	var out []string
	for len(s) > 0 {
		at := quoted.FindStringIndex(s)
		if at == nil {
			at = []int{len(s), len(s)}
		}
		said, odd := words(s[:at[0]])
		out, strange = append(out, said...), strange+odd
		if inner := strings.Trim(s[at[0]:at[1]], "` "); inner != "" {
			out = append(out, span(inner))
		}
		s = s[at[1]:]
	}
	if strange > maxStrange {
		return code(whole, limit)
	}
	if len(out) == 0 {
		return unknown
	}
	return strings.Join(out, " ")
}

// maxStrange is how many pieces of a sentence may stand as code; with more it
// is no sentence.
const maxStrange = 3

// words are the plain words of s, and as code what is between them; pieces is
// how often that is.
func words(s string) (out []string, pieces int) {
	var strange []string
	flush := func() {
		if len(strange) > 0 {
			pieces++
			out = append(out, unpunctuated(strings.Join(strange, " ")))
			strange = nil
		}
	}
	for _, word := range strings.Fields(s) {
		if (word == "…" || plainWord.MatchString(word)) && !allHex.MatchString(word) {
			flush()
			out = append(out, word)
			continue
		}
		strange = append(strange, word)
	}
	flush()
	return out, pieces
}

// unpunctuated is s as code but for the sentence's own punctuation around it.
func unpunctuated(s string) string {
	end := strings.TrimRight(s, ".,;:!?")
	if !strings.Contains(end, "(") {
		end = strings.TrimRight(end, ")")
	}
	if end == "" {
		return span(s)
	}
	after := s[len(end):]
	if !strings.Contains(end, ")") && strings.HasPrefix(end, "(") && len(end) > 1 {
		return "(" + span(end[1:]) + after
	}
	return span(end) + after
}

// link is a link on text, which is Markdown; without an https address it is
// the text alone.
func link(text, address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return text
	}
	return "[" + text + "](<" + inAngles.Replace(u.String()) + ">)"
}

// inAngles encodes what would end a link's address in angle brackets or a
// table's cell.
var inAngles = strings.NewReplacer("<", "%3C", ">", "%3E", "|", "%7C", `\`, "%5C", "`", "%60",
	" ", "%20", "\n", "%0A", "\r", "%0D", "&", "&amp;", "*", "%2A", "_", "%5F", "[", "%5B", "]", "%5D")

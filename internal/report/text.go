// Package report shows a build.Report: to programs (report.json, outputs), in
// a CI system's summary, annotations and job log, and on a terminal.
//
// Every name, message and line in a report comes from a log or a service and
// is hostile. All escaping is done in this package and nowhere else: text.go
// for terminals and job logs, markdown.go for Markdown, github.go for what the
// runner reads.
package report

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"

	"github.com/loggate/loggate/internal/build"
)

// ansi matches the terminal sequences of ECMA-48: CSI, the strings that ST or
// BEL ends (OSC, DCS, …), and the short ones. One that never ends isn't
// matched, so that it can't hide the rest of its line.
var ansi = regexp.MustCompile("(?:\x1b\\[|\u009b)[0-?]*[ -/]*[@-~]" +
	"|\x1b[\\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\\\)" +
	"|\x1b[ -/]*[0-OQ-WYZ\\\\`-~]")

// tab is what a tab is shown as, since its width depends on where it stands.
const tab = "    "

// clip is one line of harmless text: without ANSI sequences, control and
// invisible characters shown as \u202e, and after limit characters a note of
// how much was left out. What is cut is never looked at closely, so that a
// line of any length is cheap.
func clip(s string, limit int) string {
	cut := 0
	if most := 16 * limit; len(s) > most { // room for the ANSI sequences that go
		for most > 0 && !utf8.RuneStart(s[most]) {
			most--
		}
		cut, s = utf8.RuneCountInString(s[most:]), s[:most]
	}
	if strings.ContainsAny(s, "\x1b\u009b") {
		s = ansi.ReplaceAllString(s, "")
	}
	if n := utf8.RuneCountInString(s); n > limit {
		cut += n - limit
		s = string([]rune(s)[:limit])
	}
	s = strings.ReplaceAll(build.Printable(s, 0), "\t", tab)
	if cut > 0 {
		s += fmt.Sprintf(" … (%s left out)", plural(cut, "character"))
	}
	return s
}

// Line is foreign text as one line of at most some limit characters, or a part
// of one, for a terminal or a job's log: as clip shows it, and with nothing
// that GitHub's runner reads as a command, see within, nor a :: at its start.
func Line(s string, limit int) string {
	return atStart(within(s, limit))
}

// atStart is a line's harmless text, but for a :: at its start.
func atStart(s string) string {
	if strings.HasPrefix(strings.TrimLeft(s, " "), "::") {
		return `\` + s
	}
	return s
}

// within is Line for text that other text stands before. GitHub's runner and
// log viewer read the mark ##[ anywhere in a line.
func within(s string, limit int) string {
	return strings.ReplaceAll(clip(s, limit), "##[", `##\[`)
}

// Limits of foreign text, in characters.
const (
	maxName    = 120 // of builds (100 and a number) and stages
	maxCause   = 80  // of a root cause in the table of builds
	maxCell    = 160 // of a message in other tables
	maxMessage = build.MaxMessage
	maxContext = 400   // of a log's line beside a finding
	maxReason  = 1000  // of what the gate or the service says
	maxLogLine = 2_000 // of a log's line in the job's own log
)

// cells measures text in the cells of a terminal. It is loggate's own so that
// the same report looks the same under every locale.
func cells() *runewidth.Condition {
	return &runewidth.Condition{StrictEmojiNeutral: true}
}

// columns is how many cells of a terminal s takes.
func columns(s string) int { return cells().StringWidth(s) }

// fit cuts s to at most width cells of a terminal.
func fit(s string, width int) string { return cells().Truncate(s, width, "…") }

// pad fills s up to width cells of a terminal.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-columns(s)))
}

// padLeft is pad with the text at the right.
func padLeft(s string, width int) string {
	return strings.Repeat(" ", max(0, width-columns(s))) + s
}

// wrapped is s in lines of at most width cells, broken at blanks; a longer word
// has a line of its own.
func wrapped(s string, width int) []string {
	var lines []string
	for columns(s) > width {
		at := breakAt(s, width)
		if at < 0 {
			break
		}
		lines, s = append(lines, s[:at]), strings.TrimLeft(s[at:], " ")
	}
	return append(lines, s)
}

// breakAt is the last blank within width cells, or else the first one; -1 when
// there is none.
func breakAt(s string, width int) int {
	at := -1
	for i := range len(s) {
		if s[i] != ' ' || i == 0 {
			continue
		}
		if at >= 0 && columns(s[:i]) > width {
			break
		}
		at = i
	}
	return at
}

// titled is a build's name and number, not yet made harmless.
func titled(b *build.Build) string { return b.Name + number(b) }

// The lines of an excerpt that are shown where several causes are on a page:
// in all, and of them before the finding.
const (
	maxExcerpt    = 20
	excerptBefore = 4
)

// closeUp is the part of a finding's excerpt that matters most: its own lines
// and a few before, or the end of the last lines of a stage.
func closeUp(f *build.Finding) *build.Finding {
	if len(f.Excerpt) <= maxExcerpt {
		return f
	}
	first := len(f.Excerpt) - maxExcerpt
	if f.Rule != build.LastLines {
		first = int(min(max(0, f.Line-excerptBefore-f.ExcerptLine), int64(first)))
	}
	short := *f
	short.Excerpt, short.ExcerptLine = f.Excerpt[first:first+maxExcerpt], f.ExcerptLine+int64(first)
	return &short
}

// excerptLines are a finding's close-up with numbers, and how many lines it lacks.
func excerptLines(f *build.Finding, show func(string, int) string) []string {
	short := closeUp(f)
	lines := numbered(short, show)
	if n := len(f.Excerpt) - len(short.Excerpt); n > 0 {
		lines = append(lines, fmt.Sprintf("  … %s left out", plural(n, "more line")))
	}
	return lines
}

// numbered are a finding's excerpt lines with their numbers; ">" marks the
// finding's own.
func numbered(f *build.Finding, show func(string, int) string) []string {
	last := f.ExcerptLine + int64(len(f.Excerpt)) - 1
	width := len(thousands(last))
	lines := make([]string, 0, len(f.Excerpt))
	for i, text := range f.Excerpt {
		n := f.ExcerptLine + int64(i)
		mark := " "
		if n >= f.Line && n <= max(f.Line, f.EndLine) {
			mark = ">"
		}
		lines = append(lines, strings.TrimRight(mark+" "+padLeft(thousands(n), width)+" | "+show(text, maxContext), " "))
	}
	return lines
}

package report

import (
	"fmt"
	"strings"

	"github.com/loggate/loggate/internal/build"
)

// maxUnlike bounds the lines that are told to be unlike a log that passed.
const maxUnlike = 5

// unlikeTitle says what the lines are, and what they are not.
const unlikeTitle = "Most unlike the log of the baseline, which passed (no rule says that they are the cause)"

// unlikeLines are the lines that are most unlike a log that passed, with their
// numbers, as show makes them harmless.
func unlikeLines(b *build.Build, show func(string, int) string) []string {
	var lines []string
	for i := range b.Findings {
		if f := &b.Findings[i]; f.Rule == build.Unlike && len(lines) < maxUnlike {
			lines = append(lines, thousands(f.Line)+" | "+show(f.Message, maxContext))
		}
	}
	width := 0
	for _, line := range lines {
		width = max(width, strings.Index(line, " "))
	}
	for i, line := range lines {
		lines[i] = strings.Repeat(" ", width-strings.Index(line, " ")) + line
	}
	return lines
}

func (s *summary) unlike(b *build.Build) {
	if lines := unlikeLines(b, clip); len(lines) > 0 {
		s.add(worthContext, "list of lines unlike a log that passed", "**"+unlikeTitle+":**\n\n"+fence(lines)+"\n")
	}
}

func (a *account) unlike(b *build.Build) {
	lines := unlikeLines(b, within)
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(a, "  %s\n", unlikeTitle+":")
	for _, line := range lines {
		fmt.Fprintln(a, fit("      "+line, a.o.Width))
	}
}

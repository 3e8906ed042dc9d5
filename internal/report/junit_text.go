package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/loggate/loggate/internal/build"
)

// maxJUnitText bounds the text of a testcase, in bytes before escaping; with
// its message it stays below 20 KB.
const maxJUnitText = 18_000

// junitText is lines as the content of an XML element: each escaped by
// encoding/xml, which also replaces what XML can't hold. What doesn't fit is
// left out and said to be.
func junitText(lines []string) string {
	var out bytes.Buffer
	size := 0
	for i, line := range lines {
		if size += len(line) + 1; size > maxJUnitText {
			fmt.Fprintf(&out, "\n%s left out", plural(len(lines)-i, "line"))
			break
		}
		if i > 0 {
			out.WriteByte('\n')
		}
		_ = xml.EscapeText(&out, []byte(line)) // a buffer takes everything
	}
	return out.String()
}

// causeText tells why a build failed, and what else was found.
func causeText(b *build.Build) []string {
	if len(b.Findings) == 0 {
		return []string{causeOf(b)}
	}
	lines := findingText(&b.Findings[0])
	rest := b.Findings[1:]
	if len(rest) == 0 && b.FindingsDropped == 0 {
		return lines
	}
	lines = append(lines, "", othersTitle(rest, b.FindingsDropped))
	for i := range rest[:min(len(rest), maxOthers)] {
		lines = append(lines, "  "+otherLine(&rest[i]))
	}
	if n := len(rest) - maxOthers; n > 0 {
		lines = append(lines, "  "+plural(n, "finding")+" left out")
	}
	return lines
}

// findingText tells a finding with its context.
func findingText(f *build.Finding) []string {
	where := fmt.Sprintf("line %s of the log, rule %s", thousands(f.Line), clip(f.Rule, maxName))
	if f.File != nil {
		where = clip(place(f), maxReason) + ", " + where
	}
	if f.Stage != nil {
		where = "stage " + clip(*f.Stage, maxName) + ", " + where
	}
	lines := []string{clip(f.Message, maxMessage), where}
	if f.Hint != nil {
		lines = append(lines, "hint: "+clip(*f.Hint, maxReason))
	}
	if len(f.Excerpt) > 0 {
		lines = append(lines, "")
	}
	return append(lines, numbered(f, clip)...)
}

func otherLine(f *build.Finding) string {
	text := fmt.Sprintf("%s, line %s: %s", clip(string(f.Severity), maxName), thousands(f.Line), clip(f.Message, maxCell))
	if f.Ignored != nil {
		text += " (ignored: " + clip(*f.Ignored, maxCell) + ")"
	}
	return text
}

// missingLines tell which of a build's evidence is missing.
func missingLines(b *build.Build) []string {
	lines := []string{"missing evidence:"}
	for _, m := range b.Incomplete {
		lines = append(lines, "  "+clip(missingText(m), maxReason))
	}
	return lines
}

// stageText tells a stage's finding, if it has one, and where its lines are.
func stageText(f *build.Finding, stage *build.Stage) []string {
	var lines []string
	if f != nil {
		lines = append(findingText(f), "")
	}
	if stage.FirstLine != nil && stage.LastLine != nil {
		lines = append(lines, fmt.Sprintf("lines %s to %s of the log", thousands(*stage.FirstLine), thousands(*stage.LastLine)))
	}
	return lines
}

// violationText tells where a rule of the gate comes from and what to do.
func violationText(v *build.Violation) []string {
	lines := []string{clip(v.Message, maxReason)}
	var where []string
	if v.Build != nil {
		where = append(where, "build "+clip(*v.Build, maxName))
	}
	if v.Line != nil {
		where = append(where, fmt.Sprintf("line %s of its log", thousands(*v.Line)))
	}
	if v.Source != nil {
		where = append(where, "set in "+clip(*v.Source, maxName))
	}
	if len(where) > 0 {
		lines = append(lines, strings.Join(where, ", "))
	}
	if v.Remedy != "" {
		lines = append(lines, "what to do: "+clip(v.Remedy, maxReason))
	}
	return lines
}

package report

import (
	"fmt"
	"strings"

	"github.com/loggate/loggate/internal/build"
)

// failure is what one section of the summary or of the account tells: one
// cause, and the builds that have it. The first tells it, since it is the same
// in all of them.
type failure struct {
	cause  *build.Finding // nil when nothing was found
	builds []*build.Build
}

// told says of which builds the findings are told: those that failed, those
// that aren't known to have passed and have errors (such as a scanned log that
// doesn't tell how its build ended), and those whose findings the gate blames.
func told(r *build.Report) map[*build.Build]bool {
	blamed := map[string]bool{}
	for _, v := range r.Gate.Violations {
		if v.Build != nil && (v.Policy == "fail-on error" || v.Policy == "fail-on warning") {
			blamed[*v.Build] = true
		}
	}
	all := map[*build.Build]bool{}
	for _, b := range r.Builds {
		doubtful := b.Status != build.Success && b.Counts.Error > 0
		all[b] = b.Status.Failed() || len(b.Findings) > 0 && (doubtful || blamed[b.Name])
	}
	return all
}

// failures groups the builds of which the findings are told by their root
// cause where the report says that several share it, in the order of the input.
func failures(r *build.Report) []failure {
	told := told(r)
	shared := map[string]bool{}
	for _, c := range r.Causes {
		shared[c.Fingerprint] = c.Fingerprint != ""
	}
	var groups []failure
	at := map[string]int{}
	for _, b := range r.Builds {
		if !told[b] {
			continue
		}
		f := b.RootCause()
		if f != nil && shared[f.Fingerprint] {
			if i, ok := at[f.Fingerprint]; ok {
				groups[i].builds = append(groups[i].builds, b)
				continue
			}
			at[f.Fingerprint] = len(groups)
		}
		groups = append(groups, failure{cause: f, builds: []*build.Build{b}})
	}
	return groups
}

// failures tells each cause of a failure in an open section.
func (s *summary) failures() {
	for _, g := range failures(s.r) {
		s.add(worthCause, "root cause", s.heading(g))
		s.context(g)
		s.unlike(g.builds[0])
		for _, b := range g.builds[:min(len(g.builds), maxShared)] {
			s.others(b, len(g.builds) > 1)
		}
		if n := len(g.builds) - maxShared; n > 0 {
			s.add(worthOthers, "", fmt.Sprintf("Left out: what else was found in %s with this cause; `report.json` has it.\n\n", plural(n, "more build")))
		}
	}
}

// heading names the builds, the root cause, where it is and what helps.
func (s *summary) heading(g failure) string {
	first := g.builds[0]
	var out strings.Builder
	fmt.Fprintf(&out, "### %s%s", sign(first), code(titled(first), maxName))
	if n := len(g.builds) - 1; n > 0 {
		fmt.Fprintf(&out, " and %d more", n)
	}
	out.WriteString(": " + prose(ending(first), maxName))
	if stage := stageOf(first, g.cause); stage != "" {
		out.WriteString(" in stage " + code(stage, maxName))
	}
	out.WriteString("\n\n")
	if len(g.builds) > 1 {
		fmt.Fprintf(&out, "The same cause in %d of %s: %s.\n\n", len(g.builds), plural(len(s.r.Builds), "build"), listed(g.builds, func(b *build.Build) string { return code(titled(b), maxName) }))
	}
	if g.cause == nil {
		out.WriteString("Nothing in the log is known to explain it.\n\n")
		return out.String()
	}
	cause := code(g.cause.Message, maxMessage)
	if g.cause.Rule == build.LastLines {
		cause = prose(g.cause.Message, maxMessage) // loggate's own words
	}
	fmt.Fprintf(&out, "**Root cause:** %s\n\n", cause)
	out.WriteString(s.facts(g.cause) + "\n\n")
	if g.cause.Hint != nil {
		fmt.Fprintf(&out, "**Hint:** %s\n\n", prose(*g.cause.Hint, maxReason))
	}
	return out.String()
}

// facts are the place in the source and in the log and the rule of a finding.
func (s *summary) facts(f *build.Finding) string {
	var facts []string
	if f.File != nil {
		facts = append(facts, link(code(place(f), maxReason), s.repo.FileURL(*f.File, f.FileLine)))
	}
	line := "line"
	if len(facts) == 0 {
		line = "Line"
	}
	facts = append(facts, fmt.Sprintf("%s %s of the log", line, thousands(f.Line)))
	if f.Rule != build.LastLines {
		facts = append(facts, "rule "+code(f.Rule, maxName))
	}
	if f.Count > 1 {
		facts = append(facts, plural(f.Count, "time"))
	}
	return strings.Join(facts, " · ")
}

// stageOf is the stage of a finding, else the one that failed, else "".
func stageOf(b *build.Build, f *build.Finding) string {
	if f != nil && f.Stage != nil {
		return *f.Stage
	}
	if stage := b.FailingStage(); stage != nil {
		return stage.Name
	}
	return ""
}

func (s *summary) context(g failure) {
	if g.cause == nil || len(g.cause.Excerpt) == 0 {
		return
	}
	s.add(worthContext, "context of a root cause", fence(excerptLines(g.cause, clip))+"\n")
}

// maxShared bounds the builds with the same cause of which the other findings
// are told.
const maxShared = 5

// others is the folded table of a build's findings after the first.
func (s *summary) others(b *build.Build, named bool) {
	rest := b.Findings[min(1, len(b.Findings)):]
	if len(rest) == 0 && b.FindingsDropped == 0 {
		return
	}
	shown := rest[:min(len(rest), maxOthers)]
	var out strings.Builder
	title := othersTitle(rest, b.FindingsDropped)
	if named {
		title = codeHTML(titled(b), maxName) + ": " + title
	}
	fmt.Fprintf(&out, "<details><summary>%s</summary>\n\n", title)
	out.WriteString("| Rank | Severity | Line | Message | Rule | Times |\n| ---: | --- | ---: | --- | --- | ---: |\n")
	for i := range shown {
		f := &shown[i]
		fmt.Fprintf(&out, "| %d | %s | %d | %s | %s | %d |\n", f.Rank, severityCell(f), f.Line,
			cell(f.Message, maxCell), cell(f.Rule, maxName), f.Count)
	}
	if n := len(rest) - len(shown); n > 0 {
		fmt.Fprintf(&out, "\n%s left out; `report.json` has them.\n", plural(n, "finding"))
	}
	if b.FindingsDropped > 0 {
		fmt.Fprintf(&out, "\n%s left out, since so many are listed nowhere; the log has them.\n", plural(b.FindingsDropped, "finding"))
	}
	out.WriteString("\n</details>\n\n")
	s.add(worthOthers, "table of other findings", out.String())
}

// othersTitle is "12 other findings: 3 errors, 9 warnings".
func othersTitle(rest []build.Finding, dropped int) string {
	count := map[build.Severity]int{}
	for _, f := range rest {
		count[f.Severity]++
	}
	var parts []string
	for _, severity := range []build.Severity{build.Error, build.Warning, build.Notice} {
		if n := count[severity]; n > 0 {
			parts = append(parts, plural(n, string(severity)))
		}
	}
	if dropped > 0 {
		parts = append(parts, thousands(int64(dropped))+" not listed")
	}
	return plural(len(rest)+dropped, "other finding") + ": " + strings.Join(parts, ", ")
}

// severityCell is a finding's severity and why it doesn't count, if so.
func severityCell(f *build.Finding) string {
	text := prose(string(f.Severity), maxName)
	if f.New != nil && !*f.New {
		text += ", known"
	}
	if f.Ignored != nil {
		text += ", ignored: " + cell(*f.Ignored, maxCell)
	}
	return text
}

package report

import (
	"fmt"
	"strings"

	"github.com/loggate/loggate/internal/build"
)

// failure is what one section of the summary or of the account tells: one
// cause, and the failed builds that have it. The first tells it, since it is
// the same in all of them.
type failure struct {
	cause  *build.Finding // nil when nothing was found
	builds []*build.Build
}

// failures groups the failed builds by their root cause where the report says
// that several share it, in the order of the input.
func failures(r *build.Report) []failure {
	shared := map[string]bool{}
	for _, c := range r.Causes {
		shared[c.Fingerprint] = c.Fingerprint != ""
	}
	var groups []failure
	at := map[string]int{}
	for _, b := range r.Builds {
		if !b.Status.Failed() {
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
		for _, b := range g.builds {
			s.others(b, len(g.builds) > 1)
		}
	}
}

// heading names the builds, the root cause, where it is and what helps.
func (s *summary) heading(g failure) string {
	first := g.builds[0]
	var out strings.Builder
	fmt.Fprintf(&out, "### ❌ %s", code(titled(first), maxName))
	if n := len(g.builds) - 1; n > 0 {
		fmt.Fprintf(&out, " and %d more", n)
	}
	fmt.Fprintf(&out, ": %s\n\n", prose(string(first.Status), maxName))
	if len(g.builds) > 1 {
		fmt.Fprintf(&out, "The same cause in %d of %s: %s.\n\n", len(g.builds), plural(len(s.r.Builds), "build"), names(g.builds))
	}
	if g.cause == nil {
		out.WriteString("Nothing in the log is known to explain it.\n\n")
		return out.String()
	}
	fmt.Fprintf(&out, "**Root cause:** %s\n\n", code(g.cause.Message, maxMessage))
	if facts := s.facts(first, g.cause); facts != "" {
		out.WriteString(facts + "\n\n")
	}
	if g.cause.Hint != nil {
		fmt.Fprintf(&out, "**Hint:** %s\n\n", prose(*g.cause.Hint, maxReason))
	}
	return out.String()
}

// maxNames bounds the names of builds in one sentence.
const maxNames = 50

func names(builds []*build.Build) string {
	var out []string
	for i, b := range builds {
		if i == maxNames {
			out = append(out, fmt.Sprintf("%d left out", len(builds)-maxNames))
			break
		}
		out = append(out, code(titled(b), maxName))
	}
	return strings.Join(out, ", ")
}

// facts are the stage, the place in the source and the rule of a finding.
func (s *summary) facts(b *build.Build, f *build.Finding) string {
	var facts []string
	if stage := stageOf(b, f); stage != "" {
		facts = append(facts, "Stage "+code(stage, maxName))
	}
	if f.File != nil {
		facts = append(facts, "file "+link(code(place(f), maxReason), s.repo.FileURL(*f.File, f.FileLine)))
	}
	facts = append(facts, fmt.Sprintf("line %s of the log", thousands(f.Line)))
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
	s.add(worthContext, "context of a root cause", fence(numbered(g.cause, clip))+"\n")
}

// others is the folded table of a build's findings after the first.
func (s *summary) others(b *build.Build, named bool) {
	rest := b.Findings[min(1, len(b.Findings)):]
	if len(rest) == 0 && b.FindingsDropped == 0 {
		return
	}
	shown := rest[:min(len(rest), maxOthers)]
	var out strings.Builder
	fmt.Fprintf(&out, "<details><summary>%s</summary>\n\n", othersTitle(rest, b.FindingsDropped))
	if named {
		fmt.Fprintf(&out, "Of %s:\n\n", code(titled(b), maxName))
	}
	out.WriteString("| Rank | Severity | Line | Message | Rule | Times |\n| ---: | --- | ---: | --- | --- | ---: |\n")
	for i := range shown {
		f := &shown[i]
		fmt.Fprintf(&out, "| %d | %s | %d | %s | %s | %d |\n", f.Rank, severityCell(f), f.Line,
			cell(f.Message, maxCell), cell(f.Rule, maxName), f.Count)
	}
	if n := len(rest) - len(shown) + b.FindingsDropped; n > 0 {
		fmt.Fprintf(&out, "\n%s left out.\n", plural(n, "finding"))
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

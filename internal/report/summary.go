package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/loggate/loggate/internal/build"
)

// SummaryLimit is what GitHub takes as the summary of one step, in bytes.
const SummaryLimit = 1 << 20

// SummaryOptions says how a summary is written.
type SummaryOptions struct {
	Limit      int64      // at most so many bytes; 0 is SummaryLimit
	Repository Repository // whose files may be linked to
}

// maxOthers bounds the table of a build's other findings.
const maxOthers = 50

// What a part of the summary is worth: where space is short, what is worth
// least goes first, and of the same worth the later one.
const (
	worthPicture = iota
	worthPassing
	worthOthers
	worthContext
	worthPassedRow
	worthCause
	worthMissing
	worthReason
	worthRow
	worthHead
	worthVerdict
)

// part is a piece of the summary that is there as a whole or not at all.
type part struct {
	text  string
	worth int
	what  string // what is left out with it, in the singular; "" for headings
}

// summary is the summary while it is put together.
type summary struct {
	r     *build.Report
	repo  Repository
	parts []part
}

// WriteSummary writes r as Markdown, for the step summary and summary.md:
// verdict, builds, causes, missing evidence, the gate's reasons and a timeline,
// in at most o.Limit bytes. What doesn't fit is left out, least valuable
// first, and said to be. Its errors are w's.
func WriteSummary(w io.Writer, r *build.Report, o SummaryOptions) error {
	if o.Limit == 0 {
		o.Limit = SummaryLimit
	}
	s := &summary{r: r, repo: o.Repository}
	s.add(worthVerdict, "", verdictLine(r)+"\n\n")
	s.table()
	s.failures()
	s.missing()
	s.passing()
	s.reasons()
	s.picture()
	if _, err := io.WriteString(w, fitParts(s.parts, o.Limit)); err != nil {
		return fmt.Errorf("writing the summary: %w", err)
	}
	return nil
}

func (s *summary) add(worth int, what, text string) {
	s.parts = append(s.parts, part{text: text, worth: worth, what: what})
}

func verdictLine(r *build.Report) string {
	sign := map[build.Verdict]string{build.Pass: "✅ ", build.Fail: "❌ ", build.Incomplete: "⚠️ "}[r.Verdict]
	return fmt.Sprintf("## %sloggate: %s\n\n**%s**%s", sign, prose(string(r.Verdict), maxName), tally(r), lenient(r))
}

func (s *summary) table() {
	if len(s.r.Builds) == 0 {
		return
	}
	s.add(worthHead, "", "| Build | Status | Exit status | Duration | Errors | Warnings | Root cause | Log |\n"+
		"| --- | --- | ---: | ---: | ---: | ---: | --- | --- |\n")
	for _, b := range s.r.Builds {
		worth := worthRow
		if passed(b) {
			worth = worthPassedRow
		}
		s.add(worth, "row of the table", row(b))
	}
	s.add(worthHead, "", "\n")
}

func row(b *build.Build) string {
	name := cell(titled(b), maxName)
	if b.URL != nil {
		name = link(name, *b.URL)
	}
	cause := unknown
	if f := b.RootCause(); f != nil && b.Status != build.Success {
		cause = cell(f.Message, maxCell)
	}
	log := unknown
	if b.Log.Path != nil {
		log = cell(*b.Log.Path, maxReason)
		if !b.Log.Complete {
			log += " (partial)"
		}
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %d | %d | %s | %s |\n", name, statusCell(b), exitStatus(b),
		milliseconds(b.DurationMS), b.Counts.Error, b.Counts.Warning, cause, log)
}

// statusCell is a build's status with a sign, the service's own word where it
// says more, and whether only the log says so.
func statusCell(b *build.Build) string {
	sign := "❌ "
	switch {
	case passed(b):
		sign = "✅ "
	case !b.Status.Failed():
		sign = "⚠️ "
	}
	text := sign + prose(string(b.Status), maxName)
	if b.Result != "" && !strings.EqualFold(b.Result, string(b.Status)) {
		text += " " + cell(b.Result, maxName)
	}
	if b.StatusSource == build.FromLog {
		text += ", says the log"
	}
	return text
}

// missing says which builds' evidence is missing, and why.
func (s *summary) missing() {
	said := false
	for _, b := range s.r.Builds {
		if whole(b) {
			continue
		}
		if !said {
			s.add(worthHead, "", "### Missing evidence\n\n")
			said = true
		}
		for _, m := range b.Incomplete {
			s.add(worthMissing, "piece of missing evidence",
				fmt.Sprintf("- %s: %s\n", code(titled(b), maxName), prose(missingText(m), maxReason)))
		}
	}
	if said {
		s.add(worthHead, "", "\n")
	}
}

// reasons are the gate's violations.
func (s *summary) reasons() {
	if len(s.r.Gate.Violations) == 0 {
		return
	}
	s.add(worthHead, "", "### Why this doesn't pass\n\n")
	for _, v := range s.r.Gate.Violations {
		text := "- **" + prose(v.Policy, maxName) + "**"
		if v.Source != nil {
			text += " (" + code(*v.Source, maxName) + ")"
		}
		if v.Build != nil {
			text += ", build " + code(*v.Build, maxName)
		}
		if v.Line != nil {
			text += fmt.Sprintf(", line %d", *v.Line)
		}
		text += ": " + prose(v.Message, maxReason)
		if v.Remedy != "" {
			text += "<br>What to do: " + prose(v.Remedy, maxReason)
		}
		s.add(worthReason, "reason of the gate", text+"\n")
	}
	s.add(worthHead, "", "\n")
}

// passing folds the builds that passed into one line.
func (s *summary) passing() {
	var names []string
	for _, b := range s.r.Builds {
		if passed(b) {
			names = append(names, code(titled(b), maxName))
		}
	}
	if len(names) == 0 {
		return
	}
	s.add(worthPassing, "list of passing builds", fmt.Sprintf("<details><summary>%s passed</summary>\n\n%s\n\n</details>\n\n",
		plural(len(names), "build"), strings.Join(names, ", ")))
}

// picture is the timeline, in a width that every CI system shows unwrapped.
func (s *summary) picture() {
	if lines := timeline(s.r, 100); len(lines) > 0 {
		s.add(worthPicture, "timeline", "### Timeline\n\n"+fence(lines)+"\n")
	}
}

package report

import (
	"fmt"
	"io"
	"path"
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
	s.add(worthVerdict, "", verdictLine(r))
	s.table()
	s.failures()
	s.missing()
	s.passing()
	s.reasons()
	s.compared()
	s.notices()
	s.picture()
	if _, err := io.WriteString(w, fitParts(s.parts, o.Limit)); err != nil {
		return fmt.Errorf("writing the summary: %w", err)
	}
	return nil
}

func (s *summary) add(worth int, what, text string) {
	s.parts = append(s.parts, part{text: text, worth: worth, what: what})
}

// verdictLine is all in one line.
func verdictLine(r *build.Report) string {
	sign := map[build.Verdict]string{build.Pass: "✅ ", build.Fail: "❌ ", build.Incomplete: "⚠️ "}[r.Verdict]
	return fmt.Sprintf("## %sloggate: %s – %s%s\n\n", sign, prose(string(r.Verdict), maxName), tally(r), lenient(r))
}

// manyBuilds is from how many builds on the rows of those that passed are
// folded away, so that the others are seen.
const manyBuilds = 20

const tableHead = "| Build | Status | Exit status | Duration | Errors | Warnings | Root cause | Log |\n" +
	"| --- | --- | ---: | ---: | ---: | ---: | --- | --- |\n"

func (s *summary) table() {
	rows := 0
	for _, b := range s.r.Builds {
		worth := worthRow
		if passed(b) {
			if len(s.r.Builds) >= manyBuilds {
				continue
			}
			worth = worthPassedRow
		}
		if rows++; rows == 1 {
			s.add(worthHead, "", tableHead)
		}
		s.add(worth, "row of the table", row(b))
	}
	if rows > 0 {
		s.add(worthHead, "", "\n")
	}
}

func row(b *build.Build) string {
	name := cell(b.Name+strings.Replace(number(b), " ", noBreak, 1), maxName)
	if b.URL != nil {
		name = link(name, *b.URL)
	}
	cause := unknown
	if f := b.RootCause(); f != nil && b.Status != build.Success {
		cause = causeCell(f)
	} else if !whole(b) {
		cause = "evidence is missing"
	}
	log := unknown
	if b.Log.Path != nil {
		log = cell(path.Base(*b.Log.Path), maxReason) // all are in logs/
		if !b.Log.Complete {
			log += " (partial)"
		}
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s | %s |\n", name, statusCell(b), exitStatus(b),
		milliseconds(b.DurationMS), thousands(int64(b.Counts.Error)), thousands(int64(b.Counts.Warning)), cause, log)
}

func causeCell(f *build.Finding) string {
	if f.Rule == build.LastLines {
		return "not known"
	}
	return cell(shortened(f.Message, maxCause), maxCell)
}

// sign is a build's status as a picture.
func sign(b *build.Build) string {
	switch {
	case passed(b):
		return "✅" + noBreak
	case b.Status.Failed():
		return "❌" + noBreak
	default:
		return "⚠️" + noBreak
	}
}

// statusCell is a build's status with a sign, the service's own word where it
// says more, and whether only the log says so.
func statusCell(b *build.Build) string {
	text := sign(b) + prose(string(b.Status), maxName)
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

// How many cases of a rule of the gate stand unfolded, and how many folded.
const (
	maxCases       = 10
	maxFoldedCases = 100
)

// reasons are the gate's violations, by rule.
func (s *summary) reasons() {
	groups := reasons(s.r)
	if len(groups) == 0 {
		return
	}
	s.add(worthHead, "", "### Why this doesn't pass\n\n")
	for _, g := range groups {
		text := "- **" + prose(g.policy, maxName) + "**"
		if g.source != nil {
			text += " (" + code(*g.source, maxName) + ")"
		}
		if g.remedy != "" {
			text += ": " + prose(g.remedy, maxReason)
		}
		s.add(worthHead, "", text+"\n")
		if len(g.cases) > maxCases {
			s.add(worthReason, "list of reasons", foldedCases(g.cases))
			continue
		}
		for _, one := range g.cases {
			s.add(worthReason, "reason of the gate", "  - "+one.markdown()+"\n")
		}
	}
	s.add(worthHead, "", "\n")
}

// foldedCases are the cases of a rule that has many, folded within its item.
func foldedCases(cases []reason) string {
	var out strings.Builder
	fmt.Fprintf(&out, "\n  <details><summary>%s</summary>\n\n", plural(len(cases), "case"))
	shown := cases[:min(len(cases), maxFoldedCases)]
	for _, one := range shown {
		out.WriteString("  - " + one.markdown() + "\n")
	}
	if n := len(cases) - len(shown); n > 0 {
		fmt.Fprintf(&out, "  - %s left out; `report.json` has them\n", plural(n, "case"))
	}
	out.WriteString("\n  </details>\n\n")
	return out.String()
}

// markdown is the case as an item of a list.
func (r reason) markdown() string {
	text := prose(r.text, maxReason)
	if r.quoted != "" {
		text += ": " + code(r.quoted, maxMessage)
	}
	if r.line != nil {
		text += ", line " + thousands(*r.line)
	}
	if len(r.builds) == 0 {
		return text
	}
	return listed(r.builds, func(name string) string { return code(name, maxName) }) + ": " + text
}

// passing folds the builds that passed into one line: their rows of the table
// where these are many, else their names.
func (s *summary) passing() {
	var names []string
	var rows strings.Builder
	for _, b := range s.r.Builds {
		if passed(b) {
			names = append(names, code(titled(b), maxName))
			rows.WriteString(row(b))
		}
	}
	if len(names) == 0 {
		return
	}
	worth, inside := worthPassing, strings.Join(names, ", ")+"\n"
	if len(s.r.Builds) >= manyBuilds {
		worth, inside = worthPassedRow, tableHead+rows.String()
	}
	s.add(worth, "list of passing builds", fmt.Sprintf("<details><summary>%s passed</summary>\n\n%s\n</details>\n\n",
		plural(len(names), "build"), inside))
}

// The timeline's size, which every CI system shows unwrapped; with more rows
// than fit on a page it is folded.
const (
	pictureWidth = 100
	pictureRows  = 80
	unfoldedRows = 40
)

func (s *summary) picture() {
	var lines []string
	for _, row := range timeline(s.r, pictureWidth, pictureRows) {
		lines = append(lines, row.line())
	}
	switch {
	case len(lines) == 0:
	case len(lines) > unfoldedRows:
		s.add(worthPicture, "timeline", "<details><summary>Timeline</summary>\n\n"+fence(lines)+"\n</details>\n")
	default:
		s.add(worthPicture, "timeline", "### Timeline\n\n"+fence(lines)+"\n")
	}
}

package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/loggate/loggate/internal/build"
)

// AccountOptions says how an account is written.
type AccountOptions struct {
	Color     bool
	Width     int    // of the terminal, in columns; 0 is 100
	Explain   bool   // say why each finding has its rank
	OutputDir string // where the artifacts are; "" when there are none
}

// The bounds of an account.
const (
	maxAccountCauses = 20 // failures told with context
	maxExplained     = 20 // findings of a build that are explained
	narrowest        = 60 // columns
)

// account is an account while it is put together.
type account struct {
	bytes.Buffer
	o AccountOptions
}

// WriteAccount writes r as text for people at a terminal or in a job's log:
// verdict, builds, root causes with their context, missing evidence, the
// gate's reasons, a timeline and where the artifacts are. Its errors are w's.
func WriteAccount(w io.Writer, r *build.Report, o AccountOptions) error {
	if o.Width <= 0 {
		o.Width = 100
	}
	o.Width = max(o.Width, narrowest)
	a := &account{o: o}
	a.builds(r)
	a.failures(r)
	if o.Explain {
		a.explain(r)
	}
	a.missing(r)
	a.reasons(r)
	a.picture(r)
	a.verdict(r)
	if _, err := w.Write(a.Bytes()); err != nil {
		return fmt.Errorf("writing the account: %w", err)
	}
	return nil
}

// The colours of an account, by SGR code.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// paint colours text where colours are wanted.
func (a *account) paint(sgr, text string) string {
	if !a.o.Color || text == "" {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

func (a *account) head(title string) {
	fmt.Fprintf(a, "%s\n", a.paint(bold, title))
}

// builds is the table, aligned over its columns; the root cause has the width
// that is left.
func (a *account) builds(r *build.Report) {
	table := [][]string{{"BUILD", "STATUS", "EXIT", "TIME", "ERRORS", "WARNINGS", "ROOT CAUSE"}}
	for _, b := range r.Builds {
		cause := ""
		if f := b.RootCause(); f != nil && b.Status != build.Success {
			cause = Line(f.Message, maxMessage)
		}
		status := string(b.Status)
		if !whole(b) {
			status += ", incomplete"
		}
		table = append(table, []string{fit(Line(titled(b), maxName), maxLabel), Line(status, maxName), exitStatus(b),
			milliseconds(b.DurationMS), thousands(int64(b.Counts.Error)), thousands(int64(b.Counts.Warning)), cause})
	}
	widths := make([]int, 6)
	left := a.o.Width
	for i := range widths {
		for _, row := range table {
			widths[i] = max(widths[i], columns(row[i]))
		}
		left -= widths[i] + 2
	}
	for i, row := range table {
		a.row(row, widths, max(20, left), i)
	}
	a.WriteByte('\n')
}

// row writes a row of the table; i is 0 for its head.
func (a *account) row(row []string, widths []int, left, i int) {
	var out []string
	for col, width := range widths {
		if col < 2 {
			out = append(out, pad(row[col], width))
		} else {
			out = append(out, padLeft(row[col], width))
		}
	}
	out = append(out, fit(row[len(widths)], left))
	if i == 0 {
		fmt.Fprintln(a, a.paint(dim, strings.TrimRight(strings.Join(out, "  "), " ")))
		return
	}
	out[1] = a.paint(statusColor(row[1]), out[1])
	fmt.Fprintln(a, strings.TrimRight(strings.Join(out, "  "), " "))
}

func statusColor(status string) string {
	switch {
	case status == string(build.Success):
		return green
	case build.Status(status).Failed() && !strings.HasSuffix(status, ", incomplete"):
		return red
	default:
		return yellow
	}
}

// failures tells each cause of a failure with its context.
func (a *account) failures(r *build.Report) {
	groups := failures(r)
	for i, g := range groups {
		if i == maxAccountCauses {
			fmt.Fprintf(a, "%s left out\n\n", plural(len(groups)-i, "more failure"))
			return
		}
		a.failure(r, g)
	}
}

func (a *account) failure(r *build.Report, g failure) {
	first := g.builds[0]
	title := Line(titled(first), maxName) + ": " + string(first.Status)
	if stage := stageOf(first, g.cause); stage != "" {
		title += " in stage " + Line(stage, maxName)
	}
	a.head(title)
	if n := len(g.builds); n > 1 {
		fmt.Fprintf(a, "  the same cause in %d of %s: %s\n", n, plural(len(r.Builds), "build"), plainNames(g.builds))
	}
	if g.cause == nil {
		fmt.Fprint(a, "  nothing in the log is known to explain it\n\n")
		return
	}
	fmt.Fprintf(a, "  %s\n", a.paint(red, Line(g.cause.Message, maxMessage)))
	where := "line " + thousands(g.cause.Line)
	if g.cause.File != nil {
		where = Line(place(g.cause), maxReason) + ", " + where
	}
	fmt.Fprintf(a, "  %s\n", a.paint(dim, where+" ("+Line(g.cause.Rule, maxName)+")"))
	a.context(g.cause)
	if g.cause.Hint != nil {
		fmt.Fprintf(a, "  hint: %s\n", Line(*g.cause.Hint, maxReason))
	}
	a.WriteByte('\n')
}

// context is a finding's excerpt, each line cut to the terminal.
func (a *account) context(f *build.Finding) {
	for _, line := range numbered(f, within) {
		line = fit("    "+line, a.o.Width)
		if strings.HasPrefix(line, "    >") {
			line = a.paint(bold, line)
		}
		fmt.Fprintln(a, line)
	}
}

func plainNames(builds []*build.Build) string {
	var out []string
	for i, b := range builds {
		if i == maxNames {
			out = append(out, fmt.Sprintf("%d left out", len(builds)-i))
			break
		}
		out = append(out, Line(titled(b), maxName))
	}
	return strings.Join(out, ", ")
}

// explain says for each finding why it has its rank.
func (a *account) explain(r *build.Report) {
	for _, b := range r.Builds {
		if len(b.Findings) == 0 {
			continue
		}
		a.head(Line(titled(b), maxName) + ": why the findings are ranked so")
		for i := range b.Findings {
			if i == maxExplained {
				fmt.Fprintf(a, "  %s left out\n", plural(len(b.Findings)-i, "finding"))
				break
			}
			f := &b.Findings[i]
			fmt.Fprintf(a, "  %d. %s %s, line %s: %s\n", f.Rank, Line(string(f.Severity), maxName), Line(f.Rule, maxName),
				thousands(f.Line), Line(f.Message, maxCell))
			for _, why := range f.Why {
				fmt.Fprintf(a, "       %s\n", a.paint(dim, "because: "+Line(why, maxReason)))
			}
		}
		a.WriteByte('\n')
	}
}

func (a *account) missing(r *build.Report) {
	said := false
	for _, b := range r.Builds {
		for _, m := range b.Incomplete {
			if !said {
				a.head("Missing evidence")
				said = true
			}
			fmt.Fprintf(a, "  %s: %s\n", Line(titled(b), maxName), Line(missingText(m), maxReason))
		}
	}
	if said {
		a.WriteByte('\n')
	}
}

func (a *account) reasons(r *build.Report) {
	if len(r.Gate.Violations) == 0 {
		return
	}
	a.head("Why this doesn't pass")
	for _, v := range r.Gate.Violations {
		text := Line(v.Policy, maxName)
		if v.Source != nil {
			text += " (" + Line(*v.Source, maxName) + ")"
		}
		if v.Build != nil {
			text += ", " + Line(*v.Build, maxName)
		}
		if v.Line != nil {
			text += ", line " + thousands(*v.Line)
		}
		fmt.Fprintf(a, "  %s: %s\n", text, Line(v.Message, maxReason))
		if v.Remedy != "" {
			fmt.Fprintf(a, "    %s\n", a.paint(dim, "what to do: "+Line(v.Remedy, maxReason)))
		}
	}
	a.WriteByte('\n')
}

func (a *account) picture(r *build.Report) {
	rows := timeline(r, a.o.Width-2)
	if len(rows) == 0 {
		return
	}
	a.head("Timeline")
	for _, row := range rows {
		fmt.Fprintf(a, "  %s\n", row)
	}
	a.WriteByte('\n')
}

// verdict comes last, where a terminal's reader looks.
func (a *account) verdict(r *build.Report) {
	sgr := map[build.Verdict]string{build.Pass: green, build.Fail: red}[r.Verdict]
	if sgr == "" {
		sgr = yellow
	}
	fmt.Fprintf(a, "%s: %s%s\n", a.paint(bold+";"+sgr, Line(strings.ToUpper(string(r.Verdict)), maxName)), tally(r), lenient(r))
	if a.o.OutputDir != "" {
		fmt.Fprintf(a, "Artifacts are in %s\n", Line(a.o.OutputDir, maxReason))
	}
}

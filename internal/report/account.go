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
	o        AccountOptions
	terminal bool
}

// WriteAccount writes r as text for people at a terminal or in a job's log:
// builds, a timeline, root causes with their context, missing evidence, the
// gate's reasons, and last, where a terminal's reader looks, the verdict and
// where the artifacts are. Its errors are w's.
func WriteAccount(w io.Writer, r *build.Report, o AccountOptions) error {
	a := &account{o: o, terminal: o.Width > 0}
	if !a.terminal {
		a.o.Width = 100
	}
	a.o.Width = max(a.o.Width, narrowest)
	a.builds(r)
	a.picture(r)
	a.failures(r)
	if o.Explain {
		a.explain(r)
	}
	a.missing(r)
	a.reasons(r)
	a.compared(r)
	a.notices(r)
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
	if !a.o.Color || sgr == "" || text == "" {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

func (a *account) head(title string) {
	a.text(0, bold, title)
}

// builds is the table, aligned over its columns but for those that would be
// empty; the root cause has the width that is left. Where there are many
// builds, those that passed are counted.
func (a *account) builds(r *build.Report) {
	table := [][]string{{"BUILD", "STATUS", "EXIT", "TIME", "ERRORS", "WARNINGS", "ROOT CAUSE"}}
	untold := 0
	for _, b := range r.Builds {
		if len(r.Builds) >= manyBuilds && passed(b) {
			untold++
			continue
		}
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
	if len(table) > 1 {
		a.table(table)
	}
	if untold > 0 {
		fmt.Fprintf(a, "%s\n", a.paint(green, plural(untold, "build")+" passed"))
	}
	if len(r.Builds) > 0 {
		a.WriteByte('\n')
	}
}

// table writes rows under a head. The first two columns hold text, the last
// one takes what is left of the width, and those between hold numbers.
func (a *account) table(table [][]string) {
	last := len(table[0]) - 1
	widths, left := make([]int, last), a.o.Width
	for col := range widths {
		empty := true
		for i, row := range table {
			widths[col] = max(widths[col], columns(row[col]))
			empty = empty && (i == 0 || row[col] == unknown)
		}
		if empty {
			widths[col] = 0
			continue
		}
		left -= widths[col] + 2
	}
	for i, row := range table {
		a.row(row, widths, max(20, left), i == 0)
	}
}

// row writes a row of the table; a width of 0 is a column that isn't shown.
func (a *account) row(row []string, widths []int, left int, head bool) {
	var out []string
	for col, width := range widths {
		text := padLeft(row[col], width)
		if col < 2 {
			text = pad(row[col], width)
		}
		if col == 1 && !head {
			text = a.paint(statusColor(row[col]), text)
		}
		if width > 0 {
			out = append(out, text)
		}
	}
	line := strings.TrimRight(strings.Join(append(out, fit(row[len(widths)], left)), "  "), " ")
	if head {
		line = a.paint(dim, line)
	}
	fmt.Fprintln(a, line)
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
	title := Line(titled(first), maxName) + ": " + ending(first)
	if stage := stageOf(first, g.cause); stage != "" {
		title += " in stage " + Line(stage, maxName)
	}
	a.head(title)
	if n := len(g.builds); n > 1 {
		a.text(2, "", fmt.Sprintf("the same cause in %d of %s: %s", n, plural(len(r.Builds), "build"),
			listed(g.builds, func(b *build.Build) string { return Line(titled(b), maxName) })))
	}
	if g.cause == nil {
		fmt.Fprint(a, "  nothing in the log is known to explain it\n\n")
		return
	}
	a.text(2, red, Line(g.cause.Message, maxMessage))
	where := "line " + thousands(g.cause.Line)
	if g.cause.File != nil {
		where = Line(place(g.cause), maxReason) + ", " + where
	}
	a.text(2, dim, where+" ("+Line(g.cause.Rule, maxName)+")")
	a.context(g.cause)
	a.unlike(first)
	if g.cause.Hint != nil {
		a.text(2, "", "hint: "+Line(*g.cause.Hint, maxReason))
	}
	a.WriteByte('\n')
}

// context is a finding's excerpt, each line cut to the terminal.
func (a *account) context(f *build.Finding) {
	for _, line := range excerptLines(f, within) {
		line = fit("    "+line, a.o.Width)
		if strings.HasPrefix(line, "    >") {
			line = a.paint(bold, line)
		}
		fmt.Fprintln(a, line)
	}
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
			a.text(2, "", fmt.Sprintf("%d. %s %s, line %s: %s", f.Rank, Line(string(f.Severity), maxName), Line(f.Rule, maxName),
				thousands(f.Line), Line(f.Message, maxCell)))
			for _, why := range f.Why {
				a.text(7, dim, "because: "+Line(why, maxReason))
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
			a.text(2, "", Line(titled(b), maxName)+": "+Line(missingText(m), maxReason))
		}
	}
	if said {
		a.WriteByte('\n')
	}
}

// reasons are the gate's violations, by rule.
func (a *account) reasons(r *build.Report) {
	groups := reasons(r)
	if len(groups) > 0 {
		a.head("Why this doesn't pass")
	}
	for _, g := range groups {
		title := Line(g.policy, maxName)
		if g.source != nil {
			title += " (" + Line(*g.source, maxName) + ")"
		}
		a.text(2, "", title)
		for i, one := range g.cases {
			if i == maxCases {
				fmt.Fprintf(a, "    %s left out\n", plural(len(g.cases)-i, "case"))
				break
			}
			a.text(4, "", one.plain())
		}
		if g.remedy != "" {
			a.text(4, dim, "what to do: "+Line(g.remedy, maxReason))
		}
	}
	if len(groups) > 0 {
		a.WriteByte('\n')
	}
}

// plain is the case in one line.
func (r reason) plain() string {
	text := Line(r.text, maxReason)
	if r.quoted != "" {
		text += ": " + Line(r.quoted, maxMessage)
	}
	if r.line != nil {
		text += ", line " + thousands(*r.line)
	}
	if len(r.builds) == 0 {
		return text
	}
	return listed(r.builds, func(name string) string { return Line(name, maxName) }) + ": " + text
}

// maxAccountRows bounds the timeline so that it leaves room on a screen.
const maxAccountRows = 24

func (a *account) picture(r *build.Report) {
	rows := timeline(r, a.o.Width, maxAccountRows)
	for _, row := range rows {
		bar := row.bar
		switch {
		case row.status == "" || row.stage:
			bar = a.paint(dim, bar)
		default:
			bar = strings.ReplaceAll(bar, "·", "\x00")
			first, last := strings.IndexRune(bar, '█'), strings.LastIndex(bar, "█")+len("█")
			dots := func(s string) string { return a.paint(dim, strings.ReplaceAll(s, "\x00", "·")) }
			bar = dots(bar[:first]) + a.paint(statusColor(string(row.status)), bar[first:last]) + dots(bar[last:])
		}
		fmt.Fprintln(a, strings.TrimRight(bar+"  "+row.text, " "))
	}
	if len(rows) > 0 {
		a.WriteByte('\n')
	}
}

// text writes one paragraph after so many blanks. On a terminal it is broken
// between words, elsewhere whoever shows the text breaks it.
func (a *account) text(indent int, sgr, text string) {
	for _, line := range a.lines(indent, text) {
		fmt.Fprintf(a, "%s%s\n", strings.Repeat(" ", indent), a.paint(sgr, atStart(line)))
	}
}

func (a *account) lines(indent int, text string) []string {
	if !a.terminal {
		return []string{text}
	}
	return wrapped(text, a.o.Width-indent)
}

// verdict comes last, where a terminal's reader looks.
func (a *account) verdict(r *build.Report) {
	sgr := map[build.Verdict]string{build.Pass: green, build.Fail: red}[r.Verdict]
	if sgr == "" {
		sgr = yellow
	}
	verdict := Line(strings.ToUpper(string(r.Verdict)), maxName)
	for i, line := range a.lines(0, verdict+": "+tally(r)+lenient(r)) {
		if i == 0 {
			line = a.paint(bold+";"+sgr, verdict) + strings.TrimPrefix(line, verdict)
		}
		fmt.Fprintln(a, line)
	}
	if a.o.OutputDir != "" {
		fmt.Fprintf(a, "Artifacts are in %s\n", Line(a.o.OutputDir, maxReason))
	}
}

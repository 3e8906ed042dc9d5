package report

import (
	"fmt"
	"strings"

	"github.com/loggate/loggate/internal/build"
)

// comparison counts a build's findings against the baseline.
type comparison struct{ fresh, known, gone int }

// compared is the comparison of a build, and whether there was a baseline as
// far as the build shows. What doesn't count for other reasons isn't counted.
func compared(b *build.Build) (c comparison, ok bool) {
	for i := range b.Findings {
		f := &b.Findings[i]
		switch {
		case f.New == nil:
			continue
		case !f.Counted(false):
		case *f.New:
			c.fresh++
		default:
			c.known++
		}
		ok = true
	}
	c.gone = len(b.Gone)
	return c, ok || c.gone > 0
}

// comparedRun is the comparison of all builds.
func comparedRun(r *build.Report) (sum comparison, ok bool) {
	for _, b := range r.Builds {
		c, some := compared(b)
		sum.fresh, sum.known, sum.gone, ok = sum.fresh+c.fresh, sum.known+c.known, sum.gone+c.gone, ok || some
	}
	return sum, ok
}

func (c comparison) String() string {
	return fmt.Sprintf("%s new, %s known, %s gone", thousands(int64(c.fresh)), thousands(int64(c.known)), thousands(int64(c.gone)))
}

// maxGone bounds the findings of a build that are listed as gone.
const maxGone = 20

// compared says which findings are new, known and gone against the baseline.
func (s *summary) compared() {
	sum, ok := comparedRun(s.r)
	if !ok {
		return
	}
	s.add(worthHead, "", fmt.Sprintf("### Against the baseline: %s\n\n", sum))
	for _, b := range s.r.Builds {
		if c, ok := compared(b); ok {
			s.add(worthPassing, "line of the comparison", fmt.Sprintf("- %s: %s\n", code(titled(b), maxName), c))
		}
	}
	s.add(worthHead, "", "\n")
	for _, b := range s.r.Builds {
		if len(b.Gone) > 0 {
			s.add(worthPicture, "list of findings that are gone", gone(b))
		}
	}
}

// gone is the folded list of a build's findings that are gone.
func gone(b *build.Build) string {
	var out strings.Builder
	fmt.Fprintf(&out, "<details><summary>%s gone</summary>\n\nFrom %s:\n\n", plural(len(b.Gone), "finding"), code(titled(b), maxName))
	for i := range b.Gone[:min(len(b.Gone), maxGone)] {
		f := &b.Gone[i]
		fmt.Fprintf(&out, "- %s %s: %s\n", prose(string(f.Severity), maxName), code(f.Rule, maxName), code(f.Message, maxCell))
	}
	if n := len(b.Gone) - maxGone; n > 0 {
		fmt.Fprintf(&out, "\n%s left out.\n", plural(n, "finding"))
	}
	out.WriteString("\n</details>\n\n")
	return out.String()
}

// notices are the gate's remarks.
func (s *summary) notices() {
	if len(s.r.Gate.Notices) == 0 {
		return
	}
	s.add(worthHead, "", "### Notices\n\n")
	for _, n := range s.r.Gate.Notices {
		text := "- **" + prose(n.Policy, maxName) + "**"
		if n.Source != nil {
			text += " (" + code(*n.Source, maxName) + ")"
		}
		text += ": " + prose(n.Message, maxReason)
		if n.Remedy != "" {
			text += "<br>What to do: " + prose(n.Remedy, maxReason)
		}
		s.add(worthContext, "notice", text+"\n")
	}
	s.add(worthHead, "", "\n")
}

func (a *account) compared(r *build.Report) {
	if sum, ok := comparedRun(r); ok {
		fmt.Fprintf(a, "%s %s\n\n", a.paint(bold, "Against the baseline:"), sum)
	}
}

// maxNotices bounds the remarks that an account tells.
const maxNotices = 20

func (a *account) notices(r *build.Report) {
	if len(r.Gate.Notices) == 0 {
		return
	}
	a.head("Notices")
	for i, n := range r.Gate.Notices {
		if i == maxNotices {
			fmt.Fprintf(a, "  %s left out\n", plural(len(r.Gate.Notices)-i, "notice"))
			break
		}
		text := Line(n.Policy, maxName)
		if n.Source != nil {
			text += " (" + Line(*n.Source, maxName) + ")"
		}
		fmt.Fprintf(a, "  %s: %s\n", text, Line(n.Message, maxReason))
		if n.Remedy != "" {
			fmt.Fprintf(a, "    %s\n", a.paint(dim, "what to do: "+Line(n.Remedy, maxReason)))
		}
	}
	a.WriteByte('\n')
}

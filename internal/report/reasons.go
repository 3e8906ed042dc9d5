package report

import (
	"strings"

	"github.com/loggate/loggate/internal/build"
)

// reasonGroup is what the gate says of one rule of its: what it is, what to do
// about it, and each case.
type reasonGroup struct {
	policy, remedy string
	source         *string // where the rule stands; nil for an input
	cases          []reason
}

// reason is one case of a rule that isn't kept.
type reason struct {
	builds []string // none where it is about the run; several for which the same is to be said
	line   *int64   // of the build's log
	text   string
	quoted string // a line's message that follows the text; "" when it is told elsewhere
}

// reasons are the violations, those of one rule together, in the order of the
// report. A root cause that has been told isn't told again.
func reasons(r *build.Report) []*reasonGroup {
	type key struct{ policy, remedy, source string }
	known := map[key]*reasonGroup{}
	builds := map[string]*build.Build{}
	for _, b := range r.Builds {
		builds[b.Name] = b
	}
	told := told(r)
	var groups []*reasonGroup
	for i := range r.Gate.Violations {
		v := &r.Gate.Violations[i]
		k := key{policy: v.Policy, remedy: v.Remedy}
		if v.Source != nil {
			k.source = *v.Source
		}
		g := known[k]
		if g == nil {
			g = &reasonGroup{policy: v.Policy, remedy: v.Remedy, source: v.Source}
			known[k] = g
			groups = append(groups, g)
		}
		one := reason{line: v.Line, text: v.Message}
		if v.Build != nil {
			one.builds = []string{*v.Build}
			if b := builds[*v.Build]; b != nil {
				one.split(b, told[b])
			}
		}
		g.add(one)
	}
	return groups
}

// add joins a case to one that says the same of another build.
func (g *reasonGroup) add(one reason) {
	for i := range g.cases {
		known := &g.cases[i]
		if len(one.builds) > 0 && len(known.builds) > 0 && known.text == one.text && known.quoted+one.quoted == "" && known.line == nil && one.line == nil {
			known.builds = append(known.builds, one.builds...)
			return
		}
	}
	g.cases = append(g.cases, one)
}

// split takes the message of one of the build's findings off the text's end;
// where it is told as the build's cause, that is where its line is told, too.
func (r *reason) split(b *build.Build, told bool) {
	for i := range b.Findings {
		message := b.Findings[i].Message
		text, found := strings.CutSuffix(r.text, ": "+message)
		if message == "" || !found {
			continue
		}
		r.text, r.quoted = text, message
		if told && i == 0 {
			r.text, r.quoted, r.line = strings.TrimSuffix(text, ", first"), "", nil
		}
		return
	}
}

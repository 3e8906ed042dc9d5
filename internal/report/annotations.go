package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sethvargo/go-githubactions"

	"github.com/loggate/loggate/internal/build"
)

// Annotation is a message that GitHub shows at the run, and at a line of a file
// where one is known.
type Annotation struct {
	Severity build.Severity
	Title    string
	Message  string
	File     string // below the workspace's root, with slashes; "" when it isn't there
	Line     int    // of File, from 1; 0 when unknown
	Column   int    // of File, from 1; 0 when unknown
}

// MaxAnnotations is how many annotations of a severity GitHub takes from a step.
const MaxAnnotations = 10

// Annotations are the best annotations of r, at most limit of each severity:
// the root causes of the failed builds first, one for a cause that several
// builds share, then missing evidence and the gate's other reasons, then what
// else was found, by rank. Symptoms, summaries and what doesn't count are left
// out. A file is looked for in repo.
func Annotations(r *build.Report, limit int, repo Repository) []Annotation {
	limit = min(max(0, limit), MaxAnnotations)
	var all []Annotation
	told := map[string]bool{}
	for _, g := range failures(r) {
		if g.cause != nil {
			told[g.cause.Fingerprint] = true
			all = append(all, annotate(g.builds[0], g.cause, len(g.builds), repo))
		}
	}
	all = append(all, lacking(r)...)
	all = append(all, policies(r)...)
	all = append(all, rest(r, told, repo)...)

	left := map[build.Severity]int{build.Error: limit, build.Warning: limit, build.Notice: limit}
	return slices.DeleteFunc(all, func(a Annotation) bool {
		left[a.Severity]--
		return left[a.Severity] < 0
	})
}

// annotate tells a finding; builds is how many failed builds have it.
func annotate(b *build.Build, f *build.Finding, builds int, repo Repository) Annotation {
	a := Annotation{Severity: f.Severity, Title: clip(b.Name, maxName) + ": " + clip(f.Rule, maxName), Message: clip(f.Message, maxMessage)}
	where := fmt.Sprintf("line %s of the log of %s", thousands(f.Line), clip(b.Name, maxName))
	if builds > 1 {
		where += fmt.Sprintf(", and in %d more", builds-1)
	}
	if f.File != nil {
		if name, ok := repo.Path(*f.File); ok {
			a.File, a.Line, a.Column = name, positive(f.FileLine), positive(f.Column)
		} else {
			a.Message = clip(place(f), maxMessage) + ": " + a.Message
		}
	}
	a.Message += " (" + where + ")"
	if f.Hint != nil {
		a.Message += "\n" + clip(*f.Hint, maxReason)
	}
	return a
}

func positive(n *int) int {
	if n == nil {
		return 0
	}
	return max(0, *n)
}

// lacking tells which builds' evidence is missing.
func lacking(r *build.Report) []Annotation {
	var all []Annotation
	for _, b := range r.Builds {
		for _, m := range b.Incomplete {
			all = append(all, Annotation{Severity: build.Error, Title: clip(b.Name, maxName) + ": incomplete", Message: clip(missingText(m), maxReason)})
		}
	}
	return all
}

// policies tells the violations that no finding tells.
func policies(r *build.Report) []Annotation {
	var all []Annotation
	for _, v := range r.Gate.Violations {
		if strings.HasPrefix(v.Policy, "fail-on") {
			continue
		}
		message := clip(v.Message, maxReason)
		if v.Build != nil {
			message = clip(*v.Build, maxName) + ": " + message
		}
		all = append(all, Annotation{Severity: build.Error, Title: clip(v.Policy, maxName), Message: message + "\n" + clip(v.Remedy, maxReason)})
	}
	return all
}

// rest are the counted findings that may be causes and aren't told yet, best
// ranks of all builds first.
func rest(r *build.Report, told map[string]bool, repo Repository) []Annotation {
	type found struct {
		b *build.Build
		f *build.Finding
	}
	var all []found
	for _, b := range r.Builds {
		for i := range b.Findings {
			f := &b.Findings[i]
			if f.Kind == build.Cause && f.Counted(false) && !told[f.Fingerprint] {
				all = append(all, found{b, f})
				told[f.Fingerprint] = f.Fingerprint != ""
			}
		}
	}
	slices.SortStableFunc(all, func(x, y found) int { return x.f.Rank - y.f.Rank })
	out := make([]Annotation, 0, len(all))
	for _, x := range all {
		out = append(out, annotate(x.b, x.f, 1, repo))
	}
	return out
}

// issueTo issues a as a workflow command; the library escapes it.
func (a Annotation) issueTo(action *githubactions.Action) {
	fields := map[string]string{"title": a.Title}
	if a.File != "" {
		fields["file"] = a.File
		if a.Line > 0 {
			fields["line"] = strconv.Itoa(a.Line)
		}
		if a.Line > 0 && a.Column > 0 {
			fields["col"] = strconv.Itoa(a.Column)
		}
	}
	action = action.WithFieldsMap(fields)
	switch a.Severity {
	case build.Error:
		action.Errorf("%s", a.Message)
	case build.Warning:
		action.Warningf("%s", a.Message)
	default:
		action.Noticef("%s", a.Message)
	}
}

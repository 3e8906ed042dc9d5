package gate

import (
	"fmt"
	"slices"

	"github.com/loggate/loggate/internal/build"
)

// Count sets a build's counts: of findings, not occurrences, without ignored
// ones and the last lines of a build in which nothing was found, and with
// newOnly without those that the baseline knows.
func Count(b *build.Build, newOnly bool) {
	b.Counts = build.Counts{}
	for i := range b.Findings {
		f := &b.Findings[i]
		if !f.Counted(newOnly) {
			continue
		}
		switch f.Severity {
		case build.Error:
			b.Counts.Error++
		case build.Warning:
			b.Counts.Warning++
		default:
			b.Counts.Notice++
		}
	}
}

// Causes are the causes that several builds which didn't succeed have in
// common: findings of kind cause at rank 1 with the same fingerprint, in the
// order in which they come first. A build that is reported under two names is
// one.
func Causes(r *build.Report) []build.Shared {
	type group struct {
		shared build.Shared
		refs   map[string]bool
	}
	var groups []*group
	byPrint := map[string]*group{}
	for _, b := range r.Builds {
		cause := b.RootCause()
		if b.Status == build.Success || cause == nil || cause.Kind != build.Cause || cause.Ignored != nil {
			continue
		}
		g := byPrint[cause.Fingerprint]
		if g == nil {
			g = &group{build.Shared{Fingerprint: cause.Fingerprint, Message: cause.Message}, map[string]bool{}}
			byPrint[cause.Fingerprint] = g
			groups = append(groups, g)
		}
		g.shared.Builds = append(g.shared.Builds, b.Name)
		g.refs[identity(b)] = true
	}
	shared := []build.Shared{}
	for _, g := range groups {
		if len(g.refs) > 1 {
			shared = append(shared, g.shared)
		}
	}
	return shared
}

// identity tells builds apart; files that were scanned have no numbers.
func identity(b *build.Build) string {
	if b.JobID == "" {
		return b.Name
	}
	return fmt.Sprintf("%s:%d", b.JobID, b.BuildNo)
}

// found is what fail-on error and fail-on warning say of a build: a violation
// each, with the highest-ranked finding as evidence.
func found(b *build.Build, p Policy) []build.Violation {
	var violations []build.Violation
	if p.FailOn.Error {
		violations = append(violations, findings(b, p, "fail-on error", "error", build.Error)...)
	}
	if p.FailOn.Warning && p.FailOn.Error { // which has the errors
		violations = append(violations, findings(b, p, "fail-on warning", "warning", build.Warning)...)
	}
	if p.FailOn.Warning && !p.FailOn.Error {
		violations = append(violations, findings(b, p, "fail-on warning", "finding", build.Error, build.Warning)...)
	}
	return violations
}

// findings is the violation of a policy on findings of some severities, which
// noun calls by one word.
func findings(b *build.Build, p Policy, policy, noun string, severities ...build.Severity) []build.Violation {
	n := 0
	var first *build.Finding
	for i := range b.Findings {
		f := &b.Findings[i]
		if !f.Counted(p.NewOnly) || !slices.Contains(severities, f.Severity) {
			continue
		}
		if n++; first == nil {
			first = f
		}
	}
	dropped := 0
	if slices.ContainsFunc(severities, func(s build.Severity) bool { return mayBeDropped(b, s) }) {
		dropped = b.FindingsDropped
	}
	if n == 0 && dropped == 0 {
		return nil
	}
	v := build.Violation{
		Policy: policy, Build: &b.Name, Message: amount(n, dropped, noun),
		Remedy: "mend what was found, or add what is accepted to `ignore` in .loggate.yml with a reason and an end",
	}
	if first != nil {
		v.Line = &first.Line
		v.Message += ", first: " + first.Message
	}
	return []build.Violation{v}
}

// overLimits are the violations of the config's limits, over all builds. Each
// names the build that has the most of them, with its highest-ranked one as
// evidence.
func overLimits(r *build.Report, p Policy) []build.Violation {
	var violations []build.Violation
	for _, limit := range p.Max {
		n, dropped, most := 0, 0, 0
		var worst *build.Build
		for _, b := range r.Builds {
			own := countOf(b.Counts, limit.Severity)
			n += own
			if mayBeDropped(b, limit.Severity) {
				own += b.FindingsDropped
				dropped += b.FindingsDropped
			}
			if own > most {
				most, worst = own, b
			}
		}
		if n+dropped <= limit.Max {
			continue
		}
		v := build.Violation{
			Policy:  fmt.Sprintf("max %s", limit.Severity),
			Source:  &limit.Source,
			Message: fmt.Sprintf("%s over all builds, %d allowed", amount(n, dropped, string(limit.Severity)), limit.Max),
			Remedy:  "mend what is new, add what is accepted to `ignore` with a reason and an end, or raise the limit",
		}
		if worst != nil {
			v.Build = &worst.Name
			v.Message += fmt.Sprintf("; %d of them here", most)
			if first := firstOf(worst, p, limit.Severity); first != nil {
				v.Line = &first.Line
				v.Message += ", first: " + first.Message
			}
		}
		violations = append(violations, v)
	}
	return violations
}

// firstOf is the build's highest-ranked finding of a severity that counts, or nil.
func firstOf(b *build.Build, p Policy, severity build.Severity) *build.Finding {
	for i := range b.Findings {
		if f := &b.Findings[i]; f.Counted(p.NewOnly) && f.Severity == severity {
			return f
		}
	}
	return nil
}

func countOf(c build.Counts, severity build.Severity) int {
	switch severity {
	case build.Error:
		return c.Error
	case build.Warning:
		return c.Warning
	default:
		return c.Notice
	}
}

// mayBeDropped says whether findings of a severity may be among those that the
// scanner dropped. It lists errors and others up to the same bound each, so
// the list that overflowed is no shorter than the other one. What may be one
// counts as one, whatever the listed ones are: ignored, or known to the
// baseline.
func mayBeDropped(b *build.Build, severity build.Severity) bool {
	if b.FindingsDropped == 0 {
		return false
	}
	errors := 0
	for i := range b.Findings {
		if b.Findings[i].Severity == build.Error {
			errors++
		}
	}
	others := len(b.Findings) - errors
	if severity == build.Error {
		return errors >= others
	}
	return others >= errors
}

// amount is "1 error", "3 warnings" and the like, and says what was left out.
func amount(n, dropped int, noun string) string {
	text := fmt.Sprintf("%d %ss", n, noun)
	if n == 1 {
		text = "1 " + noun
	}
	if dropped > 0 {
		text += fmt.Sprintf(" (and %d left out of the list, which count as well)", dropped)
	}
	return text
}

package cli

import (
	"fmt"
	"regexp"
	"time"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/config"
	"github.com/loggate/loggate/internal/gate"
	"github.com/loggate/loggate/internal/scan"
)

// scanOptions are the parts of the policy that are decided line by line. An
// expired ignore ignores nothing any more.
func scanOptions(policy *config.Policy, now time.Time) scan.Options {
	var o scan.Options
	for _, i := range policy.Ignore {
		if !i.Expired(now) {
			o.Ignore = append(o.Ignore, scan.Ignore{Rule: i.Rule, Pattern: i.Pattern, Reason: i.Reason})
		}
	}
	for _, d := range demands(policy) {
		o.Watch = append(o.Watch, d.Pattern)
	}
	return o
}

// demands are require and forbid, in the order in which scan watches them.
func demands(policy *config.Policy) []config.Demand {
	return append(append([]config.Demand{}, policy.Require...), policy.Forbid...)
}

// gatePolicy is what the gate judges by. watched holds, for each build of the
// report, what the scan saw of the policy's demands.
func gatePolicy(cfg *config.Config, r *build.Report, watched map[*build.Build][]scan.Watched, now time.Time) gate.Policy {
	p := gate.Policy{
		FailOn: gate.FailOn(cfg.FailOn), NewOnly: cfg.NewOnly, DryRun: cfg.DryRun,
	}
	for _, l := range cfg.Policy.Max {
		p.Max = append(p.Max, gate.Limit{Severity: l.Severity, Max: l.Max, Source: l.Source})
	}
	for i, d := range demands(cfg.Policy) {
		required := i < len(cfg.Policy.Require)
		p.Config = append(p.Config, absentBuilds(d, r, required)...)
		for _, b := range r.Builds {
			if !d.Covers(b.Name) {
				continue
			}
			var seen scan.Watched
			if w := watched[b]; i < len(w) {
				seen = w[i]
			}
			if v := demandViolation(d, b, seen, required); v != nil {
				p.Config = append(p.Config, *v)
			}
		}
	}
	for _, i := range cfg.Policy.Ignore {
		if i.Expired(now) {
			p.Config = append(p.Config, expired(i))
		}
	}
	return p
}

// demandViolation says how a build's log fails a demand, or is nil. A log that
// isn't whole never meets a require, whatever is in the part that is there.
func demandViolation(d config.Demand, b *build.Build, seen scan.Watched, required bool) *build.Violation {
	name := b.Name
	v := &build.Violation{Source: &d.Source, Build: &name}
	switch {
	case required && !b.Log.Complete:
		v.Policy = "require"
		v.Message = fmt.Sprintf("the log is not complete, so %s is not shown to be in it%s", quoted(d.Pattern), because(d))
		v.Remedy = "get the whole log (see what is missing), then run again"
	case required && seen.Count == 0:
		v.Policy = "require"
		v.Message = fmt.Sprintf("no line of the log matches %s%s", quoted(d.Pattern), because(d))
		v.Remedy = "make the build do what is required, or take the entry out of `gate.require`"
	case !required && seen.Count > 0:
		v.Policy, v.Line = "forbid", &seen.Line
		v.Message = fmt.Sprintf("%d line(s) of the log match %s%s, first: %s", seen.Count, quoted(d.Pattern), because(d), seen.Text)
		v.Remedy = "take what is forbidden out of the build, or take the entry out of `gate.forbid`"
	default:
		return nil
	}
	return v
}

// absentBuilds are violations for the builds that a demand names in full and
// that aren't in the run: a renamed build must not slip through its policy.
func absentBuilds(d config.Demand, r *build.Report, required bool) []build.Violation {
	policy := "forbid"
	if required {
		policy = "require"
	}
	var violations []build.Violation
	for _, name := range d.Missing(buildNames(r)) {
		violations = append(violations, build.Violation{
			Policy: policy, Source: &d.Source,
			Message: fmt.Sprintf("build %q is named by the policy, but not in this run", build.Printable(name, 100)),
			Remedy:  "name the build so in the input builds, or mend the entry's `builds`",
		})
	}
	return violations
}

func expired(i config.Ignore) build.Violation {
	return build.Violation{
		Policy: "ignore", Source: &i.Source,
		Message: fmt.Sprintf("the entry ended on %s (%s)", i.Until.Format(time.DateOnly), build.Printable(i.Reason, 200)),
		Remedy:  "mend what it ignores and remove the entry, or set a later `until` with a reason",
	}
}

func buildNames(r *build.Report) []string {
	names := make([]string, len(r.Builds))
	for i, b := range r.Builds {
		names[i] = b.Name
	}
	return names
}

func quoted(pattern *regexp.Regexp) string { return "`" + build.Printable(pattern.String(), 200) + "`" }

func because(d config.Demand) string {
	if d.Reason == "" {
		return ""
	}
	return " (" + build.Printable(d.Reason, 200) + ")"
}

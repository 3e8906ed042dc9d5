package cli

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
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
	for _, i := range inForce(policy, now) {
		o.Ignore = append(o.Ignore, scan.Ignore{Rule: i.Rule, Pattern: i.Pattern, Reason: i.Reason})
	}
	for _, d := range demands(policy) {
		o.Watch = append(o.Watch, d.Pattern)
	}
	return o
}

// inForce are the ignores that haven't expired, in the order in which scan
// counts what they are about.
func inForce(policy *config.Policy, now time.Time) []config.Ignore {
	return slices.DeleteFunc(slices.Clone(policy.Ignore), func(i config.Ignore) bool { return i.Expired(now) })
}

// demand is an entry of require or forbid.
type demand struct {
	config.Demand
	required bool
}

// demands are require and forbid, in the order in which scan watches them.
func demands(policy *config.Policy) []demand {
	var all []demand
	for _, d := range policy.Require {
		all = append(all, demand{d, true})
	}
	for _, d := range policy.Forbid {
		all = append(all, demand{d, false})
	}
	return all
}

// policy is how violations name the demand.
func (d demand) policy() string {
	if d.required {
		return "require"
	}
	return "forbid"
}

// String tells the demand from others, in whichever file it stands.
func (d demand) String() string {
	where := "all builds"
	if len(d.Builds) > 0 {
		where = strings.Join(d.Builds, ", ")
	}
	return fmt.Sprintf("%s %s in %s", d.policy(), d.Pattern, where)
}

// gatePolicy is what the gate judges by: outcomes are the report's builds, with
// what the scan saw of the policy; now is when it began.
func gatePolicy(cfg *config.Config, outcomes []outcome, now time.Time) gate.Policy {
	p := gate.Policy{FailOn: gate.FailOn(cfg.FailOn), NewOnly: cfg.NewOnly, DryRun: cfg.DryRun, Max: limits(cfg.Policy)}
	names := namesOf(outcomes)
	for i, d := range demands(cfg.Policy) {
		p.Judged = append(p.Judged, d.String())
		p.Config = append(p.Config, absentBuilds(d, names)...)
		for _, o := range outcomes {
			if !d.Covers(o.build.Name) {
				continue
			}
			var seen scan.Watched
			if i < len(o.watched) {
				seen = o.watched[i]
			}
			if v := demandViolation(d, o.build, seen); v != nil {
				p.Config = append(p.Config, *v)
			}
		}
	}
	p.Config = append(p.Config, expired(cfg.Policy, now)...)
	p.Notices = unused(inForce(cfg.Policy, now), outcomes)
	return p
}

func limits(policy *config.Policy) []gate.Limit {
	var all []gate.Limit
	for _, l := range policy.Max {
		all = append(all, gate.Limit{Severity: l.Severity, Max: l.Max, Source: l.Source})
	}
	return all
}

// demandViolation says how a build's log fails a demand, or is nil. A log that
// isn't whole never meets a require, whatever is in the part that is there.
func demandViolation(d demand, b *build.Build, seen scan.Watched) *build.Violation {
	name := b.Name
	v := &build.Violation{Policy: d.policy(), Source: &d.Source, Build: &name}
	switch {
	case d.required && !b.Log.Complete:
		v.Message = fmt.Sprintf("the log is not complete, so %s is not shown to be in it%s", quoted(d.Pattern), because(d))
		v.Remedy = "get the whole log (see what is missing), then run again"
	case d.required && seen.Count == 0:
		v.Message = fmt.Sprintf("no line of the log matches %s%s", quoted(d.Pattern), because(d))
		v.Remedy = "make the build do what is required, or take the entry out of `gate.require`"
	case !d.required && seen.Count > 0:
		v.Line = &seen.Line
		v.Message = fmt.Sprintf("%s %s%s, first: %s", lines(seen.Count), quoted(d.Pattern), because(d), seen.Text)
		v.Remedy = "take what is forbidden out of the build, or take the entry out of `gate.forbid`"
	default:
		return nil
	}
	return v
}

// absentBuilds are violations for the builds that a demand names in full and
// that aren't in the run: a renamed build must not slip through its policy.
func absentBuilds(d demand, names []string) []build.Violation {
	var violations []build.Violation
	for _, name := range d.Missing(names) {
		violations = append(violations, build.Violation{
			Policy: d.policy(), Source: &d.Source, Build: &name,
			Message: fmt.Sprintf("build %q is named by the policy, but not in this run%s", build.Printable(name, 100), because(d)),
			Remedy:  "name the build so in the input builds, or mend the entry's `builds`",
		})
	}
	return violations
}

// expired are violations for the ignores whose end is over.
func expired(policy *config.Policy, now time.Time) []build.Violation {
	var violations []build.Violation
	for _, i := range policy.Ignore {
		if !i.Expired(now) {
			continue
		}
		violations = append(violations, build.Violation{
			Policy: "ignore", Source: &i.Source,
			Message: fmt.Sprintf("the entry ended on %s (%s)", i.Until.Format(time.DateOnly), build.Printable(i.Reason, 200)),
			Remedy:  "mend what it ignores and remove the entry, or set a later `until` with a reason",
		})
	}
	return violations
}

// unused are remarks on the ignores that are about nothing in any log. Where a
// log isn't whole, that isn't known.
func unused(ignores []config.Ignore, outcomes []outcome) []build.Remark {
	if slices.ContainsFunc(outcomes, func(o outcome) bool { return !o.build.Log.Complete }) {
		return nil
	}
	var remarks []build.Remark
	for i, ignore := range ignores {
		if slices.ContainsFunc(outcomes, func(o outcome) bool { return i < len(o.ignored) && o.ignored[i] > 0 }) {
			continue
		}
		remarks = append(remarks, build.Remark{
			Policy: "ignore", Source: &ignore.Source,
			Message: fmt.Sprintf("the entry matches nothing any more (%s)", build.Printable(ignore.Reason, 200)),
			Remedy:  "remove the entry, or mend its `rule` or `pattern`",
		})
	}
	return remarks
}

func namesOf(outcomes []outcome) []string {
	names := make([]string, len(outcomes))
	for i, o := range outcomes {
		names[i] = o.build.Name
	}
	return names
}

func lines(n int64) string {
	if n == 1 {
		return "1 line of the log matches"
	}
	return fmt.Sprintf("%d lines of the log match", n)
}

func quoted(pattern *regexp.Regexp) string { return "`" + build.Printable(pattern.String(), 200) + "`" }

func because(d demand) string {
	if d.Reason == "" {
		return ""
	}
	return " (" + build.Printable(d.Reason, 200) + ")"
}

package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/gate"
)

// policy is what the merged report is judged by: fail-on and limits anew, and
// what the parts' own gates found of require, forbid and expired ignores. Where
// the config here demands what a part's builds weren't held against, that
// evidence is missing, and the builds say so.
func (m *merging) policy(rep *build.Report) gate.Policy {
	p := gate.Policy{FailOn: gate.FailOn(m.cfg.FailOn), NewOnly: m.cfg.NewOnly, DryRun: m.cfg.DryRun, Max: limits(m.cfg.Policy)}
	names := make([]string, len(rep.Builds))
	for i, b := range rep.Builds {
		names[i] = b.Name
	}
	for _, part := range m.parts {
		p.Config = append(p.Config, m.kept(part)...)
	}
	for _, d := range demands(m.cfg.Policy) {
		if m.missingReports() == 0 {
			p.Config = append(p.Config, absentBuilds(d, names)...)
		}
		if !m.cfg.FailOn.Never {
			m.unjudged(d)
		}
	}
	p.Config = distinct(append(p.Config, expired(m.cfg.Policy, time.Now())...))
	p.Judged = m.judged()
	p.Notices = m.notices()
	return p
}

// kept are the violations that a part brings along. What it said of fail-on
// and max is decided anew, and a build that it missed may be there after all.
func (m *merging) kept(p part) []build.Violation {
	var kept []build.Violation
	for _, v := range p.Gate.Violations {
		if strings.HasPrefix(v.Policy, "fail-on ") || strings.HasPrefix(v.Policy, "max ") {
			continue
		}
		if v.Build != nil && p.build(*v.Build) == nil && m.elsewhere(p, *v.Build, v) {
			continue
		}
		kept = append(kept, v)
	}
	return kept
}

func (p part) build(name string) *build.Build {
	for _, b := range p.Builds {
		if b.Name == name {
			return b
		}
	}
	return nil
}

// elsewhere says whether a build that a part's violation misses is in another
// part, or may be in one that is expected and missing, which is missing
// evidence. So is what the other part's builds weren't held against.
func (m *merging) elsewhere(p part, name string, v build.Violation) bool {
	for _, other := range m.parts {
		b := other.build(name)
		if b == nil {
			continue
		}
		if slices.ContainsFunc(p.Gate.Judged, func(d string) bool { return !slices.Contains(other.Gate.Judged, d) }) && !m.cfg.FailOn.Never {
			unlooked(b, v.Policy+" ("+*cmp.Or(v.Source, new("another job's config"))+")")
		}
		return true
	}
	return m.missingReports() > 0 || slices.Contains(m.cfg.Expected.Builds, name)
}

// unlooked notes on a build that nobody knows whether it meets a demand.
func unlooked(b *build.Build, demand string) {
	b.Lacks(build.Missing{What: build.MissingLog, Reason: fmt.Sprintf(
		"its own run didn't look for %s; run it with the same config, and with --dry-run instead of fail-on never", demand)})
}

// unjudged notes on the builds that a demand is about, and whose own run hadn't
// heard of it, that nobody knows whether they meet it.
func (m *merging) unjudged(d demand) {
	for _, part := range m.parts {
		if slices.Contains(part.Gate.Judged, d.String()) {
			continue
		}
		for _, b := range part.Builds {
			if d.Covers(b.Name) {
				unlooked(b, fmt.Sprintf("%s %s (%s)", d.policy(), quoted(d.Pattern), d.Source))
			}
		}
	}
}

// judged are the demands that all parts' builds were held against.
func (m *merging) judged() []string {
	return slices.DeleteFunc(slices.Clone(m.parts[0].Gate.Judged), func(d string) bool {
		return slices.ContainsFunc(m.parts, func(p part) bool { return !slices.Contains(p.Gate.Judged, d) })
	})
}

// notices are the parts' remarks, each once. An ignore that is about nothing in
// one part may be about something in another: it has to be in all of them.
func (m *merging) notices() []build.Remark {
	var all []build.Remark
	times := map[string]int{}
	for _, part := range m.parts {
		here := distinct(part.Gate.Notices)
		all = append(all, here...)
		for _, n := range here {
			times[key(n)]++
		}
	}
	return slices.DeleteFunc(distinct(all), func(n build.Remark) bool { return n.Policy == "ignore" && times[key(n)] < len(m.parts) })
}

// distinct is each of the values once, where it comes first.
func distinct[T any](all []T) []T {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(all), func(v T) bool {
		twice := seen[key(v)]
		seen[key(v)] = true
		return twice
	})
}

// key tells values apart by all that a report says of them.
func key(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("a part of a report can't be JSON: %v", err)) // strings, numbers and nulls always can
	}
	return string(text)
}

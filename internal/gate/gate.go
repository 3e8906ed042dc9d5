// Package gate decides: from the statuses and findings of a run's builds, and
// the policy, to a verdict with reasons and an exit code.
//
// Nothing passes by accident: what is not known to be well is missing evidence,
// and missing evidence is never a pass.
package gate

import (
	"fmt"
	"slices"

	"github.com/loggate/loggate/internal/build"
)

// FailOn is the input fail-on: what a build must not show. Never stands alone.
type FailOn struct {
	Build   bool // an end without success
	Error   bool // a counted finding of severity error
	Warning bool // a counted finding of severity warning or error
	Never   bool // nothing makes the run fail
}

// Limit is an entry of the config's gate.max: so many counted findings of a
// severity are allowed over all builds of the run.
type Limit struct {
	Severity build.Severity
	Max      int
	Source   string // file:line of the config
}

// Policy is what a run is judged by.
type Policy struct {
	FailOn  FailOn
	NewOnly bool    // findings that the baseline knows don't count
	Max     []Limit // of the config
	// Config has what the config's require, forbid and expired ignores found
	// wanting; for merge, what the merged reports have of that.
	Config []build.Violation
	// Judged are the config's require and forbid as Demand words them.
	Judged  []string
	Notices []build.Remark

	Scan        bool // the builds are files that were read: their statuses don't count
	DryRun      bool
	Interrupted bool // SIGINT or SIGTERM ended the run
}

// Decide judges a report: it counts the findings of each build, finds the
// causes that builds share, notes on the builds what evidence turns out to be
// missing, and sets the report's violations, verdict and exit code. Deciding
// again changes nothing.
//
// The verdict is fail with any violation; otherwise incomplete when evidence
// is missing of any build, or there is none; otherwise pass. An interrupted
// run is incomplete whatever it found.
//
// Violations: a status of failure, aborted or timeout, wherever it was read,
// under fail-on build; counted findings under fail-on error and warning; more
// findings over all builds than a limit of the config; and those that Config
// brings.
//
// Missing is a log that isn't complete, always; and under fail-on build a
// status that is running or unknown, or a success that only the log tells,
// since whoever writes the log can print it. Without build in fail-on a
// complete log alone is enough, unless the build is known to be running.
//
// Under fail-on never the verdict is what the default of fail-on would make it
// (build,error; for a scan: error), without the config's limits and
// violations, so that a failed build still shows as one. The exit code of fail
// and incomplete is 0 then, as it is in a dry run; see ExitCode.
func Decide(r *build.Report, p Policy) {
	p = p.judged()
	violations := []build.Violation{}
	missing := len(r.Builds) == 0
	for _, b := range r.Builds {
		Count(b, p.NewOnly)
		if p.FailOn.Build {
			violations = append(violations, ended(b)...)
		}
		violations = append(violations, found(b, p)...)
		missing = lacksEvidence(b, p) || missing
	}
	violations = append(violations, overLimits(r, p)...)
	violations = append(violations, p.Config...)

	r.Causes = Causes(r)
	r.Gate = build.Gate{Violations: violations, Notices: append([]build.Remark{}, p.Notices...), Judged: append([]string{}, p.Judged...)}
	r.Verdict = verdict(len(violations) > 0, missing, p.Interrupted)
	r.ExitCode = ExitCode(r.Verdict, p)
}

// judged is the policy by which the verdict is found: that of never stands in
// for itself.
func (p Policy) judged() Policy {
	if p.FailOn.Never {
		p.FailOn = FailOn{Build: true, Error: true, Never: true}
		p.Max, p.Config, p.Judged = nil, nil, nil
	}
	if p.Scan {
		p.FailOn.Build = false
	}
	return p
}

func verdict(violated, missing, interrupted bool) build.Verdict {
	switch {
	case interrupted:
		return build.Incomplete
	case violated:
		return build.Fail
	case missing:
		return build.Incomplete
	default:
		return build.Pass
	}
}

// ExitCode is what a verdict makes the program return: 0, 1 and 3 for pass,
// fail and incomplete, 130 for an interrupted run. Under fail-on never and in
// a dry run 1 and 3 become 0. A verdict that isn't one of the three counts as
// incomplete.
func ExitCode(v build.Verdict, p Policy) int {
	switch {
	case p.Interrupted:
		return build.ExitInterrupted
	case p.FailOn.Never, p.DryRun, v == build.Pass:
		return build.ExitPass
	case v == build.Fail:
		return build.ExitFail
	default:
		return build.ExitIncomplete
	}
}

// lacksEvidence says whether evidence that the policy needs is missing of a
// build, and sees to it that the build says which.
func lacksEvidence(b *build.Build, p Policy) bool {
	if !b.Log.Complete {
		note(b, build.MissingLog, "the log is not known to be complete")
	}
	needsStatus := p.FailOn.Build || b.Status == build.Running && !p.Scan
	if reason := statusDoubt(b); needsStatus && reason != "" {
		note(b, build.MissingStatus, reason)
	}
	return slices.ContainsFunc(b.Incomplete, func(m build.Missing) bool {
		return needsStatus || m.What != build.MissingStatus // a status that was refused may not be needed
	})
}

// statusDoubt is why a build's status is no evidence, "" where it is.
func statusDoubt(b *build.Build) string {
	switch {
	case b.Status == build.Running:
		return "the build is still running"
	case !b.Status.Ended():
		return "how the build ended is not known"
	case b.Status == build.Success && b.StatusSource != build.FromAPI:
		return "the success was read from the log only, and whoever writes the log can print it"
	default:
		return ""
	}
}

// note adds a reason for missing evidence, unless the build has one already.
func note(b *build.Build, what, reason string) {
	for _, m := range b.Incomplete {
		if m.What == what {
			return
		}
	}
	b.Lacks(build.Missing{What: what, Reason: reason})
}

// ended is the violation of a build that ended without success.
func ended(b *build.Build) []build.Violation {
	if !b.Status.Failed() {
		return nil
	}
	message := fmt.Sprintf("ended with %s", b.Status)
	if word := build.Printable(b.Result, 60); word != "" {
		message += fmt.Sprintf(" (%s)", word)
	}
	if b.StatusSource == build.FromLog {
		message += ", as its log says"
	}
	v := build.Violation{
		Policy: "fail-on build", Build: &b.Name, Message: message,
		Remedy: "mend the build, or leave build out of fail-on where its end doesn't matter",
	}
	if cause := b.RootCause(); cause != nil {
		v.Line = &cause.Line
		v.Message += ": " + cause.Message
	}
	return []build.Violation{v}
}

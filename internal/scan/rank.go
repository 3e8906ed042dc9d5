package scan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/rules"
)

// signal is one thing that speaks for or against a finding being the root cause.
type signal struct {
	weight int
	words  string // as `why` shows it
}

// ranking orders the findings of one log.
type ranking struct {
	stages *tracker
	lines  int64 // of the log
	passed bool  // the build has succeeded, or looks as if it had
	failed bool  // the build is known to have failed
}

// signals are all that is known for and against the finding. The first finding in
// the log goes first among those of equal weight.
func (r *ranking) signals(f *finding) []signal {
	var known []signal
	add := func(when bool, weight int, words string) {
		if when {
			known = append(known, signal{weight, words})
		}
	}
	severity := r.severity(f)
	at, stage := r.stages.at(f.first), r.stages.statusAt(f.first)
	anyFailed := r.stages.failing() >= 0

	add(f.rule.Kind == build.Cause, 100, "names a cause")
	add(f.rule.Kind == build.Symptom, 40, "follows from another error")
	add(f.rule.Kind == build.Summary, 0, "says again what was said before")
	add(f.blamed, 30, "what failed later says so")
	add(severity == build.Warning, -300, "is a warning")
	add(severity == build.Notice, -400, "is a notice")
	add(f.rule.Confidence == rules.High && f.rule.Kind != build.Summary, 20, "in words that only "+f.rule.Family()+" uses")
	add(f.rule.Confidence == rules.Low, -40, "in words that other programs use too")
	add(f.rule.Confidence == rules.Low && r.late(f), 15, "near the end of its stage")
	add(at >= 0 && at == r.stages.failing(), 60, "in the stage that failed")
	add(r.byAction(f), 60, "what the step's action says")
	add(stage == build.Failure && at != r.stages.failing(), 30, "in a stage that failed after another")
	add(stage == build.Success, -80, "in a stage that succeeded")
	add(stage == "" && anyFailed, -20, "outside the stage that failed")
	add(f.fileLine > 0, 5, "names file and line")
	add(f.pardoned, -100, "ignored by the tool itself")
	add(f.cleared, -80, "before its tool says that all went well")
	add(f.ignored != "", -200, "is known and accepted")
	return known
}

// nearEnd is how many lines before the end of a stage, or of the log, what went
// wrong is usually said.
const nearEnd = 25

// late says whether the finding is near the end of its stage.
func (r *ranking) late(f *finding) bool {
	end := r.lines
	if i := r.stages.at(f.first); i >= 0 && r.stages.list[i].last > 0 {
		end = r.stages.list[i].last
	}
	return f.last > end-nearEnd
}

// severity is the rule's, but an error that the tool ignored is none, and where
// all went well only a cause in a tool's own words is one.
func (r *ranking) severity(f *finding) build.Severity {
	if f.rule.Severity != build.Error && !f.blamed {
		return f.rule.Severity
	}
	if f.pardoned || f.cleared && !r.failedAt(f) {
		return build.Notice
	}
	passed := r.passed || r.stages.statusAt(f.first) == build.Success
	if passed && (f.rule.Confidence != rules.High || f.rule.Kind != build.Cause) {
		return build.Notice
	}
	return build.Error
}

// failedAt says whether what the finding is in is known to have failed.
func (r *ranking) failedAt(f *finding) bool {
	if r.stages.failing() < 0 {
		return r.failed
	}
	return r.stages.statusAt(f.first) == build.Failure
}

// explains says whether the finding says more than that something failed, of what
// failed.
func (r *ranking) explains(f *finding) bool {
	if r.severity(f) != build.Error || r.stages.failing() >= 0 && r.stages.statusAt(f.first) != build.Failure {
		return false
	}
	return f.rule.Kind == build.Cause || f.rule.Kind == build.Symptom && (f.rule.Confidence == rules.High || f.rule.Family() == "github")
}

// byAction says whether the finding is what an action of GitHub says of why it failed. A
// script that failed says it itself.
func (r *ranking) byAction(f *finding) bool {
	at := r.stages.at(f.first)
	return f.rule.Family() == "github" && at >= 0 && r.stages.list[at].status == build.Failure && !r.stages.list[at].script
}

// findings are the findings by rank, as a report has them.
func (r *ranking) findings(list []*finding) []build.Finding {
	type weighed struct {
		*finding
		weight  int
		signals []signal
	}
	all := make([]weighed, len(list))
	for i, f := range list {
		all[i] = weighed{finding: f, signals: r.signals(f)}
		for _, s := range all[i].signals {
			all[i].weight += s.weight
		}
	}
	slices.SortStableFunc(all, func(a, b weighed) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.first, b.first))
	})
	found := make([]build.Finding, len(all))
	for i, w := range all {
		found[i] = r.finding(w.finding, w.signals)
	}
	return found
}

// finding is the finding as a report has it.
func (r *ranking) finding(f *finding, signals []signal) build.Finding {
	out := build.Finding{
		Rule: f.rule.ID, Severity: r.severity(f), Kind: f.rule.Kind, Fingerprint: f.fingerprint,
		Line: f.first, EndLine: f.last, Message: f.message,
		File: optional(f.file), FileLine: optional(f.fileLine), Column: optional(f.column),
		Count: f.count, Ignored: optional(f.ignored), Hint: optional(f.rule.Hint),
		Why: []string{}, Excerpt: printable(f.excerpt), ExcerptLine: f.excerptLine,
	}
	if i := r.stages.at(f.first); i >= 0 {
		out.Stage = optional(r.stages.list[i].name)
	}
	for _, s := range signals {
		out.Why = append(out.Why, fmt.Sprintf("%s (%+d)", s.words, s.weight))
	}
	return out
}

// optional is nil for what is not known.
func optional[T comparable](value T) *T {
	var unknown T
	if value == unknown {
		return nil
	}
	return &value
}

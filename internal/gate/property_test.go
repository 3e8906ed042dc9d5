package gate_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/gate"
)

var (
	statuses = []build.Status{build.Success, build.Failure, build.Aborted, build.Timeout, build.Running, build.Unknown, ""}
	sources  = []string{build.FromAPI, build.FromLog, build.FromNone}
)

// shapes are lists of findings that a build may have.
func shapes() [][]build.Finding {
	return [][]build.Finding{
		nil,
		{finding(build.Notice)},
		{finding(build.Warning)},
		{finding(build.Error)},
		{old(finding(build.Error))},
		{ignored(finding(build.Error)), finding(build.Warning)},
	}
}

func failOns() []gate.FailOn {
	all := []gate.FailOn{{Never: true}}
	for i := 1; i < 8; i++ {
		all = append(all, gate.FailOn{Build: i&1 != 0, Error: i&2 != 0, Warning: i&4 != 0})
	}
	return all
}

// Every combination keeps to the sentences of DESIGN section 3.
func TestDecideEveryCombination(t *testing.T) {
	n := 0
	for pick := range everyOf(len(statuses), len(sources), 2, 2, len(shapes()), len(failOns()), 8) {
		b := whole("api", statuses[pick[0]], shapes()[pick[4]]...)
		b.StatusSource, b.Log.Complete = sources[pick[1]], pick[2] == 1
		if pick[3] == 1 {
			refused(b)
		}
		flags := pick[6]
		p := gate.Policy{FailOn: failOns()[pick[5]], NewOnly: flags&1 != 0, DryRun: flags&2 != 0, Interrupted: flags&4 != 0}
		r := &build.Report{Builds: []*build.Build{b}}
		gate.Decide(r, p)
		if broken := brokenSentence(r, b, p); broken != "" {
			t.Fatalf("%s: decided %s, %d\nof status %q (%s), log complete %v, status refused %v, findings %d\nunder %+v",
				broken, r.Verdict, r.ExitCode, b.Status, b.StatusSource, b.Log.Complete, pick[3] == 1, pick[4], p)
		}
		n++
	}
	t.Logf("%d combinations", n)
}

// everyOf counts through all combinations of numbers below the sizes.
func everyOf(sizes ...int) iter.Seq[[]int] {
	total := 1
	for _, size := range sizes {
		total *= size
	}
	return func(yield func([]int) bool) {
		for n := range total {
			pick := make([]int, len(sizes))
			for i, size := range sizes {
				pick[i], n = n%size, n/size
			}
			if !yield(pick) {
				return
			}
		}
	}
}

// brokenSentence is the first sentence that a decision breaks.
func brokenSentence(r *build.Report, b *build.Build, p gate.Policy) string {
	tolerant := p.FailOn.Never || p.DryRun
	onBuild := p.FailOn.Build || p.FailOn.Never
	onError := p.FailOn.Error || p.FailOn.Warning || p.FailOn.Never
	failed := b.Status == build.Failure || b.Status == build.Aborted || b.Status == build.Timeout
	proven := b.Status == build.Success && b.StatusSource == build.FromAPI
	violated := len(r.Gate.Violations) > 0

	sentences := []struct {
		when, then bool
		text       string
	}{
		{p.Interrupted, r.ExitCode == build.ExitInterrupted && r.Verdict == build.Incomplete, "130: verdict incomplete"},
		{!p.Interrupted, (r.Verdict == build.Fail) == violated, "a run fails by its violations and by nothing else"},
		{!p.Interrupted && tolerant, r.ExitCode == build.ExitPass, "never and dry-run turn 1 and 3 into 0"},
		{!p.Interrupted && !tolerant, r.ExitCode == map[build.Verdict]int{build.Pass: 0, build.Fail: 1, build.Incomplete: 3}[r.Verdict], "0 pass, 1 fail, 3 incomplete"},
		{!b.Log.Complete, r.Verdict != build.Pass, "an incomplete log is missing evidence"},
		{b.Status == build.Running, r.Verdict != build.Pass, "running is missing evidence"},
		{onBuild && failed, violated, "failure, aborted and timeout violate build"},
		{onBuild && !proven, r.Verdict != build.Pass, "under build only the API's success passes"},
		{onBuild && len(b.Incomplete) > 0, r.Verdict != build.Pass, "missing evidence is never a pass"},
		{r.Verdict == build.Incomplete && !p.Interrupted, len(b.Incomplete) > 0, "an incomplete run says what is missing"},
		{onError && b.Counts.Error > 0, violated, "a counted error violates error and warning"},
		{p.FailOn.Warning && b.Counts.Warning > 0, violated, "a counted warning violates warning"},
		{!(onBuild && failed) && b.Counts.Error == 0 && b.Counts.Warning == 0, !violated, "nothing else violates"},
		{proven && b.Log.Complete && len(b.Incomplete) == 0 && !violated && !p.Interrupted, r.Verdict == build.Pass, "all evidence and no violation is a pass"},
	}
	for _, s := range sentences {
		if s.when && !s.then {
			return s.text
		}
	}
	return ""
}

// rank orders verdicts by how good the news is.
func rank(v build.Verdict) int {
	return map[build.Verdict]int{build.Pass: 2, build.Incomplete: 1, build.Fail: 0}[v]
}

// Another build, another finding or a stricter policy never makes a verdict
// better.
func TestMoreNeverPasses(t *testing.T) {
	for seed := range uint64(4_000) {
		steps := []struct {
			name string
			do   func(*rand.Rand, *build.Report, *gate.Policy)
		}{
			{"another build", func(rnd *rand.Rand, r *build.Report, _ *gate.Policy) {
				r.Builds = append(r.Builds, someBuild(rnd, "another"))
			}},
			{"another finding", func(rnd *rand.Rand, r *build.Report, _ *gate.Policy) {
				b := r.Builds[rnd.IntN(len(r.Builds))]
				b.Findings = append(b.Findings, someFinding(rnd))
			}},
			{"a finding left out", func(rnd *rand.Rand, r *build.Report, _ *gate.Policy) {
				r.Builds[rnd.IntN(len(r.Builds))].FindingsDropped++
			}},
			{"less of a log", func(rnd *rand.Rand, r *build.Report, _ *gate.Policy) {
				r.Builds[rnd.IntN(len(r.Builds))].Log.Complete = false
			}},
			{"fail-on build", func(_ *rand.Rand, _ *build.Report, p *gate.Policy) { p.FailOn.Build = true }},
			{"fail-on error", func(_ *rand.Rand, _ *build.Report, p *gate.Policy) { p.FailOn.Error = true }},
			{"fail-on warning", func(_ *rand.Rand, _ *build.Report, p *gate.Policy) { p.FailOn.Warning = true }},
			{"a lower limit", func(_ *rand.Rand, _ *build.Report, p *gate.Policy) {
				p.Max = append(p.Max, gate.Limit{Severity: build.Warning, Max: 0})
			}},
			{"a forbidden line", func(_ *rand.Rand, _ *build.Report, p *gate.Policy) {
				p.Config = append(p.Config, build.Violation{Policy: "forbid"})
			}},
			{"old findings count", func(_ *rand.Rand, _ *build.Report, p *gate.Policy) { p.NewOnly = false }},
		}
		for _, step := range steps {
			before, after := someRun(seed), someRun(seed)
			gate.Decide(before.report, before.policy)
			step.do(rand.New(rand.NewPCG(seed, 1)), after.report, &after.policy)
			gate.Decide(after.report, after.policy)
			if rank(after.report.Verdict) > rank(before.report.Verdict) {
				t.Fatalf("seed %d: %s turned %s into %s under %+v", seed, step.name, before.report.Verdict, after.report.Verdict, before.policy)
			}
		}
	}
}

type run struct {
	report *build.Report
	policy gate.Policy
}

func someRun(seed uint64) run {
	rnd := rand.New(rand.NewPCG(seed, 0))
	r := &build.Report{}
	for i := range 1 + rnd.IntN(3) {
		r.Builds = append(r.Builds, someBuild(rnd, fmt.Sprintf("b%d", i)))
	}
	p := gate.Policy{FailOn: failOns()[1+rnd.IntN(7)], NewOnly: rnd.IntN(2) == 0}
	if rnd.IntN(3) == 0 {
		p.Max = []gate.Limit{{Severity: build.Error, Max: rnd.IntN(3)}}
	}
	return run{r, p}
}

// someBuild is well more often than not, so that passes are among the runs.
func someBuild(rnd *rand.Rand, name string) *build.Build {
	b := whole(name, build.Success)
	if rnd.IntN(5) == 0 {
		b.Status = statuses[rnd.IntN(len(statuses))]
		b.StatusSource = sources[rnd.IntN(len(sources))]
	}
	b.Log.Complete = rnd.IntN(8) > 0
	for range rnd.IntN(3) {
		b.Findings = append(b.Findings, someFinding(rnd))
	}
	return b
}

func someFinding(rnd *rand.Rand) build.Finding {
	f := finding([]build.Severity{build.Error, build.Warning, build.Notice, build.Notice}[rnd.IntN(4)])
	switch rnd.IntN(4) {
	case 0:
		return ignored(f)
	case 1:
		return old(f)
	}
	return f
}

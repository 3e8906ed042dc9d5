package gate_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/gate"
)

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

package gate_test

import (
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/gate"
)

var (
	statuses = []build.Status{build.Success, build.Failure, build.Aborted, build.Timeout, build.Running, build.Unknown, ""}
	sources  = []string{build.FromAPI, build.FromLog, build.FromNone}
)

// shape is a list of findings that a build may have, and what of it counts: in
// all, and under new-only.
type shape struct {
	findings []build.Finding
	dropped  int
	all, new tally
}

// tally is how many findings of each severity count.
type tally struct{ errors, warnings int }

func shapes() []shape {
	lastLines := finding(build.Error)
	lastLines.Rule = build.LastLines
	return []shape{
		{},
		{findings: []build.Finding{finding(build.Notice)}},
		{findings: []build.Finding{lastLines}},
		{findings: []build.Finding{finding(build.Warning)}, all: tally{0, 1}, new: tally{0, 1}}, // no baseline: nothing is known
		{findings: []build.Finding{finding(build.Error)}, all: tally{1, 0}, new: tally{1, 0}},
		{findings: []build.Finding{fresh(finding(build.Error))}, all: tally{1, 0}, new: tally{1, 0}},
		{findings: []build.Finding{old(finding(build.Error))}, all: tally{1, 0}},
		{findings: []build.Finding{old(finding(build.Warning))}, all: tally{0, 1}},
		{findings: []build.Finding{old(finding(build.Error)), fresh(finding(build.Warning))}, all: tally{1, 1}, new: tally{0, 1}},
		{findings: []build.Finding{ignored(finding(build.Error)), finding(build.Warning)}, all: tally{0, 1}, new: tally{0, 1}},
		{findings: []build.Finding{ignored(old(finding(build.Error)))}},
		// What was left out of the longer list may be anything that it holds.
		{findings: []build.Finding{ignored(finding(build.Error))}, dropped: 2, all: tally{2, 0}, new: tally{2, 0}},
	}
}

func failOns() []gate.FailOn {
	all := []gate.FailOn{{Never: true}}
	for i := 1; i < 8; i++ {
		all = append(all, gate.FailOn{Build: i&1 != 0, Error: i&2 != 0, Warning: i&4 != 0})
	}
	return all
}

// situation is one row of the decision table's left side.
type situation struct {
	status   build.Status
	source   string
	complete bool // the log
	refused  bool // the API told no status, and the build says so
	shape    shape

	failOn      gate.FailOn
	newOnly     bool
	limited     bool // gate.max is {error: 0, warning: 0}
	demanded    bool // a require, forbid or expired ignore is violated
	scan        bool
	dryRun      bool
	interrupted bool
}

// on says whether a word is in fail-on. Never decides as the default does, and
// a scan has no status to judge.
func (s situation) on(word string) bool {
	switch word {
	case "build":
		return (s.failOn.Build || s.failOn.Never) && !s.scan
	case "error":
		return s.failOn.Error || s.failOn.Never
	default:
		return s.failOn.Warning
	}
}

func (s situation) counted() tally {
	if s.newOnly {
		return s.shape.new
	}
	return s.shape.all
}

func (s situation) ended(words ...build.Status) bool {
	for _, w := range words {
		if s.status == w {
			return true
		}
	}
	return false
}

// sentence is one sentence of DESIGN section 3, as a test of situations.
type sentence struct {
	design string
	holds  func(situation) bool
}

// violates are the sentences each of which makes a violation.
var violates = []sentence{
	{"failure, aborted and timeout violate `build`", func(s situation) bool {
		return s.on("build") && s.ended(build.Failure, build.Aborted, build.Timeout)
	}},
	{"`error` (a counted finding of that severity)", func(s situation) bool {
		return s.on("error") && s.counted().errors > 0
	}},
	{"`warning` (of that severity or error)", func(s situation) bool {
		return s.on("warning") && s.counted().errors+s.counted().warnings > 0
	}},
	{"gate.max: findings over all builds of the run", func(s situation) bool {
		return s.limited && !s.failOn.Never && s.counted().errors+s.counted().warnings > 0
	}},
	{"The config's `gate:` and expired ignores count under every `fail-on` but `never`", func(s situation) bool {
		return s.demanded && !s.failOn.Never
	}},
}

// lacks are the sentences each of which makes evidence missing.
var lacks = []sentence{
	{"3 is missing evidence: a log that can't be had", func(s situation) bool { return !s.complete }},
	{"a build still running", func(s situation) bool { return s.ended(build.Running) && !s.scan }},
	{"running and unknown are missing evidence", func(s situation) bool {
		return s.on("build") && s.ended(build.Running, build.Unknown, "")
	}},
	{"a success is shown, but under `fail-on: build` the evidence stays missing, since whoever writes the log can print it", func(s situation) bool {
		return s.on("build") && s.ended(build.Success) && s.source != build.FromAPI
	}},
	{"a status that can't be had", func(s situation) bool {
		return s.refused && (s.on("build") || s.ended(build.Running) && !s.scan)
	}},
}

// outcomes is the decision table: the first row that fits decides.
var outcomes = []struct {
	interrupted, violated, lacking string // yes, no, or "" for either
	verdict                        build.Verdict
	exit, lenient                  int // as it is; under fail-on never or in a dry run
}{
	{"yes", "", "", build.Incomplete, 130, 130}, // "130: SIGINT, SIGTERM; verdict incomplete", "2 and 130 stay"
	{"no", "yes", "", build.Fail, 1, 0},         // "1 beats 3"
	{"no", "no", "yes", build.Incomplete, 3, 0}, // "3 is missing evidence"
	{"no", "no", "no", build.Pass, 0, 0},
}

func fits(cell string, is bool) bool { return cell == "" || (cell == "yes") == is }

// holding are the numbers of the sentences that hold.
func holding(all []sentence, s situation) (numbers []int) {
	for i, sentence := range all {
		if sentence.holds(s) {
			numbers = append(numbers, i)
		}
	}
	return numbers
}

// TestDecisionTable decides every combination of everything that a decision
// rests on, and wants what the sentences of DESIGN section 3 say.
func TestDecisionTable(t *testing.T) {
	shapes, failOns := shapes(), failOns()
	n, wrong := 0, 0
	alone := map[string]bool{} // sentences that have decided by themselves
	decided := map[build.Verdict]int{}
	for pick := range everyOf(len(statuses), len(sources), 2, 2, len(shapes), len(failOns), 2, 2, 2, 2, 2, 2) {
		s := situation{
			status: statuses[pick[0]], source: sources[pick[1]], complete: pick[2] == 1, refused: pick[3] == 1, shape: shapes[pick[4]],
			failOn: failOns[pick[5]], newOnly: pick[6] == 1, limited: pick[7] == 1, demanded: pick[8] == 1, scan: pick[9] == 1,
			dryRun: pick[10] == 1, interrupted: pick[11] == 1,
		}
		r, missing := s.decide()
		violated, lacking := holding(violates, s), holding(lacks, s)
		n++
		decided[r.Verdict]++
		if len(violated) == 1 {
			alone[violates[violated[0]].design] = true
		}
		if len(lacking) == 1 && len(violated) == 0 {
			alone[lacks[lacking[0]].design] = true
		}
		if broken := s.broken(r, missing, len(violated) > 0, len(lacking) > 0); broken != "" {
			if wrong++; wrong <= 5 {
				t.Errorf("%s: decided %s with %d\nin %+v", broken, r.Verdict, r.ExitCode, s)
			}
		}
	}
	for _, sentence := range append(append([]sentence{}, violates...), lacks...) {
		if !alone[sentence.design] {
			t.Errorf("no combination tests %q by itself", sentence.design)
		}
	}
	t.Logf("%d combinations, %v; %d wrong", n, decided, wrong)
}

// decide is the gate's decision, and whether it says what is missing.
func (s situation) decide() (r *build.Report, missing bool) {
	b := whole("api", s.status, s.shape.findings...)
	b.StatusSource, b.Log.Complete, b.FindingsDropped = s.source, s.complete, s.shape.dropped
	if s.refused {
		refused(b)
	}
	p := gate.Policy{FailOn: s.failOn, NewOnly: s.newOnly, Scan: s.scan, DryRun: s.dryRun, Interrupted: s.interrupted}
	if s.limited {
		p.Max = []gate.Limit{{Severity: build.Error, Source: "p.yml:2"}, {Severity: build.Warning, Source: "p.yml:3"}}
	}
	if s.demanded {
		p.Config = []build.Violation{{Policy: "require", Message: "not there", Remedy: "mend it"}}
	}
	r = &build.Report{Builds: []*build.Build{b}}
	gate.Decide(r, p)
	return r, len(b.Incomplete) > 0
}

// broken is what a decision breaks, "" for nothing.
func (s situation) broken(r *build.Report, missing, violated, lacking bool) string {
	lenient := s.failOn.Never || s.dryRun
	for _, row := range outcomes {
		if !fits(row.interrupted, s.interrupted) || !fits(row.violated, violated) || !fits(row.lacking, lacking) {
			continue
		}
		exit := row.exit
		if lenient {
			exit = row.lenient
		}
		if r.Verdict != row.verdict || r.ExitCode != exit {
			return fmt.Sprintf("want %s with %d", row.verdict, exit)
		}
		break
	}
	switch {
	case violated != (len(r.Gate.Violations) > 0):
		return "a run fails by its violations and by nothing else"
	case lacking && !missing:
		return "an incomplete run says what is missing"
	case lacking && r.ExitCode == build.ExitPass && !lenient:
		return "nothing else lets a build without complete evidence end in 0"
	}
	return ""
}

// everyOf counts through all combinations of numbers below the sizes.
func everyOf(sizes ...int) iter.Seq[[]int] {
	total := 1
	for _, size := range sizes {
		total *= size
	}
	return func(yield func([]int) bool) {
		pick := make([]int, len(sizes))
		for n := range total {
			for i, size := range sizes {
				pick[i], n = n%size, n/size
			}
			if !yield(pick) {
				return
			}
		}
	}
}

// TestDecisionTableOfTwo decides pairs of builds: what is wrong with one is wrong
// with the run, and limits are of both together.
func TestDecisionTableOfTwo(t *testing.T) {
	picks := shapes()
	kinds := []shape{picks[0], picks[3], picks[4], picks[6]}
	n := 0
	for pick := range everyOf(len(statuses), 2, len(kinds), len(statuses), 2, len(kinds), len(failOns()), 2, 3) {
		one := situation{status: statuses[pick[0]], source: build.FromAPI, complete: pick[1] == 1, shape: kinds[pick[2]], failOn: failOns()[pick[6]], newOnly: pick[7] == 1}
		two := one
		two.status, two.complete, two.shape = statuses[pick[3]], pick[4] == 1, kinds[pick[5]]
		most := pick[8]
		r := &build.Report{}
		violated, lacking, errors := false, false, 0
		for i, s := range []situation{one, two} {
			b := whole(strings.Repeat("b", i+1), s.status, s.shape.findings...)
			b.StatusSource, b.Log.Complete = s.source, s.complete
			r.Builds = append(r.Builds, b)
			violated = violated || len(holding(violates, s)) > 0
			lacking = lacking || len(holding(lacks, s)) > 0
			errors += s.counted().errors
		}
		violated = violated || errors > most && !one.failOn.Never
		gate.Decide(r, gate.Policy{FailOn: one.failOn, NewOnly: one.newOnly, Max: []gate.Limit{{Severity: build.Error, Max: most, Source: "p.yml:2"}}})
		if broken := one.broken(r, lacking, violated, lacking); broken != "" {
			t.Fatalf("%s: decided %s with %d\nin %+v\nand %+v, at most %d errors", broken, r.Verdict, r.ExitCode, one, two, most)
		}
		n++
	}
	t.Logf("%d combinations", n)
}

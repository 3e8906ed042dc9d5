package cli_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/cli"
)

// plan is logs to scan, and what they are judged by.
type plan struct {
	logs    []logPlan
	policy  policyPlan
	failOn  string
	newOnly bool
}

type logPlan struct {
	name  string
	lines []string
	cut   bool // it breaks off
}

type policyPlan struct {
	Version int              `yaml:"version"`
	Disable []string         `yaml:"disable"`
	Ignore  []map[string]any `yaml:"ignore"`
	Gate    struct {
		Max     map[string]int   `yaml:"max"`
		Require []map[string]any `yaml:"require"`
		Forbid  []map[string]any `yaml:"forbid"`
	} `yaml:"gate"`
}

// someLines are what logs are made of: nothing, an error, warnings, what policies
// look for.
var someLines = []string{
	"all is quiet", "src/main.c:3:5: error: 'x' undeclared", "src/main.c:9:5: warning: unused variable 'y'", "src/third_party/z.c:4:1: warning: unused variable 'z'",
	"orders/orders.go:12:9: undefined: totl", "packaged shop-1.4-SNAPSHOT.jar", "signed", "npm warn deprecated har-validator@5.1.5: this library is no longer supported",
}

func oneOf[T any](rnd *rand.Rand, all ...T) T { return all[rnd.IntN(len(all))] }

// somePlan passes more often than not, so that there is something to lose.
func somePlan(rnd *rand.Rand) *plan {
	p := &plan{failOn: oneOf(rnd, "error", "warning", "error,warning"), newOnly: rnd.IntN(3) == 0}
	for i := range 2 + rnd.IntN(2) {
		p.logs = append(p.logs, someLog(rnd, fmt.Sprintf("b%d", i)))
	}
	p.policy.Version = 1
	p.policy.Gate.Max = map[string]int{"error": rnd.IntN(5)}
	for range rnd.IntN(3) {
		p.policy.Ignore = append(p.policy.Ignore, map[string]any{"pattern": oneOf(rnd, "main", "third_party", "orders", "warn"), "reason": "known"})
	}
	if rnd.IntN(4) == 0 {
		p.policy.Disable = []string{"gcc.warning"}
	}
	if rnd.IntN(4) == 0 {
		p.policy.Gate.Forbid = append(p.policy.Gate.Forbid, someDemand(rnd))
	}
	if rnd.IntN(6) == 0 {
		p.policy.Gate.Require = append(p.policy.Gate.Require, someDemand(rnd))
	}
	return p
}

func someLog(rnd *rand.Rand, name string) logPlan {
	log := logPlan{name: name, cut: rnd.IntN(10) == 0, lines: []string{"all is quiet", "signed"}}
	for range rnd.IntN(3) {
		log.lines = append(log.lines, oneOf(rnd, someLines...))
	}
	return log
}

func someDemand(rnd *rand.Rand) map[string]any {
	demand := map[string]any{"pattern": oneOf(rnd, "quiet", "SNAPSHOT", "signed", "nowhere")}
	if builds := oneOf(rnd, "", "b0", "b1", "b*"); builds != "" {
		demand["builds"] = []string{builds}
	}
	return demand
}

// write writes the plan's files and returns the logs' names.
func (p *plan) write(t *testing.T, dir string) []string {
	t.Helper()
	policy, err := yaml.Marshal(p.policy)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{".loggate.yml": policy}
	var names []string
	for _, log := range p.logs {
		text := []byte(strings.Join(log.lines, "\n") + "\n")
		name := log.name + ".log"
		if log.cut {
			var packed bytes.Buffer
			w := gzip.NewWriter(&packed)
			_, _ = w.Write(text)
			_ = w.Close()
			text, name = packed.Bytes()[:packed.Len()-6], name+".gz"
		}
		files[name] = text
		names = append(names, name)
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// loggate runs a command in a directory and returns its exit code and stdout.
func loggate(t *testing.T, dir string, args ...string) (int, []byte) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := cli.Run(t.Context(), cli.Process{Args: args, Dir: dir, Stdout: &stdout, Stderr: &stderr, Stdin: strings.NewReader("")})
	if stderr.Len() > 0 {
		t.Fatalf("%v: %s", args, stderr.String())
	}
	return code, stdout.Bytes()
}

func (p *plan) flags(baseline string) []string {
	flags := []string{"--fail-on", p.failOn, "--baseline", baseline}
	if p.newOnly {
		flags = append(flags, "--new-only", "true")
	}
	return flags
}

// scan is the report of a scan of all logs at once.
func (p *plan) scan(t *testing.T, baseline string) *build.Report {
	t.Helper()
	dir := t.TempDir()
	code, stdout := loggate(t, dir, slices.Concat([]string{"scan", "--format", "json"}, p.flags(baseline), p.write(t, dir))...)
	r := decode(t, stdout)
	if r.ExitCode != code {
		t.Fatalf("the report says %d, the exit code is %d", r.ExitCode, code)
	}
	return r
}

// baseline is the path of the report of a run in which some findings were there
// already.
func baseline(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	good := plan{policy: policyPlan{Version: 1}, logs: []logPlan{{name: "b0", lines: someLines[:2]}, {name: "b1", lines: someLines[2:3]}}}
	_, stdout := loggate(t, dir, append([]string{"scan", "--format", "json"}, good.write(t, dir)...)...)
	path := filepath.Join(dir, "good.json")
	if err := os.WriteFile(path, stdout, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func decode(t *testing.T, text []byte) *build.Report {
	t.Helper()
	r := &build.Report{}
	if err := json.Unmarshal(text, r); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return r
}

// Another build, another finding, less of a log or a stricter policy never
// makes the verdict better, from the files that people write to the exit code.
func TestStricterNeverPasses(t *testing.T) {
	rank := map[build.Verdict]int{build.Pass: 2, build.Incomplete: 1, build.Fail: 0}
	steps := map[string]func(*rand.Rand, *plan){
		"another build": func(rnd *rand.Rand, p *plan) { // which no policy was waiting for
			p.logs = append(p.logs, someLog(rnd, "other"))
		},
		"another line": func(rnd *rand.Rand, p *plan) {
			log := &p.logs[rnd.IntN(len(p.logs))]
			log.lines = append(log.lines, oneOf(rnd, someLines[1], someLines[2], someLines[4], "src/new.c:1:1: error: expected ';'"))
		},
		"less of a log":       func(rnd *rand.Rand, p *plan) { p.logs[rnd.IntN(len(p.logs))].cut = true },
		"a lower limit":       func(_ *rand.Rand, p *plan) { p.policy.Gate.Max = map[string]int{"error": 0, "warning": 0} },
		"something required":  func(rnd *rand.Rand, p *plan) { p.policy.Gate.Require = append(p.policy.Gate.Require, someDemand(rnd)) },
		"something forbidden": func(rnd *rand.Rand, p *plan) { p.policy.Gate.Forbid = append(p.policy.Gate.Forbid, someDemand(rnd)) },
		"nothing ignored":     func(_ *rand.Rand, p *plan) { p.policy.Ignore = nil },
		"an ignore that ended": func(_ *rand.Rand, p *plan) {
			p.policy.Ignore = append(p.policy.Ignore, map[string]any{"pattern": "main", "reason": "known", "until": "2020-01-01"})
		},
		"nothing disabled":   func(_ *rand.Rand, p *plan) { p.policy.Disable = nil },
		"fail-on more":       func(_ *rand.Rand, p *plan) { p.failOn = "error,warning" },
		"old findings count": func(_ *rand.Rand, p *plan) { p.newOnly = false },
	}
	names := slices.Sorted(maps.Keys(steps))
	good := baseline(t)
	verdicts := map[build.Verdict]int{}
	worse := map[string]int{}
	for seed := range uint64(15) {
		before := somePlan(rand.New(rand.NewPCG(seed, 0))).scan(t, good)
		verdicts[before.Verdict]++
		for try := range uint64(3) { // each step in turn: a scan takes its time
			name := names[(3*seed+try)%uint64(len(names))]
			p := somePlan(rand.New(rand.NewPCG(seed, 0)))
			steps[name](rand.New(rand.NewPCG(seed, 1)), p)
			after := p.scan(t, good)
			if rank[after.Verdict] > rank[before.Verdict] {
				t.Fatalf("seed %d: %s turned %s into %s\nviolations were %+v\nof %+v", seed, name, before.Verdict, after.Verdict, before.Gate.Violations, p)
			}
			if rank[after.Verdict] < rank[before.Verdict] {
				worse[name]++
			}
		}
	}
	if verdicts[build.Pass] < 5 || len(worse) < 5 {
		t.Errorf("of the runs %v, and %v made worse: that tests little", verdicts, worse)
	}
	t.Logf("%v, made worse by %v", verdicts, worse)
}

// The merge of parts says what one run says of the whole.
func TestMergeOfPartsIsTheWhole(t *testing.T) {
	good := baseline(t)
	verdicts := map[build.Verdict]int{}
	for seed := range uint64(16) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		p := somePlan(rnd)
		whole := p.scan(t, good)
		verdicts[whole.Verdict]++

		dir := t.TempDir()
		names := p.write(t, dir)
		at := 1 + rnd.IntN(len(names)-1)
		merge := []string{"merge", "--output-dir", "merged", "--formats", "none", "--fail-on", p.failOn, "--expect", "2"}
		if p.newOnly {
			merge = append(merge, "--new-only", "true") // the parts have the baseline
		}
		for i, part := range [][]string{names[:at], names[at:]} {
			out := fmt.Sprintf("part-%d", i)
			code, _ := loggate(t, dir, slices.Concat([]string{"scan", "--dry-run", "--formats", "none", "--output-dir", out}, p.flags(good), part)...)
			if code != build.ExitPass {
				t.Fatalf("seed %d: a dry run ended with %d", seed, code)
			}
			merge = append(merge, out+"/report.json")
		}
		code, _ := loggate(t, dir, merge...)
		text, err := os.ReadFile(filepath.Join(dir, "merged/report.json"))
		if err != nil {
			t.Fatal(err)
		}
		merged := decode(t, text)
		if merged.Verdict != whole.Verdict || code != whole.ExitCode || reasons(merged) != reasons(whole) {
			t.Fatalf("seed %d: merged %s, %d:\n%s\nthe whole %s, %d:\n%s\nof %+v", seed, merged.Verdict, code, reasons(merged), whole.Verdict, whole.ExitCode, reasons(whole), p)
		}
	}
	if verdicts[build.Pass] < 5 || verdicts[build.Incomplete] < 2 || verdicts[build.Fail] < 5 {
		t.Errorf("verdicts %v: too much alike", verdicts)
	}
}

// reasons are the violations, the ignores that are about nothing and the counts,
// as one text.
func reasons(r *build.Report) string {
	var all []string
	for _, v := range r.Gate.Violations {
		text, _ := json.Marshal(v)
		all = append(all, string(text))
	}
	for _, n := range r.Gate.Notices {
		if n.Policy == "ignore" {
			all = append(all, "notice "+*n.Source+" "+n.Message)
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n") + fmt.Sprintf("\n%+v", r.Counts())
}

package rules

import (
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// TestFilter wants the filter to let pass every rule that is found in a line:
// a line of its examples or of a real log, with and without what a CI system may
// have put before it. LOGGATE_CORPUS is a glob of further logs.
func TestFilter(t *testing.T) {
	set, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]bool{}
	shapes := map[string]bool{}
	digits := regexp.MustCompile(`[0-9]+`)
	add := func(text string, every int) {
		for i, line := range strings.Split(text, "\n") {
			if i%every != 0 {
				continue
			}
			if shape := digits.ReplaceAllString(line, "0"); !shapes[shape] {
				shapes[shape], lines[line] = true, true
			}
		}
	}
	for _, rule := range set.Rules() {
		for _, example := range rule.Examples {
			add(example.Log, 1)
		}
	}
	corpus, every := os.Getenv("LOGGATE_CORPUS"), 20 // all lines take minutes with the race detector
	if corpus != "" {
		every = 1
	}
	for _, log := range logs(t, "../../testdata/logs/*.log", corpus) {
		add(log, every)
	}
	for line := range lines {
		checkFilter(t, set, line)
		for _, end := range []string{"Z ", "] ", " | "} {
			if _, rest, ok := strings.Cut(line, end); ok && !lines[rest] {
				checkFilter(t, set, rest)
			}
		}
	}
}

// logs reads the files, unpacked.
func logs(t *testing.T, globs ...string) []string {
	t.Helper()
	var texts []string
	for _, glob := range globs {
		names, err := filepath.Glob(glob)
		if err != nil || glob != "" && len(names) == 0 {
			t.Fatalf("%s: no logs (%v)", glob, err)
		}
		for _, name := range names {
			texts = append(texts, readLog(t, name))
		}
	}
	return texts
}

func readLog(t *testing.T, name string) string {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var in io.Reader = file
	if filepath.Ext(name) == ".gz" {
		if in, err = gzip.NewReader(file); err != nil {
			t.Fatal(err)
		}
	}
	text, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func checkFilter(t *testing.T, set *Set, line string) {
	t.Helper()
	passed := set.filter().newFound()
	set.filter().candidates(line, passed)
	for i, rule := range set.rules {
		if !passed.has(i) && rule.pattern.in(line, "") {
			t.Errorf("%s is found in %q, but the filter keeps it out", rule.ID, line)
		}
		if head := set.headOf[i]; head >= 0 && !set.filter().heads(passed).has(head) && rule.after.in(line, "") {
			t.Errorf("%s has %q before it, but the filter keeps it out", rule.ID, line)
		}
	}
}

// TestFilterInvented does the same with lines that are made after the patterns.
func TestFilterInvented(t *testing.T) {
	set, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	passed := set.filter().newFound()
	for i, rule := range set.rules {
		found := 0
		for seed := range uint64(200) {
			line := invented(t, rule.Pattern, seed)
			if !rule.pattern.in(line, "") {
				continue // an assertion on neighbouring characters doesn't hold
			}
			found++
			if set.filter().candidates(line, passed); !passed.has(i) {
				t.Errorf("%s is found in %q, but the filter keeps it out", rule.ID, line)
			}
		}
		if found == 0 {
			t.Errorf("no line could be made that %s is found in", rule.ID)
		}
	}
}

func FuzzFilter(f *testing.F) {
	f.Add(`(?i)task k.*fail|(?:Error|Exception): \d+`, "TA\u017fK \u212a FAIL", uint64(1))
	f.Add(`a(b|cd)+e?[fg]{2,3}\x{FFFD}x`, "acdbfg\xffx", uint64(2))
	f.Add("(?i)ÀB|c\n", "àb", uint64(3))
	f.Add(`^(?:[Ee]rror|(?i:WARN)ing)(s|): (\w+)\b.+$`, "warning: x", uint64(4))
	f.Add(`(?m)^a+$|\bb\B\z`, "x\naa", uint64(5))
	f.Fuzz(func(t *testing.T, pattern, line string, seed uint64) {
		rule := Rule{ID: "a.b", Pattern: pattern}
		if len(pattern) > 1000 || rule.prepare() != nil {
			return
		}
		set, err := newSet([]*Rule{&rule})
		if err != nil {
			t.Fatal(err)
		}
		checkFilter(t, set, line)
		checkFilter(t, set, invented(t, pattern, seed))
		checkFilter(t, set, line+invented(t, pattern, seed+1)+line)
	})
}

// invented is a text that the pattern is found in, but for assertions in it.
func invented(t *testing.T, pattern string, seed uint64) string {
	t.Helper()
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	text := inventor{rand.New(rand.NewPCG(seed, 0))}.text(nil, re)
	return string(text[:min(len(text), 4000)])
}

type inventor struct{ *rand.Rand }

func (v inventor) text(text []byte, re *syntax.Regexp) []byte {
	if len(text) > 4000 {
		return text
	}
	times := 1
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			text = v.character(text, r, re.Flags&syntax.FoldCase != 0)
		}
		return text
	case syntax.OpCharClass:
		i := 2 * v.IntN(max(len(re.Rune)/2, 1))
		if i >= len(re.Rune) {
			return text
		}
		low, high := re.Rune[i], re.Rune[i+1]
		return v.character(text, low+v.Int32N(min(high-low, 100)+1), false)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return append(text, []string{"x", "É", "\xff", "E", " ", ":"}[v.IntN(6)]...)
	case syntax.OpAlternate:
		return v.text(text, re.Sub[v.IntN(len(re.Sub))])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			text = v.text(text, sub)
		}
		return text
	case syntax.OpCapture:
	case syntax.OpStar:
		times = v.IntN(3)
	case syntax.OpQuest:
		times = v.IntN(2)
	case syntax.OpPlus:
		times = 1 + v.IntN(3)
	case syntax.OpRepeat:
		times = re.Min + v.IntN(2)
	default:
		return text
	}
	for range times {
		text = v.text(text, re.Sub[0])
	}
	return text
}

// character appends r, or, with fold, another one that it stands for.
func (v inventor) character(text []byte, r rune, fold bool) []byte {
	if fold {
		same := []rune{r}
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			same = append(same, other)
		}
		r = same[v.IntN(len(same))]
	}
	if r == utf8.RuneError && v.IntN(2) == 0 {
		return append(text, 0xff)
	}
	return utf8.AppendRune(text, r)
}

// TestMatcherAsNaive wants from whole logs what trying every rule on every line finds.
func TestMatcherAsNaive(t *testing.T) {
	set, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	naive := *set
	all := newFilter(set.rules, set.heads)
	clear(all.needs)
	pass := func(i int) {
		for class := range all.always {
			all.always[class].add(i)
		}
		all.starts.first.allowAll(0, i)
		all.starts.inside.allowAll(0, i)
	}
	for i := range set.rules {
		pass(i)
	}
	for i := range set.heads {
		pass(64*all.words + i)
	}
	naive.filter = func() *filter { return all }
	for i, log := range logs(t, "../../testdata/logs/*.codearts.log") {
		got, want := allFound(set.Find(log)), allFound(naive.Find(log))
		if !slices.Equal(got, want) {
			t.Errorf("log %d: got %q, want %q", i, got, want)
		}
	}
}

func allFound(found []Match) []string {
	var list []string
	for _, m := range found {
		list = append(list, fmt.Sprintf("%s %d-%d %s:%d:%d %s", m.Rule.ID, m.First, m.Last, m.File, m.FileLine, m.Column, m.Message))
	}
	return list
}

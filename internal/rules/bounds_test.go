package rules

import (
	"regexp/syntax"
	"strings"
	"testing"
)

// Go's regular expressions are RE2: the time to search a line is at most its length
// times the size of the pattern's program.
// https://swtch.com/~rsc/regexp/regexp3.html
const (
	largestProgram = 6000 // instructions
	longLine       = 3 * maxCapture
)

// TestCatalogBounded wants each pattern to be a small program, and what it captures to be
// short, in a long line and over many.
func TestCatalogBounded(t *testing.T) {
	set, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range set.rules {
		for key, text := range map[string]string{
			"pattern": r.Pattern, "continues": r.Continues, "end": r.End, "first": r.First, "last": r.Last, "after": r.After, "joins": r.Joins,
		} {
			if size := instructions(t, text); size > largestProgram {
				t.Errorf("%s: %s is a program of %d instructions, at most %d are wanted", r.ID, key, size, largestProgram)
			}
		}
		for _, example := range r.Examples {
			checkBounds(t, r, example.Log)
		}
	}
}

func instructions(t *testing.T, text string) int {
	t.Helper()
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		t.Fatal(err)
	}
	return len(program.Inst)
}

// checkBounds has the rule read its example with each line made long, and with its
// last line repeated.
func checkBounds(t *testing.T, r *Rule, log string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(log, "\n"), "\n")
	set, err := newSet([]*Rule{r})
	if err != nil {
		t.Fatal(err)
	}
	m := set.Matcher()
	check := func(matches []*Match) {
		for _, match := range matches {
			if n := match.Last - match.First + 1; n > int64(r.MaxLines+lookBehind) {
				t.Errorf("%s: a finding of %d lines", r.ID, n)
			}
			for _, text := range []string{match.Text, match.File, match.code, match.detail} {
				if len(text) > maxCapture {
					t.Errorf("%s: captures %d bytes", r.ID, len(text))
				}
			}
			if len(match.Message) > 3*maxCapture+10 { // code, message and detail
				t.Errorf("%s: a message of %d bytes", r.ID, len(match.Message))
			}
		}
	}
	more := 0
	if r.multiLine() {
		more = r.MaxLines + lookBehind
	}
	no := int64(0)
	for i := range len(lines) + more {
		line := lines[min(i, len(lines)-1)]
		if i < len(lines) {
			line += strings.Repeat(" x", max(longLine-len(line), 0)/2)
		}
		no++
		check(m.Line(no, line, ""))
	}
	check(m.Close())
}

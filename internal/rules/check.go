package rules

import (
	"fmt"
	"strings"
)

// Check runs a rule's examples and counterexamples on the rule alone. The
// error is that of the first one that doesn't come out as it should.
func Check(rule Rule) error {
	set, err := New([]Rule{rule})
	if err != nil {
		return err
	}
	r := set.rules[0]
	for i, example := range r.Examples {
		if err := checkExample(set, example); err != nil {
			return r.wrong("examples", "example %d: %v", i+1, err)
		}
	}
	for i, text := range r.Counterexamples {
		if found := set.Find(text); len(found) > 0 {
			return r.wrong("counterexamples", "counterexample %d is found: %q", i+1, found[0].Message)
		}
	}
	return nil
}

// Find applies the set to a whole text, for tests of rules.
func (s *Set) Find(text string) []Match {
	var all []Match
	m := s.Matcher()
	no := int64(0)
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		no++
		for _, match := range m.Line(no, line, "") {
			all = append(all, *match)
		}
	}
	for _, match := range m.Close() {
		all = append(all, *match)
	}
	return all
}

// checkExample wants the example to be found, and as it says.
func checkExample(set *Set, want Example) error {
	found := set.Find(want.Log)
	if len(found) == 0 {
		return fmt.Errorf("is not found: %q", firstLine(want.Log))
	}
	got := found[0]
	for _, field := range []struct {
		name      string
		want, got any
		open      bool // nothing is said of it
	}{
		{"message", want.Message, got.Message, want.Message == ""},
		{"file", want.File, got.File, want.File == ""},
		{"line", want.Line, got.FileLine, want.Line == 0},
		{"column", want.Column, got.Column, want.Column == 0},
		{"lines", want.Lines, int(got.Last - got.First + 1), want.Lines == 0},
	} {
		if !field.open && field.want != field.got {
			return fmt.Errorf("%s is %#v, not %#v, in %q", field.name, field.got, field.want, firstLine(want.Log))
		}
	}
	return nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

package rules

import (
	"fmt"
	"strings"
	"testing"
)

// spans shows what a rule finds in a text, one finding a line.
func spans(t *testing.T, rule Rule, text string) string {
	t.Helper()
	if rule.ID == "" {
		rule.ID = "a.b"
	}
	set, err := New([]Rule{rule})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range set.Find(text) {
		out = append(out, fmt.Sprintf("%d-%d %s", m.First, m.Last, m.Message))
	}
	return strings.Join(out, "; ")
}

func TestMatcher(t *testing.T) {
	tests := map[string]struct {
		rule Rule
		text string
		want string
	}{
		"one line":               {Rule{Pattern: `bad (?P<message>.+)`}, "a\nbad x\nbad y\nc", "2-2 x; 3-3 y"},
		"no group":               {Rule{Pattern: `bad`}, "  very bad  ", "1-1 very bad"},
		"continues":              {Rule{Pattern: `bad`, Continues: `^ `}, "bad\n 1\n 2\nx", "1-3 bad"},
		"blank lines at the end": {Rule{Pattern: `bad`, Continues: `^ |^$`}, "bad\n 1\n\n\nx", "1-2 bad"},
		"up to the log's end":    {Rule{Pattern: `bad`, Continues: `^ `}, "bad\n 1", "1-2 bad"},
		"end":                    {Rule{Pattern: `bad`, End: `^--$`}, "bad\n1\n--\nbad", "1-3 bad; 4-4 bad"},
		"end without one":        {Rule{Pattern: `bad`, End: `^--$`, MaxLines: 3}, "bad\n1\n2\n3\n4", "1-3 bad"},
		"continues and end":      {Rule{Pattern: `bad`, Continues: `^ `, End: `^\w+Error`}, "bad\n 1\nXError\n 2", "1-3 bad"},
		"neither":                {Rule{Pattern: `bad`, Continues: `^ `, End: `^\w+Error`}, "bad\n 1\nx\nXError", "1-2 bad"},
		"again":                  {Rule{Pattern: `bad`, End: `^--$`}, "bad\n1\nbad\n--", "1-2 bad; 3-4 bad"},
		"again, as its own":      {Rule{Pattern: `bad`, Continues: `^bad`}, "bad\nbad\nx", "1-2 bad"},
		"max_lines":              {Rule{Pattern: `bad`, Continues: `^ `, MaxLines: 2}, "bad\n 1\n 2", "1-2 bad"},
		"first":                  {Rule{Pattern: `bad`, Continues: `^ `, First: `^ (?P<message>\d)`}, "bad\n x\n 1\n 2", "1-4 1"},
		"last":                   {Rule{Pattern: `bad`, Continues: `^ `, Last: `^ (?P<message>\d)`}, "bad\n 1\n 2\n x", "1-4 2"},
		"last in the end":        {Rule{Pattern: `bad`, End: `^e`, Last: `^e (?P<message>.+)`}, "bad\n1\ne 2", "1-3 2"},
		"after":                  {Rule{Pattern: `(?P<detail>bad)`, After: `^test (?P<message>.+)`}, "bad\ntest x\n\nbad", "2-4 x: bad"},
		"after, too far":         {Rule{Pattern: `bad`, After: `^test`}, "test" + strings.Repeat("\n", 11) + "bad", ""},
		"after, lines in a row":  {Rule{Pattern: `(?P<detail>bad)`, After: `^test (?P<message>.+)`, AfterLines: 1}, "test x\nbad\nbad\n\nbad", "1-2 x: bad; 3-3 x: bad"},
		"code and detail":        {Rule{Pattern: `(?P<code>E\d): (?P<message>\w+) (?P<detail>.+)`}, "E1: bad thing", "1-1 E1: bad: thing"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := spans(t, tt.rule, tt.text); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestPrecedence wants one finding for a line that several rules find.
func TestPrecedence(t *testing.T) {
	list := []Rule{
		{ID: "a.low", Pattern: `bad.*thing`, Confidence: Low},
		{ID: "a.warning", Pattern: `bad.*thing.*here`, Severity: "warning"},
		{ID: "a.short", Pattern: `bad`},
		{ID: "a.long", Pattern: `bad thing`},
		{ID: "a.high", Pattern: `really bad`, Confidence: High},
	}
	set, err := New(list)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"bad thing here": "[a.long]", "really bad thing": "[a.high]", "bad X thing here": "[a.short]", "fine": "[]"} {
		if got := fmt.Sprint(ids(set.Find(text))); got != want {
			t.Errorf("%q goes to %s, want %s", text, got, want)
		}
	}
}

func TestWith(t *testing.T) {
	set, err := New([]Rule{{ID: "a.one", Pattern: `one`}, {ID: "a.two", Pattern: `two`}})
	if err != nil {
		t.Fatal(err)
	}
	changed, err := set.With([]Rule{{ID: "a.one", Pattern: `eins`}, {ID: "b.own", Pattern: `w`}}, []string{"a.two"})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(ids(changed.Find("one\ntwo\neins")), ids(set.Find("one\ntwo\neins"))); got != "[b.own a.one] [a.one a.two]" {
		t.Errorf("got %s", got)
	}
	for name, tt := range map[string]struct {
		extra   []Rule
		disable []string
		want    string
	}{
		"unknown id":     {nil, []string{"a.tow"}, `disable: there is no rule "a.tow", did you mean "a.two"?`},
		"no pattern":     {[]Rule{{ID: "x.y"}}, nil, "x.y: pattern: is missing"},
		"the same twice": {[]Rule{{ID: "x.y", Pattern: "x"}, {ID: "x.y", Pattern: "x"}}, nil, "x.y: id: occurs twice"},
	} {
		if _, err := set.With(tt.extra, tt.disable); err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
	}
}

func TestCheck(t *testing.T) {
	for name, tt := range map[string]struct {
		rule Rule
		want string
	}{
		"right":          {Rule{Examples: []Example{{Log: "bad x", Message: "x", Lines: 1}}, Counterexamples: []string{"good"}}, ""},
		"not found":      {Rule{Examples: []Example{{Log: "good"}}}, `a.b: examples: example 1: is not found: "good"`},
		"other message":  {Rule{Examples: []Example{{Log: "bad x", Message: "y"}}}, `a.b: examples: example 1: message is "x", not "y", in "bad x"`},
		"other lines":    {Rule{Examples: []Example{{Log: "bad x", Lines: 2}}}, `a.b: examples: example 1: lines is 1, not 2, in "bad x"`},
		"counterexample": {Rule{Counterexamples: []string{"x\nbad y"}}, `a.b: counterexamples: counterexample 1 is found: "y"`},
	} {
		tt.rule.ID, tt.rule.Pattern = "a.b", `bad (?P<message>.+)`
		got := ""
		if err := Check(tt.rule); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("rules:\n  - {id: a.b, pattern: x, examples: [x, {log: y}]}\n"))
	f.Add([]byte("rules: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := Parse("f.yml", text)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of several lines: %q", err)
			}
			return
		}
		for _, rule := range list {
			_ = Check(rule)
		}
	})
}

package rules

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
)

// TestCatalog runs the examples of every built-in rule, on the rule alone and
// on the whole catalogue, where the rule must win its own example.
func TestCatalog(t *testing.T) {
	set, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range set.Rules() {
		t.Run(rule.ID, func(t *testing.T) {
			if len(rule.Examples) == 0 {
				t.Error("has no example")
			}
			if err := Check(rule); err != nil {
				t.Error(err)
			}
			alone := newFilter([]*Rule{&rule}, nil)
			found := alone.newFound()
			alone.candidates("@@@@", found)
			if !found.empty() {
				t.Errorf("has to be tried on every line, as %s asks for no literal and no start", rule.Pattern)
			}
			for i, example := range rule.Examples {
				if found := ids(set.Find(example.Log)); !slices.Contains(found, rule.ID) {
					t.Errorf("example %d goes to %v", i+1, found)
				}
			}
		})
	}
}

func ids(found []Match) []string {
	list := []string{}
	for _, match := range found {
		list = append(list, match.Rule.ID)
	}
	return list
}

// TestCatalogFamilies wants each rule in the file of its family.
func TestCatalogFamilies(t *testing.T) {
	names, err := fs.Glob(catalog, "catalog/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := catalog.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		list, err := Parse(name, text)
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range list {
			if want := strings.TrimSuffix(path.Base(name), ".yml"); rule.Family() != want {
				t.Errorf("%s: the rule %s belongs into %s.yml", name, rule.ID, rule.Family())
			}
		}
	}
}

func TestParseErrors(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"unknown key":     {"rules:\n  - id: a.b\n    patern: x\n", `f.yml:3:5: a rule has no key "patern", did you mean "pattern"?`},
		"unknown top key": {"rule:\n  - id: a.b\n", `f.yml:1:1: field rule not found in type rules.rulesFile`},
		"example's key":   {"rules:\n  - id: a.b\n    pattern: x\n    examples:\n      - lgo: x\n", `f.yml:5:9: an example has no key "lgo", did you mean "log"?`},
		"bad pattern":     {"rules:\n  - id: a.b\n    pattern: 'x('\n", "f.yml:3:14: a.b: pattern: error parsing regexp: missing closing ): `x(`"},
		"bad id":          {"rules:\n  - id: ab\n    pattern: x\n", `f.yml:2:9: ab: id: "ab" is not of the form family.name (a-z, 0-9, -)`},
		"bad kind":        {"rules:\n  - {id: a.b, pattern: x, kind: root}\n", `f.yml:2:33: a.b: kind: "root" is not cause, symptom or summary`},
		"bad severity":    {"rules:\n  - {id: a.b, pattern: x, severity: info}\n", `f.yml:2:37: a.b: severity: "info" is not error, warning or notice`},
		"bad confidence":  {"rules:\n  - {id: a.b, pattern: x, confidence: sure}\n", `f.yml:2:39: a.b: confidence: "sure" is not high, normal or low`},
		"bad group":       {"rules:\n  - {id: a.b, pattern: '(?P<msg>x)'}\n", `f.yml:2:24: a.b: pattern: the group "msg" is not one of message, detail, file, line, column, code`},
		"matches nothing": {"rules:\n  - {id: a.b, pattern: 'x*'}\n", `f.yml:2:24: a.b: pattern: "x*" matches an empty line`},
		"no pattern":      {"rules:\n  - {id: a.b}\n", `f.yml:2:5: a.b: pattern: is missing`},
		"too many lines":  {"rules:\n  - {id: a.b, pattern: x, max_lines: 2000}\n", `f.yml:2:38: a.b: max_lines: 2000 is not from 1 to 1000`},
		"not a number":    {"rules:\n  - {id: a.b, pattern: x, max_lines: many}\n", `f.yml:2:38: a rule: max_lines is not a whole number from 1 on, in plain digits`},
		"half a line":     {"rules:\n  - {id: a.b, pattern: x, max_lines: 1.5}\n", `f.yml:2:38: a rule: max_lines is not a whole number from 1 on, in plain digits`},
		"no hint":         {"rules:\n  - {id: a.b, pattern: x, hint: }\n", `f.yml:2:33: a rule: hint is not a text: write it behind the colon, in quotes where it looks like something else`},
		"yes":             {"rules:\n  - {id: a.b, pattern: x, pardons: yes}\n", `f.yml:2:36: a rule: pardons is not true or false`},
		"one example":     {"rules:\n  - {id: a.b, pattern: x, examples: x}\n", `f.yml:2:37: a rule: examples is not a list: begin each entry with -`},
		"null example":    {"rules:\n  - {id: a.b, pattern: x, examples: [x, ~]}\n", `f.yml:2:41: a rule: examples is not a text: write it behind the colon, in quotes where it looks like something else`},
		"twice":           {"rules:\n  - {id: a.b, pattern: x}\n  - {id: a.b, pattern: y}\n", `f.yml:3:10: a.b: id: occurs twice`},
		"own id":          {"rules:\n  - {id: loggate.last-lines, pattern: x}\n", `f.yml:2:10: loggate.last-lines: id: "loggate.last-lines" is in loggate's own family`},
		"no rules":        {"", "f.yml:1:1: has no rules"},
		"two documents":   {"rules: []\n---\nrules: []\n", "f.yml:2:1: a second document: a rules file has one"},
		"not a mapping":   {"rules: [x]\n", "f.yml:1:9: a rule must be a mapping of keys to values"},
		"no YAML":         {"rules: [\n", "f.yml:1:1: did not find expected node content"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("f.yml", []byte(tt.text))
			var format *FormatError
			if !errors.As(err, &format) {
				t.Fatalf("got %v, want a FormatError", err)
			}
			if err.Error() != tt.want {
				t.Errorf("got  %s\nwant %s", err, tt.want)
			}
		})
	}
}

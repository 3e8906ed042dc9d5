package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/rules"
)

// ofDesign is the file of DESIGN section 6, but for the rules it disables.
const ofDesign = `version: 1
rules:                     # beside the built-in catalogue
  - id: acme.licence
    severity: error
    kind: cause
    pattern: 'licence check failed: (?P<message>.+)'
    continues: '^\s+'
    hint: Ask legal@ for an exception.
    examples: ['licence check failed: GPL-3.0 in foo']
disable: [acme.licence]
ignore:
  - rule: acme.licence
    pattern: third_party/
    reason: vendored
    until: 2027-03-31
  - pattern: deprecated
    reason: known
gate:
  max: {error: 0, warning: 50}
  require: [{pattern: 'BUILD SUCCESS', builds: [api, 'web-*'], reason: must have been packaged}]
  forbid:  [{pattern: '-SNAPSHOT'}]
paths:
  strip: ['^/home/build/[^/]+/workspace/[^/]+/']
`

func readPolicy(t *testing.T, text string) (*Policy, error) {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "p.yml", text)
	return ReadPolicy(dir, "p.yml")
}

func TestPolicy(t *testing.T) {
	p, err := readPolicy(t, ofDesign)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Ignore) != 2 || len(p.Require) != 1 || len(p.Forbid) != 1 || len(p.Strip) != 1 {
		t.Fatalf("got %+v", p)
	}
	first := p.Ignore[0]
	if first.Rule != "acme.licence" || first.Pattern.String() != "third_party/" || first.Reason != "vendored" || first.Source != "p.yml:12" {
		t.Errorf("the first ignore is %+v", first)
	}
	if second := p.Ignore[1]; second.Rule != "" || second.Source != "p.yml:16" || !second.Until.IsZero() {
		t.Errorf("the second ignore is %+v", second)
	}
	if want := []Limit{{build.Error, 0, "p.yml:19"}, {build.Warning, 50, "p.yml:19"}}; !slices.Equal(p.Max, want) {
		t.Errorf("max is %+v", p.Max)
	}
	require := p.Require[0]
	if require.Pattern.String() != "BUILD SUCCESS" || require.Reason != "must have been packaged" || require.Source != "p.yml:20" {
		t.Errorf("require is %+v", require)
	}
	for name, want := range map[string]bool{"api": true, "web-1": true, "web": false, "web-a/b": false, "": false} {
		if require.Covers(name) != want {
			t.Errorf("require covers %q: %v", name, !want)
		}
	}
	if !p.Forbid[0].Covers("anything") || p.Forbid[0].Source != "p.yml:21" {
		t.Errorf("forbid is %+v", p.Forbid[0])
	}
}

func TestExpired(t *testing.T) {
	ignore := Ignore{Until: time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC)}
	for _, test := range []struct {
		now  string
		want bool
	}{
		{"2027-03-30T12:00:00Z", false}, {"2027-03-31T23:59:59Z", false}, {"2027-04-01T00:00:00Z", true},
		{"2027-04-01T01:00:00+02:00", false}, {"2030-01-01T00:00:00Z", true},
	} {
		now, err := time.Parse(time.RFC3339, test.now)
		if err != nil {
			t.Fatal(err)
		}
		if ignore.Expired(now) != test.want {
			t.Errorf("expired at %s: %v", test.now, !test.want)
		}
	}
	if (Ignore{}).Expired(time.Now()) {
		t.Error("an ignore without an end has expired")
	}
}

func TestRulesOfThePolicy(t *testing.T) {
	builtin, err := rules.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	ids := ruleIDs(builtin)
	rule := "  - {id: acme.x, pattern: 'acme', examples: [acme]}\n"
	p, err := readPolicy(t, "version: 1\nrules:\n"+rule+"disable: ["+ids[0]+"]\n")
	if err != nil {
		t.Fatal(err)
	}
	got := ruleIDs(p.Rules)
	want := append(slices.Clone(ids[1:]), "acme.x")
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the rules are %v", got)
	}
	for _, text := range []string{"version: 1", "version: 1\nrules:\ndisable:\nignore: # none left\ngate:\npaths:\n", "{\"version\": 1}"} {
		p, err := readPolicy(t, text)
		if err != nil || !slices.Equal(ruleIDs(p.Rules), ids) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func ruleIDs(set *rules.Set) []string {
	var ids []string
	for _, rule := range set.Rules() {
		ids = append(ids, rule.ID)
	}
	return ids
}

func TestWrongPolicies(t *testing.T) {
	schema := policySchema(t)
	for name, test := range map[string]struct {
		text string // behind version: 1 and a newline, unless it has its own
		want []string
	}{
		"empty":             {"version:", []string{`p.yml:1:9: version is not 1, the only one there is; write version: 1`}},
		"nothing":           {"# version: 1", []string{`p.yml:1:1: the file is empty; begin it with version: 1, or remove it`}},
		"null":              {"--- # version:", []string{`p.yml:2:1: the file has no version`}},
		"no version":        {"# version\ngate: {}", []string{`p.yml:2:1: the file has no version; add version:`}},
		"next version":      {"version: 2", []string{`p.yml:1:10: version is not 1`}},
		"a list":            {"- version: 1", []string{`p.yml:1:1: the file is not a mapping; write keys and values: version, rules, disable, ignore, gate, paths`}},
		"two documents":     {"version: 1\n---\nversion: 1", []string{`p.yml:2:1: a second document starts here; keep one: remove the --- line`}},
		"syntax":            {"gate:\n  max: {error: 1", []string{`p.yml:2:1: is no YAML: did not find expected ',' or '}'; mend the syntax there or just above`}},
		"a tab":             {"gate:\n\tmax: 1", []string{`p.yml:3:2: is no YAML: found character that cannot start any token`}},
		"no UTF-8":          {"gate: \xff", []string{`p.yml:1:1: is no YAML: `}},
		"unknown anchor":    {"gate: *nowhere", []string{`p.yml:1:1: is no YAML: unknown anchor 'nowhere' referenced`}},
		"unknown key":       {"gates: {}", []string{`p.yml:2:1: the file has the unknown key "gates"; the nearest known one is gate`}},
		"hostile key":       {`"\e[31m\n": 1`, []string{`p.yml:2:1: the file has the unknown key "\x1b[31m\n"; the nearest`}},
		"twice":             {"gate: {}\ngate: {}", []string{`p.yml:3:1: the file has gate twice; keep one of them`}},
		"two at once":       {"gat: {}\npath: {}", []string{`p.yml:2:1: the file has the unknown key "gat"; the nearest known one is gate`, `p.yml:3:1: the file has the unknown key "path"; the nearest known one is paths`}},
		"inputs":            {"timeout: 5m", []string{`p.yml:2:1: the file has the unknown key "timeout"`}},
		"gate":              {"gate: [max]", []string{`p.yml:2:7: gate is not a mapping; write keys and values: max, require, forbid`}},
		"gate key":          {"gate:\n  maximum: {}", []string{`p.yml:3:3: gate has the unknown key "maximum"; the nearest known one is max`}},
		"max key":           {"gate: {max: {errors: 1}}", []string{`p.yml:2:14: max has the unknown key "errors"; the nearest known one is error`}},
		"max":               {"gate: {max: {error: -1}}", []string{`p.yml:2:21: max of error is not a whole number from 0 to 1000000; write how many are allowed`}},
		"max list":          {"gate: {max: {error: []}}", []string{`p.yml:2:21: max of error is not a whole number`}},
		"max nothing":       {"gate: {max: {warning: }}", []string{`p.yml:2:23: max of warning is not a whole number`}},
		"require":           {"gate: {require: BUILD}", []string{`p.yml:2:17: require is not a list; begin each entry with -`}},
		"require text":      {"gate: {require: [BUILD]}", []string{`p.yml:2:18: an entry of require is not a mapping; write keys and values: pattern, builds, reason`}},
		"no pattern":        {"gate: {forbid: [{reason: x}]}", []string{`p.yml:2:17: an entry of forbid has no pattern; add pattern:`}},
		"empty pattern":     {"gate: {forbid: [{pattern: ''}]}", []string{`p.yml:2:27: pattern is not a text`}},
		"a pattern for any": {"gate: {require: [{pattern: '.*'}]}", []string{`p.yml:2:28: pattern ".*" is found in every line, even an empty one; make it find something`}},
		"no RE2":            {"gate: {forbid: [{pattern: '(?<!x)y'}]}", []string{"p.yml:2:27: pattern \"(?<!x)y\" is no RE2 pattern: invalid named capture: `(?<!x)y`; mend it, see"}},
		"no builds":         {"gate: {forbid: [{pattern: x, builds: []}]}", []string{`p.yml:2:38: builds names none; leave builds out for all of them`}},
		"null builds":       {"gate: {forbid: [{pattern: x, builds: }]}", []string{`p.yml:2:38: builds names none`}},
		"one build":         {"gate: {forbid: [{pattern: x, builds: api}]}", []string{`p.yml:2:38: builds is not a list`}},
		"no glob":           {"gate: {forbid: [{pattern: x, builds: ['[a']}]}", []string{`p.yml:2:39: "[a" is no glob; close its [, or put a \ before it`}},
		"no reason":         {"ignore: [{pattern: x}]", []string{`p.yml:2:10: an ignore has no reason; add reason:`}},
		"empty reason":      {"ignore: [{pattern: x, reason: ' '}]", []string{`p.yml:2:31: reason is not a text`}},
		"about nothing":     {"ignore: [{reason: x}]", []string{`p.yml:2:10: an ignore has neither rule nor pattern; say what it is about`}},
		"a date":            {"ignore: [{pattern: x, reason: x, until: 31.3.2027}]", []string{`p.yml:2:41: until is not a date: "31.3.2027"; write it as 2027-03-31`}},
		"no such day":       {"ignore: [{pattern: x, reason: x, until: 2027-02-30}]", []string{`p.yml:2:41: until is not a date: "2027-02-30"`}},
		"ignored rule":      {"ignore: [{rule: gcc.eror, reason: x}]", []string{`p.yml:2:17: there is no rule "gcc.eror"; the nearest known one is gcc.error`}},
		"disabled rule":     {"disable: [gcc.eror]", []string{`p.yml:2:11: there is no rule "gcc.eror"; the nearest known one is gcc.error`}},
		"disabled nothing":  {"disable: [~]", []string{`p.yml:2:11: a rule's id is not a text`}},
		"strip":             {"paths: {strip: ['(']}", []string{"p.yml:2:17: strip \"(\" is no RE2 pattern: missing closing ): `(`"}},
		"rule key":          {"rules:\n  - {id: acme.x, patern: y}", []string{`p.yml:3:18: `}},
		"rule severity":     {"rules:\n  - {id: acme.x, severity: fatal, pattern: y, examples: [y]}", []string{`p.yml:3:28: acme.x: severity: `}},
		"rule example":      {"rules:\n  - {id: acme.x, pattern: 'yes', examples: [no]}", []string{`p.yml:3:44: acme.x: examples: example 1`}},
		"rule type":         {"rules:\n  - {id: acme.x, pattern: y, max_lines: many}", []string{`p.yml:3:41: a rule: max_lines is not a whole number from 1 on, in plain digits`}},
		"rule half":         {"rules:\n  - {id: acme.x, pattern: y, max_lines: 1.5}", []string{`p.yml:3:41: a rule: max_lines is not a whole number`}},
		"rule null":         {"rules:\n  - {id: acme.x, pattern: y, hint: }", []string{`p.yml:3:36: a rule: hint is not a text`}},
		"rule yes":          {"rules:\n  - {id: acme.x, pattern: y, pardons: yes}", []string{`p.yml:3:39: a rule: pardons is not true or false`}},
		"example null":      {"rules:\n  - {id: acme.x, pattern: y, examples: [y, ~]}", []string{`p.yml:3:44: a rule: examples is not a text`}},
		"example number":    {"rules:\n  - {id: acme.x, pattern: y, examples: [{log: y, line: 0}]}", []string{`p.yml:3:56: an example: line is not a whole number`}},
		"version text":      {"version: '1'", []string{`p.yml:1:10: version is not 1`}},
		"max text":          {"gate: {max: {error: '1'}}", []string{`p.yml:2:21: max of error is not a whole number`}},
		"max octal":         {"gate: {max: {error: 010}}", []string{`p.yml:2:21: max of error is not a whole number`}},
		"a number":          {"gate: {forbid: [{pattern: 404}]}", []string{`p.yml:2:27: pattern is not a text; write it behind the colon, in quotes`}},
		"rule text":         {"rules: [acme]", []string{`p.yml:2:9: `}},
		"rule twice": {"rules:\n  - {id: acme.x, pattern: y, examples: [y]}\n  - {id: acme.x, pattern: z, examples: [z]}",
			[]string{`p.yml:4:10: acme.x: id: occurs twice`}},
		"too large": {"# " + strings.Repeat("x", maxPolicy), []string{`p.yml: can't be read: it is larger than 1048576 bytes; make it readable, or remove it`}},
	} {
		t.Run(name, func(t *testing.T) {
			text := test.text
			if !strings.Contains(text, "version") {
				text = "version: 1\n" + text
			}
			_, err := readPolicy(t, text)
			if err == nil {
				t.Fatal("it is taken")
			}
			if wrong := disagreement(schema, []byte(text)); wrong != "" {
				t.Error(wrong)
			}
			var wrong *FileError
			if !errors.As(err, &wrong) {
				t.Errorf("not a FileError: %#v", err)
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(test.want) {
				t.Fatalf("got %d lines, not %d:\n%v", len(lines), len(test.want), err)
			}
			for i, line := range lines {
				if !strings.HasPrefix(line, test.want[i]) {
					t.Errorf("got  %s\nwant %s", line, test.want[i])
				}
			}
		})
	}
}

func TestPolicyIsBounded(t *testing.T) {
	laughs := "version: 1\nrules:\n  - &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 30 {
		laughs += fmt.Sprintf("  - &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i+1, i, i, i, i, i, i, i, i, i)
	}
	many := "version: 1\ngate:\n  forbid:\n    - {pattern: x, builds: &b [" + strings.Repeat("a,", 10_000) + "]}\n" +
		strings.Repeat("    - {pattern: x, builds: *b}\n", 10_000)
	for name, text := range map[string]string{
		"a billion laughs": laughs,
		"many globs":       many,
		"itself":           "version: 1\ngate: &g {max: *g}\n",
		"deep":             "version: 1\ngate: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readPolicy(t, text)
			if line := oneLine(t, err); !strings.HasSuffix(line, "has more than 100000 values or 32 levels, aliases unfolded; write less, or use fewer aliases") {
				t.Errorf("got %s", line)
			}
		})
	}
	_, err := readPolicy(t, "version: 1\n"+strings.Repeat("x: 1\n", 50))
	if lines := strings.Split(err.Error(), "\n"); len(lines) != maxFileErrors+1 || lines[maxFileErrors] != "p.yml: has 30 more mistakes; mend the ones above first" {
		t.Errorf("got %d lines:\n%v", len(lines), err)
	}
	p, err := readPolicy(t, "version: 1\ngate:\n  require: &r [{pattern: x}]\n  forbid: *r\n")
	if err != nil || len(p.Forbid) != 1 {
		t.Errorf("an alias is not taken: %v", err)
	}
}

// FuzzPolicy wants a file to be taken whole or refused with its name and why.
func FuzzPolicy(f *testing.F) {
	f.Add([]byte(ofDesign))
	f.Add([]byte("version: 1\ngate: &g {max: *g}\n"))
	f.Add([]byte("version: 1\nrules: [{id: a.b, pattern: '(', max_lines: x}]\n---\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		d := decoder{file: "p.yml"}
		p := d.policy(text)
		err := d.err()
		if err == nil && (p == nil || p.Rules == nil) {
			t.Fatal("neither a policy nor an error")
		}
		if err == nil {
			return
		}
		for line := range strings.SplitSeq(err.Error(), "\n") {
			if !strings.HasPrefix(line, "p.yml:") {
				t.Fatalf("got %q", line)
			}
		}
	})
}

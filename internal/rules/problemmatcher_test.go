package rules

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what is found to the .want files")

// imported are the rules of a problem matcher, as read from the YAML that is made of it.
func imported(t *testing.T, name string, text []byte) []Rule {
	t.Helper()
	list, err := ImportMatchers(name, text)
	if err != nil {
		t.Fatal(err)
	}
	written, err := Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	read, err := Parse(name, written)
	if err != nil {
		t.Fatalf("%v in\n%s", err, written)
	}
	if len(read) != len(list) {
		t.Errorf("%d rules are written, %d read", len(list), len(read))
	}
	return read
}

// shown is what the rules find in a text, one finding a line.
func shown(t *testing.T, list []Rule, text []byte) []byte {
	t.Helper()
	set, err := New(list)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, m := range set.Find(string(text)) {
		fmt.Fprintf(&out, "%d-%d %s %s:%d:%d %s\n", m.First, m.Last, m.Rule.ID, m.File, m.FileLine, m.Column, m.Message)
	}
	return out.Bytes()
}

// TestImportedMatchers wants the imported rules to find in tools' output what the
// matchers are for.
func TestImportedMatchers(t *testing.T) {
	logs, err := filepath.Glob("testdata/matchers/*.log")
	if err != nil || len(logs) == 0 {
		t.Fatalf("no logs: %v", err)
	}
	for _, path := range logs {
		name := strings.TrimSuffix(path, ".log")
		t.Run(filepath.Base(name), func(t *testing.T) {
			list := imported(t, name, read(t, name+".json"))
			got := shown(t, list, read(t, path))
			if *update {
				if err := os.WriteFile(name+".want", got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := read(t, name+".want"); !bytes.Equal(got, want) {
				t.Errorf("found\n%swant\n%s", got, want)
			}
		})
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// matcher is problem-matcher JSON of one matcher with these patterns.
func matcher(patterns ...string) string {
	return `{"problemMatcher": [{"owner": "x", "pattern": [` + strings.Join(patterns, ",") + `]}]}`
}

// TestImportedExpressions wants what .NET and RE2 write differently to mean the same.
func TestImportedExpressions(t *testing.T) {
	for name, tt := range map[string]struct{ regexp, line, want string }{
		"whole match":           {`b[a]d`, "so bad it is", "bad"},
		"slash, quote":          {`\/x\'\"\-\_\> bad`, `/x'"-_> bad`, `/x'"-_> bad`},
		"unicode":               {`\u2716 bad`, "✖ bad", "✖ bad"},
		"control character":     {`bad\cIx`, "bad\tx", "bad\tx"},
		"backspace in a class":  {`bad[\b]`, "bad\b", "bad\b"},
		"bracket in a class":    {`bad[[:x]+$`, "bad[:x", "bad[:x"},
		"bracket first":         {`bad[]x]+$`, "bad]x", "bad]x"},
		"not bracket first":     {`bad[^]x]+$`, "bad123", "bad123"},
		"parenthesis, class":    {`bad[(](?:\)|x)`, "bad()", "bad()"},
		"named group":           {`(?<who>b)(?'what'a)d`, "bad", "bad"},
		"flags":                 {`(?i)BAD`, "bad", "bad"},
		"characters not in RE2": {`bad \(世界\)`, "bad (世界)", "bad (世界)"},
	} {
		t.Run(name, func(t *testing.T) {
			text := matcher(fmt.Sprintf(`{"regexp": %q, "message": 0}`, tt.regexp))
			set, err := New(imported(t, name, []byte(text)))
			if err != nil {
				t.Fatal(err)
			}
			if found := set.Find(tt.line); len(found) != 1 || found[0].Message != tt.want {
				t.Errorf("found %v in %q, want %q", found, tt.line, tt.want)
			}
		})
	}
}

// TestNamedGroupsCountLast follows .NET, where groups with names are numbered
// after those without.
func TestNamedGroupsCountLast(t *testing.T) {
	list := imported(t, "x", []byte(matcher(`{"regexp": "(?<where>\\w+): (\\w+)", "message": 1, "file": 2}`)))
	if got := string(shown(t, list, []byte("here: bad"))); got != "1-1 matcher.x.error here:0:0 bad\n" {
		t.Errorf("found %q", got)
	}
}

func TestImportRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`[]`: "x: is not problem-matcher JSON: json: cannot unmarshal array into Go value of type rules.matcherFile",
		`{}`: "x: has no problemMatcher",
		`{"problemMatcher": [{"pattern": []}, {"owner": "y", "severity": "info"}, {"owner": "z"}]}`: `x: matcher "": has no owner
x: matcher "y": severity: "info" is not error, warning or notice
x: matcher "z": has no pattern`,
		matcher(`{"regexp": "a(?!b)", "message": 0}`):                                                              `x: matcher "x": pattern 1: the group (?!…) can't be expressed in RE2`,
		matcher(`{"regexp": "(a)\\1", "message": 0}`):                                                              `x: matcher "x": pattern 1: the back-reference \1 can't be expressed in RE2`,
		matcher(`{"regexp": "(?<q>['\"]).*\\k<q>", "message": 0}`):                                                 `x: matcher "x": pattern 1: the back-reference \k< can't be expressed in RE2`,
		matcher(`{"regexp": "(a", "message": 0}`):                                                                  "x: matcher \"x\": pattern 1: missing closing ): `(a`",
		matcher(`{"regexp": "a{1001}", "message": 0}`):                                                             "x: matcher \"x\": pattern 1: invalid repeat count: `{1001}`",
		matcher(`{"regexp": "(a)", "message": 2}`):                                                                 `x: matcher "x": pattern 1: message: there is no group 2, the regexp has 1`,
		matcher(`{"regexp": "(a)", "line": 1}`):                                                                    `x: matcher "x": no pattern has a message`,
		matcher(`{"message": 0}`):                                                                                  `x: matcher "x": pattern 1: has no regexp`,
		matcher(`{"regexp": ".*", "message": 0}`):                                                                  `x: matcher "x": matcher.x.error: pattern: "(?P<message>.*)" matches an empty line`,
		matcher(`{"regexp": "(E|W) (.+)", "severity":1,"message":2}`):                                              `x: matcher "x": pattern 1: severity: its group captures neither error nor warning nor notice`,
		matcher(`{"regexp": "a", "message": 0, "loop": true}`):                                                     `x: matcher "x": pattern 1: loop: is only for the last of several patterns`,
		matcher(`{"regexp": "a", "message": 0}`, `{"regexp": "b", "message": 0}`):                                  `x: matcher "x": pattern 2: message: an earlier pattern has it, too`,
		matcher(`{"regexp": "a", "message": 0}`, `{"regexp": "b", "loop": true}`):                                  `x: matcher "x": pattern 2: loop: needs a message in the same pattern`,
		matcher(`{"regexp": "a", "file": 0}`, `{"regexp":"b","code":0}`, `{"regexp":"c","message":0,"loop":true}`): `x: matcher "x": loop: needs what several lines before it capture, a rule can only read one`,
	} {
		list, err := ImportMatchers("x", []byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
		if len(list) > 0 {
			t.Errorf("%s: made %d rules", text, len(list))
		}
	}
	_, err := ImportMatchers("csc.json", read(t, "testdata/matchers/csc.json"))
	if want := `csc.json: matcher "csc": pattern 1: the group (?<!…) can't be expressed in RE2`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// FuzzImportMatchers wants every JSON either refused or made rules that a rules
// file can have.
func FuzzImportMatchers(f *testing.F) {
	files, err := filepath.Glob("testdata/matchers/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, "x.c:1:2: error: bad\n")
	}
	f.Fuzz(func(t *testing.T, text []byte, log string) {
		list, err := ImportMatchers("x", text)
		if err != nil || twice(list) {
			return
		}
		written, err := Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		read, err := Parse("x", written)
		if err != nil {
			t.Fatalf("%v in\n%s", err, written)
		}
		set, err := New(read)
		if err != nil {
			t.Fatal(err)
		}
		set.Find(log)
	})
}

// twice says whether two owners have come to the same id.
func twice(list []Rule) bool {
	seen := map[string]bool{}
	for _, r := range list {
		if seen[r.ID] {
			return true
		}
		seen[r.ID] = true
	}
	return false
}

package report_test

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/report"
)

// junitFile is what readers of JUnit XML look at.
type junitFile struct {
	XMLName  xml.Name `xml:"testsuites"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Suites   []struct {
		Name     string `xml:"name,attr"`
		ID       string `xml:"id,attr"`
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Cases    []struct {
			Name    string        `xml:"name,attr"`
			Class   string        `xml:"classname,attr"`
			Error   *junitProblem `xml:"error"`
			Failure *junitProblem `xml:"failure"`
			Skipped *junitProblem `xml:"skipped"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

type junitProblem struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// readJUnit parses and checks what every reader relies on: numbers that add
// up, at least one test, suites and tests that can be told apart, bounded texts.
func readJUnit(t testing.TB, shown []byte) junitFile {
	t.Helper()
	var file junitFile
	if err := xml.Unmarshal(shown, &file); err != nil {
		t.Fatal(err)
	}
	var tests, failures, errors int
	ids := map[string]bool{}
	for _, s := range file.Suites {
		names := map[string]bool{}
		var failed, broken, skipped int
		for _, c := range s.Cases {
			for n, p := range map[*int]*junitProblem{&failed: c.Failure, &broken: c.Error, &skipped: c.Skipped} {
				if p == nil {
					continue
				}
				*n++
				if len(p.Message)+len(p.Text) > 20<<10 {
					t.Errorf("%s of %s has a text of %d bytes", c.Name, s.Name, len(p.Text))
				}
			}
			if names[c.Name] {
				t.Errorf("%s has two tests %s", s.Name, c.Name)
			}
			names[c.Name] = true
		}
		if s.Tests != len(s.Cases) || s.Tests == 0 || s.Failures != failed || s.Errors != broken || s.Skipped != skipped || ids[s.ID] {
			t.Errorf("%s counts %d, %d, %d, %d; id %s", s.Name, s.Tests, s.Failures, s.Errors, s.Skipped, s.ID)
		}
		ids[s.ID] = true
		tests, failures, errors = tests+s.Tests, failures+failed, errors+broken
	}
	if file.Tests != tests || file.Failures != failures || file.Errors != errors || tests == 0 {
		t.Errorf("the file counts %d, %d, %d", file.Tests, file.Failures, file.Errors)
	}
	return file
}

func TestJUnit(t *testing.T) {
	shown := shownIn(t, "junit", sample(), report.Repository{})
	golden(t, "junit.xml", shown)
	readJUnit(t, shown)
	readJUnit(t, shownIn(t, "junit", &build.Report{Verdict: build.Pass}, report.Repository{}))
}

// outcomes are the file's tests as "suite/test: outcome".
func (f junitFile) outcomes() []string {
	var all []string
	for _, s := range f.Suites {
		for _, c := range s.Cases {
			outcome := "passed"
			switch {
			case c.Failure != nil:
				outcome = "failure " + c.Failure.Type
			case c.Error != nil:
				outcome = "error " + c.Error.Type
			case c.Skipped != nil:
				outcome = "skipped"
			}
			all = append(all, fmt.Sprintf("%s/%s: %s", s.Name, c.Name, outcome))
		}
	}
	return all
}

func TestJUnitOutcomes(t *testing.T) {
	lacking := build.Missing{What: build.MissingLog, Reason: "gone"}
	scanned := build.Log{Source: ptr("file"), Complete: true}
	stages := func(words ...string) []build.Stage {
		all := []build.Stage{{Name: "s"}}
		for _, word := range words {
			all = append(all, build.Stage{Name: "s", Status: &word})
		}
		return all
	}
	for _, c := range []struct {
		name string
		b    build.Build
		want []string
	}{
		{"success", build.Build{Status: build.Success}, []string{"passed"}},
		{"success without its log", build.Build{Status: build.Success, Incomplete: []build.Missing{lacking}}, []string{"error incomplete"}},
		{"failure", build.Build{Status: build.Failure}, []string{"failure failure"}},
		{"failure without its log", build.Build{Status: build.Failure, Incomplete: []build.Missing{lacking}}, []string{"failure failure"}},
		{"aborted", build.Build{Status: build.Aborted}, []string{"failure aborted"}},
		{"timeout", build.Build{Status: build.Timeout}, []string{"failure timeout"}},
		{"running", build.Build{Status: build.Running}, []string{"error incomplete"}},
		{"unknown", build.Build{Status: build.Unknown}, []string{"error incomplete"}},
		{"scanned", build.Build{Status: build.Unknown, Log: scanned}, []string{"skipped"}},
		{"scanned in part", build.Build{Status: build.Unknown, Log: scanned, Incomplete: []build.Missing{lacking}}, []string{"error incomplete"}},
		{"stages", build.Build{Status: build.Success, Stages: stages("success", "failure", "aborted", "timeout", "running", "skipped")},
			[]string{"passed", "skipped", "passed", "failure failure", "failure aborted", "failure timeout", "skipped", "skipped"}},
	} {
		c.b.Name = c.name
		file := readJUnit(t, shownIn(t, "junit", &build.Report{Verdict: build.Pass, Builds: []*build.Build{&c.b}}, report.Repository{}))
		var want []string
		for i, outcome := range c.want {
			test := "build"
			if i > 0 {
				test = "stage: s"
			}
			if i > 1 {
				test += fmt.Sprintf(" (%d)", i)
			}
			want = append(want, c.name+"/"+test+": "+outcome)
		}
		if got := file.outcomes(); !slices.Equal(got, append(want, "gate/gate: passed")) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestJUnitGate(t *testing.T) {
	violation := build.Violation{Policy: "max error", Message: "4 errors"}
	for _, c := range []struct {
		r    build.Report
		want []string
	}{
		{build.Report{Verdict: build.Pass}, []string{"gate/gate: passed"}},
		{build.Report{Verdict: build.Incomplete}, []string{"gate/gate: error incomplete"}},
		{build.Report{Verdict: build.Fail, Gate: build.Gate{Violations: []build.Violation{violation, violation}}},
			[]string{"gate/max error: failure violation", "gate/max error (2): failure violation"}},
	} {
		if got := readJUnit(t, shownIn(t, "junit", &c.r, report.Repository{})).outcomes(); !slices.Equal(got, c.want) {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// TestJUnitTextsAreBounded gives a build all the text that a report can hold.
func TestJUnitTextsAreBounded(t *testing.T) {
	b := compileError("api", 7, 0)
	f := &b.Findings[0]
	f.Excerpt = slices.Repeat([]string{strings.Repeat("<&日", 5000)}, 1000)
	f.Hint, f.Message = ptr(strings.Repeat("x", 99_000)), strings.Repeat("y", 99_000)
	b.Findings = append(b.Findings, slices.Repeat(b.Findings[:1], 500)...)
	shown := shownIn(t, "junit", &build.Report{Builds: []*build.Build{b}}, report.Repository{})
	file := readJUnit(t, shown)
	if text := file.Suites[0].Cases[0].Failure.Text; !strings.HasSuffix(text, "lines left out") || len(text) < 16_000 {
		t.Errorf("the text ends in %q", text[len(text)-40:])
	}
}

func checkHostileJUnit(t *testing.T, shown []byte, c hostileText) {
	checkPrintable(t, shown)
	file := readJUnit(t, shown)
	failure := file.Suites[0].Cases[0].Failure
	if !strings.Contains(failure.Message, c.seen) || strings.Count(failure.Text, c.seen) < 5 {
		t.Errorf("%q is not in %+v", c.seen, failure)
	}
	for _, name := range []string{file.Suites[0].Name, file.Suites[0].Cases[2].Name, file.Suites[3].Cases[0].Name} {
		if !strings.Contains(name, c.seen) {
			t.Errorf("%q is not in %q", c.seen, name)
		}
	}
}

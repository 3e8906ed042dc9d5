package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/loggate/loggate/internal/build"
)

// The form of JUnit's XML that Jenkins, GitLab and others read has no
// specification; this is what Jenkins' own schemas have in common, see
// testdata/junit.xsd.
type junitReport struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	ID        int         `xml:"id,attr"` // Jenkins drops a suite whose name and id it knows
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Time      string      `xml:"time,attr,omitempty"`      // in seconds
	Timestamp string      `xml:"timestamp,attr,omitempty"` // ISO 8601 without a zone, in UTC
	Cases     []junitCase `xml:"testcase"`
}

// junitCase has one of Failure, Error and Skipped, or none when it passed.
type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr,omitempty"` // in seconds
	Skipped *junitSkipped `xml:"skipped"`
	Error   *junitProblem `xml:"error"`
	Failure *junitProblem `xml:"failure"`
}

type junitSkipped struct {
	Reason string `xml:",chardata"`
}

type junitProblem struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",innerxml"` // see junitText
}

// WriteJUnit writes r as JUnit XML: a suite a build, with the testcase build
// and one a stage, and the suite gate with a testcase a violation, or one that
// passes, since Jenkins takes a file without tests for an error. Its errors
// are w's.
func WriteJUnit(w io.Writer, r *build.Report, _ FormatOptions) error {
	report := junitReport{Name: "loggate"}
	for _, b := range r.Builds {
		report.add(buildSuite(b))
	}
	report.add(gateSuite(r))
	text, err := xml.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("writing junit.xml: %w", err)
	}
	if _, err := fmt.Fprintf(w, "%s%s\n", xml.Header, text); err != nil {
		return fmt.Errorf("writing junit.xml: %w", err)
	}
	return nil
}

// add counts a suite's tests. Their names become unique in it: tests are known
// by their names from one run to the next.
func (r *junitReport) add(s junitSuite) {
	s.ID = len(r.Suites)
	seen := map[string]int{}
	for i := range s.Cases {
		c := &s.Cases[i]
		c.Class = "loggate." + s.Name
		if seen[c.Name]++; seen[c.Name] > 1 {
			c.Name += fmt.Sprintf(" (%d)", seen[c.Name])
		}
		switch {
		case c.Error != nil:
			s.Errors++
		case c.Failure != nil:
			s.Failures++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	s.Tests = len(s.Cases)
	r.Tests += s.Tests
	r.Failures += s.Failures
	r.Errors += s.Errors
	r.Suites = append(r.Suites, s)
}

func buildSuite(b *build.Build) junitSuite {
	s := junitSuite{Name: clip(b.Name, maxName), Time: seconds(b.DurationMS), Cases: []junitCase{buildCase(b)}}
	if b.StartedAt != nil {
		s.Timestamp = b.StartedAt.UTC().Format("2006-01-02T15:04:05")
	}
	for i := range b.Stages {
		s.Cases = append(s.Cases, stageCase(b, &b.Stages[i]))
	}
	return s
}

// buildCase passes when the build ended with success and nothing is missing.
func buildCase(b *build.Build) junitCase {
	c := junitCase{Name: "build"}
	if len(b.Stages) == 0 {
		c.Time = seconds(b.DurationMS) // a reader adds up the stages' own
	}
	switch {
	case b.Status.Failed():
		text := causeText(b)
		if !whole(b) {
			text = append(append(text, ""), missingLines(b)...)
		}
		c.Failure = &junitProblem{Type: clip(string(b.Status), maxName), Message: causeOf(b), Text: junitText(text)}
	case passed(b):
	case fromFile(b) && whole(b):
		c.Skipped = &junitSkipped{Reason: "the log alone doesn't tell how the build ended"}
	default:
		c.Error = &junitProblem{Type: "incomplete", Message: "the build's status is " + clip(string(b.Status), maxName)}
		if !whole(b) {
			c.Error.Message, c.Error.Text = clip(missingText(b.Incomplete[0]), maxReason), junitText(missingLines(b))
		}
	}
	return c
}

// fromFile says that the log was scanned from a file: its status doesn't count.
func fromFile(b *build.Build) bool { return b.Log.Source != nil && *b.Log.Source == "file" }

func causeOf(b *build.Build) string {
	if f := b.RootCause(); f != nil {
		return clip(f.Message, maxMessage)
	}
	return "nothing in the log is known to explain it"
}

func stageCase(b *build.Build, stage *build.Stage) junitCase {
	c := junitCase{Name: "stage: " + clip(stage.Name, maxName), Time: seconds(stage.DurationMS)}
	status := build.Unknown
	if stage.Status != nil {
		status = build.Status(*stage.Status)
	}
	said := "the stage's status is " + clip(string(status), maxName)
	switch status {
	case build.Success:
	case build.Failure, build.Aborted, build.Timeout:
		f := firstOf(b, stage)
		if f != nil {
			said = clip(f.Message, maxMessage)
		}
		c.Failure = &junitProblem{Type: string(status), Message: said, Text: junitText(stageText(f, stage))}
	default:
		c.Skipped = &junitSkipped{Reason: said}
	}
	return c
}

// firstOf is the finding of the stage with the best rank, nil when there is none.
func firstOf(b *build.Build, stage *build.Stage) *build.Finding {
	for i := range b.Findings {
		if f := &b.Findings[i]; f.Stage != nil && *f.Stage == stage.Name {
			return f
		}
	}
	return nil
}

// gateSuite has each reason why the run doesn't pass.
func gateSuite(r *build.Report) junitSuite {
	s := junitSuite{Name: "gate"}
	for i := range r.Gate.Violations {
		v := &r.Gate.Violations[i]
		name := clip(v.Policy, maxName)
		if v.Build != nil {
			name += ": " + clip(*v.Build, maxName)
		}
		s.Cases = append(s.Cases, junitCase{Name: name, Failure: &junitProblem{
			Type: "violation", Message: clip(v.Message, maxReason), Text: junitText(violationText(v))}})
	}
	if len(s.Cases) > 0 {
		return s
	}
	c := junitCase{Name: "gate"}
	if r.Verdict != build.Pass {
		c.Error = &junitProblem{Type: clip(string(r.Verdict), maxName), Message: "the verdict is " + clip(string(r.Verdict), maxName)}
	}
	s.Cases = []junitCase{c}
	return s
}

// seconds is a time in milliseconds as JUnit has it, "" when it isn't known.
func seconds(ms *int64) string {
	if ms == nil || *ms < 0 {
		return ""
	}
	return strconv.FormatFloat((time.Duration(*ms) * time.Millisecond).Seconds(), 'f', 3, 64)
}

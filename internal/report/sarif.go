package report

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/loggate/loggate/internal/build"
)

// Where loggate and its rules are told of.
const (
	homepage  = "https://github.com/loggate/loggate"
	catalogue = homepage + "/tree/main/internal/rules/catalog"
)

// WriteSARIF writes r's findings as one run of SARIF 2.1.0
// (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html), within
// what GitHub's code scanning takes: the best 5,000, each with a place in the
// repository. One whose file isn't there stands at the first line of
// .loggate.yml, or of README.md. What was left out and which evidence is
// missing are notifications of the run. Its errors are w's.
func WriteSARIF(w io.Writer, r *build.Report, o FormatOptions) error {
	s := &sarifRun{
		run: sarif.NewRunWithInformationURI("loggate", homepage), rules: map[string]int{},
		repo: o.Repository, standIn: standIn(o.Repository),
	}
	if r.Tool.Version != "" {
		s.run.Tool.Driver.WithVersion(clip(r.Tool.Version, maxName))
	}
	s.run.WithAutomationDetails(sarif.NewRunAutomationDetails().WithID("loggate/"))
	all := occurrences(r)
	for _, found := range all[:min(len(all), maxResults)] {
		s.add(found)
	}
	s.invocation(r, len(all)-len(s.run.Results))

	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false) // for programs; whoever puts it into HTML escapes there
	if err := enc.Encode(sarif.NewReport().AddRun(s.run)); err != nil {
		return fmt.Errorf("writing loggate.sarif: %w", err)
	}
	return nil
}

// sarifRun is a run while it is put together.
type sarifRun struct {
	run     *sarif.Run
	rules   map[string]int // by id: the index among the driver's rules
	repo    Repository
	standIn string // the file for what lies in none
}

// standIn is a file of the repository that a result without one points at,
// since GitHub refuses a file with a result that points nowhere.
func standIn(repo Repository) string {
	if file, ok := repo.Path(".loggate.yml"); ok {
		return file
	}
	return "README.md"
}

func (s *sarifRun) add(o *occurrence) {
	file, line, column := o.source(s.repo)
	placed := file != ""
	text := o.text(placed)
	if o.Hint != nil {
		text += "\n" + clip(*o.Hint, maxReason)
	}
	prints := map[string]string{"loggate/v1": o.id}
	if !placed {
		// GitHub tells alerts of a rule apart by this print alone, and otherwise
		// has it from the source's line, which is the same for all of these.
		prints["primaryLocationLineHash"] = o.id + ":1"
		file = s.standIn
	}
	index := s.rule(o.Finding)
	result := sarif.NewRuleResult(*s.run.Tool.Driver.Rules[index].ID).WithRuleIndex(index).
		WithLevel(sarifLevel(o.Severity)).WithMessage(sarif.NewTextMessage(sarifText(text))).
		WithPartialFingerprints(prints).WithOccurrenceCount(o.times).
		AddLocation(sarifLocation(file, max(1, line), column)).
		WithProperties(sarif.NewPropertyBag().Add("build", clip(o.build.Name, maxName)).
			Add("logLine", o.Line).Add("rank", o.Rank).Add("kind", clip(string(o.Kind), maxName)))
	if o.isNew != nil {
		result.WithBaselineState(map[bool]string{true: "new", false: "unchanged"}[*o.isNew])
	}
	s.run.AddResult(result)
}

// rule is the index of a finding's rule, which has the level of the first
// finding.
func (s *sarifRun) rule(f *build.Finding) int {
	id := clip(f.Rule, maxName)
	index, ok := s.rules[id]
	if !ok {
		index = len(s.rules)
		s.rules[id] = index
		family, name, _ := strings.Cut(id, ".")
		s.run.AddRule(id).WithHelpURI(catalogue).
			WithDescription(sarifText(family + ": " + strings.ReplaceAll(name, "-", " "))).
			WithHelp(sarif.NewMultiformatMessageString().WithText(sarifText("loggate rules show " + id + " says what the rule looks for."))).
			WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(sarifLevel(f.Severity)))
	}
	return index
}

// invocation tells what is not among the results.
func (s *sarifRun) invocation(r *build.Report, leftOut int) {
	call := sarif.NewInvocation().WithExecutionSuccessful(r.Verdict != build.Incomplete && !slices.ContainsFunc(r.Builds, lacks))
	notify := func(level, text string) {
		call.AddToolExecutionNotification(sarif.NewNotification().WithLevel(level).WithMessage(sarif.NewTextMessage(sarifText(text))))
	}
	for _, b := range r.Builds {
		leftOut += b.FindingsDropped
		for _, m := range b.Incomplete {
			notify(sarif.LevelError, clip(b.Name, maxName)+": "+clip(missingText(m), maxReason))
		}
	}
	if leftOut > 0 {
		notify(sarif.LevelWarning, plural(leftOut, "finding")+" left out")
	}
	s.run.AddInvocation(call)
}

func lacks(b *build.Build) bool { return !whole(b) }

func sarifLocation(file string, line, column int) *sarif.Location {
	region := sarif.NewRegion().WithStartLine(line)
	if column > 0 {
		region.WithStartColumn(column)
	}
	address := (&url.URL{Path: file}).String()
	return sarif.NewLocationWithPhysicalLocation(sarif.NewPhysicalLocation().
		WithArtifactLocation(sarif.NewSimpleArtifactLocation(address)).WithRegion(region))
}

func sarifLevel(severity build.Severity) string {
	switch severity {
	case build.Error:
		return sarif.LevelError
	case build.Warning:
		return sarif.LevelWarning
	default:
		return sarif.LevelNote
	}
}

// sarifText is text as a plain text message that is nothing but text: braces
// are doubled, as section 3.11.5 says, since {0} stands for an argument, and
// [text](address) is broken up, which section 3.11.6 makes a link of.
func sarifText(text string) string {
	return strings.NewReplacer("{", "{{", "}", "}}", "](", `]\(`).Replace(text)
}

package report

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

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
	s := &sarifWriter{rules: map[string]int{}, repo: o.Repository, standIn: standIn(o.Repository)}
	s.run = sarifRun{
		Tool:              sarifTool{sarifDriver{Name: "loggate", Version: clip(r.Tool.Version, maxName), InformationURI: homepage, Rules: []sarifRule{}}},
		AutomationDetails: sarifAutomation{"loggate/"},
		Results:           []sarifResult{},
	}
	all := occurrences(r)
	for _, found := range all[:min(len(all), maxResults)] {
		s.add(found)
	}
	s.invocation(r, len(all)-len(s.run.Results))

	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false) // for programs; whoever puts it into HTML escapes there
	if err := enc.Encode(sarifLog{sarifSchema, sarifVersion, []sarifRun{s.run}}); err != nil {
		return fmt.Errorf("writing loggate.sarif: %w", err)
	}
	return nil
}

// sarifWriter puts a run together.
type sarifWriter struct {
	run     sarifRun
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

func (s *sarifWriter) add(o *occurrence) {
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
	result := sarifResult{
		RuleID: s.run.Tool.Driver.Rules[index].ID, RuleIndex: index, Level: sarifLevel(o.Severity), Message: sarifMessage{sarifText(text)},
		Locations: []sarifLocation{sarifLocated(file, max(1, line), column)}, PartialFingerprints: prints, OccurrenceCount: o.times,
		Properties: sarifProperties{Build: clip(o.build.Name, maxName), Kind: clip(string(o.Kind), maxName), LogLine: o.Line, Rank: o.Rank},
	}
	if o.isNew != nil {
		result.BaselineState = map[bool]string{true: "new", false: "unchanged"}[*o.isNew]
	}
	s.run.Results = append(s.run.Results, result)
}

// rule is the index of a finding's rule, which has the level of the first
// finding.
func (s *sarifWriter) rule(f *build.Finding) int {
	id := clip(f.Rule, maxName)
	index, ok := s.rules[id]
	if !ok {
		index = len(s.rules)
		s.rules[id] = index
		family, name, _ := strings.Cut(id, ".")
		s.run.Tool.Driver.Rules = append(s.run.Tool.Driver.Rules, sarifRule{
			ID: id, HelpURI: catalogue,
			ShortDescription:     sarifMessage{sarifText(family + ": " + strings.ReplaceAll(name, "-", " "))},
			Help:                 sarifMessage{sarifText("loggate rules show " + id + " says what the rule looks for.")},
			DefaultConfiguration: sarifConfiguration{sarifLevel(f.Severity)},
		})
	}
	return index
}

// invocation tells what is not among the results.
func (s *sarifWriter) invocation(r *build.Report, leftOut int) {
	call := sarifInvocation{ExecutionSuccessful: r.Verdict != build.Incomplete && !slices.ContainsFunc(r.Builds, lacks)}
	notify := func(level, text string) {
		call.Notifications = append(call.Notifications, sarifNotification{level, sarifMessage{sarifText(text)}})
	}
	for _, b := range r.Builds {
		leftOut += b.FindingsDropped
		for _, m := range b.Incomplete {
			notify("error", clip(b.Name, maxName)+": "+clip(missingText(m), maxReason))
		}
	}
	if leftOut > 0 {
		notify("warning", plural(leftOut, "finding")+" left out")
	}
	s.run.Invocations = []sarifInvocation{call}
}

func lacks(b *build.Build) bool { return !whole(b) }

func sarifLocated(file string, line, column int) sarifLocation {
	address := (&url.URL{Path: file}).String()
	return sarifLocation{sarifPlace{sarifArtifact{address}, sarifRegion{StartLine: line, StartColumn: max(0, column)}}}
}

func sarifLevel(severity build.Severity) string {
	switch severity {
	case build.Error:
		return "error"
	case build.Warning:
		return "warning"
	default:
		return "note"
	}
}

// sarifText is text as a plain text message that is nothing but text: braces
// are doubled, as section 3.11.5 says, since {0} stands for an argument, and
// [text](address) is broken up, which section 3.11.6 makes a link of.
func sarifText(text string) string {
	return strings.NewReplacer("{", "{{", "}", "}}", "](", `]\(`).Replace(text)
}

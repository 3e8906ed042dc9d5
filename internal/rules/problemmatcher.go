package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// matcherFile is GitHub's problem-matcher JSON,
// https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md.
// What is allowed follows IssueMatcherConfig.Validate of
// https://github.com/actions/runner/blob/main/src/Runner.Worker/IssueMatcher.cs.
type matcherFile struct {
	Matchers []problemMatcher `json:"problemMatcher"`
}

type problemMatcher struct {
	Owner    string           `json:"owner"`
	Severity string           `json:"severity"` // where no group captures one
	Patterns []matcherPattern `json:"pattern"`  // of as many consecutive lines
}

// matcherPattern has the numbers of the groups that capture each thing; 0 is
// the whole match.
type matcherPattern struct {
	Regexp   string `json:"regexp"`
	File     *int   `json:"file"`
	Line     *int   `json:"line"`
	Column   *int   `json:"column"`
	Severity *int   `json:"severity"`
	Code     *int   `json:"code"`
	Message  *int   `json:"message"`
	Loop     bool   `json:"loop"` // of the last pattern: it may be found in several lines

	expression expression
}

// captures are the groups that findings have names for.
func (p *matcherPattern) captures() map[string]*int {
	return map[string]*int{"file": p.File, "line": p.Line, "column": p.Column, "code": p.Code, "message": p.Message}
}

// ImportMatchers makes rules of GitHub's problem matchers: for each matcher
// one for each severity that it can tell, matcher.OWNER.SEVERITY, and
// matcher.OWNER.default for lines that leave it out. name is only for the
// errors, one line for each pattern that can't be a rule's; without any error
// all the rules are there, else none is to be used.
//
// What differs from GitHub: of more than two patterns, those in the middle that
// capture nothing aren't looked for, and where several of the first capture
// something, two of them make a finding and the rest only add to it; fromPath
// isn't read, files stay as the log names them. As on GitHub, a line with another
// severity than error, warning and notice is no finding.
func ImportMatchers(name string, text []byte) ([]Rule, error) {
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s: has %d bytes, at most %d are read", name, len(text), maxFile)
	}
	var file matcherFile
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &file); err != nil {
		return nil, fmt.Errorf("%s: is not problem-matcher JSON: %w", name, err)
	}
	if len(file.Matchers) == 0 {
		return nil, fmt.Errorf("%s: has no problemMatcher", name)
	}
	var list []Rule
	var problems []error
	for i := range file.Matchers {
		m := &file.Matchers[i]
		made, problem := m.rules()
		if problem != nil {
			for _, line := range strings.Split(problem.Error(), "\n") {
				problems = append(problems, fmt.Errorf("%s: matcher %q: %s", name, m.Owner, line))
			}
		}
		list = append(list, made...)
	}
	return list, errors.Join(problems...)
}

// check wants the matcher to be one that GitHub would take, and reads its expressions.
func (m *problemMatcher) check() error {
	switch {
	case m.Owner == "":
		return errors.New("has no owner")
	case !slices.Contains([]string{"", "error", "warning", "notice"}, strings.ToLower(m.Severity)):
		return fmt.Errorf("severity: %q is not error, warning or notice", m.Severity)
	case len(m.Patterns) == 0:
		return errors.New("has no pattern")
	}
	var problems []error
	set := map[string]bool{}
	for i := range m.Patterns {
		p := &m.Patterns[i]
		last := i > 0 && i == len(m.Patterns)-1
		for _, err := range []error{p.parse(), p.checkGroups(set), p.checkLoop(last)} {
			if err != nil {
				problems = append(problems, fmt.Errorf("pattern %d: %w", i+1, err))
				break
			}
		}
	}
	if len(problems) == 0 && !set["message"] {
		return errors.New("no pattern has a message")
	}
	return errors.Join(problems...)
}

func (p *matcherPattern) parse() (err error) {
	if p.Regexp == "" {
		return errors.New("has no regexp")
	}
	p.expression, err = parseExpression(p.Regexp)
	return err
}

// checkGroups wants the groups to be there, and each thing to be captured once: set
// are those that earlier patterns capture.
func (p *matcherPattern) checkGroups(set map[string]bool) error {
	things := p.captures()
	things["severity"] = p.Severity
	for _, name := range append([]string{"severity"}, groups...) {
		number := things[name]
		switch {
		case number == nil:
			continue
		case set[name]:
			return fmt.Errorf("%s: an earlier pattern has it, too", name)
		case name == "severity" && *number == 0:
			return errors.New("severity: is the whole match, which is none")
		case *number < 0 || *number > p.expression.groups:
			return fmt.Errorf("%s: there is no group %d, the regexp has %d", name, *number, p.expression.groups)
		}
		set[name] = true
	}
	return nil
}

func (p *matcherPattern) checkLoop(last bool) error {
	switch {
	case p.Loop && !last:
		return errors.New("loop: is only for the last of several patterns")
	case p.Loop && p.Message == nil:
		return errors.New("loop: needs a message in the same pattern")
	}
	return nil
}

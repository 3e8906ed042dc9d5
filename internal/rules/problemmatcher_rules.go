package rules

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/loggate/loggate/internal/build"
)

// rules are the matcher's rules, prepared.
func (m *problemMatcher) rules() ([]Rule, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	severities, err := m.severities()
	if err != nil {
		return nil, err
	}
	var list []Rule
	for _, s := range severities {
		rule, err := m.rule(s)
		if err != nil {
			return nil, err
		}
		if err := rule.prepare(); err != nil {
			return nil, err
		}
		list = append(list, rule)
	}
	return list, nil
}

// tellable is a severity that a matcher can tell.
type tellable struct {
	name     string // for the id
	severity build.Severity
	said     bool   // by the group that captures it, else it is the default
	content  string // of that group, where there is one
	first    bool   // of two rules that may be found in the same line, it is the one to try first
}

// never is found in no text.
const never = `[^\x00-\x{10FFFF}]`

// severities are those that the matcher can tell, by its group or by default.
func (m *problemMatcher) severities() ([]tellable, error) {
	unsaid := tellable{name: "default", severity: build.Severity(strings.ToLower(m.Severity))}
	if m.Severity == "" {
		unsaid.severity = build.Error
	}
	at := m.severityPattern()
	if at < 0 {
		unsaid.name = string(unsaid.severity)
		return []tellable{unsaid}, nil
	}
	e, number := m.Patterns[at].expression, *m.Patterns[at].Severity
	captured, err := regexp.Compile(`^(?:` + e.group(number) + `)$`)
	if err != nil {
		return nil, fmt.Errorf("pattern %d: severity: %w", at+1, err)
	}
	unsaid.content = never
	if captured.MatchString("") {
		unsaid.content = ""
	}
	optional := findable(e.render(nil, number, unsaid.content))
	var list []tellable
	for _, severity := range []build.Severity{build.Error, build.Warning, build.Notice} {
		if content := spellings(captured, string(severity)); content != "" {
			list = append(list, tellable{string(severity), severity, true, content, optional})
		}
	}
	if optional {
		list = append(list, unsaid)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("pattern %d: severity: its group captures neither error nor warning nor notice", at+1)
	}
	return list, nil
}

// severityPattern is the index of the pattern that captures a severity, or -1.
func (m *problemMatcher) severityPattern() int {
	return slices.IndexFunc(m.Patterns, func(p matcherPattern) bool { return p.Severity != nil })
}

// spellings are the ways to write the word that a group captures, as alternatives.
func spellings(captured *regexp.Regexp, word string) string {
	var list []string
	for _, w := range []string{word, strings.ToUpper(word[:1]) + word[1:], strings.ToUpper(word)} {
		if captured.MatchString(w) {
			list = append(list, w)
		}
	}
	return strings.Join(list, "|")
}

// findable says whether the pattern may be found in any text.
func findable(pattern string) bool {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	return err == nil && possible(parsed)
}

func possible(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpNoMatch:
		return false
	case syntax.OpCharClass:
		return len(re.Rune) > 0
	case syntax.OpCapture, syntax.OpPlus:
		return possible(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min == 0 || possible(re.Sub[0])
	case syntax.OpConcat:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !possible(sub) })
	case syntax.OpAlternate:
		return slices.ContainsFunc(re.Sub, possible)
	}
	return true
}

// rule is the matcher's rule for one severity.
func (m *problemMatcher) rule(s tellable) (Rule, error) {
	r := Rule{ID: "matcher." + plainID(m.Owner) + "." + s.name, Severity: s.severity, Kind: build.Cause}
	if s.first {
		r.Confidence = High
	}
	after, main, err := m.mainPattern()
	if err != nil {
		return r, err
	}
	r.Pattern = m.render(main, s)
	if after >= 0 {
		r.After, r.AfterLines = m.render(after, s), main-after
	}
	var rest []string
	for i := main + 1; i < len(m.Patterns); i++ {
		rest = append(rest, m.render(i, s))
	}
	if len(rest) > 0 {
		r.Continues = strings.Join(rest, "|")
		r.Last, r.MaxLines = r.Continues, len(m.Patterns)-main
	}
	return r, nil
}

// mainPattern chooses the pattern that a finding is made of, and the one that must be
// found before (-1 for none): the last one and the one before that captures
// something. Where several do, those that follow the second are continuations.
// What lies between them and captures nothing isn't looked for.
func (m *problemMatcher) mainPattern() (after, main int, err error) {
	last := len(m.Patterns) - 1
	var capturing []int
	for i := range m.Patterns[:last] {
		if m.Patterns[i].capturesAny() {
			capturing = append(capturing, i)
		}
	}
	switch {
	case last == 0:
		return -1, 0, nil
	case len(capturing) == 0:
		return last - 1, last, nil
	case len(capturing) == 1:
		return capturing[0], last, nil
	case m.Patterns[last].Loop:
		return 0, 0, errors.New("loop: needs what several lines before it capture, a rule can only read one")
	}
	return capturing[0], capturing[1], nil
}

func (p *matcherPattern) capturesAny() bool {
	for _, number := range p.captures() {
		if number != nil {
			return true
		}
	}
	return p.Severity != nil
}

// render is the pattern as RE2, with its groups named and the severity's filled.
func (m *problemMatcher) render(at int, s tellable) string {
	p := m.Patterns[at]
	names := map[int][]string{}
	for _, name := range groups {
		if number := p.captures()[name]; number != nil {
			names[*number] = append(names[*number], name)
		}
	}
	switch {
	case p.Severity == nil:
		return p.expression.render(names, 0, "")
	case s.said:
		return p.expression.required(*p.Severity).render(names, *p.Severity, s.content)
	}
	return p.expression.render(names, *p.Severity, s.content)
}

var notPlain = regexp.MustCompile(`[^a-z0-9]+`)

// plainID makes a part of a rule's id of an owner.
func plainID(owner string) string {
	if id := strings.Trim(notPlain.ReplaceAllString(strings.ToLower(owner), "-"), "-"); id != "" {
		return id
	}
	return "unnamed"
}

// ruleText is a rule as a rules file has it, without what is the default.
type ruleText struct {
	ID         string         `yaml:"id"`
	Severity   build.Severity `yaml:"severity"`
	Kind       build.Kind     `yaml:"kind"`
	Confidence Confidence     `yaml:"confidence,omitempty"`
	Pattern    string         `yaml:"pattern"`
	After      string         `yaml:"after,omitempty"`
	AfterLines int            `yaml:"after_lines,omitempty"`
	Continues  string         `yaml:"continues,omitempty"`
	Last       string         `yaml:"last,omitempty"`
	MaxLines   int            `yaml:"max_lines,omitempty"`
}

// Marshal writes rules of ImportMatchers as a rules file that Parse reads.
func Marshal(list []Rule) ([]byte, error) {
	var file struct {
		Rules []ruleText `yaml:"rules"`
	}
	for _, r := range list {
		text := ruleText{
			ID: r.ID, Severity: r.Severity, Kind: r.Kind, Confidence: r.Confidence, Pattern: r.Pattern,
			After: r.After, AfterLines: r.AfterLines, Continues: r.Continues, Last: r.Last, MaxLines: r.MaxLines,
		}
		if r.Confidence == Normal {
			text.Confidence = ""
		}
		if r.After == "" {
			text.AfterLines = 0
		}
		if r.Continues == "" {
			text.MaxLines = 0
		}
		file.Rules = append(file.Rules, text)
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(file); err != nil {
		return nil, fmt.Errorf("write rules: %w", err)
	}
	return out.Bytes(), encoder.Close()
}

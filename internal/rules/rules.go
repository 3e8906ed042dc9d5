// Package rules is the catalogue of what can be found in a build log: rules
// written in YAML, one file per family of tools (catalog/*.yml), and the
// matcher that applies them to lines.
//
// # A rule
//
//	rules:
//	  - id: rust.error              # family.name; the family is the file's name
//	    severity: error             # error, warning or notice
//	    kind: cause                 # cause, symptom (follows from one) or summary (says again)
//	    confidence: high            # optional, see below; default normal
//	    pattern: '^error(?:\[(?P<code>E\d{4})\])?: (?P<message>.+)'
//	    continues: '^\s*(?:\d+ )?\||^\s+(?:-->|=)|^$'
//	    first: '^\s+--> (?P<file>.+):(?P<line>\d+):(?P<column>\d+)$'
//	    hint: What to do about it, where that is known.
//	    docs: https://doc.rust-lang.org/error_codes/
//	    examples:                   # must match; go test and `loggate rules test` run them
//	      - 'error: linking with `cc` failed: exit status: 1'
//	      - log: |                  # the long form: what else must come out
//	          error[E0308]: mismatched types
//	           --> src/lib.rs:1:31
//	        message: 'E0308: mismatched types'
//	        file: src/lib.rs
//	        line: 1
//	        column: 31
//	        lines: 2                # how many lines belong to the finding
//	    counterexamples:            # must not match
//	      - 'error: could not compile `r` (lib) due to 1 previous error'
//
// A pattern is an RE2 regular expression that is searched in one line, without
// its line end, its ANSI sequences and the prefix that the CI system put before it
// (CodeArts' time and level, GitHub's time, and so on). Anchor it where the tool
// does. Its named groups are message, detail, file, line, column and code; without a
// message group the whole line is the message. A code goes before the message, a
// detail after it: the failed test is the message, what was wrong in it the detail.
//
// # Findings of several lines
//
// continues is searched in each following line; the first line that it isn't in ends
// the finding. end is the last line of the finding, which belongs to it; with
// end alone every line up to it belongs to it. max_lines (default 100, at most 1,000)
// bounds both; blank lines at its end are not part of a finding. A line that
// belongs to a finding starts no other; one with the rule's own pattern belongs to the
// finding only if continues is in it, too. first and last read the named groups from the first, or the last, of the
// following lines that they are found in, and what they read replaces what the pattern
// read: last: '^Caused by: (?P<message>.+)'. With after, it must be found in one of the
// lines before the pattern's line, of which after_lines are looked at (default and at most
// 10); the finding then starts at the nearest such line, whose groups are read too (the
// pattern's win). Where lines with findings of rules with the same after follow each
// other, as those of one file do, the line before the first of them is for all.
//
// indented: true is for output that other tools show indented: of the following lines, the
// white space that the finding's line begins with is not seen, and a line without it
// ends the finding.
//
// joins is searched in the first line after end that isn't blank: where it is found,
// the finding goes on. So a chain of tracebacks is one finding.
//
// # Pardons
//
// pardons: true is for what a tool says of the errors just before: that it ignores
// them ("Error 1 (ignored)"), or that it has got over them ("Retry succeeded"). They are
// kept as notices then.
//
// clears is for what a tool says when all that it had to do went well ("5 passed in 1s"). It
// lists the families, or single rules, whose findings were no errors then, such as what the
// tests printed on purpose; those of low confidence are always among them. They are
// kept as notices where the step hasn't failed, and rank lower where it has, back to the
// step's start, to the same words before, or to a symptom or a summary of the rule's own
// family. The line itself is no finding.
//
// blames is for what a tool says of why it fails ("There are test failures", "You have 3
// Checkstyle violations", "warnings treated as errors"). It lists the families, or single
// rules, whose findings before it in its step are the cause then; warnings are errors.
//
// # Confidence
//
// One line gives one finding. Of the rules that find it, those of .loggate.yml go
// first and those of the family generic last, then high confidence goes before normal
// before low, then errors before warnings and notices, then the longer pattern. high is for words that only the named tool writes
// and that name the cause, or at least the test that failed: where a failed build has
// only symptoms without it ("make: *** Error 2"), its last lines are shown first. low is for words that may as well be those of the
// program that is being built or tested ("ERROR …", a bare stack trace). Where
// the step that they are in is known to have succeeded, only causes of high confidence
// are errors; what else was found there is kept as a notice.
package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/loggate/loggate/internal/build"
)

// Confidence says how sure it is that a rule's pattern means what it says.
type Confidence string

// The confidences, see the package comment.
const (
	High   Confidence = "high"
	Normal Confidence = "normal"
	Low    Confidence = "low"
)

// Bounds of one finding.
const (
	defaultLines = 100
	mostLines    = 1000
	lookBehind   = 10
)

// Rule is one rule, as in a rules file and under `rules:` in .loggate.yml.
// Decoding one by yaml.v3 is strict: an unknown key is a *FormatError.
type Rule struct {
	ID              string         `yaml:"id"`
	Severity        build.Severity `yaml:"severity"`
	Kind            build.Kind     `yaml:"kind"`
	Confidence      Confidence     `yaml:"confidence"`
	Pattern         string         `yaml:"pattern"`
	Continues       string         `yaml:"continues"`
	End             string         `yaml:"end"`
	MaxLines        int            `yaml:"max_lines"`
	First           string         `yaml:"first"`
	Last            string         `yaml:"last"`
	After           string         `yaml:"after"`
	AfterLines      int            `yaml:"after_lines"`
	Joins           string         `yaml:"joins"`
	Indented        bool           `yaml:"indented"`
	Pardons         bool           `yaml:"pardons"`
	Clears          []string       `yaml:"clears"`
	Blames          []string       `yaml:"blames"`
	Hint            string         `yaml:"hint"`
	Docs            string         `yaml:"docs"`
	Examples        []Example      `yaml:"examples"`
	Counterexamples []string       `yaml:"counterexamples"`

	at   map[string]position // of its keys, for errors
	user bool                // from .loggate.yml: goes before the built-in ones

	pattern, continues, end, first, last, after, joins *lazyRegexp // nil where it is empty
}

// Example is a piece of a log in which its rule finds one thing, and what
// must come out of it; empty fields are not compared.
type Example struct {
	Log     string `yaml:"log"`
	Message string `yaml:"message"`
	File    string `yaml:"file"`
	Line    int    `yaml:"line"`
	Column  int    `yaml:"column"`
	Lines   int    `yaml:"lines"`
}

var idForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)+$`)

// groups are the names that a pattern may give to what it captures.
var groups = []string{"message", "detail", "file", "line", "column", "code"}

// Family is the part of the id before its first dot.
func (r *Rule) Family() string {
	family, _, _ := strings.Cut(r.ID, ".")
	return family
}

// prepare checks every field and every pattern, and fills in defaults.
func (r *Rule) prepare() error {
	if err := r.complete(); err != nil {
		return err
	}
	return r.check()
}

// complete fills in defaults and checks every field but for what the patterns say.
func (r *Rule) complete() error {
	if r.Severity == "" {
		r.Severity = build.Error
	}
	if r.Kind == "" {
		r.Kind = build.Cause
	}
	if r.Confidence == "" {
		r.Confidence = Normal
	}
	if r.MaxLines == 0 {
		r.MaxLines = defaultLines
	}
	if r.AfterLines == 0 {
		r.AfterLines = lookBehind
	}
	switch {
	case !idForm.MatchString(r.ID):
		return r.wrong("id", "%q is not of the form family.name (a-z, 0-9, -)", r.ID)
	case r.Family() == "loggate":
		return r.wrong("id", "%q is in loggate's own family", r.ID)
	case !slices.Contains([]build.Severity{build.Error, build.Warning, build.Notice}, r.Severity):
		return r.wrong("severity", "%q is not error, warning or notice", r.Severity)
	case !slices.Contains([]build.Kind{build.Cause, build.Symptom, build.Summary}, r.Kind):
		return r.wrong("kind", "%q is not cause, symptom or summary", r.Kind)
	case !slices.Contains([]Confidence{High, Normal, Low}, r.Confidence):
		return r.wrong("confidence", "%q is not high, normal or low", r.Confidence)
	case r.Pattern == "":
		return r.wrong("pattern", "is missing")
	case r.MaxLines < 1 || r.MaxLines > mostLines:
		return r.wrong("max_lines", "%d is not from 1 to %d", r.MaxLines, mostLines)
	case r.AfterLines < 1 || r.AfterLines > lookBehind:
		return r.wrong("after_lines", "%d is not from 1 to %d", r.AfterLines, lookBehind)
	case r.Joins != "" && r.End == "":
		return r.wrong("joins", "goes on after end, which is missing")
	}
	for _, p := range r.patterns() {
		if p.text != "" {
			*p.into = newLazyRegexp(p.text)
		}
	}
	return nil
}

type pattern struct {
	key, text string
	into      **lazyRegexp
}

func (r *Rule) patterns() []pattern {
	return []pattern{
		{"pattern", r.Pattern, &r.pattern}, {"continues", r.Continues, &r.continues}, {"end", r.End, &r.end},
		{"first", r.First, &r.first}, {"last", r.Last, &r.last}, {"after", r.After, &r.after},
		{"joins", r.Joins, &r.joins},
	}
}

// check checks the syntax of every pattern and its groups' names.
func (r *Rule) check() error {
	for _, p := range r.patterns() {
		compiled, err := regexp.Compile(p.text)
		if err != nil {
			return r.wrong(p.key, "%v", err)
		}
		for _, name := range compiled.SubexpNames() {
			if name != "" && !slices.Contains(groups, name) {
				return r.wrong(p.key, "the group %q is not one of %s", name, strings.Join(groups, ", "))
			}
		}
		if p.key == "pattern" && compiled.MatchString("") {
			return r.wrong(p.key, "%q matches an empty line", p.text)
		}
	}
	return nil
}

// Clearing says whether the rule's line clears a finding of the other rule, see the
// package comment.
func (r *Rule) Clearing(other *Rule) bool {
	return other.Confidence == Low || other.in(r.Clears)
}

// Blaming says whether the rule's line names the other rule's finding as the cause.
func (r *Rule) Blaming(other *Rule) bool {
	return other.in(r.Blames)
}

// in says whether the rule or its family is listed.
func (r *Rule) in(list []string) bool {
	return slices.Contains(list, r.ID) || slices.Contains(list, r.Family())
}

// multiLine says whether following lines can belong to the rule's findings.
func (r *Rule) multiLine() bool { return r.continues != nil || r.end != nil }

// wrong is the error that a key's value is not right, at its place.
func (r *Rule) wrong(key, format string, args ...any) error {
	at, ok := r.at[key]
	if !ok {
		at = r.at[""]
	}
	name := r.ID
	if name == "" {
		name = "a rule"
	}
	return &FormatError{Line: at.line, Column: at.column, Problem: fmt.Sprintf("%s: %s: ", name, key) + fmt.Sprintf(format, args...)}
}

// Package scan makes findings of a log: it takes the log's bytes as they come, cuts
// them into lines, follows the stages that the lines tell of, applies the rules and
// ranks what they find, root cause first.
//
// A line ends at LF and counts from 1; a CR before the LF is not part of it. For
// matching, a line is read without its ANSI sequences and without the prefix that
// the CI system put before it, and each text between lone CRs, as progress bars write
// them, is read for itself. Of a line over 64 KiB the first 48 and the last 16 are read.
// Memory is bounded whatever the log is: see the constants of each file.
package scan

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/rules"
)

// Options say what a scan is to heed besides the rules.
type Options struct {
	// Ignore marks findings as known and accepted.
	Ignore []Ignore
	// Watch are patterns whose first line is to be reported, such as those of
	// `require` and `forbid`. They see what the rules see.
	Watch []*regexp.Regexp
}

// Ignore says which findings are known: those of the rule, where one is
// named, in whose lines the pattern is found, where there is one.
type Ignore struct {
	Rule    string
	Pattern *regexp.Regexp
	Reason  string
}

// Outcome is what is known of the build from elsewhere than its log.
type Outcome struct {
	Status build.Status  // Unknown or "" when only the log can tell
	Stages []build.Stage // from the API, in order; may be empty
}

// Result is what a log shows.
type Result struct {
	Lines    int64 // a last line without LF counts
	Findings []build.Finding
	Dropped  int // findings beyond the bounds, which are not in Findings
	Stages   []build.Stage
	// Status is as the log tells, Unknown where it has no end mark; success is said
	// only by an explicit mark in its last lines.
	Status     build.Status
	ExitStatus *int      // of the failing command
	Watched    []Watched // one for each of Options.Watch
	Ignored    []int64   // one for each of Options.Ignore: how many matches it is about
}

// Watched is where a watched pattern was found first.
type Watched struct {
	Line  int64 // from 1; 0 when it was not found
	Text  string
	Count int64 // of lines
}

// Scanner reads one log. Its methods may be called from several goroutines.
type Scanner struct {
	mu       sync.Mutex
	options  Options
	splitter splitter
	no       int64
	matcher  *rules.Matcher
	stages   tracker
	ending   ending
	found    collection
	watched  []Watched
	ignored  []int64
}

// New starts on a log.
func New(set *rules.Set, options Options) *Scanner {
	return &Scanner{
		options: options,
		matcher: set.Matcher(),
		stages:  newTracker(),
		found:   newCollection(),
		watched: make([]Watched, len(options.Watch)),
		ignored: make([]int64, len(options.Ignore)),
	}
}

// Write takes the next bytes of the log, cut anywhere. It never fails.
func (s *Scanner) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.splitter.write(p, s.line)
	return len(p), nil
}

// Ended is the status that the log's end mark tells ("Finished: FAILURE"), and
// whether its last lines show one so far.
func (s *Scanner) Ended() (build.Status, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ending.finished()
}

// line takes one line of the log, as the splitter gives it.
func (s *Scanner) line(text string) {
	s.no++
	if s.no == 1 {
		text = strings.TrimPrefix(text, "\ufeff")
	}
	l := unwrap(text)
	s.ending.line(l.text)
	s.found.show(s.no, l.text) // excerpts are for people: the time in front would leave little room
	s.watch(l)
	mark := s.stages.line(s.no, l)
	if s.stages.failed {
		s.found.keepTail()
	}
	if mark {
		s.take(s.matcher.Close())
		return
	}
	if !strings.Contains(l.text, "\r") {
		s.match(l.text, l.alt)
		return
	}
	for text := range strings.SplitSeq(l.text, "\r") {
		if text != "" {
			s.match(text, "")
		}
	}
}

// match applies the rules to one reading of the present line.
func (s *Scanner) match(text, alt string) {
	s.take(s.matcher.Line(s.no, text, alt))
}

// take takes over matches that are whole.
func (s *Scanner) take(closed []*rules.Match) {
	for _, match := range closed {
		s.found.add(match, &s.stages, s.accepted(match))
	}
}

// accepted is the reason why a match is known and accepted, or "". Where
// several ignores are about it, the first one's is.
func (s *Scanner) accepted(match *rules.Match) string {
	reason := ""
	for i, ignore := range s.options.Ignore {
		if ignore.Rule != "" && ignore.Rule != match.Rule.ID {
			continue
		}
		if p := ignore.Pattern; p != nil && !p.MatchString(match.Text) && !p.MatchString(match.Message) {
			continue
		}
		if s.ignored[i]++; reason == "" {
			reason = ignore.Reason
		}
	}
	return reason
}

// watch looks for the watched patterns, in each reading of the line that the
// rules have, and in marks of stages, too.
func (s *Scanner) watch(l line) {
	if len(s.options.Watch) == 0 {
		return
	}
	readings := []string{l.text}
	if l.alt != "" {
		readings = append(readings, l.alt)
	}
	if strings.Contains(l.text, "\r") {
		readings = append(readings, strings.Split(l.text, "\r")...)
	}
	for i, pattern := range s.options.Watch {
		if !slices.ContainsFunc(readings, pattern.MatchString) {
			continue
		}
		w := &s.watched[i]
		if w.Count == 0 {
			w.Line, w.Text = s.no, build.Printable(l.text, build.MaxMessage)
		}
		w.Count++
	}
}

// Finish takes the log's last line, if it has no LF, and says what was found.
// Nothing may be written afterwards.
func (s *Scanner) Finish(outcome Outcome) Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.splitter.flush(s.line)
	s.take(s.matcher.Close())
	s.stages.close(s.no)
	s.ending.exit(s.stages.exitStatus)
	result := Result{
		Lines:      s.no,
		Dropped:    s.found.dropped,
		Stages:     s.stages.merged(outcome.Stages),
		Status:     s.ending.status(&s.stages),
		ExitStatus: s.ending.exitStatus,
		Watched:    s.watched,
		Ignored:    s.ignored,
	}
	r := ranking{stages: &s.stages, lines: s.no, passed: s.ending.passed(&s.stages, result.Status)}
	if outcome.Status.Ended() {
		r.passed = outcome.Status == build.Success
	}
	r.failed = outcome.Status.Failed() || !outcome.Status.Ended() && result.Status.Failed()
	all := s.found.all()
	result.Findings = r.findings(all)
	failed := r.failed || slices.ContainsFunc(result.Findings, func(f build.Finding) bool { return f.Severity == build.Error && f.Ignored == nil })
	if failed && !slices.ContainsFunc(all, r.explains) {
		result.Findings = append([]build.Finding{s.found.lastLines(&s.stages, s.no)}, result.Findings...)
	}
	for i := range result.Findings {
		result.Findings[i].Rank = i + 1
	}
	return result
}

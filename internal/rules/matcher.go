package rules

import (
	"slices"
	"strconv"
	"strings"
)

// maxCapture bounds what a group may capture, in bytes.
const maxCapture = 2048

// Match is what a rule has found: the lines it spans and what it read there.
// Texts are as in the log, at most 2,048 bytes each; numbers are 0 when not known.
type Match struct {
	Rule        *Rule
	First, Last int64
	Text        string // the line that the pattern was found in
	Message     string
	File        string
	FileLine    int
	Column      int

	code      string
	detail    string
	lines     int   // seen so far, with blank ones at the end
	seen      int64 // the last of them
	final     int64 // the last line that isn't blank
	readFirst bool
	indent    string // that following lines are seen without
	ended     bool   // by its rule's end: only what joins it can still follow
}

// Matcher applies a set to the lines of one log, in order.
type Matcher struct {
	set    *Set
	filter *filter
	open   *Match
	closed []*Match
	found  bitset
	also   bitset // those of the line's other reading
	lines  int64
	before []numbered // the last lines that may be what rules with after want; oldest first
	heads  map[string]head
	nearby []int64 // by Set.heads, the last of the lines that it may be found in
}

// head is what a rule with after has found there, and the last line of the finding.
type head struct {
	numbered
	used int64
}

type numbered struct {
	at   int64 // counted as Matcher.lines
	no   int64
	text string
}

// Matcher starts on a new log.
func (s *Set) Matcher() *Matcher {
	f := s.filter()
	m := &Matcher{
		set: s, filter: f, found: f.newFound(), also: f.newFound(),
		heads: map[string]head{}, nearby: make([]int64, len(s.heads)),
	}
	for i := range m.nearby {
		m.nearby[i] = -lookBehind
	}
	return m
}

// Open is the match to which the next line may belong, or nil.
func (m *Matcher) Open() *Match { return m.open }

// Line takes the next line, without its prefix, and returns the matches that
// are over by it. alt is another reading of the line, or "". A number may come
// several times. The slice is good until the next call.
func (m *Matcher) Line(no int64, text, alt string) []*Match {
	m.closed = m.closed[:0]
	m.lines++
	m.filter.candidates(text, m.found)
	if m.open == nil || !m.continueOpen(no, text, alt) {
		m.close()
		m.start(no, text, alt)
	}
	m.note(no, text)
	return m.closed
}

// Close ends the open match, as the end of the log or of a stage does.
func (m *Matcher) Close() []*Match {
	m.closed = m.closed[:0]
	m.close()
	return m.closed
}

func (m *Matcher) close() {
	if m.open == nil {
		return
	}
	m.open.Last = m.open.final
	if h, ok := m.heads[m.open.Rule.After]; ok {
		m.heads[m.open.Rule.After] = head{h.numbered, m.open.seen}
	}
	m.open.finish()
	m.closed = append(m.closed, m.open)
	m.open = nil
}

// continueOpen adds the line to the open match, if it belongs to it.
func (m *Matcher) continueOpen(no int64, text, alt string) bool {
	open, r := m.open, m.open.Rule
	if open.lines >= r.MaxLines {
		return false
	}
	if open.indent != "" {
		rest, indented := strings.CutPrefix(text, open.indent)
		if !indented && strings.TrimSpace(text) != "" {
			return false
		}
		text, alt = rest, ""
	}
	if open.ended {
		return open.goesOn(no, text, alt)
	}
	if r.continues.in(text, alt) {
		open.add(no, text, alt)
		if r.end.in(text, alt) {
			m.end()
		}
		return true
	}
	if r.pattern.in(text, alt) {
		return false
	}
	if r.end.in(text, alt) {
		open.add(no, text, alt)
		m.end()
		return true
	}
	if r.continues == nil {
		open.add(no, text, alt)
		return true
	}
	return false
}

// end notes that the open match has ended, by its rule's end.
func (m *Matcher) end() {
	if m.open.Rule.joins == nil {
		m.close()
		return
	}
	m.open.ended = true
}

// goesOn says whether the line joins more to a match that has ended, or may still be
// followed by one that does.
func (match *Match) goesOn(no int64, text, alt string) bool {
	switch {
	case match.Rule.joins.in(text, alt):
		match.ended = false
	case text != "":
		return false
	}
	match.add(no, text, alt)
	return true
}

// note keeps the present line where it may be what rules with after want.
func (m *Matcher) note(no int64, text string) {
	heads := m.filter.heads(m.found)
	if heads.empty() {
		return
	}
	for i := range heads.all() {
		m.nearby[i] = m.lines
	}
	if len(m.before) == lookBehind {
		m.before = slices.Delete(m.before, 0, 1)
	}
	m.before = append(m.before, numbered{m.lines, no, text})
}

// possible says whether what the rule, by its place, wants before the present line may be there.
func (m *Matcher) possible(rule int, no int64) bool {
	head, r := m.set.headOf[rule], m.set.rules[rule]
	return head < 0 || m.nearby[head] >= m.lines-int64(r.AfterLines) || m.heads[r.After].used == no-1
}

// start opens a match where a rule is found in the line, of which the candidates are known.
func (m *Matcher) start(no int64, text, alt string) {
	if alt != "" {
		m.filter.candidates(alt, m.also)
		m.found.unite(m.also)
	}
	for i := range m.filter.rules(m.found).all() {
		if !m.possible(i, no) {
			continue
		}
		var match *Match
		if alt != "" { // first, lest a level becomes part of a file's name
			match = m.set.rules[i].try(no, alt)
		}
		if match == nil {
			match = m.set.rules[i].try(no, text)
		}
		if match == nil || !m.lookBehind(match) {
			continue
		}
		m.open = match
		if !match.Rule.multiLine() {
			m.close()
		}
		return
	}
}

// lookBehind finds the line before, if the rule wants one.
func (m *Matcher) lookBehind(match *Match) bool {
	r := match.Rule
	if r.after == nil {
		return true
	}
	if h := m.heads[r.After]; h.used > 0 && h.used == match.First-1 {
		match.readBefore(h.text)
		m.heads[r.After] = head{h.numbered, match.First}
		return true
	}
	for _, line := range slices.Backward(m.before) {
		if line.at >= m.lines-int64(r.AfterLines) && r.after.in(line.text, "") {
			m.heads[r.After] = head{line, match.First}
			match.readBefore(line.text)
			match.First = line.no
			return true
		}
	}
	return false
}

// readBefore reads what after captures in the line before; what the pattern
// has captured stays.
func (match *Match) readBefore(text string) {
	own := *match
	match.read(match.Rule.after, text, match.Rule.after.groups(text))
	match.replace(own)
}

// try is the match of the rule in the line, or nil.
func (r *Rule) try(no int64, text string) *Match {
	found := r.pattern.groups(text)
	if found == nil {
		return nil
	}
	match := &Match{Rule: r, First: no, Text: bounded(text), lines: 1, seen: no, final: no}
	if r.Indented {
		match.indent = bounded(text[:len(text)-len(strings.TrimLeft(text, " \t"))])
	}
	match.read(r.pattern, text, found)
	return match
}

// add takes a following line that belongs to the match.
func (match *Match) add(no int64, text, alt string) {
	match.lines++
	match.seen = no
	if strings.TrimSpace(text) != "" {
		match.final = no
	}
	r := match.Rule
	for _, reading := range []string{text, alt} {
		if reading == "" {
			continue
		}
		if r.first != nil && !match.readFirst {
			if found := r.first.groups(reading); found != nil {
				match.readFirst = true
				match.read(r.first, reading, found)
			}
		}
		if r.last != nil {
			if found := r.last.groups(reading); found != nil {
				match.read(r.last, reading, found)
			}
		}
	}
}

// read takes over what the groups have captured.
func (match *Match) read(pattern *lazyRegexp, text string, found []int) {
	for i, name := range pattern.names() {
		if name == "" || found[2*i] < 0 || found[2*i] == found[2*i+1] {
			continue
		}
		captured := bounded(strings.TrimSpace(text[found[2*i]:found[2*i+1]]))
		switch name {
		case "message":
			match.Message = captured
		case "detail":
			match.detail = captured
		case "file":
			match.File = captured
		case "line":
			match.FileLine = number(captured)
		case "column":
			match.Column = number(captured)
		case "code":
			match.code = captured
		}
	}
}

// replace takes over every field that is set in with.
func (match *Match) replace(with Match) {
	if with.Message != "" {
		match.Message = with.Message
	}
	if with.File != "" {
		match.File = with.File
	}
	if with.FileLine != 0 {
		match.FileLine = with.FileLine
	}
	if with.Column != 0 {
		match.Column = with.Column
	}
	if with.code != "" {
		match.code = with.code
	}
	if with.detail != "" {
		match.detail = with.detail
	}
}

// finish puts the code before the message and the detail after it.
func (match *Match) finish() {
	if match.Message == "" {
		match.Message = strings.TrimSpace(match.Text)
	}
	if match.detail != "" && !strings.Contains(match.Message, match.detail) {
		match.Message += ": " + match.detail
	}
	if match.code != "" && !strings.Contains(match.Message, match.code) {
		match.Message = match.code + ": " + match.Message
	}
}

// bounded cuts a captured text to maxCapture bytes.
func bounded(text string) string {
	if len(text) > maxCapture {
		text = text[:maxCapture]
	}
	return strings.Clone(text) // so that it doesn't hold its line in memory
}

// number reads a line or column number; 0 when it is none.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 1<<31-1 {
		return 0
	}
	return n
}

package scan

import (
	"strings"
	"unicode/utf8"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/rules"
)

// Bounds of what is kept of one log.
const (
	mostFindings  = 5000    // distinct ones, of errors and of others each
	maxExcerpts   = 2 << 20 // bytes of all excerpts
	around        = 3       // lines of an excerpt before and after the finding
	mostSpan      = 20      // lines of an excerpt that belong to the finding
	maxShown      = 400     // bytes of a line in an excerpt
	mostLastLines = 30      // lines of build.LastLines
	pardonLines   = 20      // before a pardon that it is for
)

// finding is what a match becomes, before it is ranked.
type finding struct {
	rule        *rules.Rule
	first, last int64
	message     string
	file        string
	fileLine    int
	column      int
	fingerprint string
	count       int
	ignored     string
	pardoned    bool // a tool says that it ignored it
	cleared     bool // a tool says that all went well
	blamed      bool // by what failed later, and so an error even if it is a warning
	excerpt     []string
	excerptLine int64
}

// collection holds the findings of one log, each distinct one once.
type collection struct {
	known   map[string]*finding
	errors  []*finding
	others  []*finding
	dropped int

	cleared map[string]int    // rule that clears → errors before its last line
	blamed  map[string][2]int // rule that blames → errors and others before its last line

	recent     ring       // the last lines
	tail       []string   // the last lines when a stage had failed, for the first time
	tailFirst  int64      // the number of the first of them
	collecting []*finding // wait for the lines after them
	excerpts   int        // bytes
}

func newCollection() collection {
	return collection{known: map[string]*finding{}, cleared: map[string]int{}, blamed: map[string][2]int{}}
}

// show takes the present line as people are to see it.
func (c *collection) show(no int64, text string) {
	text = cutBytes(text, maxShown)
	c.recent.push(no, text)
	if len(c.collecting) == 0 {
		return
	}
	text = strings.Clone(text)
	waiting := c.collecting[:0]
	for _, f := range c.collecting {
		f.excerpt = append(f.excerpt, text)
		c.excerpts += len(text)
		if no < f.last+around {
			waiting = append(waiting, f)
		}
	}
	clear(c.collecting[len(waiting):])
	c.collecting = waiting
}

// add takes over a match that ended at the present line or at the one before.
func (c *collection) add(match *rules.Match, stages *tracker, ignored string) {
	if match.Rule.Clears != nil {
		c.clear(match, stages)
		return
	}
	if match.Rule.Pardons {
		c.pardon(match.First, stages)
	}
	if match.Rule.Blames != nil {
		c.blame(match, stages)
	}
	c.absorb(match)
	message := oneLine(match.Message)
	key := fingerprint(match.Rule.ID, message, match.File)
	if known, ok := c.known[key+ignored]; ok {
		known.count++
		gotOver := known.pardoned || known.cleared || stages.statusAt(known.first) == build.Success
		if gotOver && stages.statusAt(match.First) != build.Success {
			known.first, known.last, known.pardoned, known.cleared = match.First, match.Last, false, false
			c.startExcerpt(known)
		}
		return
	}
	list := &c.others
	if match.Rule.Severity == build.Error {
		list = &c.errors
	}
	if len(*list) == mostFindings {
		c.dropped++
		return
	}
	f := &finding{
		rule: match.Rule, first: match.First, last: match.Last, message: message,
		file: match.File, fileLine: match.FileLine, column: match.Column,
		fingerprint: key, count: 1, ignored: ignored,
	}
	c.known[key+ignored] = f
	*list = append(*list, f)
	c.startExcerpt(f)
}

// pardon marks the errors just before the line, in its stage.
func (c *collection) pardon(line int64, stages *tracker) {
	for i := len(c.errors) - 1; i >= 0 && c.errors[i].last >= line-pardonLines; i-- {
		if f := c.errors[i]; stages.at(f.first) == stages.at(line) {
			f.pardoned = true
		}
	}
}

// clear marks the errors that were none, since a tool says that all went well.
func (c *collection) clear(match *rules.Match, stages *tracker) {
	from := c.cleared[match.Rule.ID]
	c.cleared[match.Rule.ID] = len(c.errors)
	for i := len(c.errors) - 1; i >= from; i-- {
		f := c.errors[i]
		failed := f.rule.Family() == match.Rule.Family() && f.rule.Kind != build.Cause
		if failed || stages.at(f.first) != stages.at(match.First) {
			return
		}
		f.cleared = f.cleared || match.Rule.Clearing(f.rule)
	}
}

// blame marks what a tool says to be the cause, in its stage.
func (c *collection) blame(match *rules.Match, stages *tracker) {
	from := c.blamed[match.Rule.ID]
	c.blamed[match.Rule.ID] = [2]int{len(c.errors), len(c.others)}
	for n, list := range [][]*finding{c.errors, c.others} {
		for i := len(list) - 1; i >= from[n] && stages.at(list[i].first) == stages.at(match.First); i-- {
			list[i].blamed = list[i].blamed || match.Rule.Blaming(list[i].rule)
		}
	}
}

// absorb drops what rules of low confidence have found in the last lines, where
// these turn out to be the beginning of the match.
func (c *collection) absorb(match *rules.Match) {
	for n := len(c.errors) - 1; n >= 0; n-- {
		f := c.errors[n]
		if f.first < match.First || f.rule.Confidence != rules.Low || f.count > 1 {
			return
		}
		delete(c.known, f.fingerprint+f.ignored)
		c.errors = c.errors[:n]
	}
}

// startExcerpt gives the finding the lines that are known by now.
func (c *collection) startExcerpt(f *finding) {
	f.excerptLine = f.first
	if c.excerpts > maxExcerpts {
		return
	}
	to := min(f.last, f.first+mostSpan-1)
	after := int64(around)
	if to < f.last {
		after = 0
	}
	f.excerptLine, f.excerpt = c.recent.slice(f.first-around, to+after)
	for _, text := range f.excerpt {
		c.excerpts += len(text)
	}
	if end := f.excerptLine + int64(len(f.excerpt)) - 1; after > 0 && end < f.last+around {
		c.collecting = append(c.collecting, f)
	}
}

// all are the findings in the order of the log's lines, errors first.
func (c *collection) all() []*finding {
	return append(append([]*finding{}, c.errors...), c.others...)
}

// keepTail keeps the last lines, unless some are kept already: what follows the
// failure may be longer than the ring.
func (c *collection) keepTail() {
	if c.tail == nil {
		c.tailFirst, c.tail = c.recent.slice(c.recent.last-mostLastLines+1, c.recent.last)
	}
}

// lastLines is the finding of a failed build whose cause isn't known: the last lines
// of its failing stage.
func (c *collection) lastLines(stages *tracker, end int64) build.Finding {
	f := build.Finding{
		Rule: build.LastLines, Severity: build.Error, Kind: build.Summary, Count: 1,
		Message: "no rule knows why the build failed; these are its last lines",
		Why:     []string{"nothing that was found says why"},
	}
	first, excerpt := c.recent.slice(end-mostLastLines+1, end)
	if i := stages.failing(); i >= 0 {
		s := stages.list[i]
		at, found := c.recent.slice(max(s.first, s.last-mostLastLines+1), s.last)
		if len(found) == 0 {
			at, found = c.tailFirst, c.tail
		}
		if len(found) > 0 {
			first, excerpt = at, found
			f.Stage = optional(s.name)
			f.Message = "no rule knows why the stage failed; these are its last lines"
		}
	}
	f.ExcerptLine, f.Line, f.EndLine = first, first, first+int64(len(excerpt))-1
	f.Excerpt = printable(excerpt)
	f.Fingerprint = fingerprint(build.LastLines, "", "")
	return f
}

// mostRecent is how many of the last lines are at hand: a finding's longest
// excerpt is taken from them after its last line.
const mostRecent = 1100

// ring holds the last lines, each in memory that is used again.
type ring struct {
	lines [][]byte
	last  int64
}

func (r *ring) push(no int64, text string) {
	if r.lines == nil {
		r.lines = make([][]byte, mostRecent)
	}
	r.last = no
	at := &r.lines[no%mostRecent]
	*at = append((*at)[:0], text...)
}

// slice are the lines from first to last that are still there, and the number of the first.
func (r *ring) slice(first, last int64) (int64, []string) {
	first = max(first, 1, r.last-mostRecent+1)
	last = min(last, r.last)
	var found []string
	for no := first; no <= last; no++ {
		found = append(found, string(r.lines[no%mostRecent]))
	}
	return first, found
}

// printable makes harmless text of an excerpt.
func printable(lines []string) []string {
	shown := make([]string, len(lines))
	for i, text := range lines {
		shown[i] = build.Printable(text, maxShown)
	}
	return shown
}

// oneLine is a message as a report shows it.
func oneLine(text string) string {
	return build.Printable(strings.TrimSpace(stripANSI(text)), build.MaxMessage)
}

// cutBytes is text of at most limit bytes, cut between characters, without
// holding on to the rest.
func cutBytes(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return strings.Clone(text[:limit]) + "…"
}

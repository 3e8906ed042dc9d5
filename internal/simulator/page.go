package simulator

import (
	"bytes"
	"sync"
	"unicode/utf8"
)

// maxPage bounds a page, in bytes of the log: a thousand lines of hostile
// length would otherwise be held in memory at once.
const maxPage = 1 << 20

// firstRead is how much of a log is looked at first to find a page's end: more
// than a thousand usual lines.
const firstRead = 128 << 10

// nearCut is how far back a page's end is moved to fall inside a character.
const nearCut = 4 << 10

// logQuery is what a call for a page asks.
type logQuery struct {
	start, end int64
	size       int
	descending bool
}

// page is a part of a log as it is served.
type page struct {
	start, end int64 // offsets as they are told
	from, to   position
	more       bool
}

// walk remembers how a build's pages were asked for, for the readings that
// count. It is right for one client at a time.
type walk struct {
	mu    sync.Mutex
	asked bool
	start int64 // that was asked for last
	page  int   // how often another one was asked for, from 0
	visit int   // how often this one was, from 0
	prior *page // the page served in full last
}

// step notes that the page at start is asked for, and says the how manieth
// page it is, the how manieth request for it, and which page came before.
func (w *walk) step(start int64) (page, visit int, prior *page) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case !w.asked:
		w.asked, w.start = true, start
	case w.start == start:
		w.visit++
	default:
		w.start, w.page, w.visit = start, w.page+1, 0
	}
	return w.page, w.visit, w.prior
}

// served notes a page that was served as it should be.
func (w *walk) served(p page) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.prior = &p
}

// page makes the page that a query asks for.
func (s *Server) page(b *served, m moment, q logQuery) (page, error) {
	origin := s.opt.Readings.Origin
	visible, err := s.visible(b, m)
	if err != nil {
		return page{}, err
	}
	last, err := b.units.units(visible)
	if err != nil {
		return page{}, err
	}
	start := min(max(q.start, origin), origin+last)
	if b.endedFor(s.elapsed()) < s.opt.Readings.LateLog && !m.running {
		return s.late(b, start)
	}
	from, err := b.units.locate(start - origin)
	if err != nil {
		return page{}, err
	}
	to, err := s.pageEnd(b, from, visible, q)
	if err != nil {
		return page{}, err
	}
	if upper, limited := s.upper(q); limited && upper < origin+last {
		bound, err := b.units.locate(max(upper, start) - origin)
		if err != nil {
			return page{}, err
		}
		if bound.before(to) {
			to = bound
		}
	}
	end, err := b.units.units(to)
	if err != nil {
		return page{}, err
	}
	return s.disturb(b, m, page{start: start, end: origin + end, from: from, to: to, more: to.before(visible)})
}

// late is the page of a log that isn't there yet although the build has ended.
// That there is more is told to those who have seen a part.
func (s *Server) late(b *served, start int64) (page, error) {
	at, err := b.units.locate(start - s.opt.Readings.Origin)
	return page{start: start, end: start, from: at, to: at, more: start > s.opt.Readings.Origin}, err
}

// upper is the offset that a page must not pass, and whether there is one.
func (s *Server) upper(q logQuery) (int64, bool) {
	if q.end > 0 {
		return q.end, true
	}
	switch s.opt.Readings.EndZero {
	case "empty":
		return 0, true
	case "empty-later":
		return 0, q.start > 0
	default:
		return 0, false
	}
}

// visible is the end of what a build has written at a moment.
func (s *Server) visible(b *served, m moment) (position, error) {
	if m.visible == b.Log.Size() {
		return position{at: m.visible}, nil
	}
	cut := s.opt.Readings.Cut
	if cut == "unit" && s.opt.Readings.OffsetUnit == "bytes" {
		return position{at: m.visible}, nil
	}
	from := max(0, m.visible-maxPage)
	chunk, err := readRange(b.Log, from, min(m.visible+utf8.UTFMax, b.Log.Size()))
	if err != nil {
		return position{}, err
	}
	n := int(m.visible - from)
	if line := bytes.LastIndexByte(chunk[:n], '\n') + 1; cut == "line" && (line > 0 || from == 0) {
		return position{at: from + int64(line)}, nil
	}
	return position{at: from + int64(wholeCharacters(chunk, n))}, nil
}

// pageEnd is where a page that starts at from ends, by the size asked for, the
// bounds of a page and what is visible.
func (s *Server) pageEnd(b *served, from, visible position, q logQuery) (position, error) {
	r := s.opt.Readings
	lines, limit := r.PageLines, int64(r.PageBytes)
	switch {
	case r.SizeUnit == "bytes":
		limit = min(limit, int64(q.size))
	case r.SizeUnit == "lines" && (lines == 0 || q.size < lines):
		lines = q.size
	}
	if lines == 0 {
		lines = defaultSize
	}
	if !from.before(visible) {
		return visible, nil
	}
	rest := visible.at - from.at
	var chunk []byte
	var n int
	for step := int64(firstRead); ; step *= 2 {
		var err error
		if chunk, err = readRange(b.Log, from.at, from.at+min(limit+utf8.UTFMax, step+utf8.UTFMax, rest)); err != nil {
			return position{}, err
		}
		n = int(min(limit, step, rest))
		if end := lineEnd(chunk[:n], lines); end > 0 {
			return position{at: from.at + int64(end)}, nil
		}
		if step >= min(limit, rest) {
			break
		}
	}
	if int64(n) == rest {
		return visible, nil
	}
	end := s.cut(chunk, n)
	end.at += from.at
	if !from.before(end) { // a page must not be smaller than a character
		_, width := utf8.DecodeRune(chunk)
		return position{at: from.at + int64(width)}, nil
	}
	return end, nil
}

// lineEnd is the length of the first lines lines of text, 0 when it has fewer.
func lineEnd(text []byte, lines int) int {
	end := 0
	for ; lines > 0; lines-- {
		n := bytes.IndexByte(text[end:], '\n')
		if n < 0 {
			return 0
		}
		end += n + 1
	}
	return end
}

// cut is where a page ends that holds the first n bytes of chunk at most.
func (s *Server) cut(chunk []byte, n int) position {
	whole := position{at: int64(wholeCharacters(chunk, n))}
	r := s.opt.Readings
	if line := bytes.LastIndexByte(chunk[:n], '\n') + 1; r.Cut == "line" && line > 0 {
		return position{at: int64(line)}
	}
	if r.Cut != "unit" || r.OffsetUnit == "characters" {
		return whole
	}
	if r.OffsetUnit == "bytes" && whole.at < int64(n) {
		return position{at: int64(n)}
	}
	for i := int(whole.at); i > 0 && i > n-nearCut; {
		_, width := utf8.DecodeLastRune(chunk[:i])
		i -= width
		switch {
		case r.OffsetUnit == "bytes" && width > 1:
			return position{at: int64(i + 1)}
		case r.OffsetUnit == "utf16" && width == utf8.UTFMax:
			return position{at: int64(i), half: true}
		}
	}
	return whole
}

// wholeCharacters is the length of the longest part of chunk[:n] that doesn't
// end inside a character.
func wholeCharacters(chunk []byte, n int) int {
	for back := 1; back < utf8.UTFMax && back <= n; back++ {
		if !utf8.RuneStart(chunk[n-back]) {
			continue
		}
		if _, width := utf8.DecodeRune(chunk[n-back:]); width > back {
			return n - back
		}
		break
	}
	return n
}

// disturb applies the readings that make pages odd.
func (s *Server) disturb(b *served, m moment, p page) (page, error) {
	r := s.opt.Readings
	number, visit, prior := b.walk.step(p.start)
	p.more = hasMore(r.HasMore, p, m.running, number)
	switch {
	case r.Empty.hits(number, visit):
		return page{start: p.start, end: p.start, from: p.from, to: p.from, more: true}, nil
	case r.Repeat > 0 && number%r.Repeat == r.Repeat-1 && visit == 0 && prior != nil && prior.end == p.start:
		repeated := *prior
		repeated.more = true
		return repeated, nil
	case r.Stuck.hits(number, visit) && p.end > p.start:
		p.end, p.more = p.start, true
		return p, nil
	case r.Gap.hits(number, visit) && p.start > r.Origin && p.end > p.start+1:
		return s.moveStart(b, p, min(p.start+gapUnits, p.end-1))
	}
	b.walk.served(p)
	if r.Overlap > 0 && p.start > r.Origin {
		return s.moveStart(b, p, max(r.Origin, p.start-r.Overlap, p.start-maxPage))
	}
	return p, nil
}

// gapUnits is how much later than asked for a page with a gap starts.
const gapUnits = 10

// moveStart makes a page start at another offset, told as it is, or a little
// before it where that lies inside a character that isn't to be cut.
func (s *Server) moveStart(b *served, p page, start int64) (page, error) {
	from, err := b.units.locate(start - s.opt.Readings.Origin)
	if err != nil || s.opt.Readings.OffsetUnit != "bytes" || s.opt.Readings.Cut == "unit" {
		p.start, p.from = start, from
		return p, err
	}
	first := max(0, from.at-utf8.UTFMax)
	chunk, err := readRange(b.Log, first, min(from.at+utf8.UTFMax, b.Log.Size()))
	if err != nil {
		return p, err
	}
	back := from.at - first - int64(wholeCharacters(chunk, int(from.at-first)))
	p.start, p.from = start-back, position{at: from.at - back}
	return p, nil
}

// hasMore is what a page says of what follows it.
func hasMore(reading string, p page, running bool, number int) bool {
	switch {
	case reading == "flap" && running && number%2 == 1:
		return false
	case reading == "late" && !p.more:
		return p.end > p.start
	default:
		return p.more
	}
}

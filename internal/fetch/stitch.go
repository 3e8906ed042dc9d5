package fetch

import "fmt"

// stitcher makes one text of a log's pages: without gap, repeat or overlap, or
// not at all. It never computes an offset from the text; it only checks that
// every page starts where the one before it ended.
type stitcher struct {
	begun bool  // a page with text has come; its start is the log's origin
	next  int64 // where the next page must start
	last  int64 // where the last page with text started
	more  bool  // it said that there is more
	floor int64 // not begun: an empty page said that the log starts here; 0 if none did
	units unitSet
	fresh bool   // read on from a mark, and no page has come since
	tail  []byte // half a surrogate pair that waits for the other half
	half  bool   // this page has halves; without, such bytes are the log's own
	unesc unescaper
}

func newStitcher() *stitcher { return &stitcher{units: allUnits} }

// piece is what one page has added to a log.
type piece struct {
	text    []byte // to be written, owned by the caller until the next page
	empty   bool   // the page brought no text
	old     bool   // it brought none that wasn't there
	caught  bool   // has_more=false, and the page fits: nothing more for now
	problem string // why the page can't be used; it is to be asked for again
}

// add takes a page that was asked for at s.next.
func (s *stitcher) add(p Page) (piece, error) {
	text, err := decodeText(p.Log)
	if err != nil {
		return piece{}, err
	}
	if len(text) == 0 {
		return s.addEmpty(p), nil
	}
	s.half = hasHalves(p.Log)
	switch {
	case s.begun && p.Start > s.next, !s.begun && s.floor > 0 && p.Start > s.floor:
		return piece{problem: fmt.Sprintf("the page asked for at offset %d starts at %d: a gap", max(s.next, s.floor), p.Start)}, nil
	case p.End <= p.Start:
		return piece{problem: fmt.Sprintf("the page at offset %d has text, but ends at %d", p.Start, p.End)}, nil
	case s.begun && p.End <= s.next:
		return s.addRepeated(p), nil
	}
	return s.addText(p, text), nil
}

// addRepeated takes a page of which nothing is new. It can say that there is
// no more, unless that contradicts the page before: then it may be that page
// once again, out of date.
func (s *stitcher) addRepeated(p Page) piece {
	contradicts := s.more && (p.End < s.next || p.Start == s.last)
	if p.HasMore || contradicts {
		return piece{old: true, problem: fmt.Sprintf("the page asked for at offset %d repeats %d to %d", s.next, p.Start, p.End)}
	}
	s.more = false
	return piece{caught: true}
}

// addEmpty takes a page without text. One that says that there is no more is
// believed where it claims nothing new; where the page before it said that
// there is more, it must also start where that one ended. An empty page that
// comes first may tell the log's origin.
func (s *stitcher) addEmpty(p Page) piece {
	out := piece{empty: true}
	if !s.begun && s.floor == 0 && p.Start == p.End {
		s.floor = p.Start
	}
	switch {
	case p.HasMore:
		out.problem = fmt.Sprintf("the page at offset %d is empty, though it says that there is more", s.next)
	case p.End > p.Start && (!s.begun || p.End > s.next):
		out.problem = fmt.Sprintf("the page claims %d to %d, but is empty", p.Start, p.End)
	case s.begun && (p.Start > s.next || s.more && p.Start != s.next):
		out.problem = fmt.Sprintf("the empty page asked for at offset %d starts at %d", s.next, p.Start)
	default:
		out.caught = true
		s.more = false
	}
	return out
}

func (s *stitcher) addText(p Page, text []byte) piece {
	if s.units != 0 {
		fits := s.units & fitting(text, p.End-p.Start)
		if s.fresh && fits == 0 {
			return piece{problem: fmt.Sprintf("the page at offset %d counts in another unit than those before", p.Start)}
		}
		s.units = fits
	}
	if s.begun && p.Start < s.next {
		rest, ok := s.units.cut(text, s.next-p.Start)
		if !ok {
			return piece{problem: fmt.Sprintf("the page asked for at offset %d starts at %d, and in no known unit can the overlap be cut", s.next, p.Start)}
		}
		text = rest
	}
	s.begun, s.next, s.last, s.more, s.fresh = true, p.End, p.Start, p.HasMore, false
	return piece{text: s.unesc.next(s.joinTail(text)), caught: !p.HasMore}
}

// joinTail joins the half of a character that the page before ended with.
func (s *stitcher) joinTail(text []byte) []byte {
	if !s.half && len(s.tail) == 0 {
		return text
	}
	if len(s.tail) > 0 {
		text = append(s.tail, text...)
		s.tail = nil
	}
	if endsInHighSurrogate(text) {
		split := len(text) - surrogateBytes
		s.tail = append([]byte(nil), text[split:]...)
		text = text[:split]
	}
	return joinSurrogates(text)
}

// end returns the text that waited for a page that won't come.
func (s *stitcher) end() []byte {
	tail := joinSurrogates(s.tail)
	s.tail = nil
	return append(s.unesc.next(tail), s.unesc.end()...)
}

// unitName is what the offsets count, as far as the pages tell; "" before the first.
func (s *stitcher) unitName() string {
	if !s.begun {
		return ""
	}
	u, _ := s.units.first()
	return u.name
}

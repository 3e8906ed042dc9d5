package simulator

import (
	"sort"
	"sync"
	"unicode/utf8"
)

// position is a place in a log. It is a number of bytes, and where offsets
// count UTF-16 units it may lie inside a character of two units.
type position struct {
	at   int64
	half bool // after the first unit of the four-byte character at at
}

// before says whether p lies before q.
func (p position) before(q position) bool {
	return p.at < q.at || p.at == q.at && !p.half && q.half
}

// markEvery is how many bytes lie between two counted places of a log. Finding
// an offset reads at most so many bytes, and the marks of a log of 1 GB take
// 256 kB.
const markEvery = 64 << 10

// index translates between offsets, from 0 and in the unit that is switched on,
// and places in a log. It counts a log once, as far as it was asked for.
// A byte that is not UTF-8 counts as one unit.
type index struct {
	src   Source
	unit  string
	mu    sync.Mutex
	marks []mark // in order, the first at 0
}

// mark is a counted place, never inside a character.
type mark struct{ at, units int64 }

func newIndex(src Source, unit string) *index {
	return &index{src: src, unit: unit, marks: []mark{{}}}
}

// width is how many units a character takes.
func (x *index) width(r rune) int64 {
	if x.unit == "utf16" && r > 0xffff {
		return 2
	}
	return 1
}

// units is the offset of a place.
func (x *index) units(p position) (int64, error) {
	if x.unit == "bytes" {
		return p.at, nil
	}
	m, err := x.last(func(m mark) bool { return m.at <= p.at })
	if err != nil {
		return 0, err
	}
	if p.half {
		m.units++
	}
	chunk, err := readRange(x.src, m.at, p.at)
	for len(chunk) > 0 && err == nil {
		r, n := utf8.DecodeRune(chunk)
		chunk, m.units = chunk[n:], m.units+x.width(r)
	}
	return m.units, err
}

// locate is the place of an offset, the log's end for one beyond it.
func (x *index) locate(offset int64) (position, error) {
	if x.unit == "bytes" {
		return position{at: min(offset, x.src.Size())}, nil
	}
	m, err := x.last(func(m mark) bool { return m.units <= offset })
	if err != nil {
		return position{}, err
	}
	chunk, err := readRange(x.src, m.at, min(m.at+markEvery+utf8.UTFMax, x.src.Size()))
	for len(chunk) > 0 && m.units < offset && err == nil {
		r, n := utf8.DecodeRune(chunk)
		if m.units+x.width(r) > offset {
			return position{at: m.at, half: true}, nil
		}
		chunk, m.at, m.units = chunk[n:], m.at+int64(n), m.units+x.width(r)
	}
	return position{at: m.at}, err
}

// last is the last mark that is not beyond a place, of which more are made as
// long as there are any.
func (x *index) last(within func(mark) bool) (mark, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for {
		end := x.marks[len(x.marks)-1]
		if !within(end) || end.at == x.src.Size() {
			break
		}
		next, err := x.count(end)
		if err != nil {
			return mark{}, err
		}
		x.marks = append(x.marks, next)
	}
	first := sort.Search(len(x.marks), func(i int) bool { return !within(x.marks[i]) })
	return x.marks[first-1], nil
}

// count makes the mark that follows one.
func (x *index) count(m mark) (mark, error) {
	end := min(m.at+markEvery+utf8.UTFMax, x.src.Size())
	chunk, err := readRange(x.src, m.at, end)
	if err != nil {
		return mark{}, err
	}
	stop := m.at + markEvery
	for m.at < stop && len(chunk) > 0 {
		r, n := utf8.DecodeRune(chunk)
		chunk, m.at, m.units = chunk[n:], m.at+int64(n), m.units+x.width(r)
	}
	return m, nil
}

package fetch

import (
	"errors"
	"fmt"

	"github.com/loggate/loggate/internal/build"
)

// Mark is a place between two pages of a log, from which a later run can read
// on: what a Follower has learned of the log so far. It holds no secret.
type Mark struct {
	Endpoint string `json:"endpoint"` // the base URL of the API it was read from
	Build    string `json:"build"`    // JOB_ID:BUILD_NO
	Bytes    int64  `json:"bytes"`    // of the log, as it was served, before the mark
	Next     int64  `json:"next"`     // offset at which the next page starts
	Last     int64  `json:"last"`     // offset at which the last page with text started
	More     bool   `json:"more"`     // that page said that there is more
	Units    uint8  `json:"units"`    // what offsets may count, as a set
	Far      bool   `json:"far"`      // end_offset is to be a large number
	NearGood bool   `json:"near_good"`
	Real     bool   `json:"real_newlines"`
	Escaped  bool   `json:"escaped_newlines"`
	Prev     byte   `json:"prev"` // the last byte, for \n as two characters
}

// CheckMark says why a log can't be read on from a mark: that it is another
// service's, another build's, or not a mark at all.
func (c *Client) CheckMark(ref build.Ref, m *Mark) error {
	switch {
	case m.Endpoint != c.opts.Endpoint.String():
		return fmt.Errorf("it was fetched from another endpoint, %.200q", m.Endpoint)
	case m.Build != ref.String():
		return fmt.Errorf("it is of another build, %.80q", m.Build)
	case m.Bytes < 1 || m.Last < 0 || m.Next <= m.Last || unitSet(m.Units) > allUnits:
		return errors.New("the note of how far it was fetched makes no sense")
	}
	return nil
}

// mark is where the pager stands; false while a part of what it has read waits
// for the next page, so that it isn't written yet.
func (p *pager) mark() (Mark, bool) {
	s := p.stitch
	if !s.begun || len(s.tail) > 0 || len(s.unesc.held) > 0 {
		return Mark{}, false
	}
	return Mark{
		Endpoint: p.client.opts.Endpoint.String(), Build: p.ref.String(), Bytes: p.before + p.bytes,
		Next: s.next, Last: s.last, More: s.more, Units: uint8(s.units),
		Far: p.far, NearGood: p.nearGood,
		Real: s.unesc.real, Escaped: s.unesc.escaped, Prev: s.unesc.prev,
	}, true
}

// resume sets the pager to where a mark says.
func (p *pager) resume(m *Mark) {
	p.stitch = &stitcher{
		begun: true, next: m.Next, last: m.Last, more: m.More, units: unitSet(m.Units), fresh: true,
		unesc: unescaper{real: m.Real, escaped: m.Escaped, prev: m.Prev},
	}
	p.before = m.Bytes
	p.far, p.nearGood = m.Far, m.NearGood
}

// pageError is a page that doesn't fit to those before it, although it was
// asked for again.
type pageError struct{ problem string }

func (e *pageError) Error() string { return e.problem }

// RefutesMark says whether an error may be due to the mark that a log was read
// on from, rather than to the service, so that reading it from its start may
// succeed: the service has no page there, or one that doesn't fit.
func RefutesMark(err error) bool {
	var (
		page *pageError
		api  *APIError
	)
	return errors.As(err, &page) || errors.As(err, &api) && api.Code == codeParameter
}

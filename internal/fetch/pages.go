package fetch

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/loggate/loggate/internal/build"
)

// Patience says how long a Follower waits for what may still come.
type Patience struct {
	JustTriggered time.Duration // for a build that isn't known yet, or has no log yet
	Idle          time.Duration // after which a log without an end mark has ended, where only the log tells
	AskAgain      time.Duration // between two tries of a page that doesn't fit, after the end
	AskTimes      int           // how often it is asked again
	Settle        time.Duration // after an end that was seen to come, before the last look
	PollMin       time.Duration // between two looks at a running build: at first,
	PollMax       time.Duration // and at most, as the build grows older (the limits can make it longer)
	BodyTries     int           // of a page whose body breaks off or can't be understood
	BodyWait      time.Duration // before the first of these, doubling
}

// DefaultPatience holds the waits of DESIGN section 3.
func DefaultPatience() Patience {
	return Patience{
		JustTriggered: 2 * time.Minute, Idle: time.Minute,
		AskAgain: 2200 * time.Millisecond, AskTimes: 5, // "5 times over at least 10 s"
		Settle: time.Second, PollMin: time.Second, PollMax: 10 * time.Second,
		BodyTries: 8, BodyWait: 200 * time.Millisecond,
	}
}

// farEnd is the end_offset tried where 0 isn't understood as "no upper end",
// and farthestEnd the one for logs that are longer.
const (
	farEnd      = 1<<31 - 1
	farthestEnd = 1<<63 - 1
)

// pager reads one build's log page by page into a writer.
type pager struct {
	client   *Client
	ref      build.Ref
	sink     io.Writer
	patience Patience

	running bool   // the service says so: an empty page is nothing odd then
	once    bool   // the caller won't look again later
	told    func() // called after every page
	marked  func(Mark)
	// rest, where set, is asked after a page of an ended build that isn't the
	// last, and may bring all that is left at once.
	rest func(ctx context.Context) (bool, error)

	stitch   *stitcher
	pages    int64
	bytes    int64
	before   int64     // bytes of the log before those, where it is read on
	sum      hash.Hash // of what was written, where rest is set
	far      bool      // ask with farEnd instead of 0
	nearGood bool      // 0 has brought text from beyond the log's start
	empties  int       // empty pages so far
	blank    bool      // the last page was empty
	lastNew  time.Time // when text came last
}

// SinkError is a failure to keep what was fetched, such as a full disk.
type SinkError struct{ Err error }

func (e *SinkError) Error() string { return e.Err.Error() }

// Unwrap returns what the writer said.
func (e *SinkError) Unwrap() error { return e.Err }

// catchUp reads pages until the service says that there is no more. problem
// says why the log can't be continued for now: while the build runs, the
// caller looks again later; after its end (ended), the page has been asked for
// again as often as patience says. Where the caller won't look again later,
// that is also done before the end, unless the page was just empty.
func (p *pager) catchUp(ctx context.Context, ended bool) (problem string, err error) {
	again := 0
	for {
		got, err := p.step(ctx)
		if err != nil {
			return "", err
		}
		if got.caught {
			return "", nil
		}
		if got.problem == "" {
			again = 0
			if done, err := p.leap(ctx, ended); done || err != nil {
				return "", err
			}
			continue
		}
		insist := ended || p.once && !got.empty
		if !insist || again == p.patience.AskTimes {
			return got.problem, nil
		}
		again++
		if err := sleep(ctx, p.patience.AskAgain); err != nil {
			return "", err
		}
	}
}

// leap gets all that is left at once, where it can.
func (p *pager) leap(ctx context.Context, ended bool) (bool, error) {
	if p.rest == nil || !ended {
		return false, nil
	}
	return p.rest(ctx)
}

// step asks for the next page, in both readings of end_offset where one page
// doesn't tell, and writes what it brings.
func (p *pager) step(ctx context.Context) (piece, error) {
	promised, begun, next := p.stitch.more, p.stitch.begun, p.stitch.next
	got, err := p.ask(ctx)
	if p.suspicious(got, err, promised) {
		got, err = p.tryFar(ctx, got, err)
	}
	if err != nil {
		return piece{}, err
	}
	p.blank = got.empty
	if p.stitch.next != next || p.stitch.begun != begun {
		p.lastNew = time.Now()
		p.nearGood = p.nearGood || (begun && !p.far)
	}
	err = p.write(got.text)
	if m, ok := p.mark(); ok && err == nil && p.marked != nil && p.stitch.next != next {
		p.marked(m)
	}
	p.told()
	return got, err
}

// lookFar is after how many empty pages of a running build the other reading
// of end_offset is tried again: its log is to be followed in either.
const lookFar = 10

// suspicious says whether an answer may be due to the reading of end_offset=0:
// refused, or empty where text is expected (API facts: "? what 0 means").
func (p *pager) suspicious(got piece, err error, promised bool) bool {
	if p.far || p.nearGood {
		return false
	}
	var api *APIError
	if errors.As(err, &api) {
		return api.Code == codeParameter // with HTTP 400, or with 200 as a failure
	}
	if err != nil || !got.empty && !got.old {
		return false
	}
	p.empties++
	return promised || !p.running || p.empties%lookFar == 1
}

// tryFar asks for the page with farEnd, and stays with it if that helps.
func (p *pager) tryFar(ctx context.Context, near piece, nearErr error) (piece, error) {
	p.far = true
	got, err := p.ask(ctx)
	if err == nil && (nearErr != nil || !got.empty && got.problem == "") {
		return got, nil
	}
	p.far = false
	return near, nearErr
}

// ask asks for one page and, bounded, again while its body can't be used.
func (p *pager) ask(ctx context.Context) (piece, error) {
	wait := p.patience.BodyWait
	for try := 1; ; try++ {
		got, err := p.askOnce(ctx)
		var body *BodyError
		if err == nil || !errors.As(err, &body) || ctx.Err() != nil {
			return got, err
		}
		if try >= p.patience.BodyTries {
			return piece{}, fmt.Errorf("%w (asked %d times)", err, try)
		}
		if err := sleep(ctx, wait); err != nil {
			return piece{}, err
		}
		wait *= 2
	}
}

func (p *pager) askOnce(ctx context.Context) (piece, error) {
	page, err := p.page(ctx, p.stitch.next)
	if err != nil {
		return piece{}, err
	}
	got, err := p.stitch.add(page)
	if err != nil {
		return piece{}, &BodyError{Op: "fetch page", Build: p.ref.String(), Offset: p.stitch.next, Err: err}
	}
	return got, nil
}

// page asks for the page at an offset in the present reading of end_offset.
func (p *pager) page(ctx context.Context, start int64) (Page, error) {
	end := p.end(start)
	page, err := p.client.Page(ctx, p.ref, PageQuery{Start: start, End: end})
	if err != nil {
		return Page{}, err
	}
	p.pages++
	if end == farEnd && page.End == farEnd {
		page.HasMore = true // what it said may be about the range that was asked for
	}
	return page, nil
}

// end is the end_offset to ask with: one behind all that can be there. A log
// may begin beyond the documented one.
func (p *pager) end(start int64) int64 {
	switch {
	case !p.far:
		return 0
	case start >= farEnd, !p.stitch.begun && p.stitch.floor >= farEnd:
		return farthestEnd
	}
	return farEnd
}

func (p *pager) write(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	n, err := p.sink.Write(text)
	p.bytes += int64(n)
	if p.rest != nil {
		p.sum.Write(text[:n])
	}
	if err != nil {
		return &SinkError{err}
	}
	return nil
}

// finish writes what waited for a further page.
func (p *pager) finish() error { return p.write(p.stitch.end()) }

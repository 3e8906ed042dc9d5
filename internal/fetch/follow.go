package fetch

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/sourcegraph/conc"

	"github.com/loggate/loggate/internal/build"
)

// Follower reads the logs of builds and finds out how they ended. Its builds
// share one Client and plan their looks at running builds together.
type Follower struct {
	client   *Client
	wait     bool
	patience Patience
	active   atomic.Int64           // builds being followed now
	refusal  atomic.Pointer[string] // why no download is tried any more
}

// NewFollower returns a Follower. wait says whether running builds are
// followed to their end and builds that aren't known yet are waited for;
// otherwise it takes what there is.
func NewFollower(c *Client, wait bool, p Patience) *Follower {
	return &Follower{client: c, wait: wait, patience: p}
}

// Watch is what a caller wants to have of one build while it is followed.
type Watch struct {
	Sink     io.Writer               // gets the log's bytes, in order; its error ends the visit
	LogEnded func() bool             // whether the log, as far as written, shows its end mark
	Progress func(Progress)          // called from one goroutine, after every page and wait
	Source   Source                  // how the log is fetched; "" means pages
	Scratch  func() (Scratch, error) // where a download is put aside; nil allows none
	From     *Mark                   // where to read on, see CheckMark; nil is the log's start
	Marked   func(Mark)              // where reading could go on, after pages that Sink has got; may be nil
}

// Progress is how far a visit has come.
type Progress struct {
	Status build.Status // Unknown until the service has told
	Pages  int64
	Bytes  int64
}

// Followed is what a visit has brought: a build with all but findings and
// file, and, where its status is Unknown, why the API doesn't tell it.
type Followed struct {
	Build     *build.Build
	StatusErr error
	LogErr    error // why the log isn't complete; nil where it is
}

// Follow reads the log of one build into w.Sink until the build has ended and
// the log is complete, as DESIGN section 3 defines it, or until it is certain
// that this can't be had. It never fails: what is missing, and why, is in
// Build.Incomplete. When ctx ends, its cause is the reason given.
func (f *Follower) Follow(ctx context.Context, ref build.Ref, w Watch) Followed {
	f.active.Add(1)
	defer f.active.Add(-1)
	tally := &Tally{}
	ctx = WithTally(ctx, tally)
	v := &visit{
		Follower: f, ref: ref, watch: w, begun: time.Now(),
		status: statusReader{client: f.client, ref: ref},
		stands: standing{status: build.Unknown},
	}
	v.pager = &pager{
		client: f.client, ref: ref, sink: w.Sink, patience: f.patience, stitch: newStitcher(),
		lastNew: v.begun, once: !f.wait, told: v.report, marked: w.Marked,
	}
	if w.From != nil {
		v.pager.resume(w.From)
	}
	if w.Scratch != nil && (w.Source == SourceAuto || w.Source == SourceDownload) {
		v.pager.rest, v.pager.sum = v.download, sha256.New()
	}
	defer v.background.Wait()
	whyNot := v.run(ctx)
	if err := v.pager.finish(); err != nil && whyNot == nil {
		whyNot = err
	}
	b := v.describe(ctx, whyNot)
	b.Log.Requests, b.Log.Retries = tally.Requests.Load(), tally.Retries.Load()
	return Followed{Build: b, StatusErr: v.stands.err, LogErr: whyNot}
}

// visit is the following of one build.
type visit struct {
	*Follower
	ref    build.Ref
	watch  Watch
	begun  time.Time
	status statusReader
	pager  *pager

	metadata   func() metadata // waits for it; nil before it is asked for
	background conc.WaitGroup  // where it is

	stands     standing
	asked      time.Time // when the status was asked for last
	unsure     time.Time // since when the API doesn't tell the status; zero while it does
	endSeen    time.Time // when the build was first known to have ended
	waited     bool      // the log wasn't whole, or not there, at an earlier look
	markSeen   bool      // the status was asked for because the log shows its end mark
	noDownload string    // why a download isn't tried any more
	notNow     string    // why it wasn't after the last page
	downloaded bool
	absent     int // how often in a row the log was said not to exist, after it had text
}

// run looks at the build again and again; nil means that its log is complete.
func (v *visit) run(ctx context.Context) error {
	for {
		v.lookAtStatus(ctx)
		if v.stands.ended && v.stands.err == nil {
			v.startMetadata(ctx) // the status isn't asked for any more
		}
		problem, err := v.pager.catchUp(ctx, v.stands.ended)
		done, whyNot := v.judge(ctx, problem, err)
		if done {
			return whyNot
		}
		v.waited = true
		if err := sleep(ctx, v.pause()); err != nil {
			return v.broken(ctx)
		}
	}
}

func (v *visit) report() {
	if v.watch.Progress != nil {
		v.watch.Progress(Progress{Status: v.stands.status, Pages: v.pager.pages, Bytes: v.pager.bytes})
	}
}

// lookAtStatus asks how the build stands, unless it is known how it ended or
// was asked a short while ago. An end mark in the log is a reason to ask now.
func (v *visit) lookAtStatus(ctx context.Context) {
	if v.stands.ended && v.stands.err == nil {
		return
	}
	mark := v.watch.LogEnded() && !v.markSeen
	if !v.asked.IsZero() && !mark && time.Since(v.asked) < v.statusPause() {
		return
	}
	v.markSeen = v.markSeen || mark
	v.learn(v.status.read(ctx), ctx.Err() != nil)
	v.pager.running = v.stands.status == build.Running
	v.report()
}

// learn takes what a look at the status brought. One that was cut short, or
// that tells less of a build that has ended, leaves what was known.
func (v *visit) learn(s standing, cutShort bool) {
	first := v.asked.IsZero()
	v.asked = time.Now()
	if !first && cutShort || v.stands.ended && !s.ended {
		return
	}
	v.stands = s
	switch {
	case s.err == nil:
		v.unsure = time.Time{}
	case v.unsure.IsZero():
		v.unsure = v.asked
	}
	if s.ended && v.endSeen.IsZero() {
		v.endSeen = v.asked
	}
}

// pause is the time between two looks at the log: it grows with the build's
// age and with the number of builds that share the limit.
func (v *visit) pause() time.Duration {
	d := min(max(time.Since(v.begun)/20, v.patience.PollMin), v.patience.PollMax)
	return max(d, v.share(EndpointPages))
}

func (v *visit) statusPause() time.Duration {
	return max(v.pause(), v.share(EndpointBuildInfo))
}

// share is the pause that keeps all followed builds together within four
// fifths of an endpoint's limit, which leaves room for what must not wait.
func (v *visit) share(e Endpoint) time.Duration {
	return v.client.PollInterval(e, int(v.active.Load())) * 5 / 4
}

// judge decides after a look at status and log whether the visit is over, and
// then why the log is not complete, or nil.
func (v *visit) judge(ctx context.Context, problem string, err error) (done bool, whyNot error) {
	switch {
	case ctx.Err() != nil:
		return true, v.broken(ctx)
	case IsNotFound(err):
		return v.judgeAbsent(err)
	case err != nil:
		return true, err
	}
	v.absent = 0
	switch {
	case !v.pager.stitch.begun && v.pager.blank:
		return v.judgeEmpty(problem)
	case v.stands.ended && problem != "":
		return true, &pageError{problem}
	case v.stands.ended:
		return v.settle(ctx)
	case v.stands.err != nil:
		return v.judgeByLog(ctx, problem)
	case !v.wait:
		return true, errStillRunning
	}
	return false, nil
}

var errStillRunning = errors.New("the build was still running, and with wait: false its log is taken as it is")

// broken says why the visit ended before the build did.
func (v *visit) broken(ctx context.Context) error {
	if v.stands.status == build.Running {
		return fmt.Errorf("%w while the build was still running", ended(ctx))
	}
	return ended(ctx)
}

// judgeAbsent: the service says that there is no such log. A build that was
// only just triggered may not be known yet.
func (v *visit) judgeAbsent(err error) (done bool, whyNot error) {
	switch {
	case v.pager.stitch.begun:
		v.absent++
		return v.absent > v.patience.AskTimes, err
	case !v.wait:
		return true, err
	case v.stands.status == build.Running:
		return false, nil
	case time.Since(v.missingSince()) < v.patience.JustTriggered:
		return false, nil
	}
	return true, fmt.Errorf("not found within %s: %w", v.patience.JustTriggered, err)
}

// missingSince is when a log that isn't there began to be late: when the visit
// began, unless the build was running then.
func (v *visit) missingSince() time.Time {
	if v.stands.ended {
		return v.endSeen
	}
	return later(v.begun, v.unsure)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// judgeEmpty: there is a log, but nothing in it yet.
func (v *visit) judgeEmpty(problem string) (done bool, whyNot error) {
	why := errors.New("the log is empty")
	if problem != "" {
		why = errors.New("the log is empty: " + problem)
	}
	switch {
	case !v.wait && !v.stands.ended && v.stands.err == nil:
		return true, errStillRunning
	case !v.wait:
		return true, why
	case v.stands.status == build.Running:
		return false, nil
	}
	return time.Since(v.missingSince()) >= v.patience.JustTriggered, why
}

// judgeByLog: the API refuses to tell the status, so the log alone shows
// whether the build has ended: by its end mark, or by falling silent.
func (v *visit) judgeByLog(ctx context.Context, problem string) (done bool, whyNot error) {
	mark := v.watch.LogEnded()
	idle := time.Since(later(v.pager.lastNew, v.unsure)) >= v.patience.Idle
	switch {
	case v.wait && !mark && !idle:
		return false, nil
	case v.wait && mark && !v.markSeen:
		// A build that the service didn't know a moment ago may be known by now.
		return false, nil
	case !v.wait && !mark:
		return true, fmt.Errorf("the log shows no end mark, and the service doesn't tell whether the build has ended: %w", v.stands.err)
	case !v.wait && problem == "":
		return true, nil
	}
	return v.settle(ctx)
}

// settleLooks bounds the last looks, so that the status is asked for in between.
const settleLooks = 5

// settle takes last looks at a log whose end was seen to come, since its last
// lines may arrive after the status: until one brings nothing or, while the log
// shows no end mark, two in a row.
func (v *visit) settle(ctx context.Context) (done bool, whyNot error) {
	if v.stands.ended && !v.waited {
		return true, nil
	}
	for quiet, look := 0, 0; look < settleLooks; look++ {
		if err := sleep(ctx, v.patience.Settle); err != nil {
			return true, v.broken(ctx)
		}
		before := v.pager.stitch.next
		problem, err := v.pager.catchUp(ctx, true)
		switch {
		case ctx.Err() != nil:
			return true, v.broken(ctx)
		case err != nil:
			return true, err
		case problem != "":
			return true, &pageError{problem}
		}
		if quiet++; v.pager.stitch.next != before {
			quiet = 0
		}
		if quiet == 2 || quiet == 1 && (v.watch.LogEnded() || !v.stands.ended) {
			return true, nil
		}
	}
	return false, nil
}

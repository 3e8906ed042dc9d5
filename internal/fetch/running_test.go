package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/build"
)

func TestRunningBuildIsFollowed(t *testing.T) {
	const text = "one\ntwo\nthree\nfour\nfive\nFinished: SUCCESS\n"
	seen := func(q pageAsked, visible int) string {
		start := min(q.start, int64(visible))
		return servedPage(start, int64(visible), false, text[start:visible])
	}
	for name, page := range map[string]func(n int, q pageAsked) string{
		"in bursts": func(n int, q pageAsked) string { return seen(q, min(len(text), n/3*8)) },
		"always more": func(n int, q pageAsked) string {
			return strings.Replace(seen(q, min(len(text), n*5)), "false", fmt.Sprint(n < 20), 1)
		},
		"empty is 0 to 0": func(n int, q pageAsked) string {
			if n%3 > 0 {
				return servedPage(0, 0, false, "")
			}
			return seen(q, min(len(text), n*5))
		},
		"empty is null to null": func(n int, q pageAsked) string {
			if n%3 > 0 {
				return `{"has_more":false,"start_offset":null,"end_offset":null,"log":null}`
			}
			return seen(q, min(len(text), n*5))
		},
		"the last page again": func(n int, q pageAsked) string {
			visible := min(len(text), n/2*7)
			start := max(0, visible-7)
			return servedPage(int64(start), int64(visible), false, text[start:visible])
		},
		"not there at first": func(n int, q pageAsked) string {
			if n < 3 {
				return refusal(404, "CB.00060299")
			}
			return seen(q, min(len(text), n*4))
		},
		"gone for a moment": func(n int, q pageAsked) string {
			if n == 2 || n == 3 {
				return refusal(404, "CB.00060299")
			}
			return seen(q, min(len(text), n*5))
		},
		"the end is late": func(n int, q pageAsked) string {
			if n < 22 { // which is two looks after the end
				return seen(q, min(20, n*5))
			}
			return seen(q, len(text))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{record: always(oldRecord), page: page}
			s.info = func(int) string {
				if s.asked["real-time-log"] < 20 {
					return infoRunning
				}
				return infoSuccess
			}
			got := s.follow(t, true)
			got.wantWhole(t, text)
			if got.Build.Status != build.Success || len(got.Build.Incomplete) != 0 {
				t.Errorf("status %s, lacks %v", got.Build.Status, got.Build.Incomplete)
			}
		})
	}
}

// Whatever end_offset=0 means, a running build's log is written as it grows.
func TestRunningBuildIsFollowedInBothReadings(t *testing.T) {
	text, visible := strings.Repeat("0123456789", 20), 0
	s := &service{info: always(infoRunning)}
	page := literalEnd(text, 10, func(pageAsked) string { return "" })
	s.page = func(n int, q pageAsked) string {
		visible = min(len(text), visible+5)
		if q.end > 0 {
			q.end = int64(visible)
		}
		return page(n, q)
	}
	f := s.follower(t, true, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var out bytes.Buffer
	f.Follow(ctx, testRef, watchInto(&out))
	if out.String() != text {
		t.Errorf("wrote %d of %d bytes", out.Len(), len(text))
	}
}

// A build that became known only while we waited can't have ended long ago,
// whatever its record says.
func TestLogOfABuildThatJustEndedMayBeLate(t *testing.T) {
	begun, text := time.Now(), "late\n"
	s := &service{record: always(oldRecord), page: oneLog(text, 9, func() int {
		if time.Since(begun) < testPatience().JustTriggered/2 {
			return 0
		}
		return len(text)
	})}
	s.info = func(n int) string {
		if n < 2 {
			return infoRunning
		}
		return infoFailure
	}
	got := s.follow(t, true)
	got.wantWhole(t, text)
	if got.Build.Status != build.Failure {
		t.Errorf("status %s", got.Build.Status)
	}
}

// Nor does it matter how long it ran before.
func TestLogThatComesAfterTheEnd(t *testing.T) {
	for _, missing := range []string{refusal(404, "CB.00060299"), servedPage(0, 0, false, "")} {
		begun, triggered, text := time.Now(), testPatience().JustTriggered, "late\n"
		s := &service{record: always(oldRecord)}
		s.info = func(int) string {
			if time.Since(begun) < triggered+20*time.Millisecond {
				return infoRunning
			}
			return infoSuccess
		}
		s.page = func(n int, q pageAsked) string {
			if time.Since(begun) < triggered+100*time.Millisecond {
				return missing
			}
			return whole(text)(n, q)
		}
		s.follow(t, true).wantWhole(t, text)
	}
}

// Once the build has ended, what looks like its end is looked at in both
// readings of end_offset.
func TestLastLinesInTheOtherReading(t *testing.T) {
	text, ended := "first\nlast\n", false
	s := &service{record: always(oldRecord)}
	s.info = func(n int) string {
		if ended = n >= 5; ended {
			return infoSuccess
		}
		return infoRunning
	}
	s.page = func(n int, q pageAsked) string {
		switch {
		case q.end == 0 && q.start > 0:
			return servedPage(q.start, q.start, false, "")
		case ended:
			return whole(text)(n, q)
		}
		return oneLog(text[:6], 6, func() int { return 6 })(n, q)
	}
	s.follow(t, true).wantWhole(t, text)
}

// Trouble with the status in the middle of a build that is silent for long
// doesn't end it.
func TestSilentBuildOutlivesTrouble(t *testing.T) {
	const text = "quiet\nFinished: SUCCESS\n"
	begun, idle := time.Now(), testPatience().Idle
	at := func(d time.Duration) bool { return time.Since(begun) > d }
	s := &service{record: always(refusal(403, "CB.00060203")), running: always(refusal(403, "CB.00060203"))}
	s.info = func(int) string {
		switch {
		case at(idle + 60*time.Millisecond):
			return infoSuccess
		case at(idle+10*time.Millisecond) && !at(idle+40*time.Millisecond):
			return refusal(500, "CB.00060101")
		}
		return infoRunning
	}
	s.page = oneLog(text, 100, func() int {
		if at(idle + 50*time.Millisecond) {
			return len(text)
		}
		return 6
	})
	got := s.follow(t, true)
	got.wantWhole(t, text)
	if got.Build.Status != build.Success {
		t.Errorf("status %s", got.Build.Status)
	}
}

func TestWithoutWaiting(t *testing.T) {
	page := func(n int, q pageAsked) string {
		pages := []string{servedPage(0, 2, true, "ab"), servedPage(0, 2, true, "ab"), servedPage(2, 4, true, "cd"), servedPage(4, 4, true, "")}
		return pages[min(n, len(pages)-1)]
	}
	s := &service{info: always(infoRunning), page: page}
	got := s.follow(t, false)
	got.wantBroken(t, "abcd", "still running")
	if got.Build.Status != build.Running || got.Build.StatusSource != build.FromAPI || len(got.Build.Incomplete) != 2 {
		t.Errorf("status %s, lacks %+v", got.Build.Status, got.Build.Incomplete)
	}
	if n := len(got.pages); n > 5 {
		t.Errorf("asked for %d pages", n)
	}
}

func TestLogWithoutStatus(t *testing.T) {
	no := always(refusal(403, "CB.00060203"))
	const marked, bare = "log\nFinished: SUCCESS\n", "log\nand more\n"
	idle := testPatience().Idle
	for name, tt := range map[string]struct {
		text     string
		wait     bool
		whole    bool
		from, to time.Duration
	}{
		"end mark":                  {marked, true, true, 0, idle},
		"end mark, wait is false":   {marked, false, true, 0, idle},
		"falls silent":              {bare, true, true, idle, 10 * idle},
		"no mark and wait is false": {bare, false, false, 0, idle},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{info: no, record: no, running: no, page: whole(tt.text)}
			began := time.Now()
			got := s.follow(t, tt.wait)
			took := time.Since(began)
			if tt.whole {
				got.wantWhole(t, tt.text)
			} else {
				got.wantBroken(t, tt.text, "no end mark")
			}
			if got.Build.Status != build.Unknown || got.Build.StatusSource != build.FromNone || got.StatusErr == nil || took < tt.from || took > tt.to {
				t.Errorf("status %s from %s, %v, after %s", got.Build.Status, got.Build.StatusSource, got.StatusErr, took)
			}
		})
	}
}

// Nobody tells the status, and the service takes end_offset=0 by its word: what
// looks silent isn't.
func TestSilenceIsLookedAtInBothReadings(t *testing.T) {
	no := always(refusal(403, "CB.00060203"))
	const text = "first line\nsecond line\nthe end\n"
	for name, start := range map[string]int64{"beyond the start": 1, "always": 0} {
		s := &service{info: no, record: no, running: no, page: func(_ int, q pageAsked) string {
			if q.end == 0 && q.start >= start {
				return servedPage(q.start, q.start, false, "")
			}
			end := min(q.start+11, int64(len(text)))
			return servedPage(q.start, end, q.start > 0 && end < int64(len(text)), text[q.start:end])
		}}
		t.Run(name, func(t *testing.T) { s.follow(t, true).wantWhole(t, text) })
	}
}

func TestWithoutWaitingAProblemIsNoEnd(t *testing.T) {
	no := always(refusal(403, "CB.00060203"))
	s := &service{info: no, record: no, running: no, page: func(n int, q pageAsked) string {
		if n == 1 || n == 2 {
			return servedPage(1, 1, true, "")
		}
		return servedPage(q.start, 1, n == 0, "a"[q.start:])
	}}
	s.follow(t, false).wantBroken(t, "a", "no end mark")
}

type fullDisk struct {
	bytes.Buffer
	room int
}

var errDiskFull = errors.New("no space left on device")

func (d *fullDisk) Write(p []byte) (int, error) {
	if d.Len()+len(p) > d.room {
		return 0, errDiskFull
	}
	return d.Buffer.Write(p)
}

func TestFullDiskEndsTheVisit(t *testing.T) {
	s := &service{info: always(infoSuccess), record: always(oldRecord), page: oneLog(strings.Repeat("x", 100), 10, func() int { return 100 })}
	f := s.follower(t, true, nil)
	disk := &fullDisk{room: 35}
	got := f.Follow(t.Context(), testRef, Watch{Sink: disk, LogEnded: func() bool { return false }})
	if got.Build.Log.Complete || disk.Len() != 30 || got.Build.Incomplete[0].Reason != errDiskFull.Error() || len(s.pages) != 4 {
		t.Errorf("%+v with %d bytes after %d pages", got.Build.Incomplete, disk.Len(), len(s.pages))
	}
	if got.Build.Status != build.Success {
		t.Errorf("status %s", got.Build.Status)
	}
}

// At whatever request the run ends, the reason is the context's and what was
// fetched is kept.
func TestTheEndOfTheRunAtAnyMoment(t *testing.T) {
	cause := errors.New("the timeout of 60m was reached")
	const text = "0123456789"
	for at := range 14 {
		ctx, cancel := context.WithCancelCause(t.Context())
		requests := 0
		stop := func() {
			if requests++; requests == at {
				cancel(cause)
			}
		}
		s := &service{
			info: func(int) string { stop(); return infoRunning },
			page: func(n int, q pageAsked) string { stop(); return oneLog(text, 2, func() int { return 2 * n })(n, q) },
		}
		f := s.follower(t, true, nil)
		if at == 0 {
			cancel(cause)
		}
		var out bytes.Buffer
		got := f.Follow(ctx, testRef, watchInto(&out)).Build
		if got.Log.Complete || !strings.HasPrefix(text, out.String()) || at > 5 && out.Len() == 0 {
			t.Errorf("at request %d: complete %v with %q", at, got.Log.Complete, out.String())
		}
		if !slices.ContainsFunc(got.Incomplete, func(m build.Missing) bool {
			return m.What == build.MissingLog && strings.Contains(m.Reason, cause.Error())
		}) {
			t.Errorf("at request %d: lacks %+v", at, got.Incomplete)
		}
		if want := build.Running; at > 1 && got.Status != want {
			t.Errorf("at request %d: status %s, want %s", at, got.Status, want)
		}
		cancel(nil)
	}
}

func TestProgressIsTold(t *testing.T) {
	s := &service{info: always(infoSuccess), record: always(oldRecord), page: oneLog("0123456789", 2, func() int { return 10 })}
	f := s.follower(t, true, nil)
	var told []Progress
	var out bytes.Buffer
	w := watchInto(&out)
	w.Progress = func(p Progress) { told = append(told, p) }
	f.Follow(t.Context(), testRef, w)
	for n := int64(1); n <= 5; n++ {
		if !slices.Contains(told, Progress{Status: build.Success, Pages: n, Bytes: 2 * n}) {
			t.Errorf("page %d isn't in %v", n, told)
		}
	}
}

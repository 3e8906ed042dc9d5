package fetch

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// starts lets n requests go to an endpoint and returns when each started.
func starts(t *testing.T, l *limits, e Endpoint, n int) []time.Duration {
	t.Helper()
	begin := time.Now()
	var times []time.Duration
	for range n {
		if err := l.wait(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		times = append(times, time.Since(begin))
	}
	return times
}

// most is the largest number of times within any minute.
func most(times []time.Duration) int {
	most := 0
	for i, from := range times {
		end, _ := slices.BinarySearch(times, from+time.Minute)
		most = max(most, end-i)
	}
	return most
}

func TestLimitsKeepWithinEveryMinute(t *testing.T) {
	for _, tt := range []struct {
		share float64
		want  [endpointCount]int // in the fullest minute
	}{
		{1, [...]int{180, 50, 50, 120, 50, 20}},
		{0.25, [...]int{45, 12, 12, 30, 12, 5}},
		{1.0 / 20, [...]int{9, 2, 2, 6, 2, 1}},
	} {
		for e := range endpointCount {
			synctest.Test(t, func(t *testing.T) {
				times := starts(t, newLimits(tt.share), e, 3*int(perMinute[e]*tt.share))
				got := most(times)
				if got > tt.want[e] || got < tt.want[e]*3/4 && got < tt.want[e]-1 {
					t.Errorf("endpoint %d at a share of %v: %d requests in a minute, want at most %d", e, tt.share, got, tt.want[e])
				}
			})
		}
	}
}

func TestLimitsServeInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimits(1)
		starts(t, l, EndpointBuildInfo, 5) // the burst is gone
		var mu sync.Mutex
		var order []int
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				if l.wait(t.Context(), EndpointBuildInfo) == nil {
					mu.Lock()
					defer mu.Unlock()
					order = append(order, i)
				}
			})
			synctest.Wait()
		}
		group.Wait()
		if !slices.IsSorted(order) || len(order) != 8 {
			t.Errorf("order %v", order)
		}
	})
}

func TestLimitsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		times := starts(t, newLimits(0), EndpointPages, 10000)
		if times[len(times)-1] != 0 {
			t.Errorf("waited %s without a limit", times[len(times)-1])
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimits(1)
		starts(t, l, EndpointBuildInfo, 5)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		begin := time.Now()
		if err := l.wait(ctx, EndpointBuildInfo); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(begin); took != 100*time.Millisecond {
			t.Errorf("took %s", took)
		}
		l.brake.pull(time.Now(), time.Minute)
		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		if err := l.wait(ctx, EndpointPages); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

func TestThrottlingPausesEveryEndpoint(t *testing.T) {
	for _, share := range []float64{0, 1} {
		synctest.Test(t, func(t *testing.T) {
			l := newLimits(share)
			starts(t, l, EndpointPages, 1)
			if pause := l.throttled(EndpointPages, time.Now(), 7*time.Second); pause != 7*time.Second {
				t.Errorf("pause %s", pause)
			}
			for e := range endpointCount {
				if left := starts(t, l, e, 1)[0]; e == 0 && left != 7*time.Second || e > 0 && left != 0 {
					t.Errorf("share %v: endpoint %d waited %s", share, e, left)
				}
			}
		})
	}
}

func TestWhoWaitsForAPlaceHeedsAPauseToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimits(1)
		starts(t, l, EndpointBuildInfo, 5)
		begin := time.Now()
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := l.wait(t.Context(), EndpointBuildInfo); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		l.throttled(EndpointPages, time.Now(), 20*time.Second)
		<-done
		if took := time.Since(begin); took != 20*time.Second {
			t.Errorf("started after %s, within the pause", took)
		}
	})
}

func TestPausesGrowAndShrink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b brake
		throttle := func() time.Duration {
			pause := b.pull(time.Now(), 0)
			if err := b.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			return pause / time.Second
		}
		var grown []time.Duration
		for range 8 {
			grown = append(grown, throttle())
		}
		if want := []time.Duration{1, 2, 4, 8, 16, 30, 30, 30}; !slices.Equal(grown, want) {
			t.Errorf("pauses %v s, want %v", grown, want)
		}
		for range 3 {
			b.release(time.Now())
		}
		if got := throttle(); got != 4 {
			t.Errorf("after three successes: %d s, want 4", got)
		}
		if got := b.pull(time.Now(), time.Hour); got != maxRetryAfter {
			t.Errorf("Retry-After of an hour: %s", got)
		}
	})
}

func TestRequestsUnderWayTogetherCountOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimits(1)
		sent := time.Now()
		time.Sleep(time.Second)
		for range 8 {
			l.throttled(EndpointPages, sent, 0)
		}
		if got := l.brake.level; got != 1 {
			t.Errorf("level %d after eight answers to requests sent together, want 1", got)
		}
		if got, want := l.buckets[EndpointPages].present, l.buckets[EndpointPages].full/2; got != want {
			t.Errorf("rate %v, want %v", got, want)
		}
		l.succeeded(EndpointPages, sent)
		if got := l.brake.level; got != 1 {
			t.Errorf("a success from before the pause ended it: level %d", got)
		}
	})
}

func TestRateRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Client{limits: newLimits(1)}
		b := c.limits.buckets[EndpointBuildInfo]
		before := c.PollInterval(EndpointBuildInfo, 20)
		if want := 20 * time.Minute / 45; (before - want).Abs() > time.Millisecond {
			t.Errorf("20 pollers wait %s each, want %s", before, want)
		}
		for range 50 {
			time.Sleep(time.Second)
			c.limits.throttled(EndpointBuildInfo, time.Now(), 0)
		}
		if b.present != b.full*slowestShare {
			t.Errorf("slowest rate %v of %v", b.present, b.full)
		}
		if after := c.PollInterval(EndpointBuildInfo, 20); after <= before {
			t.Errorf("throttled pollers wait %s, not longer than %s", after, before)
		}
		for range 64 {
			c.limits.succeeded(EndpointBuildInfo, time.Now())
		}
		if b.present != b.full || b.limiter.Limit() != b.full {
			t.Errorf("rate %v after 64 successes, want %v", b.present, b.full)
		}
		if got := (&Client{limits: newLimits(0)}).PollInterval(EndpointPages, 3); got != 0 {
			t.Errorf("interval %s without a limit", got)
		}
	})
}

package fetch

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Endpoint is a call of the API, which has a limit of its own.
type Endpoint int

// The calls that are made. FullStages' limit isn't published; it is taken to
// be as low as its siblings'.
const (
	EndpointPages Endpoint = iota
	EndpointBuildInfo
	EndpointRunningStatus
	EndpointRecordInfo
	EndpointFullStages
	EndpointDownload

	endpointCount
	endpointNone Endpoint = -1 // not of this API: no limit is known
)

// perMinute are the published limits, in requests per minute and tenant
// (x-apigateway-ratelimit in the API's definitions).
var perMinute = [endpointCount]float64{
	EndpointPages:         180,
	EndpointBuildInfo:     50,
	EndpointRunningStatus: 50,
	EndpointRecordInfo:    120,
	EndpointFullStages:    50,
	EndpointDownload:      20,
}

const (
	burstShare   = 0.1 // of a minute's limit may be used at once
	slowestShare = 1.0 / 32
	recoverySize = 1.0 / 64 // of the full rate is won back by a success

	firstPause    = time.Second // doubled by each further throttling
	longestPause  = 30 * time.Second
	maxRetryAfter = 2 * time.Minute // whatever the service asks for
)

// limits keeps all builds together within the service's limits: a token bucket
// per endpoint, and a brake for everything once the service has throttled.
type limits struct {
	buckets [endpointCount]*bucket // nil where nothing is limited
	brake   brake
}

// newLimits makes the limits for a share of the published ones; 0 leaves the
// brake alone.
func newLimits(share float64) *limits {
	l := &limits{}
	if share <= 0 {
		return l
	}
	for e := range l.buckets {
		l.buckets[e] = newBucket(perMinute[e] * share)
	}
	return l
}

// wait returns when a request to an endpoint may start, in the order of the
// calls, or with the context's error.
func (l *limits) wait(ctx context.Context, e Endpoint) error {
	if e == endpointNone {
		return ctx.Err()
	}
	if err := l.brake.wait(ctx); err != nil {
		return err
	}
	if b := l.buckets[e]; b != nil {
		if err := b.wait(ctx); err != nil {
			return err
		}
	}
	return l.brake.wait(ctx) // it may have been pulled while we waited
}

// take says whether a request to an endpoint may start at once.
func (l *limits) take(e Endpoint) bool {
	if l.brake.on() {
		return false
	}
	return l.buckets[e] == nil || l.buckets[e].limiter.Allow()
}

// throttled notes that a request sent at a time was throttled, and what the
// service asked to wait (0: nothing). It returns the pause that everything
// takes now.
func (l *limits) throttled(e Endpoint, sent time.Time, retryAfter time.Duration) time.Duration {
	if e == endpointNone {
		return 0
	}
	if b := l.buckets[e]; b != nil {
		b.slowDown(sent)
	}
	return l.brake.pull(sent, retryAfter)
}

// succeeded notes that a request sent at a time was served.
func (l *limits) succeeded(e Endpoint, sent time.Time) {
	if e == endpointNone {
		return
	}
	if b := l.buckets[e]; b != nil {
		b.speedUp()
	}
	l.brake.release(sent)
}

// interval is the time between two requests of an endpoint at its present
// rate, 0 without a limit.
func (l *limits) interval(e Endpoint) time.Duration {
	if e < 0 || e >= endpointCount || l.buckets[e] == nil {
		return 0
	}
	return time.Duration(float64(time.Second) / float64(l.buckets[e].limiter.Limit()))
}

// bucket is the token bucket of one endpoint. Throttling halves its rate,
// each success gives a part of it back.
type bucket struct {
	full    rate.Limit
	limiter *rate.Limiter

	mu      sync.Mutex // guards changes of the rate
	slowed  time.Time  // when it was last halved
	present rate.Limit
}

// newBucket makes a bucket that lets no more than a limit of requests through
// in any minute: what the burst takes, the refill leaves out.
func newBucket(perMinute float64) *bucket {
	burst := max(1, math.Floor(perMinute*burstShare))
	full := rate.Limit(max(perMinute-burst, min(perMinute, 1)) / 60)
	return &bucket{full: full, present: full, limiter: rate.NewLimiter(full, int(burst))}
}

// wait takes a token, in the order of the calls. It does not give up early
// where the context's deadline comes first, so that its error is the context's.
func (b *bucket) wait(ctx context.Context) error {
	r := b.limiter.Reserve()
	if err := sleep(ctx, r.Delay()); err != nil {
		r.Cancel()
		return err
	}
	return nil
}

// slowDown halves the rate, once for all requests that were under way together.
func (b *bucket) slowDown(sent time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if sent.Before(b.slowed) {
		return
	}
	b.slowed = time.Now()
	b.present = max(b.present/2, b.full*slowestShare)
	b.limiter.SetLimit(b.present)
}

func (b *bucket) speedUp() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.present >= b.full {
		return
	}
	b.present = min(b.full, b.present+b.full*recoverySize)
	b.limiter.SetLimit(b.present)
}

// brake stops every request of every build for a while. Pauses grow with each
// throttling and shrink with each success.
type brake struct {
	mu     sync.Mutex
	pulled time.Time // when the latest pause began
	until  time.Time // when it ends
	level  int       // of the next pause: firstPause doubled so many times
}

// pull begins a pause, or prolongs the present one, and returns what is left
// of it. Requests that were under way when it began count as one.
func (b *brake) pull(sent time.Time, retryAfter time.Duration) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	pause := min(retryAfter, maxRetryAfter)
	if !sent.Before(b.pulled) {
		if pause <= 0 {
			pause = min(firstPause<<b.level, longestPause)
		}
		if firstPause<<b.level < longestPause {
			b.level++
		}
		b.pulled = now
	}
	if end := now.Add(pause); end.After(b.until) {
		b.until = end
	}
	return b.until.Sub(now)
}

// release takes a step back from longer pauses.
func (b *brake) release(sent time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.level > 0 && sent.After(b.pulled) {
		b.level--
	}
}

// on says whether a pause is on.
func (b *brake) on() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Now().Before(b.until)
}

// wait returns when no pause is on, or with the context's error.
func (b *brake) wait(ctx context.Context) error {
	for {
		b.mu.Lock()
		left := time.Until(b.until)
		b.mu.Unlock()
		if left <= 0 {
			return ctx.Err()
		}
		if err := sleep(ctx, left); err != nil {
			return err
		}
	}
}

// sleep waits, at most until the context ends.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// PollInterval is how long each of a number of pollers has to wait between two
// requests of an endpoint, so that all of them together keep within its limit
// as it is at the moment. It is 0 when nothing is limited.
func (c *Client) PollInterval(e Endpoint, pollers int) time.Duration {
	return c.limits.interval(e) * time.Duration(max(pollers, 1))
}

package simulator

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

// limits hold a token bucket for each endpoint with a published limit. A bucket
// holds a whole minute's calls and refills evenly, so that a client which keeps
// the published rate, whatever its bursts within a minute, is never refused.
// All callers share it, as those of a tenant do.
type limits map[Endpoint]*rate.Limiter

// perMinute are the limits that the API's definitions publish.
func perMinute() map[Endpoint]float64 {
	return map[Endpoint]float64{RealTimeLog: 180, RecordInfo: 120, BuildInfo: 50, RunningStatus: 50, DownloadLog: 20}
}

// newLimits scales the published limits by a share; 0 means no limits.
func newLimits(share float64) limits {
	l := limits{}
	if share == 0 {
		return l
	}
	for endpoint, calls := range perMinute() {
		burst := int(math.Max(1, math.Floor(calls*share)))
		l[endpoint] = rate.NewLimiter(rate.Limit(calls*share/60), burst)
	}
	return l
}

// allow takes a call out of the endpoint's bucket and says whether there was one.
func (l limits) allow(endpoint Endpoint, now time.Time) bool {
	limiter, limited := l[endpoint]
	return !limited || limiter.AllowN(now, 1)
}

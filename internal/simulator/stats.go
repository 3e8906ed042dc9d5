package simulator

import (
	"maps"
	"sync"
)

// Stats count what a Server has done since Start.
type Stats struct {
	Requests  map[Endpoint]int64 // "" counts those to no known URL
	Statuses  map[int]int64      // answers by HTTP status; hanging and reset requests have none
	Throttled map[Endpoint]int64 // refused by the rate limits, without injected ones
	Faults    map[string]int64   // injected, by kind
	Pages     map[string]int64   // log pages served, by JOB_ID:BUILD_NO
	Downloads map[string]int64   // whole logs served, by JOB_ID:BUILD_NO
}

// counters are Stats that goroutines share.
type counters struct {
	mu sync.Mutex
	Stats
}

func newCounters() *counters {
	return &counters{Stats: Stats{
		Requests: map[Endpoint]int64{}, Statuses: map[int]int64{}, Throttled: map[Endpoint]int64{},
		Faults: map[string]int64{}, Pages: map[string]int64{}, Downloads: map[string]int64{},
	}}
}

// Stats returns a copy of the counts so far.
func (s *Server) Stats() Stats {
	c := s.stats
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{
		Requests: maps.Clone(c.Requests), Statuses: maps.Clone(c.Statuses), Throttled: maps.Clone(c.Throttled),
		Faults: maps.Clone(c.Faults), Pages: maps.Clone(c.Pages), Downloads: maps.Clone(c.Downloads),
	}
}

func (c *counters) request(e Endpoint)   { c.locked(func() { c.Requests[e]++ }) }
func (c *counters) status(code int)      { c.locked(func() { c.Statuses[code]++ }) }
func (c *counters) throttled(e Endpoint) { c.locked(func() { c.Throttled[e]++ }) }
func (c *counters) fault(kind string)    { c.locked(func() { c.Faults[kind]++ }) }
func (c *counters) page(build string)    { c.locked(func() { c.Pages[build]++ }) }
func (c *counters) download(b string)    { c.locked(func() { c.Downloads[b]++ }) }

func (c *counters) locked(count func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	count()
}

package simulator

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Fault is something that goes wrong with some requests. The zero filters match
// every request; a request must meet all that are set.
type Fault struct {
	Kind   string        // one of KnownFaults
	Delay  time.Duration // of latency; how long a slow body takes; the Retry-After of a 429. 0: the kind's own
	Jitter time.Duration // latency is Delay ± Jitter

	Chance   float64  // share of the matching requests, above 0 to 1; 0 means all
	Nth      int      // only the Nth matching request, from 1; 0 means each
	Endpoint Endpoint // only requests to it
	Job      string   // only requests about builds of this job
}

// faultKind is a kind of fault as the command line knows it.
type faultKind struct {
	name    string
	meaning string
	delay   time.Duration // default of Fault.Delay; 0: the kind takes none
	iam     bool          // IAM can have it too
}

// faultKinds is the list of all kinds.
func faultKinds() []faultKind {
	return []faultKind{
		{"latency", "the answer comes later", 50 * time.Millisecond, true},
		{"429", "429 APIGW.0308 with Retry-After", time.Second, true},
		{"429-bare", "429 APIGW.0308 without Retry-After", 0, true},
		{"cb211", "500 CB.00060211, too many requests", 0, false},
		{"cb100", "500 CB.00060100, network busy", 0, false},
		{"cb101", "500 CB.00060101, internal error", 0, false},
		{"502html", "502 with an HTML page", 0, true},
		{"reset", "the connection is reset before the answer", 0, true},
		{"cut", "the body is shorter than its Content-Length", 0, true},
		{"cut-chunked", "a chunked body breaks off", 0, true},
		{"slow", "the body comes in pieces", 2 * time.Second, true},
		{"badjson", "the body is whole and no JSON", 0, true},
		{"expired", "401, the token has expired", 0, false},
		{"hang", "no answer until the client leaves", 0, true},
	}
}

// KnownFaults lists the kinds of faults.
func KnownFaults() []string {
	var names []string
	for _, kind := range faultKinds() {
		names = append(names, kind.name)
	}
	return names
}

// FaultHelp explains how ParseFault is written and lists the kinds, a line each.
func FaultHelp() string {
	var out strings.Builder
	out.WriteString("KIND[=DURATION][:N%][:#N][:ENDPOINT][:JOB_ID], such as reset:1% or 429=2s:#3:real-time-log\n")
	for _, kind := range faultKinds() {
		fmt.Fprintf(&out, "  %-12s %s\n", kind.name, kind.meaning)
	}
	return out.String()
}

// kindOf is the kind of a name, nil when there is none.
func kindOf(name string) *faultKind {
	for _, kind := range faultKinds() {
		if kind.name == name {
			return &kind
		}
	}
	return nil
}

var faultDelay = regexp.MustCompile(`^([^±+]+)(?:(?:±|\+-)(.+))?$`)

// ParseFault reads KIND[=DURATION][:N%][:#N][:ENDPOINT][:JOB_ID]: a kind, for
// latency also with ±DURATION, and filters in any order: a share of the
// requests, only the Nth of them, of one endpoint, about one job. Without a
// filter every request has the fault, but "expired" happens once. Its error is
// one sentence that lists what is known.
func ParseFault(text string) (Fault, error) {
	parts := strings.Split(strings.TrimSpace(text), ":")
	name, delay, hasDelay := strings.Cut(parts[0], "=")
	f := Fault{Kind: name}
	kind := kindOf(name)
	if kind == nil {
		return f, fmt.Errorf("fault %q is of no known kind: there are %s", text, strings.Join(KnownFaults(), ", "))
	}
	if hasDelay {
		if kind.delay == 0 {
			return f, fmt.Errorf("fault %q: %s takes no duration", text, name)
		}
		if err := f.parseDelay(delay); err != nil {
			return f, fmt.Errorf("fault %q: %w", text, err)
		}
	}
	for _, filter := range parts[1:] {
		if err := f.parseFilter(filter); err != nil {
			return f, fmt.Errorf("fault %q: %w", text, err)
		}
	}
	return f, nil
}

func (f *Fault) parseDelay(text string) (err error) {
	m := faultDelay.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("%q is not a duration such as 50ms or 50ms±20ms", text)
	}
	if f.Delay, err = time.ParseDuration(m[1]); err != nil || f.Delay <= 0 {
		return fmt.Errorf("%q is not a duration above 0, such as 50ms", m[1])
	}
	if m[2] == "" {
		return nil
	}
	if f.Jitter, err = time.ParseDuration(m[2]); err != nil || f.Jitter < 0 || f.Kind != "latency" {
		return fmt.Errorf("±%s is not a duration, or not of latency", m[2])
	}
	return nil
}

func (f *Fault) parseFilter(text string) error {
	if share, ok := strings.CutSuffix(text, "%"); ok {
		percent, err := strconv.ParseFloat(share, 64)
		if err != nil || !(percent > 0 && percent <= 100) {
			return fmt.Errorf("%q is not a share above 0%% and up to 100%%", text)
		}
		f.Chance = percent / 100
		return nil
	}
	if nth, ok := strings.CutPrefix(text, "#"); ok {
		n, err := strconv.Atoi(nth)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is not the number of a request from #1", text)
		}
		f.Nth = n
		return nil
	}
	switch {
	case slices.Contains(Endpoints(), Endpoint(text)):
		f.Endpoint = Endpoint(text)
	case jobIDForm.MatchString(text):
		f.Job = text
	default:
		return fmt.Errorf("%q is not a share such as 1%%, a request such as #3, a job id or one of the endpoints %s",
			text, joined(Endpoints()))
	}
	return nil
}

func joined(endpoints []Endpoint) string {
	var words []string
	for _, e := range endpoints {
		words = append(words, string(e))
	}
	return strings.Join(words, ", ")
}

// armedFault is a fault that counts the requests it matches.
type armedFault struct {
	Fault
	kind    faultKind
	seed    uint64
	matches atomic.Int64
}

// arm checks faults and fills in their defaults.
func arm(faults []Fault, seed int64) ([]*armedFault, error) {
	var armed []*armedFault
	for i, f := range faults {
		kind := kindOf(f.Kind)
		switch {
		case kind == nil:
			return nil, fmt.Errorf("simulator: fault %q is of no known kind: there are %s", f.Kind, strings.Join(KnownFaults(), ", "))
		case !(f.Chance >= 0 && f.Chance <= 1) || f.Nth < 0 || f.Delay < 0 || f.Jitter < 0:
			return nil, fmt.Errorf("simulator: fault %s: chance must be 0 to 1, and numbers and durations not negative", f.Kind)
		case f.Endpoint != "" && !slices.Contains(Endpoints(), f.Endpoint):
			return nil, fmt.Errorf("simulator: fault %s: there is no endpoint %q", f.Kind, f.Endpoint)
		}
		if f.Delay == 0 {
			f.Delay = kind.delay
		}
		if f.Kind == "expired" && f.Nth == 0 && f.Chance == 0 {
			f.Nth = 1
		}
		armed = append(armed, &armedFault{Fault: f, kind: *kind, seed: mix(uint64(seed) + uint64(i)<<32)})
	}
	return armed, nil
}

// strikes says whether a call has the fault, and gives a number from 0 to 1
// that is random and yet the same for the same seed and count.
func (f *armedFault) strikes(c *call) (bool, float64) {
	about := c.vars["job"]
	if c.build != nil {
		about = c.build.JobID
	}
	if f.Endpoint != "" && f.Endpoint != c.endpoint() || f.Job != "" && f.Job != about ||
		c.endpoint() == IDToken && !f.kind.iam {
		return false, 0
	}
	n := f.matches.Add(1)
	chance, spread := unit(mix(f.seed+uint64(n))), unit(mix(^f.seed+uint64(n)))
	return (f.Nth == 0 || int64(f.Nth) == n) && (f.Chance == 0 || chance < f.Chance), spread
}

// mix is the finalizer of SplitMix64: numbers that follow each other come out
// as if drawn. See https://prng.di.unimi.it/splitmix64.c.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// unit maps random bits to a number from 0 up to, but without, 1.
func unit(bits uint64) float64 { return float64(bits>>11) / (1 << 53) }

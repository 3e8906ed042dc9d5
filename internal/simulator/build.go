package simulator

import (
	"crypto/sha256"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// Build is one build of a job, and how it behaves.
type Build struct {
	Name   string // for BuildsInput; the service knows none
	JobID  string // 32 letters and digits
	Number int    // 1 to 2147483647
	Log    Source
	Result string // as build-info tells it once the build has ended; "" is SUCCESS

	Repo, Branch, Commit, CommitMessage string
	Stages                              []Stage
	StartedAt                           time.Time     // zero: when the server starts, or Took before that for an ended build
	Took                                time.Duration // of an ended build; a growing one takes its Growth's Duration

	VisibleAfter time.Duration    // after Start; before that the build answers 404, as if queued
	Grow         *Growth          // nil: the build has ended
	Forbidden    bool             // 403 on every endpoint that names this build
	Hang         bool             // requests are accepted and never answered
	Refuse       map[Endpoint]int // HTTP status that an endpoint answers with: 400, 403, 404 or 5xx
}

// Growth lets a build run: its log becomes visible evenly over Duration, which
// counts from the moment the build is visible, and then the build has ended.
type Growth struct {
	Duration time.Duration
}

// Stage is one step of a build, as full-stages tells it.
type Stage struct {
	Name      string // shown, such as "Maven构建"
	Execution string // such as official_shell_maven; "" is made of the number
	Status    string // SUCCESS, FAILURE, ABORTED…; "" is the build's own result
	Took      time.Duration
}

var (
	jobIDForm    = regexp.MustCompile(`^[0-9A-Za-z]{32}$`)
	recordIDForm = regexp.MustCompile(`^[0-9a-z-]{36}$`)
)

// served is a build with what the server keeps about it.
type served struct {
	Build
	record string // record id
	units  *index
	walk   walk
}

// String is JOB_ID:BUILD_NO.
func (b *served) String() string { return b.JobID + ":" + strconv.Itoa(b.Number) }

// register checks the builds and files them by job and by record.
func register(builds []Build, readings Readings) (jobs map[string][]*served, records map[string]*served, err error) {
	if len(builds) > maxBuilds {
		return nil, nil, fmt.Errorf("simulator: %d builds are more than %d", len(builds), maxBuilds)
	}
	jobs, records = map[string][]*served{}, map[string]*served{}
	for _, b := range builds {
		if err := b.check(); err != nil {
			return nil, nil, fmt.Errorf("simulator: %w", err)
		}
		s := &served{Build: b, record: recordID(b), units: newIndex(b.Log, readings.OffsetUnit)}
		if s.Result == "" {
			s.Result = "SUCCESS"
		}
		if records[s.record] != nil {
			return nil, nil, fmt.Errorf("simulator: build %v is there twice", s)
		}
		records[s.record] = s
		jobs[b.JobID] = append(jobs[b.JobID], s)
	}
	for _, list := range jobs {
		slices.SortFunc(list, func(a, b *served) int { return a.Number - b.Number })
	}
	return jobs, records, nil
}

// check says what is wrong with a build.
func (b Build) check() error {
	switch {
	case !jobIDForm.MatchString(b.JobID):
		return fmt.Errorf("job id %q is not 32 letters and digits", b.JobID)
	case b.Number < 1 || b.Number > math.MaxInt32:
		return fmt.Errorf("build number %d of job %s is not 1 to 2147483647", b.Number, b.JobID)
	case b.Log == nil:
		return fmt.Errorf("build %s:%d has no log", b.JobID, b.Number)
	case b.Grow != nil && b.Grow.Duration <= 0:
		return fmt.Errorf("build %s:%d grows over %v: give a duration above 0", b.JobID, b.Number, b.Grow.Duration)
	}
	for endpoint, status := range b.Refuse {
		if !slices.Contains([]int{400, 403, 404, 500, 502, 503}, status) {
			return fmt.Errorf("build %s:%d refuses %s with %d: give 400, 403, 404, 500, 502 or 503",
				b.JobID, b.Number, endpoint, status)
		}
	}
	return nil
}

// recordID makes the record id of a build: the same for the same build.
func recordID(b Build) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s:%d", b.JobID, b.Number))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// find is the build that the variables of a path name, nil when there is none.
func (s *Server) find(vars map[string]string) *served {
	if b := s.records[vars["record"]]; b != nil {
		return b
	}
	number, err := strconv.Atoi(vars["no"])
	if err != nil {
		return nil
	}
	for _, b := range s.jobs[vars["job"]] {
		if b.Number == number {
			return b
		}
	}
	return nil
}

// moment is how a build stands at a time.
type moment struct {
	known   bool  // the service has heard of it
	running bool  // it has not ended
	visible int64 // bytes of its log that are there
	start   time.Time
	end     time.Time // zero while running
}

// at says how the build stands when the server has run for elapsed.
func (b *served) at(started time.Time, elapsed time.Duration) moment {
	m := moment{known: elapsed >= b.VisibleAfter, visible: b.Log.Size(), start: b.StartedAt}
	took := b.Took
	if b.Grow != nil {
		took = b.Grow.Duration
	}
	if m.start.IsZero() {
		m.start = started.Add(b.VisibleAfter)
		if b.Grow == nil {
			m.start = m.start.Add(-took)
		}
	}
	m.end = m.start.Add(took)
	if b.Grow == nil {
		return m
	}
	if age := elapsed - b.VisibleAfter; age < took {
		m.running, m.end = true, time.Time{}
		m.visible = int64(float64(m.visible) * math.Max(0, float64(age)/float64(took)))
	}
	return m
}

// endedFor is the time since the build ended, and 0 while it runs.
func (b *served) endedFor(elapsed time.Duration) time.Duration {
	end := b.VisibleAfter
	if b.Grow != nil {
		end += b.Grow.Duration
	}
	return max(0, elapsed-end)
}

// admit finds the build of a call and says how it stands, or how the call is
// to be refused.
func (s *Server) admit(c *call) (*served, moment, *answer) {
	if refusal := s.checkPath(c.vars); refusal != nil {
		return nil, moment{}, refusal
	}
	b := c.build
	if b == nil {
		return nil, moment{}, ptr(s.missing())
	}
	m := b.at(s.startedAt(), s.elapsed())
	switch status, refused := b.Refuse[c.endpoint()]; {
	case b.Hang:
		return nil, m, &answer{hang: true}
	case b.Forbidden:
		return nil, m, ptr(s.refused(403))
	case !m.known:
		return nil, m, ptr(s.missing())
	case refused:
		return nil, m, ptr(s.refused(status))
	}
	return b, m, nil
}

// checkPath refuses ids and numbers that can't be right.
func (s *Server) checkPath(vars map[string]string) *answer {
	if job, ok := vars["job"]; ok && !jobIDForm.MatchString(job) {
		return ptr(s.serviceError(400, codeJobID, "Invalid job id."))
	}
	if no, ok := vars["no"]; ok {
		if n, err := strconv.ParseInt(no, 10, 32); err != nil || n < 1 || strconv.FormatInt(n, 10) != no {
			return ptr(s.invalid("build_no " + printable(no) + " is not an integer from 1 to 2147483647"))
		}
	}
	if record, ok := vars["record"]; ok && !recordIDForm.MatchString(record) {
		return ptr(s.invalid("record_id is not 36 digits, lower-case letters and hyphens"))
	}
	return nil
}

func ptr[T any](v T) *T { return &v }

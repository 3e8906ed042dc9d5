package build

import "time"

// Schema names the form of report.json.
const Schema = "loggate/report/v1"

// Report is all that a run has found out, and the only source of every output.
type Report struct {
	Schema     string    `json:"schema"`
	Tool       Tool      `json:"tool"`
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at"`
	Verdict    Verdict   `json:"verdict"`
	ExitCode   int       `json:"exit_code"`
	Builds     []*Build  `json:"builds"` // in the order of the input
	Causes     []Shared  `json:"causes"` // causes that several builds have in common
	Gate       Gate      `json:"gate"`
}

// Tool is the program that made the report.
type Tool struct {
	Version string `json:"version"`
}

// Build is one build: what was asked, what the service said, what its log shows.
type Build struct {
	Name      string  `json:"name"`
	JobID     string  `json:"job_id"`
	BuildNo   int     `json:"build_no"`  // 0 when latest could not be resolved, and for scan
	Requested string  `json:"requested"` // the number as asked for, or "latest"
	URL       *string `json:"url"`

	Status       Status `json:"status"`
	Result       string `json:"result"`        // the service's own word, "" when it has said none
	StatusSource string `json:"status_source"` // FromAPI, FromLog or FromNone
	ExitStatus   *int   `json:"exit_status"`   // the failing command's own, read from the log

	StartedAt  *time.Time `json:"started_at"`
	DurationMS *int64     `json:"duration_ms"`
	Commit     *string    `json:"commit"`
	Branch     *string    `json:"branch"`

	Incomplete []Missing `json:"incomplete"`
	Stages     []Stage   `json:"stages"`
	Log        Log       `json:"log"`
	Counts     Counts    `json:"counts"`
	Findings   []Finding `json:"findings"` // by rank
	// FindingsDropped counts the findings beyond the bound, which are in no list.
	FindingsDropped int       `json:"findings_dropped"`
	Gone            []Finding `json:"gone"` // in the baseline, but not here
}

// Where a status comes from.
const (
	FromAPI  = "api"
	FromLog  = "log"
	FromNone = "none"
)

// NewBuild is a build about which nothing but its name is known yet.
func NewBuild(ref Ref) *Build {
	return &Build{
		Name: ref.Name, JobID: ref.JobID, BuildNo: ref.Number, Requested: ref.Requested(),
		Status: Unknown, StatusSource: FromNone,
		Incomplete: []Missing{}, Stages: []Stage{}, Findings: []Finding{}, Gone: []Finding{},
		Log: Log{Redactions: []Redaction{}},
	}
}

// Lacks notes evidence that is missing.
func (b *Build) Lacks(m Missing) { b.Incomplete = append(b.Incomplete, m) }

// Missing says which evidence is missing and why.
type Missing struct {
	What       string  `json:"what"` // "log" or "status"
	Reason     string  `json:"reason"`
	HTTPStatus *int    `json:"http_status"`
	Code       *string `json:"code"` // the service's error code, such as CB.00060201
}

// What can be missing.
const (
	MissingLog    = "log"
	MissingStatus = "status"
)

// Stage is a part of a build, with its lines in the written log (from 1).
type Stage struct {
	Name       string     `json:"name"`
	Status     *string    `json:"status"` // Success, Failure, … in lower case, or the service's own word
	StartedAt  *time.Time `json:"started_at"`
	DurationMS *int64     `json:"duration_ms"`
	FirstLine  *int64     `json:"first_line"`
	LastLine   *int64     `json:"last_line"`
}

// Log is a log as it was written to disk.
type Log struct {
	Path         *string     `json:"path"` // below the output directory, with slashes; null when there is no file
	Bytes        int64       `json:"bytes"`
	Lines        int64       `json:"lines"`
	SHA256       *string     `json:"sha256"`
	Complete     bool        `json:"complete"`
	Source       *string     `json:"source"` // "pages", "download" or "file"
	SourceReason *string     `json:"source_reason"`
	OffsetUnit   *string     `json:"offset_unit"` // "bytes", "utf16", "characters" or "opaque"
	Unescaped    bool        `json:"unescaped"`   // the service sent \n as two characters
	Pages        int64       `json:"pages"`
	Requests     int64       `json:"requests"`
	Retries      int64       `json:"retries"`
	Redactions   []Redaction `json:"redactions"`
}

// Redaction is a secret that was replaced, by kind and line (from 1).
type Redaction struct {
	Kind string `json:"kind"`
	Line int64  `json:"line"`
}

// Counts counts findings, not occurrences, without ignored ones.
type Counts struct {
	Error   int `json:"error"`
	Warning int `json:"warning"`
	Notice  int `json:"notice"`
}

// Finding is something a rule has found in a log.
type Finding struct {
	Rank        int      `json:"rank"` // from 1, per build
	Rule        string   `json:"rule"`
	Severity    Severity `json:"severity"`
	Kind        Kind     `json:"kind"`
	Fingerprint string   `json:"fingerprint"`
	Line        int64    `json:"line"` // from 1, in the written log
	EndLine     int64    `json:"end_line"`
	Message     string   `json:"message"` // one line, at most 500 characters, see Printable
	File        *string  `json:"file"`
	FileLine    *int     `json:"file_line"`
	Column      *int     `json:"column"`
	Stage       *string  `json:"stage"`
	Count       int      `json:"count"`   // occurrences of the same finding
	New         *bool    `json:"new"`     // not in the baseline; null without one
	Ignored     *string  `json:"ignored"` // the reason why it doesn't count
	Hint        *string  `json:"hint"`
	Why         []string `json:"why"`     // the signals that gave it its rank
	Excerpt     []string `json:"excerpt"` // the lines around it, from ExcerptLine
	// ExcerptLine is the number of the excerpt's first line.
	ExcerptLine int64 `json:"excerpt_line"`
}

// Counted says whether the finding is in Counts and seen by the gate.
func (f *Finding) Counted(newOnly bool) bool {
	if f.Ignored != nil || f.Own() {
		return false
	}
	return !newOnly || f.New == nil || *f.New
}

// LastLines is the rule of the finding that a failed build without any other
// gets: the last lines of its failing stage. It never counts.
const LastLines = "loggate.last-lines"

// Unlike is the rule of the findings that such a build gets beside, where there
// is a log that passed: the lines that are most unlike it. They never count.
const Unlike = "loggate.unlike-passing"

// Own says whether the finding is loggate's own and no rule's.
func (f *Finding) Own() bool { return f.Rule == LastLines || f.Rule == Unlike }

// Shared is one cause that several builds have in common.
type Shared struct {
	Fingerprint string   `json:"fingerprint"`
	Message     string   `json:"message"`
	Builds      []string `json:"builds"` // names, in the order of the input
}

// Gate is what the policy says of the run.
type Gate struct {
	Violations []Violation `json:"violations"`
	Notices    []Remark    `json:"notices"`
	// Judged are the config's require and forbid that the builds were held
	// against, see gate.Demand: a merge relies on no other. Under fail-on never
	// there are none.
	Judged []string `json:"judged"`
}

// Violation is one reason why a run doesn't pass.
type Violation struct {
	Policy  string  `json:"policy"` // such as "fail-on error" or "max error"
	Source  *string `json:"source"` // file:line of the config; null for an input
	Build   *string `json:"build"`  // null where it is about the run
	Line    *int64  `json:"line"`   // of the build's log
	Message string  `json:"message"`
	Remedy  string  `json:"remedy"`
}

// Remark is what people should know of the policy although it decides nothing,
// such as an ignore that matches nothing any more.
type Remark struct {
	Policy  string  `json:"policy"` // such as "ignore" or "baseline"
	Source  *string `json:"source"` // file:line of the config; null for an input
	Message string  `json:"message"`
	Remedy  string  `json:"remedy"`
}

// RootCause is the build's finding of rank 1, or nil.
func (b *Build) RootCause() *Finding {
	if len(b.Findings) == 0 {
		return nil
	}
	return &b.Findings[0]
}

// FailingStage is the stage that failed, or nil where none is known to have.
func (b *Build) FailingStage() *Stage {
	for i := range b.Stages {
		if s := b.Stages[i].Status; s != nil && Status(*s).Failed() {
			return &b.Stages[i]
		}
	}
	return nil
}

// FailedBuilds are the names of the builds that ended without success.
func (r *Report) FailedBuilds() []string {
	names := []string{}
	for _, b := range r.Builds {
		if b.Status.Failed() {
			names = append(names, b.Name)
		}
	}
	return names
}

// Counts adds up the counts of all builds.
func (r *Report) Counts() Counts {
	var sum Counts
	for _, b := range r.Builds {
		sum.Error += b.Counts.Error
		sum.Warning += b.Counts.Warning
		sum.Notice += b.Counts.Notice
	}
	return sum
}

// RootCause is the message at rank 1 of the first build, in the order of the
// input, that failed; "" when none did or nothing was found in it.
func (r *Report) RootCause() string {
	for _, b := range r.Builds {
		if !b.Status.Failed() {
			continue
		}
		if f := b.RootCause(); f != nil {
			return f.Message
		}
		return ""
	}
	return ""
}

// Package build holds the words that every other package uses: which build is
// meant (Ref), how it ended (Status), what its log shows (Stage, Finding) and
// the Report that is filled on the way in and read on the way out.
//
// The package imports nothing of loggate's. Its JSON form is the schema
// loggate/report/v1: every key is always there, what is not known is null,
// and no entries are [].
package build

import (
	"fmt"
	"strconv"
	"strings"
)

// Ref names one build as the user asked for it.
type Ref struct {
	Name   string // what people call it: unique in a run
	JobID  string // 32 letters and digits
	Number int    // from 1; 0 while Latest is not resolved
	Latest bool   // asked for as JOB_ID:latest
}

// Requested is the build number as the user wrote it: a number or "latest".
func (r Ref) Requested() string {
	if r.Latest {
		return "latest"
	}
	return strconv.Itoa(r.Number)
}

// String is JOB_ID:NUMBER, or JOB_ID:latest while the number is not known.
func (r Ref) String() string {
	if r.Number == 0 {
		return r.JobID + ":latest"
	}
	return fmt.Sprintf("%s:%d", r.JobID, r.Number)
}

// Status is how a build stands, in loggate's words. Result keeps the service's.
type Status string

// The statuses of a build. Running and Unknown are missing evidence.
const (
	Success Status = "success"
	Failure Status = "failure"
	Aborted Status = "aborted"
	Timeout Status = "timeout"
	Running Status = "running"
	Unknown Status = "unknown"
)

// StatusOf maps the result word of an ended build to a Status: SUCCESS,
// ABORTED and TIMEOUT as they say, any other word is a failure and an empty
// one Unknown, so that a word nobody has heard of is never a pass.
func StatusOf(result string) Status {
	switch strings.ToUpper(strings.TrimSpace(result)) {
	case "":
		return Unknown
	case "SUCCESS":
		return Success
	case "ABORTED":
		return Aborted
	case "TIMEOUT":
		return Timeout
	default:
		return Failure
	}
}

// Ended says whether the build is over: its status is neither running nor unknown.
func (s Status) Ended() bool { return s != Running && s != Unknown && s != "" }

// Failed says whether the build is over without success.
func (s Status) Failed() bool { return s.Ended() && s != Success }

// Severity orders findings by how bad they are.
type Severity string

// The severities, worst first.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Notice  Severity = "notice"
)

// Kind says what a finding is to the failure.
type Kind string

// A cause explains the failure, a symptom follows from one ("make: *** Error
// 2"), a summary repeats what was said before ("BUILD FAILURE").
const (
	Cause   Kind = "cause"
	Symptom Kind = "symptom"
	Summary Kind = "summary"
)

// Verdict is what was decided on a run.
type Verdict string

// The verdicts. Incomplete is missing evidence and never a pass.
const (
	Pass       Verdict = "pass"
	Fail       Verdict = "fail"
	Incomplete Verdict = "incomplete"
)

// The exit codes of every command.
const (
	ExitPass        = 0
	ExitFail        = 1
	ExitUsage       = 2   // inputs, config or rules are wrong; nothing was requested
	ExitIncomplete  = 3   // evidence is missing
	ExitInterrupted = 130 // SIGINT or SIGTERM
)

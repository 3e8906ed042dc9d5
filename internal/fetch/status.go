package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/loggate/loggate/internal/build"
)

// standing is how a build stands as far as the API tells.
type standing struct {
	status build.Status
	result string // the service's word
	ended  bool   // over, though how may be unknown
	err    error  // why the API doesn't tell; nil when it does
}

// statusReader asks for a build's status where it can be had: build-info, else
// record-info, else running-status if that names this build (DESIGN section 3).
type statusReader struct {
	client *Client
	ref    build.Ref
	closed [3]error    // per source, in read's order: refused for good, so not asked again
	record *RecordInfo // the last one seen, for the build's metadata
	asked  bool        // it was asked for as metadata
}

const sourceRecord = 1 // the index of record-info in closed

// read asks the sources in turn until one tells.
func (s *statusReader) read(ctx context.Context) standing {
	sources := [3]func(context.Context) (standing, error){s.fromBuildInfo, s.fromRecord, s.fromRunningStatus}
	var errs []error
	for i, source := range sources {
		if s.closed[i] != nil {
			errs = append(errs, s.closed[i])
			continue
		}
		st, err := source(ctx)
		if err == nil {
			return st
		}
		if ctx.Err() != nil {
			return standing{status: build.Unknown, err: ended(ctx)}
		}
		if refusedForGood(err) {
			s.closed[i] = err
		}
		errs = append(errs, err)
	}
	return standing{status: build.Unknown, err: firstAPIError(errs)}
}

// firstAPIError is the error to show of several: build-info's, which says most.
func firstAPIError(errs []error) error {
	for _, err := range errs {
		var api *APIError
		if errors.As(err, &api) {
			return err
		}
	}
	return errs[0]
}

// refusedForGood says whether asking the same again is pointless: the caller's
// role may not, or the service has no such call.
func refusedForGood(err error) bool {
	var api *APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.HTTPStatus {
	case http.StatusBadRequest:
		return !IsNotFound(err)
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	case http.StatusNotFound:
		return api.noSuchURL() // rather than no such build yet
	}
	return false
}

func (s *statusReader) fromBuildInfo(ctx context.Context) (standing, error) {
	info, err := s.client.BuildInfo(ctx, s.ref)
	if err != nil {
		return standing{}, err
	}
	if info.Building {
		return standing{status: build.Running, result: info.Result}, nil
	}
	if strings.TrimSpace(info.Result) == "" {
		return standing{}, fmt.Errorf("build-info of build %s names no result", s.ref)
	}
	if st := word(info.Result); st.status == build.Running {
		return st, nil
	}
	return standing{status: build.StatusOf(info.Result), result: info.Result, ended: true}, nil
}

func (s *statusReader) fromRecord(ctx context.Context) (standing, error) {
	record, err := s.client.RecordInfo(ctx, s.ref)
	if err != nil {
		return standing{}, err
	}
	s.record = &record
	if w := recordWord(record); w != "" {
		return word(w), nil
	}
	return standing{}, fmt.Errorf("record-info of build %s names no result", s.ref)
}

// recordWord is the word of a record's two fields that tells how the build
// stands: one that is known, though a success only where the other known word
// doesn't say otherwise; else, once there is an end, any word, and preferably
// one that says how. "" when neither tells.
func recordWord(r RecordInfo) string {
	words := []string{r.Status, r.RecordStatus}
	var found string
	for _, w := range words {
		if knownWord(w) && (found == "" || word(found).status == build.Success) {
			found = w
		}
	}
	if found != "" || r.FinishTime == nil {
		return found
	}
	for _, w := range words {
		if st := word(w); st.ended && (found == "" || word(found).err != nil) {
			found = w
		}
	}
	return found
}

// metadata is the record of a build that isn't followed any more: the last one
// seen, or if that was before the end a new one, which is asked for once. It
// is empty where none can be had.
func (s *statusReader) metadata(ctx context.Context) RecordInfo {
	over := s.record != nil && s.record.FinishTime != nil
	if !over && !s.asked && s.closed[sourceRecord] == nil {
		s.asked = true
		if record, err := s.client.RecordInfo(ctx, s.ref); err == nil {
			s.record = &record
		}
	}
	if s.record == nil {
		return RecordInfo{}
	}
	return *s.record
}

func (s *statusReader) fromRunningStatus(ctx context.Context) (standing, error) {
	running, err := s.client.RunningStatus(ctx, s.ref.JobID)
	if err != nil {
		return standing{}, err
	}
	if running.LastBuildNo != s.ref.Number {
		return standing{}, fmt.Errorf("running-status of job %s is about build %d, not %d", s.ref.JobID, running.LastBuildNo, s.ref.Number)
	}
	if running.IsRunning {
		return standing{status: build.Running, result: running.LastStatus}, nil
	}
	if w := word(running.LastStatus); w.ended || w.status == build.Running {
		return w, nil
	}
	return standing{}, fmt.Errorf("running-status of job %s names no result", s.ref.JobID)
}

// word maps the service's word for a build's state.
func word(w string) standing {
	switch strings.ToUpper(strings.TrimSpace(w)) {
	case "":
		return standing{status: build.Unknown}
	case "RUNNING", "BUILDING", "QUEUED", "QUEUING", "WAITING", "PENDING", "INIT", "SCHEDULED", "IN_PROGRESS", "INPROGRESS":
		return standing{status: build.Running, result: w}
	case "FINISHED", "COMPLETED", "DONE":
		// It has ended, but the word doesn't say how: the log may.
		return standing{status: build.Unknown, result: w, ended: true,
			err: fmt.Errorf("the service says %q, which doesn't say how the build ended", build.Printable(w, 40))}
	}
	return standing{status: build.StatusOf(w), result: w, ended: true}
}

// knownWord says whether w is one of the words documented or known from
// Jenkins; record-info has two fields of which only one may hold such a word.
func knownWord(w string) bool {
	switch strings.ToUpper(strings.TrimSpace(w)) {
	case "SUCCESS", "FAILURE", "FAILED", "ABORTED", "TIMEOUT", "UNSTABLE", "NOT_BUILT", "ERROR", "CANCELED", "CANCELLED":
		return true
	}
	return word(w).status == build.Running
}

// Latest is the number of a job's latest build: what JOB_ID:latest means.
func (c *Client) Latest(ctx context.Context, jobID string) (int, error) {
	running, err := c.RunningStatus(ctx, jobID)
	if err != nil {
		return 0, err
	}
	if running.LastBuildNo < 1 {
		return 0, fmt.Errorf("job %s has no build yet, so %s:latest names none: trigger one first, or give its number", jobID, jobID)
	}
	return running.LastBuildNo, nil
}

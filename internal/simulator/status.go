package simulator

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// buildInfo answers ShowBuildDetails: does the build run, and how did it end.
func (s *Server) buildInfo(c *call) answer {
	b, m, refusal := s.admit(c)
	if refusal != nil {
		return *refusal
	}
	return success(struct {
		Building bool    `json:"building"`
		Result   *string `json:"build_result"`
		Region   string  `json:"region"`
	}{m.running, known(!m.running, b.Result), s.opt.Region})
}

// runningStatus answers ShowRunningStatus: the latest build of a job.
func (s *Server) runningStatus(c *call) answer {
	if refusal := s.checkPath(c.vars); refusal != nil {
		return *refusal
	}
	job := c.vars["job"]
	builds := s.jobs[job]
	if len(builds) == 0 {
		return s.missing()
	}
	latest := s.latest(builds)
	if latest == nil {
		return success(jobStatus{Job: job})
	}
	switch refusal, refused := latest.Refuse[RunningStatus]; {
	case latest.Hang:
		return answer{hang: true}
	case latest.Forbidden:
		return s.refused(http.StatusForbidden)
	case refused:
		return s.refused(refusal)
	}
	word, running := "Finished", latest.at(s.startedAt(), s.elapsed()).running
	if running {
		word = "Running"
	}
	return success(jobStatus{job, ptr(strconv.Itoa(latest.Number)), &word, running})
}

// jobStatus is what running-status tells of a job; a job that was never built
// has no number and no status.
type jobStatus struct {
	Job     string  `json:"last_job_id"`
	Number  *string `json:"last_build_no"`
	Status  *string `json:"last_build_status"`
	Running bool    `json:"is_running"`
}

// latest is the build with the highest number that the service has heard of,
// nil when it has heard of none.
func (s *Server) latest(builds []*served) *served {
	for _, b := range slices.Backward(builds) {
		if b.at(s.startedAt(), s.elapsed()).known {
			return b
		}
	}
	return nil
}

// record is a build's record as record-info tells it.
type record struct {
	ID            string  `json:"id"`
	BuildProject  string  `json:"build_project_id"`
	RecordID      string  `json:"build_record_id"`
	ParentRecord  *string `json:"parent_record_id"`
	Project       string  `json:"devcloud_project_id"`
	Job           string  `json:"codeci_job_id"`
	User          string  `json:"user_id"`
	Number        int     `json:"build_no"`
	DailyNumber   string  `json:"daily_build_num"`
	Execution     string  `json:"execution_id"`
	Repo          string  `json:"repo_name"`
	RepoID        string  `json:"repo_id"`
	Branch        *string `json:"branch"`
	Tag           *string `json:"tag"`
	Commit        *string `json:"commit"`
	CommitMessage *string `json:"commit_message"`
	CommitTime    *string `json:"commit_create_time"`
	Trigger       string  `json:"trigger_type"`
	BuildType     string  `json:"build_type"`
	Status        *string `json:"status"`
	Domain        string  `json:"domain_id"`
	Created       string  `json:"create_time"`
	Scheduled     string  `json:"schedule_time"`
	Queued        string  `json:"queued_time"`
	Started       string  `json:"start_time"`
	Runnable      string  `json:"runnable_time"`
	Finished      *string `json:"finish_time"`
	Duration      *int64  `json:"duration"` // milliseconds
	RecordStatus  string  `json:"record_status"`
	PrivateSlave  int     `json:"use_private_slave"`
	Region        string  `json:"region"`
	Error         *string `json:"err_msg"`
	ConfigType    string  `json:"build_config_type"`
}

// recordInfo answers ShowJobBuildRecordDetail: a build's metadata.
func (s *Server) recordInfo(c *call) answer {
	b, m, refusal := s.admit(c)
	if refusal != nil {
		return *refusal
	}
	start := s.stamp(m.start)
	r := record{
		ID: b.record, BuildProject: b.JobID, RecordID: b.record, Job: b.JobID, Number: b.Number,
		Project: zeros, User: zeros, Domain: zeros, Execution: b.JobID, RepoID: "1",
		DailyNumber: m.start.UTC().Format("20060102") + ".1", Repo: b.Repo,
		Branch: known(b.Branch != "", b.Branch), Commit: known(b.Commit != "", b.Commit),
		CommitMessage: known(b.CommitMessage != "", b.CommitMessage),
		Trigger:       "Manual", BuildType: "branch", RecordStatus: "running", Region: s.opt.Region, ConfigType: "ACTION",
		Created: start, Scheduled: start, Queued: start, Started: start, Runnable: start,
	}
	if !m.running {
		r.Status, r.RecordStatus = &b.Result, "finished"
		r.Finished, r.Duration = ptr(s.stamp(m.end)), ptr(milliseconds(m.end.Sub(m.start)))
	}
	return success(r)
}

// zeros stands for ids that nothing depends on.
const zeros = "00000000000000000000000000000000"

// stageRecord is a stage as full-stages tells it.
type stageRecord struct {
	ID            string  `json:"id"`
	Status        *string `json:"status"`
	StatusCode    *int    `json:"status_code"`
	LogStatus     string  `json:"log_status"`
	Created       string  `json:"create_time"`
	Scheduled     string  `json:"schedule_time"`
	Queued        string  `json:"queued_time"`
	Started       string  `json:"start_time"`
	Finished      *string `json:"finish_time"`
	Duration      *int64  `json:"duration"` // milliseconds
	BuildDuration *int64  `json:"build_duration"`
	Pending       int64   `json:"pending_duration"`
	Record        string  `json:"build_record_id"`
	Execution     string  `json:"execution_id"`
	StageName     string  `json:"execution_stage_name"`
	DisplayName   string  `json:"display_name"`
	Node          int     `json:"node_id"`
	Sequence      int     `json:"sequence"`
}

// fullStages answers ShowBuildRecordFullStages: the stages of a build between
// the service's own "initial" and "final". While the build runs, only those
// that have begun are there.
func (s *Server) fullStages(c *call) answer {
	b, m, refusal := s.admit(c)
	if refusal != nil {
		return *refusal
	}
	if cascade := c.query.Get("cascade"); c.query.Has("cascade") && cascade != "true" && cascade != "false" {
		return s.invalid("cascade " + printable(cascade) + " is not true or false")
	}
	stages := map[string]stageRecord{}
	clock := m.start
	for i, stage := range b.allStages() {
		if m.running && clock.After(s.now()) {
			break
		}
		stages[stage.Execution] = s.stageRecord(b, m, stage, i, clock)
		clock = clock.Add(stage.Took)
	}
	return success(map[string]any{"build_stages": stages})
}

// allStages are the build's stages with what their zero values stand for.
func (b *served) allStages() []Stage {
	all := []Stage{{Name: "initial", Execution: "initial", Status: "SUCCESS"}}
	for i, stage := range b.Stages {
		if stage.Execution == "" {
			stage.Execution = "stage" + strconv.Itoa(i+1)
		}
		if stage.Status == "" {
			stage.Status = b.Result
		}
		all = append(all, stage)
	}
	return append(all, Stage{Name: "final", Execution: "final", Status: b.Result})
}

// stageRecord is what full-stages tells of a stage that began at start.
func (s *Server) stageRecord(b *served, m moment, stage Stage, number int, start time.Time) stageRecord {
	begun := s.stamp(start)
	r := stageRecord{
		ID: strconv.Itoa(number), LogStatus: "finished", Created: begun, Scheduled: begun, Queued: begun, Started: begun,
		Record: b.record, Execution: b.JobID, StageName: stage.Execution, DisplayName: stage.Name, Node: number, Sequence: number,
	}
	end := start.Add(stage.Took)
	if m.running && end.After(s.now()) {
		r.LogStatus = "running"
		return r
	}
	r.Status, r.StatusCode = &stage.Status, ptr(statusCode(stage.Status))
	r.Finished, r.Duration, r.BuildDuration = ptr(s.stamp(end)), ptr(milliseconds(stage.Took)), ptr(milliseconds(stage.Took))
	return r
}

// statusCode is the number that goes with a stage's word. Only those of SUCCESS
// and ABORTED are documented.
func statusCode(word string) int {
	switch word {
	case "SUCCESS":
		return 5
	case "ABORTED":
		return 8
	default:
		return 6
	}
}

// milliseconds fit the int32 that the service's model has for durations.
func milliseconds(d time.Duration) int64 { return min(d.Milliseconds(), math.MaxInt32) }

// known is a text that may not be known yet.
func known(yes bool, text string) *string {
	if !yes {
		return nil
	}
	return &text
}

// stamp is a time as the service writes it.
func (s *Server) stamp(t time.Time) string {
	if s.opt.Readings.Times == "compact" {
		return t.In(time.FixedZone("", 8*3600)).Format("2006-01-02T15:04:05-0700")
	}
	return t.UTC().Format("2006-01-02T15:04:05.000") + "+00:00"
}

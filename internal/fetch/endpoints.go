package fetch

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loggate/loggate/internal/build"
)

// Each call of the API is a type of what it answers, a method that asks, and a
// function that decodes the answer's result. In brackets is the call's name in
// Huawei Cloud's API reference of CodeArts Build.

const defaultPageSize = 1000 // the documented one

// PageQuery holds the parameters of "Obtaining All Run Logs".
type PageQuery struct {
	Start, End int64  // start_offset and end_offset, always sent; 0 as the end means no upper end
	Sort       string // "AES", "DESC", or "" to send nothing
	Size       int    // 0 means the documented 1000
}

// Page is one page of a log as the service sent it.
type Page struct {
	HasMore    bool
	Start, End int64           // offsets, in the service's unit
	Log        json.RawMessage // the JSON string literal with its quotes, bytes untouched
	Location   string
}

// Page asks for one page of a build's log (DownloadBuildRealTimeLog). A body
// that breaks off or can't be understood is a *BodyError and isn't asked for
// again: the pager does. A refusal is an *APIError.
func (c *Client) Page(ctx context.Context, ref build.Ref, q PageQuery) (Page, error) {
	cl := &call{endpoint: EndpointPages, op: "fetch page", build: nameOf(ref), offset: q.Start, maxBody: maxPage, pager: true}
	size := q.Size
	if size <= 0 {
		size = defaultPageSize
	}
	query := url.Values{
		"start_offset": {strconv.FormatInt(q.Start, 10)},
		"end_offset":   {strconv.FormatInt(q.End, 10)},
		"size":         {strconv.Itoa(size)},
	}
	if q.Sort != "" {
		query.Set("sort", q.Sort)
	}
	var page Page
	path := []string{"v1", "log", ref.JobID, strconv.Itoa(ref.Number), "real-time-log"}
	err := c.get(ctx, cl, path, query, func(result []byte) (err error) {
		page, err = decodePage(result)
		return err
	})
	return page, err
}

// decodePage reads the result of a page. Without its log and has_more nothing
// could be proven, so neither may be missing, nor its offsets where it has text.
// An empty page without both of them claims 0 to 0, which is nothing.
func decodePage(result []byte) (Page, error) {
	var wire struct {
		HasMore  flag            `json:"has_more"`
		Start    number          `json:"start_offset"`
		End      number          `json:"end_offset"`
		Log      json.RawMessage `json:"log"`
		Location text            `json:"location"`
	}
	if err := json.Unmarshal(result, &wire); err != nil {
		return Page{}, err
	}
	switch {
	case !wire.HasMore.set:
		return Page{}, errors.New(`no "has_more" in it`)
	case wire.Start.n < 0 || wire.End.n < 0:
		return Page{}, fmt.Errorf("an offset below 0: %d to %d", wire.Start.n, wire.End.n)
	case wire.Log == nil:
		return Page{}, errors.New(`no "log" in it`)
	case isNull(wire.Log):
		wire.Log = json.RawMessage(`""`)
	case wire.Log[0] != '"':
		return Page{}, fmt.Errorf(`"log" is %s, not a string`, kindOf(wire.Log))
	}
	if !wire.Start.set || !wire.End.set {
		if string(wire.Log) != `""` {
			return Page{}, errors.New(`no "start_offset" or no "end_offset" in it`)
		}
		wire.Start, wire.End = number{}, number{}
	}
	return Page{HasMore: wire.HasMore.is, Start: wire.Start.n, End: wire.End.n, Log: wire.Log, Location: string(wire.Location)}, nil
}

// BuildInfo is what build-info says of a build.
type BuildInfo struct {
	Building bool
	Result   string // the service's word, such as SUCCESS; "" when it says none
	Region   string
}

// BuildInfo asks whether a build is running and how it ended (ShowBuildDetails).
func (c *Client) BuildInfo(ctx context.Context, ref build.Ref) (BuildInfo, error) {
	cl := &call{endpoint: EndpointBuildInfo, op: "get the status", build: nameOf(ref), offset: -1, maxBody: maxAnswer}
	var info BuildInfo
	path := []string{"v1", "job", ref.JobID, strconv.Itoa(ref.Number), "build-info"}
	err := c.get(ctx, cl, path, nil, func(result []byte) (err error) {
		info, err = decodeBuildInfo(result)
		return err
	})
	return info, err
}

func decodeBuildInfo(result []byte) (BuildInfo, error) {
	var wire struct {
		Building flag `json:"building"`
		Result   text `json:"build_result"`
		Region   text `json:"region"`
	}
	if err := json.Unmarshal(result, &wire); err != nil {
		return BuildInfo{}, err
	}
	if !wire.Building.set {
		return BuildInfo{}, errors.New(`no "building" in it`)
	}
	return BuildInfo{Building: wire.Building.is, Result: string(wire.Result), Region: string(wire.Region)}, nil
}

// RunningStatus is what running-status says of a job's latest build.
type RunningStatus struct {
	LastBuildNo int // 0 when the job has none
	LastStatus  string
	IsRunning   bool
	LastJobID   string
}

// RunningStatus asks for the latest build of a job (ShowRunningStatus).
func (c *Client) RunningStatus(ctx context.Context, jobID string) (RunningStatus, error) {
	cl := &call{endpoint: EndpointRunningStatus, op: "get the running status", build: build.Ref{JobID: jobID}.String(), offset: -1, maxBody: maxAnswer}
	var status RunningStatus
	path := []string{"v1", "job", jobID, "running-status"}
	err := c.get(ctx, cl, path, nil, func(result []byte) (err error) {
		status, err = decodeRunningStatus(result)
		return err
	})
	return status, err
}

func decodeRunningStatus(result []byte) (RunningStatus, error) {
	var wire struct {
		LastBuildNo number `json:"last_build_no"`
		LastStatus  text   `json:"last_build_status"`
		IsRunning   flag   `json:"is_running"`
		LastJobID   text   `json:"last_job_id"`
	}
	if err := json.Unmarshal(result, &wire); err != nil {
		return RunningStatus{}, err
	}
	if no := wire.LastBuildNo.n; no < 0 || no > maxBuildNo {
		return RunningStatus{}, fmt.Errorf("no build has the number %d", no)
	}
	return RunningStatus{
		LastBuildNo: int(wire.LastBuildNo.n), LastStatus: string(wire.LastStatus),
		IsRunning: wire.IsRunning.is, LastJobID: string(wire.LastJobID),
	}, nil
}

const maxBuildNo = 1<<31 - 1

// RecordInfo is a build's metadata. What the service doesn't say is "" or nil.
type RecordInfo struct {
	ID, RecordID, BuildNo                    string
	Repo, Branch, Tag, Commit, CommitMessage string
	TriggerType, BuildType                   string
	Status, RecordStatus, ErrMsg             string
	Region, ProjectID, DailyBuildNum         string
	CreateTime, ScheduleTime, QueuedTime     *time.Time // UTC
	StartTime, FinishTime                    *time.Time // UTC
	DurationMS                               *int64
}

// RecordInfo asks for a build's metadata and its record id (ShowJobBuildRecordDetail).
func (c *Client) RecordInfo(ctx context.Context, ref build.Ref) (RecordInfo, error) {
	cl := &call{endpoint: EndpointRecordInfo, op: "get the record", build: nameOf(ref), offset: -1, maxBody: maxAnswer}
	var info RecordInfo
	path := []string{"v1", "record", ref.JobID, strconv.Itoa(ref.Number), "record-info"}
	err := c.get(ctx, cl, path, nil, func(result []byte) (err error) {
		info, err = decodeRecordInfo(result)
		return err
	})
	return info, err
}

func decodeRecordInfo(result []byte) (RecordInfo, error) {
	var w struct {
		ID            text   `json:"id"`
		RecordID      text   `json:"build_record_id"`
		BuildNo       text   `json:"build_no"`
		Repo          text   `json:"repo_name"`
		Branch        text   `json:"branch"`
		Tag           text   `json:"tag"`
		Commit        text   `json:"commit"`
		CommitMessage text   `json:"commit_message"`
		TriggerType   text   `json:"trigger_type"`
		BuildType     text   `json:"build_type"`
		Status        text   `json:"status"`
		RecordStatus  text   `json:"record_status"`
		ErrMsg        text   `json:"err_msg"`
		Region        text   `json:"region"`
		ProjectID     text   `json:"devcloud_project_id"`
		DailyBuildNum text   `json:"daily_build_num"`
		CreateTime    text   `json:"create_time"`
		ScheduleTime  text   `json:"schedule_time"`
		QueuedTime    text   `json:"queued_time"`
		StartTime     text   `json:"start_time"`
		FinishTime    text   `json:"finish_time"`
		Duration      millis `json:"duration"`
	}
	if err := json.Unmarshal(result, &w); err != nil {
		return RecordInfo{}, err
	}
	return RecordInfo{
		ID: string(w.ID), RecordID: string(w.RecordID), BuildNo: string(w.BuildNo),
		Repo: string(w.Repo), Branch: string(w.Branch), Tag: string(w.Tag),
		Commit: string(w.Commit), CommitMessage: string(w.CommitMessage),
		TriggerType: string(w.TriggerType), BuildType: string(w.BuildType),
		Status: string(w.Status), RecordStatus: string(w.RecordStatus), ErrMsg: string(w.ErrMsg),
		Region: string(w.Region), ProjectID: string(w.ProjectID), DailyBuildNum: string(w.DailyBuildNum),
		CreateTime: w.CreateTime.time(), ScheduleTime: w.ScheduleTime.time(), QueuedTime: w.QueuedTime.time(),
		StartTime: w.StartTime.time(), FinishTime: w.FinishTime.time(), DurationMS: w.Duration.ms,
	}, nil
}

// StageRecord is one stage of a build as full-stages tells it.
type StageRecord struct {
	ID, Name, ExecutionName, Status string
	StatusCode                      int
	LogStatus                       string
	Start, Finish                   *time.Time // UTC
	DurationMS                      *int64
	Sequence                        int
	NodeID                          string
}

// FullStages asks for the stages of a build (ShowBuildRecordFullStages) by its
// record id (36 characters of 0-9, a-z and -), and returns them by sequence.
func (c *Client) FullStages(ctx context.Context, recordID string) ([]StageRecord, error) {
	cl := &call{endpoint: EndpointFullStages, op: "get the stages of record " + recordID, offset: -1, maxBody: maxAnswer}
	var stages []StageRecord
	path := []string{"v1", "record", recordID, "full-stages"}
	err := c.get(ctx, cl, path, nil, func(result []byte) (err error) {
		stages, err = decodeStages(result)
		return err
	})
	return stages, err
}

// stageWire is a stage as it is sent.
type stageWire struct {
	ID            text   `json:"id"`
	Name          text   `json:"display_name"`
	ExecutionName text   `json:"execution_stage_name"`
	Status        text   `json:"status"`
	StatusCode    number `json:"status_code"`
	LogStatus     text   `json:"log_status"`
	Start         text   `json:"start_time"`
	Finish        text   `json:"finish_time"`
	Duration      millis `json:"duration"`
	Sequence      number `json:"sequence"`
	NodeID        text   `json:"node_id"`
}

func (w *stageWire) record() StageRecord {
	return StageRecord{
		ID: string(w.ID), Name: string(w.Name), ExecutionName: string(w.ExecutionName),
		Status: string(w.Status), StatusCode: int(w.StatusCode.n), LogStatus: string(w.LogStatus),
		Start: w.Start.time(), Finish: w.Finish.time(), DurationMS: w.Duration.ms,
		Sequence: int(w.Sequence.n), NodeID: string(w.NodeID),
	}
}

// decodeStages reads the stages, which come as a map by id; a list is read too.
func decodeStages(result []byte) ([]StageRecord, error) {
	var outer struct {
		Stages json.RawMessage `json:"build_stages"`
	}
	if err := json.Unmarshal(result, &outer); err != nil {
		return nil, err
	}
	if outer.Stages == nil {
		return nil, errors.New(`no "build_stages" in it`)
	}
	var stages []StageRecord
	if bytes.HasPrefix(outer.Stages, []byte("[")) {
		var list []stageWire
		if err := json.Unmarshal(outer.Stages, &list); err != nil {
			return nil, err
		}
		for i := range list {
			stages = append(stages, list[i].record())
		}
	} else {
		var byID map[string]stageWire
		if err := json.Unmarshal(outer.Stages, &byID); err != nil {
			return nil, err
		}
		for _, w := range byID {
			stages = append(stages, w.record())
		}
	}
	slices.SortStableFunc(stages, func(a, b StageRecord) int {
		return cmp.Or(cmp.Compare(a.Sequence, b.Sequence), compareTimes(a.Start, b.Start), strings.Compare(a.ID, b.ID), strings.Compare(a.Name, b.Name))
	})
	return stages, nil
}

// nameOf names a build in errors: by its name where that says more than its ids.
func nameOf(ref build.Ref) string {
	if ref.Name == "" || strings.HasPrefix(ref.Name, ref.JobID) {
		return ref.String()
	}
	return fmt.Sprintf("%s:%d", ref.Name, ref.Number)
}

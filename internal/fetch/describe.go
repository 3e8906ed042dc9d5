package fetch

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/loggate/loggate/internal/build"
)

// metadataTime bounds the requests for what is good to know about a build, but
// no evidence: its commit, times and stages.
const metadataTime = 2 * time.Minute

// describe turns a visit into a Build; whyNot is why its log isn't complete.
func (v *visit) describe(ctx context.Context, whyNot error) *build.Build {
	b := build.NewBuild(v.ref)
	b.Status, b.Result = v.stands.status, build.Printable(v.stands.result, 100)
	if b.Status != build.Unknown {
		b.StatusSource = build.FromAPI
	}
	if b.Status == build.Running {
		b.Lacks(build.Missing{What: build.MissingStatus, Reason: stillRunning(ctx)})
	}
	source, reason := v.source()
	b.Log.Source, b.Log.SourceReason = known(string(source)), known(build.Printable(reason, maxMessage))
	b.Log.Pages = v.pager.pages
	b.Log.Unescaped = v.pager.stitch.unesc.escaped
	b.Log.OffsetUnit = known(v.pager.stitch.unitName())
	b.Log.Complete = whyNot == nil
	if whyNot != nil {
		b.Lacks(MissingOf(build.MissingLog, whyNot))
	}
	if ctx.Err() == nil && (v.pager.stitch.begun || b.StatusSource == build.FromAPI) {
		v.startMetadata(ctx)
		got := v.metadata()
		got.add(b)
	}
	return b
}

func stillRunning(ctx context.Context) string {
	if ctx.Err() != nil {
		return "still running: " + context.Cause(ctx).Error()
	}
	return "still running"
}

// MissingOf makes an error the reason for missing evidence, with the HTTP
// status and code where the service gave them.
func MissingOf(what string, err error) build.Missing {
	m := build.Missing{What: what, Reason: err.Error()}
	var api *APIError
	if errors.As(err, &api) {
		m.HTTPStatus = &api.HTTPStatus
		m.Code = known(api.Code)
	}
	return m
}

// metadata is what record-info and full-stages tell. Either may be forbidden to
// the caller; then the build is shown without.
type metadata struct {
	record RecordInfo
	stages []build.Stage
}

// startMetadata asks for the metadata of a build that has ended while its log
// is read.
func (v *visit) startMetadata(ctx context.Context) {
	if v.metadata != nil {
		return
	}
	var got metadata
	v.background.Go(func() { got = v.fetchMetadata(ctx) })
	v.metadata = func() metadata {
		v.background.Wait()
		return got
	}
}

func (v *visit) fetchMetadata(ctx context.Context) metadata {
	ctx, cancel := context.WithTimeout(ctx, metadataTime)
	defer cancel()
	got := metadata{record: v.status.metadata(ctx)}
	if got.record.RecordID == "" {
		return got
	}
	stages, err := v.client.FullStages(ctx, got.record.RecordID)
	if err != nil {
		return got
	}
	for _, s := range stages {
		got.stages = append(got.stages, stageOf(s))
	}
	return got
}

// add adds the metadata to a build.
func (m *metadata) add(b *build.Build) {
	b.Commit, b.Branch = known(build.Printable(m.record.Commit, 100)), known(build.Printable(m.record.Branch, 200))
	b.StartedAt = m.record.StartTime
	b.DurationMS = duration(m.record.DurationMS, m.record.StartTime, m.record.FinishTime)
	b.Stages = append(b.Stages, m.stages...)
}

func stageOf(s StageRecord) build.Stage {
	name := s.Name
	if name == "" {
		name = s.ExecutionName
	}
	return build.Stage{
		Name:       build.Printable(name, 200),
		Status:     known(stageStatus(s.Status)),
		StartedAt:  s.Start,
		DurationMS: duration(s.DurationMS, s.Start, s.Finish),
	}
}

// stageStatus is a stage's status in loggate's words where it is one, else the
// service's word in lower case: a skipped stage is no failed one.
func stageStatus(w string) string {
	if knownWord(w) {
		return string(word(w).status)
	}
	return strings.ToLower(build.Printable(w, 40))
}

func duration(ms *int64, start, finish *time.Time) *int64 {
	if ms != nil || start == nil || finish == nil {
		return ms
	}
	d := finish.Sub(*start).Milliseconds()
	return &d
}

// known is nil for "", which the service uses for what it doesn't know.
func known(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

package cli

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/sourcegraph/conc/pool"

	"github.com/loggate/loggate/internal/artifact"
	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/fetch"
	"github.com/loggate/loggate/internal/report"
	"github.com/loggate/loggate/internal/scan"
)

// target is a build to be fetched, once, for all the entries that mean it.
type target struct {
	ref     build.Ref // the first entry's, with its number
	entries []int     // of the input
	err     error     // why `latest` could not be resolved
	outcome outcome
}

// fetchAll fetches the logs of all builds, concurrency at a time, and returns
// an outcome for each entry of the input, in its order.
func (r *run) fetchAll(ctx context.Context) []outcome {
	targets := r.targets(ctx)
	var resolved []build.Ref
	for _, t := range targets {
		resolved = append(resolved, t.ref)
		r.progress.Update(t.ref.Name, report.State{Phase: report.Queued})
	}
	r.dir.Reserve(resolved)
	builds := pool.New().WithMaxGoroutines(r.cfg.Concurrency)
	for _, t := range targets {
		builds.Go(func() { t.outcome = r.fetchBuild(ctx, t) })
	}
	builds.Wait()

	outcomes := make([]outcome, len(r.cfg.Builds))
	for _, t := range targets {
		for i, entry := range t.entries {
			outcomes[entry] = t.outcome
			if i > 0 {
				outcomes[entry] = t.outcome.as(r.cfg.Builds[entry])
			}
		}
	}
	return outcomes
}

// as is the same build under another entry's name.
func (o outcome) as(ref build.Ref) outcome {
	twin := *o.build
	twin.Name, twin.Requested = ref.Name, ref.Requested()
	twin.Findings, twin.Incomplete = slices.Clone(twin.Findings), slices.Clone(twin.Incomplete) // the gate marks each its own way
	return outcome{build: &twin, watched: o.watched, ignored: o.ignored}
}

// targets resolves `latest`, once per job, and joins entries that turn out to
// mean the same build.
func (r *run) targets(ctx context.Context) []*target {
	latest := r.latestNumbers(ctx)
	var targets []*target
	byBuild := map[string]*target{}
	for i, ref := range r.cfg.Builds {
		var err error
		if ref.Latest {
			found := latest[ref.JobID]
			ref.Number, err = found.number, found.err
		}
		same := byBuild[ref.String()]
		if same != nil && err == nil {
			same.entries = append(same.entries, i)
			continue
		}
		t := &target{ref: ref, entries: []int{i}, err: err}
		byBuild[ref.String()] = t
		targets = append(targets, t)
	}
	return targets
}

type latestBuild struct {
	number int
	err    error
}

// latestNumbers asks for the latest build of each job that is listed so.
func (r *run) latestNumbers(ctx context.Context) map[string]latestBuild {
	var mu sync.Mutex
	latest := map[string]latestBuild{}
	requests := pool.New().WithMaxGoroutines(r.cfg.Concurrency)
	for _, ref := range r.cfg.Builds {
		if _, asked := latest[ref.JobID]; !ref.Latest || asked {
			continue
		}
		latest[ref.JobID] = latestBuild{}
	}
	for job := range latest {
		requests.Go(func() {
			number, err := r.client.Latest(ctx, job)
			if err == nil {
				r.messages.Info("resolved latest", "job", job, "build", number)
			}
			mu.Lock()
			defer mu.Unlock()
			latest[job] = latestBuild{number, err}
		})
	}
	requests.Wait()
	return latest
}

// fetchBuild fetches, keeps and scans the log of one build. Whatever goes
// wrong, it returns the build with what there is and what is missing.
func (r *run) fetchBuild(ctx context.Context, t *target) (o outcome) {
	v := &visit{run: r, target: t}
	defer func() {
		if p := recover(); p != nil {
			r.messages.Error("internal error", "build", t.ref.String(), "error", fmt.Sprint(p), "stack", string(debug.Stack()))
			o = outcome{build: lacking(t.ref, fmt.Errorf("internal error: %v", p))}
			if v.file != nil {
				r.keep(o.build, v.file)
			}
		}
	}()
	if t.err != nil {
		return outcome{build: lacking(t.ref, t.err)}
	}
	v.meter = r.newMeter(t.ref.Name)
	if r.cfg.Resume {
		if o, ok := v.resume(ctx); ok {
			return o
		}
	}
	return v.start(ctx)
}

// hush takes the run's credentials out of the service's words about a build,
// which go to outputs that nothing else cleans.
func (r *run) hush(b *build.Build) {
	words := []*string{&b.Result, b.URL, b.Commit, b.Branch}
	for i := range b.Stages {
		words = append(words, &b.Stages[i].Name, b.Stages[i].Status)
	}
	for _, word := range words {
		if word != nil {
			*word = r.redactor.String(*word)
		}
	}
}

// lacking is a build of which there is nothing.
func lacking(ref build.Ref, err error) *build.Build {
	b := build.NewBuild(ref)
	b.Lacks(fetch.MissingOf(build.MissingLog, err))
	b.Lacks(fetch.MissingOf(build.MissingStatus, err))
	return b
}

// keep finishes the log's file and notes what is in it.
func (r *run) keep(b *build.Build, file *artifact.LogFile) {
	kept, err := file.Finish(b.Log.Complete)
	b.Log.Path, b.Log.Bytes, b.Log.Lines = kept.Path, kept.Bytes, kept.Lines
	b.Log.SHA256, b.Log.Redactions = kept.SHA256, kept.Redactions
	if b.Log.Complete && !kept.Complete && err == nil {
		err = fmt.Errorf("the log is empty")
	}
	if b.Log.Complete && err != nil {
		b.Lacks(fetch.MissingOf(build.MissingLog, err))
	}
	b.Log.Complete = kept.Complete
}

// addResult adds what the scan found, and the status as the log tells it where
// the API doesn't. Where the status is evidence, why the API didn't is noted.
func (r *run) addResult(b *build.Build, result scan.Result, statusErr error) {
	b.Findings, b.FindingsDropped = result.Findings, result.Dropped
	b.Stages, b.ExitStatus = result.Stages, result.ExitStatus
	if b.StatusSource == build.FromAPI {
		return
	}
	if result.Status.Ended() {
		b.Status, b.StatusSource = result.Status, build.FromLog
		if b.Result == "" {
			b.Result = string(result.Status)
		}
	}
	if r.cfg.FailOn.Build && !b.Status.Failed() && statusErr != nil {
		b.Lacks(fetch.MissingOf(build.MissingStatus, statusErr))
	}
}

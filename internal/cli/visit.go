package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/loggate/loggate/internal/artifact"
	"github.com/loggate/loggate/internal/fetch"
	"github.com/loggate/loggate/internal/scan"
)

// visit is the fetching of one build's log.
type visit struct {
	*run
	*target
	meter     meter
	scanner   *scan.Scanner
	closeNext func()
	file      *artifact.LogFile
	from      *fetch.Mark // where the log is read on; nil is its start
	reason    string      // how the log was come by, where that isn't plain
}

// start fetches a log from its start.
func (v *visit) start(ctx context.Context) outcome {
	var err error
	if v.file, err = v.dir.CreateLog(v.ref, v.redactor, v.readers()); err != nil {
		return outcome{build: lacking(v.ref, err)}
	}
	v.from = nil
	return v.finish(v.follow(ctx))
}

// resume goes on with the part of the log that an earlier run has left. ok is
// false where there is none, or where it turns out not to be a part of what the
// service has now: then the log is to be fetched from its start.
func (v *visit) resume(ctx context.Context) (o outcome, ok bool) {
	from := &fetch.Mark{}
	file, err := v.dir.ResumeLog(v.ref, v.redactor, v.readers(), from)
	if errors.Is(err, artifact.ErrNothingToResume) {
		return outcome{}, false
	}
	if err == nil {
		v.file = file
		err = v.client.CheckMark(v.ref, from)
	}
	if err != nil {
		v.restart(err)
		return outcome{}, false
	}
	v.messages.Info("continuing the log", "build", v.ref.String(), "offset", from.Next)
	v.from, v.reason = from, fmt.Sprintf("continued at offset %d from the part that an earlier run has left", from.Next)
	followed := v.follow(ctx)
	if err := refuted(followed, file); err != nil && ctx.Err() == nil {
		v.restart(err)
		return outcome{}, false
	}
	return v.finish(followed), true
}

// refuted says why the part of the log that was here is none of the service's
// log; nil where it is, or where the service couldn't be asked.
func refuted(followed fetch.Followed, file *artifact.LogFile) error {
	err := followed.LogErr
	switch {
	case errors.Is(err, artifact.ErrDiffers):
		return artifact.ErrDiffers
	case file.Proven():
		return nil
	case err == nil:
		return errors.New("the service's log is shorter than the part that is here")
	case fetch.RefutesMark(err):
		return err
	}
	return nil
}

// restart gives up the part of the log that is here, and says why.
func (v *visit) restart(why error) {
	v.closeNext()
	if v.file != nil {
		v.file.Abandon()
		v.file = nil
	}
	v.reason = "fetched from its start, since the part that an earlier run has left can't be continued: " + why.Error()
	v.messages.Warn("the log is fetched from its start: the part that is here can't be continued", "build", v.ref.String(), "reason", why.Error())
}

func (v *visit) follow(ctx context.Context) fetch.Followed {
	return v.follower.Follow(ctx, v.ref, fetch.Watch{
		Sink:     v.file,
		LogEnded: func() bool { _, ended := v.scanner.Ended(); return ended },
		Progress: v.meter.fetched,
		Source:   fetch.Source(v.cfg.Source),
		Scratch:  func() (fetch.Scratch, error) { return v.dir.CreateScratch() },
		From:     v.from,
		Marked: func(m fetch.Mark) {
			if err := v.file.Mark(m); err != nil {
				v.messages.Debug("noting how far the log is fetched", "build", v.ref.String(), "error", err)
			}
		},
	})
}

// finish keeps what was fetched and adds what was found in it.
func (v *visit) finish(followed fetch.Followed) outcome {
	b := followed.Build
	b.Requested = v.ref.Requested()
	if v.reason != "" {
		reason := v.reason
		if b.Log.SourceReason != nil {
			reason += "; " + *b.Log.SourceReason
		}
		b.Log.SourceReason = &reason
	}
	v.hush(b)
	v.keep(b, v.file)
	v.closeNext()
	result := v.scanner.Finish(scan.Outcome{Status: b.Status, Stages: b.Stages})
	v.addResult(b, result, followed.StatusErr)
	v.meter.ended(b)
	return outcome{build: b, watched: result.Watched, ignored: result.Ignored}
}

// readers is who reads a log as it is written: a new scanner and, under
// print-log: all, the job's own output.
func (v *visit) readers() io.Writer {
	v.scanner = scan.New(v.cfg.Policy.Rules, scanOptions(v.cfg.Policy, v.started))
	v.closeNext = func() {}
	if v.cfg.PrintLog != "all" {
		return v.scanner
	}
	stream := v.job.Stream(v.ref.Name)
	v.closeNext = func() { stream.Close() }
	return io.MultiWriter(v.scanner, stream)
}

package cli

import (
	"time"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/fetch"
	"github.com/loggate/loggate/internal/report"
)

// meter shows one build's progress.
type meter struct {
	progress *report.Progress
	name     string
	begun    time.Time
}

func (r *run) newMeter(name string) meter {
	m := meter{progress: r.progress, name: name, begun: time.Now()}
	m.show(report.State{Phase: "asking"})
	return m
}

func (m meter) show(s report.State) {
	s.Elapsed = time.Since(m.begun)
	m.progress.Update(m.name, s)
}

// fetched says how far the log is read.
func (m meter) fetched(p fetch.Progress) {
	s := report.State{Phase: "fetching", Pages: p.Pages, Bytes: p.Bytes}
	switch {
	case p.Status == build.Running:
		s.Phase = "following"
	case p.Bytes == 0:
		s.Phase = "waiting"
	}
	m.show(s)
}

// ended says what became of the build.
func (m meter) ended(b *build.Build) {
	phase := string(b.Status)
	if !b.Log.Complete {
		phase += ", log not complete"
	}
	m.show(report.State{Phase: phase, Pages: b.Log.Pages, Bytes: b.Log.Bytes, Lines: b.Log.Lines, Ended: true})
}

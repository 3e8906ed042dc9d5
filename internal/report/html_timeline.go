package report

import (
	"time"

	"github.com/loggate/loggate/internal/build"
)

// htmlTimeline is the run drawn over time: a bar for each build and each of its
// stages whose times are known.
type htmlTimeline struct {
	Start   string
	Length  string
	Rows    []htmlBar
	LeftOut int
}

// htmlBar is a row of the timeline; X and Width are of barUnits.
type htmlBar struct {
	Label, Link string
	Stage       bool
	Status      string // "" where a stage's isn't known
	Class       string
	Length      string
	X, Width    int
}

// barUnits is the width of the picture in its own units.
const barUnits = 1000

// newHTMLTimeline is nil when no build's times are known.
func newHTMLTimeline(r *build.Report, anchors []string) *htmlTimeline {
	var from, to time.Time
	for _, b := range r.Builds {
		if b.StartedAt == nil || b.DurationMS == nil {
			continue
		}
		if end := b.StartedAt.Add(length(*b.DurationMS)); to.IsZero() || end.After(to) {
			to = end
		}
		if from.IsZero() || b.StartedAt.Before(from) {
			from = *b.StartedAt
		}
	}
	if from.IsZero() {
		return nil
	}
	t := &htmlTimeline{Start: clock(from), Length: durationText(to.Sub(from))}
	add := func(bar htmlBar, start *time.Time, ms *int64) {
		if start == nil || ms == nil {
			return
		}
		if len(t.Rows) == maxRows {
			t.LeftOut++
			return
		}
		bar.Length = milliseconds(ms)
		bar.X, bar.Width = barAt(*start, length(*ms), from, to)
		t.Rows = append(t.Rows, bar)
	}
	stages := stagesDrawn(r)
	for i, b := range r.Builds {
		if b.StartedAt == nil || b.DurationMS == nil {
			continue
		}
		add(htmlBar{Label: clip(titled(b), maxName), Status: string(b.Status), Class: statusClass(b)}, b.StartedAt, b.DurationMS)
		if !stages(b) {
			continue
		}
		for _, s := range b.Stages {
			bar := htmlBar{Label: clip(s.Name, maxName), Stage: true, Class: "stage"}
			if s.Status != nil {
				bar.Status = clip(*s.Status, maxName)
				if build.Status(*s.Status).Failed() {
					bar.Class = "stage failed"
				}
			}
			if s.FirstLine != nil {
				bar.Link = lineLink(anchors[i], *s.FirstLine)
			}
			add(bar, s.StartedAt, s.DurationMS)
		}
	}
	return t
}

// stagesDrawn says whether a build's stages are drawn: all, those of builds that
// didn't pass, or none, so that every build has its row where that can be.
func stagesDrawn(r *build.Report) func(*build.Build) bool {
	all, failed := len(r.Builds), len(r.Builds)
	for _, b := range r.Builds {
		all += len(b.Stages)
		if !passed(b) {
			failed += len(b.Stages)
		}
	}
	return func(b *build.Build) bool { return all <= maxRows || failed <= maxRows && !passed(b) }
}

// barAt is where a bar stands, in barUnits: within the picture and never
// too narrow to be seen.
func barAt(start time.Time, long time.Duration, from, to time.Time) (x, width int) {
	all := float64(max(to.Sub(from), 1))
	x = min(max(0, int(float64(start.Sub(from))/all*barUnits)), barUnits-minBar)
	width = min(max(minBar, int(float64(long)/all*barUnits)), barUnits-x)
	return x, width
}

// clock is a time for people, in UTC.
func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

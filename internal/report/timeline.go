package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/loggate/loggate/internal/build"
)

// The timeline's bounds: rows in all, the narrowest bars that say anything and
// the longest labels.
const (
	maxRows  = 200
	minBar   = 10
	maxLabel = 32
)

// timed is a build or a stage with its time.
type timed struct {
	label  string
	stage  bool
	status build.Status // of the build, or of the stage's build
	said   string       // how it ended; "" for a stage that didn't fail
	start  time.Time
	length time.Duration
}

// timelineRow is a row of the picture: its bar, and what is said of it.
type timelineRow struct {
	bar, text string
	stage     bool
	status    build.Status // of the build; "" for a row that isn't one of a build
}

// timeline draws the builds and their stages over a common time, in text of
// at most width columns and about most rows: a bar from start to end, then its
// length and name. The names stand at the end since in a browser they are as
// wide as their font makes them, Chinese ones above all. It is empty when no
// build's times are known.
func timeline(r *build.Report, width, most int) []timelineRow {
	rows, note := timedRows(r, most)
	if len(rows) == 0 {
		return nil
	}
	from, to := rows[0].start, rows[0].start
	length, text := 0, 0
	for _, row := range rows {
		if row.start.Before(from) {
			from = row.start
		}
		if end := row.start.Add(row.length); end.After(to) {
			to = end
		}
		length, text = max(length, columns(durationText(row.length))), max(text, columns(row.text()))
	}
	bar := max(minBar, width-length-text-4)
	drawn := []timelineRow{{bar: axis(from, to, bar)}}
	for _, row := range rows {
		drawn = append(drawn, timelineRow{bar: row.bar(from, to, bar), stage: row.stage, status: row.status,
			text: padLeft(durationText(row.length), length) + "  " + row.text()})
	}
	if note != "" {
		drawn = append(drawn, timelineRow{bar: note})
	}
	return drawn
}

// line is the row as text.
func (row timelineRow) line() string { return strings.TrimRight(row.bar+"  "+row.text, " ") }

// axis says when the picture begins and ends, where there is room.
func axis(from, to time.Time, width int) string {
	begin, end := from.UTC().Format("15:04:05 UTC"), to.UTC().Format("15:04:05")
	if width < len(begin)+len(end)+2 {
		return begin
	}
	return begin + padLeft(end, width-len(begin))
}

// timedRows are the builds whose times are known and their stages. Where these
// are more than most, the stages of builds that passed go first, then all
// stages, then the builds beyond; the note says what went.
func timedRows(r *build.Report, most int) (rows []timed, note string) {
	var all []timed
	for _, b := range r.Builds {
		if b.StartedAt != nil && b.DurationMS != nil {
			all = append(all, buildRows(b)...)
		}
	}
	rows = all
	for _, keep := range []func(timed) bool{
		func(row timed) bool { return !row.stage || row.status != build.Success },
		func(row timed) bool { return !row.stage },
	} {
		if len(rows) > most {
			rows = kept(rows, keep)
		}
	}
	rows = rows[:min(len(rows), most)]
	builds, stages := 0, 0
	for i, of := range [][]timed{all, rows} {
		sign := 1 - 2*i
		for _, row := range of {
			if row.stage {
				stages += sign
			} else {
				builds += sign
			}
		}
	}
	switch {
	case builds > 0:
		note = fmt.Sprintf("… left out: %s, %s", plural(builds, "build"), plural(stages, "stage"))
	case stages > 0:
		note = fmt.Sprintf("… left out: %s", plural(stages, "stage"))
	}
	return rows, note
}

func kept(rows []timed, keep func(timed) bool) []timed {
	var out []timed
	for _, row := range rows {
		if keep(row) {
			out = append(out, row)
		}
	}
	return out
}

// buildRows are a build and those of its stages that took any time worth a word.
func buildRows(b *build.Build) []timed {
	said := string(b.Status)
	if b.Status == build.Success {
		said = ""
	}
	rows := []timed{{fit(Line(titled(b), maxName), maxLabel), false, b.Status, said, *b.StartedAt, length(*b.DurationMS)}}
	for _, s := range b.Stages {
		if s.StartedAt == nil || s.DurationMS == nil || durationText(length(*s.DurationMS)) == "0.0s" {
			continue
		}
		row := timed{"  " + fit(Line(s.Name, maxName), maxLabel-2), true, b.Status, "", *s.StartedAt, length(*s.DurationMS)}
		if s.Status != nil && !strings.EqualFold(*s.Status, string(build.Success)) {
			row.said = fit(Line(*s.Status, maxName), maxLabel)
		}
		rows = append(rows, row)
	}
	return rows
}

// length is a duration that can be drawn: what a report says may be anything.
func length(ms int64) time.Duration {
	const most = 365 * 24 * time.Hour
	return min(max(0, time.Duration(min(ms, most.Milliseconds()))*time.Millisecond), most)
}

// text names the row and says how it ended.
func (row timed) text() string {
	if row.said == "" {
		return row.label
	}
	return row.label + ": " + row.said
}

// bar is the row's time within from to to, in width columns.
func (row timed) bar(from, to time.Time, width int) string {
	all := max(to.Sub(from), 1)
	column := func(t time.Time) int { return int(float64(t.Sub(from)) / float64(all) * float64(width)) }
	first := min(column(row.start), width-1)
	last := min(max(column(row.start.Add(row.length)), first+1), width)
	fill := "█"
	if row.stage {
		fill = "▒"
	}
	return strings.Repeat("·", first) + strings.Repeat(fill, last-first) + strings.Repeat("·", width-last)
}

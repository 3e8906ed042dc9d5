package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/loggate/loggate/internal/build"
)

// The timeline's bounds: rows in all and the narrowest bars that say anything.
const (
	maxRows  = 200
	minBar   = 10
	maxLabel = 32
)

// timed is a build or a stage with its time.
type timed struct {
	label  string
	stage  bool
	status string
	start  time.Time
	length time.Duration
}

// timeline draws the builds and their stages over a common time, in text of
// at most width columns: one row each, with a bar from its start to its end.
// It is empty when no build's times are known.
func timeline(r *build.Report, width int) []string {
	rows, unshown := timedRows(r)
	if len(rows) == 0 {
		return nil
	}
	from, to := rows[0].start, rows[0].start
	label, tail := 0, 0
	tails := make([]string, len(rows))
	for i, row := range rows {
		if row.start.Before(from) {
			from = row.start
		}
		if end := row.start.Add(row.length); end.After(to) {
			to = end
		}
		tails[i] = durationText(row.length) + "  " + row.status
		label, tail = max(label, columns(row.label)), max(tail, columns(tails[i]))
	}
	bar := max(minBar, width-label-tail-4)
	lines := make([]string, 0, len(rows)+1)
	for i, row := range rows {
		lines = append(lines, strings.TrimRight(pad(row.label, label)+"  "+row.bar(from, to, bar)+"  "+tails[i], " "))
	}
	if unshown > 0 {
		lines = append(lines, fmt.Sprintf("… %s left out", plural(unshown, "row")))
	}
	return lines
}

// timedRows are the builds whose times are known and their stages, up to
// maxRows, and how many more there are.
func timedRows(r *build.Report) (rows []timed, unshown int) {
	add := func(row timed) {
		if len(rows) == maxRows {
			unshown++
			return
		}
		rows = append(rows, row)
	}
	for _, b := range r.Builds {
		if b.StartedAt == nil || b.DurationMS == nil {
			continue
		}
		add(timed{fit(Line(titled(b), maxName), maxLabel), false, string(b.Status), *b.StartedAt, length(*b.DurationMS)})
		for _, s := range b.Stages {
			if s.StartedAt == nil || s.DurationMS == nil {
				continue
			}
			row := timed{"  " + fit(Line(s.Name, maxName), maxLabel-2), true, "", *s.StartedAt, length(*s.DurationMS)}
			if s.Status != nil && !strings.EqualFold(*s.Status, string(build.Success)) {
				row.status = fit(Line(*s.Status, maxName), maxLabel)
			}
			add(row)
		}
	}
	return rows, unshown
}

// length is a duration that can be drawn: what a report says may be anything.
func length(ms int64) time.Duration {
	const most = 365 * 24 * time.Hour
	return min(max(0, time.Duration(min(ms, most.Milliseconds()))*time.Millisecond), most)
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

package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/loggate/loggate/internal/build"
)

// unknown stands where nothing is known.
const unknown = "—"

// plural is "1 build", "2 builds", "1,234 builds".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(int64(n)) + " " + noun + "s"
}

// maxNames bounds the names of builds in one sentence.
const maxNames = 50

// listed names some builds, "api, web, 12 left out".
func listed[T any](builds []T, name func(T) string) string {
	var out []string
	for i, b := range builds {
		if i == maxNames {
			out = append(out, fmt.Sprintf("%d left out", len(builds)-maxNames))
			break
		}
		out = append(out, name(b))
	}
	return strings.Join(out, ", ")
}

// thousands is n with a comma between groups of three digits.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	start := strings.IndexAny(s, "0123456789")
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// bytesText is n in the unit that keeps it short: "512 B", "1.2 MiB".
func bytesText(n int64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d B", n)
	}
	value, units := float64(n)/(1<<10), []string{"KiB", "MiB", "GiB"}
	unit := 0
	for value >= 1<<10 && unit < len(units)-1 {
		value /= 1 << 10
		unit++
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}

// durationText is "0.4s", "12s", "3m12s", "1h02m".
func durationText(d time.Duration) string {
	switch {
	case d < 0:
		return unknown
	case d < time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	default:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
}

func milliseconds(ms *int64) string {
	if ms == nil {
		return unknown
	}
	return durationText(time.Duration(*ms) * time.Millisecond)
}

func exitStatus(b *build.Build) string {
	if b.ExitStatus == nil {
		return unknown
	}
	return strconv.Itoa(*b.ExitStatus)
}

// number is " #7", or nothing for a build without a number.
func number(b *build.Build) string {
	if b.BuildNo == 0 {
		return ""
	}
	return fmt.Sprintf(" #%d", b.BuildNo)
}

// whole says that no evidence of the build is missing.
func whole(b *build.Build) bool { return len(b.Incomplete) == 0 }

// passed says that nothing is left to be said of a build.
func passed(b *build.Build) bool { return b.Status == build.Success && whole(b) }

// ending is how a build ended, as a title says it.
func ending(b *build.Build) string {
	switch {
	case b.Status.Failed():
		return string(b.Status)
	case b.Status == build.Unknown:
		return "status unknown"
	case b.Status == build.Success && b.Counts.Error > 0:
		return "success, with " + plural(b.Counts.Error, "error")
	case b.Status == build.Success && b.Counts.Warning > 0:
		return "success, with " + plural(b.Counts.Warning, "warning")
	default:
		return string(b.Status)
	}
}

// tally is the run in half a sentence: "2 of 4 builds failed, evidence is
// missing for 1; 3 errors, 12 warnings".
func tally(r *build.Report) string {
	failed, lacking := 0, 0
	for _, b := range r.Builds {
		if b.Status.Failed() {
			failed++
		}
		if !whole(b) {
			lacking++
		}
	}
	parts := []string{plural(len(r.Builds), "build") + ", none failed"}
	if failed > 0 {
		parts[0] = fmt.Sprintf("%d of %s failed", failed, plural(len(r.Builds), "build"))
	}
	if lacking > 0 {
		parts = append(parts, fmt.Sprintf("evidence is missing for %d", lacking))
	}
	c := r.Counts()
	return strings.Join(parts, ", ") + "; " + plural(c.Error, "error") + ", " + plural(c.Warning, "warning")
}

// lenient says, where the exit code hides the verdict, that it does.
func lenient(r *build.Report) string {
	if r.Verdict == build.Pass || r.ExitCode != build.ExitPass {
		return ""
	}
	withheld := build.ExitIncomplete
	if r.Verdict == build.Fail {
		withheld = build.ExitFail
	}
	return fmt.Sprintf(" (exit code 0 was asked for, it would be %d)", withheld)
}

// place is a finding's file with line and column, "" when there is no file.
func place(f *build.Finding) string {
	if f.File == nil {
		return ""
	}
	s := *f.File
	if f.FileLine != nil {
		s += ":" + strconv.Itoa(*f.FileLine)
		if f.Column != nil {
			s += ":" + strconv.Itoa(*f.Column)
		}
	}
	return s
}

// missingText is one piece of missing evidence in one line of foreign text.
func missingText(m build.Missing) string {
	s := m.What + ": " + m.Reason
	var said []string
	if m.HTTPStatus != nil {
		said = append(said, "HTTP "+strconv.Itoa(*m.HTTPStatus))
	}
	if m.Code != nil && *m.Code != "" {
		said = append(said, *m.Code)
	}
	if len(said) == 0 {
		return s
	}
	return s + " (" + strings.Join(said, ", ") + ")"
}

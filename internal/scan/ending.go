package scan

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/loggate/loggate/internal/build"
)

// An end mark counts while at most afterMark lines that aren't blank follow it.
const afterMark = 3

// ending reads from a log how it ended. It is conservative: anything may print
// "success", so that it counts only as one of the last lines.
type ending struct {
	finish, done mark // of Jenkins and CodeArts; of other CI systems
	exitStatus   *int
	fromScript   bool // exitStatus is the script's own, not that of a mark around it
}

// mark is the last end mark of one kind.
type mark struct {
	status build.Status
	after  int // lines that aren't blank since
	seen   bool
}

func (m *mark) set(status build.Status) { *m = mark{status: status, seen: true} }

// last is the mark's status if at most so many lines followed it.
func (m *mark) last(lines int) (build.Status, bool) {
	if !m.seen || m.after > lines {
		return build.Unknown, false
	}
	return m.status, true
}

var (
	// jenkinsFinish ends a log of Jenkins, and so one of CodeArts Build.
	jenkinsFinish = regexp.MustCompile(`^Finished: (SUCCESS|FAILURE|ABORTED|UNSTABLE|NOT_BUILT|TIMEOUT)\s*$`)
	jenkinsScript = regexp.MustCompile(`^(?:ERROR: )?script returned exit code (\d+)`)
	travisDone    = regexp.MustCompile(`^Done\. Your build exited with (\d+)\.`)
	travisStopped = regexp.MustCompile(`^(?:Your build has been stopped\.|The (?:build|job) has been terminated)`)
	gitLabDone    = regexp.MustCompile(`^Job succeeded\s*$`)
	taskDone      = regexp.MustCompile(`^(Uns|S)uccessful task run with exit code: (\d+)`) // of Taskcluster
)

// line takes the next line, without its prefix.
func (e *ending) line(text string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return
	}
	e.finish.after++
	e.done.after++
	switch text[0] {
	case 'F':
		if m := jenkinsFinish.FindStringSubmatch(text); m != nil {
			e.finish.set(build.StatusOf(m[1]))
		}
	case 'D', 'J', 'T', 'Y':
		e.other(text)
	case 'U', 'S':
		if m := taskDone.FindStringSubmatch(text); m != nil {
			e.done.set(map[string]build.Status{"S": build.Success, "Uns": build.Failure}[m[1]])
			e.script(m[2])
		}
	case 'E', 's':
		if m := jenkinsScript.FindStringSubmatch(text); m != nil {
			e.script(m[1])
		} else if gitLabFailed.MatchString(text) {
			e.done.set(build.Failure)
		}
	}
}

// other reads the end marks of Travis and GitLab.
func (e *ending) other(text string) {
	if m := travisDone.FindStringSubmatch(text); m != nil {
		if m[1] == "0" {
			e.done.set(build.Success)
		} else {
			e.done.set(build.Failure)
		}
		return
	}
	if travisStopped.MatchString(text) {
		e.done.set(build.Failure)
	} else if gitLabDone.MatchString(text) {
		e.done.set(build.Success)
	}
}

// script notes the exit status of the script that failed first.
func (e *ending) script(digits string) {
	if n, err := strconv.Atoi(digits); err == nil && n != 0 && !e.fromScript {
		e.exitStatus, e.fromScript = &n, true
	}
}

// exit notes the exit status that a stage's mark tells, unless one is known.
func (e *ending) exit(status *int) {
	if e.exitStatus == nil && status != nil {
		e.exitStatus = status
	}
}

// finished is the status of the end mark of CodeArts Build.
func (e *ending) finished() (build.Status, bool) { return e.finish.last(afterMark) }

// status is how the build ended as far as the log tells.
func (e *ending) status(stages *tracker) build.Status {
	if status, ok := e.finished(); ok {
		return status
	}
	if status, ok := e.done.last(afterMark); ok {
		return status
	}
	if stages.failing() >= 0 {
		return build.Failure
	}
	if stages.marked && len(stages.list) > 0 {
		for _, s := range stages.list {
			if s.status != build.Success {
				return build.Unknown
			}
		}
		return build.Success
	}
	return build.Unknown
}

// passed says whether the build looks as if it had succeeded, for the weight of
// findings only: nothing is decided by it.
func (e *ending) passed(stages *tracker, status build.Status) bool {
	if status.Ended() {
		return status == build.Success
	}
	return stages.steps && stages.failing() < 0
}

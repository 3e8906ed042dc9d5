package scan

import (
	"sort"
	"strconv"
	"strings"

	"github.com/loggate/loggate/internal/build"
)

// mostStages bounds the stages of one log; what comes later belongs to the last.
const mostStages = 1000

// maxStageName bounds a stage's name, in characters.
const maxStageName = 200

// stage is a part of the log whose failure is told apart from others'.
type stage struct {
	name        string
	first, last int64        // last is 0 while it is open
	status      build.Status // "" when the log doesn't tell
	script      bool         // a step of GitHub Actions whose script has failed, rather than its action
}

// tracker follows the stages that the lines of a log tell of: CodeArts' own,
// the steps of GitHub Actions, the commands of Travis, the sections of GitLab and
// the stages of Jenkins.
type tracker struct {
	list       []stage
	open       int  // index into list, -1 when none is open
	exitStatus *int // told by the first mark of a failure
	// marked says that the log's last line that isn't blank was a mark of CodeArts.
	marked   bool
	failed   bool // a stage has
	steps    bool // the log is one of GitHub Actions
	commands bool // the log is one of Travis
	// errorLine is the number of the last ##[error] line, which fails its step if
	// it is the step's last.
	errorLine  int64
	errorShown int   // lines since that aren't blank
	textLine   int64 // the last line that isn't blank
}

// mostErrorText bounds how many lines may follow an ##[error] line as the rest of its
// message where nothing but clean-up follows: the runner marks only the first one.
const mostErrorText = 5

func newTracker() tracker { return tracker{open: -1} }

// line takes the next line and says whether it was a mark of CodeArts, which no rule
// needs to see.
func (t *tracker) line(no int64, l line) bool {
	if l.text == "" {
		return false
	}
	t.marked = t.codeArts(no, l.text)
	if !t.marked {
		for text := range strings.SplitSeq(l.text, "\r") { // as Travis and GitLab put marks before the text
			if text != "" {
				t.others(no, text)
			}
		}
	}
	t.textLine = no
	if no > t.errorLine {
		t.errorShown++
	}
	return t.marked
}

// start opens a stage; one that is open ends before it.
func (t *tracker) start(no int64, name string) {
	if len(t.list) == mostStages {
		return
	}
	if t.open >= 0 && t.list[t.open].last == 0 {
		t.list[t.open].last = no - 1
	}
	t.list = append(t.list, stage{name: build.Printable(name, maxStageName), first: no})
	t.open = len(t.list) - 1
}

// end ends the open stage. A mark that names a stage that isn't open is one of
// a stage whose start the log doesn't show: it has all since the stage before.
func (t *tracker) end(no int64, name string, status build.Status) {
	if t.open < 0 {
		if name == "" {
			return
		}
		t.start(t.unclaimed(), name)
		if t.open < 0 {
			return
		}
	}
	t.list[t.open].last = no
	if status != "" {
		t.list[t.open].status = status
		t.failed = t.failed || status == build.Failure
	}
	t.open = -1
}

// unclaimed is the first line after all stages so far.
func (t *tracker) unclaimed() int64 {
	if n := len(t.list); n > 0 {
		return t.list[n-1].last + 1
	}
	return 1
}

// fail notes that the open stage has failed. Before the first one, that is
// whatever the log begins with.
func (t *tracker) fail() {
	if t.open < 0 && len(t.list) == 0 {
		t.start(1, "start of the log")
	}
	if t.open >= 0 {
		t.list[t.open].status = build.Failure
		t.failed = true
	}
}

// exit notes the exit status that the first mark of a failure tells; digits may be "".
func (t *tracker) exit(digits string) {
	n, err := strconv.Atoi(digits)
	if err != nil || n == 0 || t.exitStatus != nil {
		return
	}
	t.exitStatus = &n
}

// close ends the log.
func (t *tracker) close(last int64) {
	if t.open < 0 {
		return
	}
	if t.list[t.open].status == "" && t.steps && t.errorLine > 0 && (t.errorLine == t.textLine || t.endsInError()) {
		t.fail()
	}
	t.list[t.open].last = last
	t.open = -1
}

// at is the index of the stage that the line is in, -1 when it is in none.
func (t *tracker) at(no int64) int {
	i := sort.Search(len(t.list), func(i int) bool { return t.list[i].first > no }) - 1
	if i < 0 || t.list[i].last != 0 && no > t.list[i].last {
		return -1
	}
	return i
}

// statusAt is the status of the stage that the line is in, "" when it isn't known.
func (t *tracker) statusAt(no int64) build.Status {
	if i := t.at(no); i >= 0 {
		return t.list[i].status
	}
	return ""
}

// failing is the index of the first stage that failed, -1 when none is known to have.
func (t *tracker) failing() int {
	for i, s := range t.list {
		if s.status == build.Failure {
			return i
		}
	}
	return -1
}

// merged are the stages as the API tells them, with their lines in the log, and
// after them those that only the log tells of. Where the log doesn't tell how a stage
// ended, the API's word is taken.
func (t *tracker) merged(api []build.Stage) []build.Stage {
	merged := append([]build.Stage{}, api...)
	next := 0 // stages come in the same order in both
	for i, s := range t.list {
		at := next
		for at < len(api) && !sameName(api[at].Name, s.name) {
			at++
		}
		if at == len(api) {
			merged = append(merged, build.Stage{Name: s.name})
			at = len(merged) - 1
		} else {
			next = at + 1
		}
		if s.status == "" && at < len(api) {
			t.list[i].status = stageStatus(api[at].Status)
		}
		target, first, last := &merged[at], s.first, s.last
		target.FirstLine, target.LastLine = &first, &last
		if target.Status == nil && s.status != "" {
			status := string(s.status)
			target.Status = &status
		}
	}
	return merged
}

// stageStatus is the status that a word of the API means, "" when it is none
// that is known to mean success or failure.
func stageStatus(word *string) build.Status {
	if word == nil {
		return ""
	}
	switch strings.ToUpper(*word) {
	case "SUCCESS":
		return build.Success
	case "FAILURE", "FAILED", "ERROR":
		return build.Failure
	}
	return ""
}

func sameName(a, b string) bool {
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}

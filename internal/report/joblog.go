package report

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"
	"time"

	"github.com/sethvargo/go-githubactions"
)

// Dialect is what a CI system's job log understands beside text.
type Dialect string

// The dialects. Plain is for Jenkins, shells and everything else.
const (
	GitHubLog Dialect = "github"
	GitLabLog Dialect = "gitlab"
	PlainLog  Dialect = "plain"
)

// DetectDialect tells the CI system by its environment.
func DetectDialect(env map[string]string) Dialect {
	switch {
	case env["GITHUB_ACTIONS"] == "true":
		return GitHubLog
	case env["GITLAB_CI"] == "true":
		return GitLabLog
	default:
		return PlainLog
	}
}

// JobLog is the job's own log: what loggate prints while and after it runs.
// It may be used by several goroutines at once; lines are never torn.
//
// On GitHub, whatever holds foreign text is printed while the runner has
// stopped to read commands, under a random token that no log can know; before
// loggate's own commands reading is resumed. So streamed lines, groups, masks
// and annotations can follow each other in any order. Close resumes for good.
// Nothing else must write to the same stream in between, but plain text.
type JobLog struct {
	mu       sync.Mutex
	out      *stickyWriter
	dialect  Dialect
	action   *githubactions.Action
	token    string // under which commands are stopped; "" while they are read
	sections int
	run      string // makes GitLab's section names unique in a job
}

// NewJobLog is a job log on w, the process's standard output.
func NewJobLog(w io.Writer, dialect Dialect) *JobLog {
	out := &stickyWriter{w: w}
	return &JobLog{out: out, dialect: dialect, action: githubactions.New(githubactions.WithWriter(out)),
		run: strings.ToLower(rand.Text()[:8])}
}

// stickyWriter keeps the first error and then swallows everything: a reader
// that went away doesn't stop the run, but is reported at its end.
type stickyWriter struct {
	w   io.Writer
	err error
}

func (s *stickyWriter) Write(p []byte) (int, error) {
	if s.err == nil {
		_, s.err = s.w.Write(p)
	}
	return len(p), nil
}

// Close resumes the runner's reading of commands and returns the first error
// of all the writing.
func (j *JobLog) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.commands()
	if j.out.err != nil {
		return fmt.Errorf("writing the job's log: %w", j.out.err)
	}
	return nil
}

// Mask has GitHub's runner hide value in the log from here on; elsewhere
// nothing can be said. It takes values of several lines.
func (j *JobLog) Mask(value string) {
	if j.dialect != GitHubLog || value == "" {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.commands()
	j.action.AddMask(value)
}

// Annotate issues annotations as workflow commands on GitHub; elsewhere they
// have no meaning and nothing is printed.
func (j *JobLog) Annotate(annotations []Annotation) {
	if j.dialect != GitHubLog {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.commands()
	for _, a := range annotations {
		a.issueTo(j.action)
	}
}

// Print prints what write writes, such as WriteAccount's text, as whole lines
// among which the runner reads no command. write must have made foreign text
// harmless for a terminal (Line). Its error is write's.
func (j *JobLog) Print(write func(io.Writer) error) error {
	var text bytes.Buffer
	if err := write(&text); err != nil {
		return err
	}
	if b := text.Bytes(); len(b) > 0 && b[len(b)-1] != '\n' {
		text.WriteByte('\n')
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.foreign()
	j.out.Write(text.Bytes())
	return nil
}

// Fold prints lines under a title, folded where the CI system can fold. Title
// and lines may be foreign: they are shown by Line.
func (j *JobLog) Fold(title string, lines iter.Seq[string]) {
	j.fold(Line(title, maxReason), func(yield func(string) bool) {
		for line := range lines {
			if !yield(Line(line, maxLogLine)) {
				return
			}
		}
	})
}

// fold is Fold for text that is harmless already.
func (j *JobLog) fold(title string, lines iter.Seq[string]) {
	j.mu.Lock()
	defer j.mu.Unlock()
	end := j.open(title)
	j.foreign()
	for line := range lines {
		fmt.Fprintln(j.out, line)
	}
	end()
}

// open starts a fold and returns what ends it.
func (j *JobLog) open(title string) func() {
	switch j.dialect {
	case GitHubLog:
		j.commands()
		j.action.Group(title)
		return func() {
			j.commands()
			j.action.EndGroup()
		}
	case GitLabLog:
		j.sections++
		name := fmt.Sprintf("loggate_%s_%d", j.run, j.sections)
		fmt.Fprintf(j.out, "section_start:%d:%s[collapsed=true]\r\x1b[0K%s\n", time.Now().Unix(), name, title)
		return func() { fmt.Fprintf(j.out, "section_end:%d:%s\r\x1b[0K\n", time.Now().Unix(), name) }
	default:
		fmt.Fprintf(j.out, "==> %s\n", title)
		return func() { fmt.Fprintln(j.out) }
	}
}

// foreign stops the runner's reading of commands, under a new token each time,
// since the one before stands in the log.
func (j *JobLog) foreign() {
	if j.dialect != GitHubLog || j.token != "" {
		return
	}
	j.token = rand.Text()
	j.action.IssueCommand(&githubactions.Command{Name: "stop-commands", Message: j.token})
}

// commands resumes the runner's reading of commands.
func (j *JobLog) commands() {
	if j.token == "" {
		return
	}
	j.action.IssueCommand(&githubactions.Command{Name: j.token})
	j.token = ""
}

// Stream prints a log while it is fetched, each line after "NAME | ". Close
// prints a last line that no LF has ended. Writing never fails: a job log that
// can't be written is reported by JobLog.Close.
func (j *JobLog) Stream(name string) io.WriteCloser {
	s := &stream{log: j, prefix: Line(name, maxName) + " | "}
	s.lines = splitter{max: 8 * maxLogLine, emit: s.line}
	return s
}

// stream is one build's part of a job log. It is used by one goroutine.
type stream struct {
	log    *JobLog
	prefix string
	lines  splitter
	ready  bytes.Buffer // whole lines, printed at the end of each Write
	closed bool
}

func (s *stream) Write(p []byte) (int, error) {
	if s.closed {
		return 0, errors.New("writing to a job log's stream after its end")
	}
	n, _ := s.lines.Write(p)
	s.print()
	return n, nil
}

func (s *stream) Close() error {
	if !s.closed {
		s.lines.Close()
		s.print()
		s.closed = true
	}
	return nil
}

// line takes one line; where many come at once they are printed on the way.
func (s *stream) line(line []byte, cut int64) {
	s.ready.WriteString(s.prefix + logLine(line, cut) + "\n")
	if s.ready.Len() > 64<<10 {
		s.print()
	}
}

func (s *stream) print() {
	if s.ready.Len() == 0 {
		return
	}
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.foreign()
	s.log.out.Write(s.ready.Bytes())
	s.ready.Reset()
}

// logLine is a log's line for the job's log, where something stands before it; cut bytes of it are left out
// already.
func logLine(line []byte, cut int64) string {
	text := within(string(bytes.TrimSuffix(line, []byte("\r"))), maxLogLine)
	if cut > 0 {
		text += fmt.Sprintf(" … (%s more left out)", bytesText(cut))
	}
	return text
}

package report

import (
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"

	"github.com/loggate/loggate/internal/build"
)

// The bounds of what PrintFailed prints: lines of a build, and bytes in all,
// so that a CI system's own limit (GitLab's is 4 MiB) isn't reached.
const (
	tailLines   = 200
	maxPrinted  = 2 << 20
	readAtATime = 64 << 10
)

// PrintFailed prints, of each failed build of r, the end of its failing stage,
// folded per build; files are the output directory's. A log that can't be read
// is said in its place and in the error.
func (j *JobLog) PrintFailed(r *build.Report, files fs.FS) error {
	var firstErr error
	room, unprinted := maxPrinted, 0
	for _, b := range r.Builds {
		if !b.Status.Failed() || b.Log.Path == nil {
			continue
		}
		if room <= 0 {
			unprinted++
			continue
		}
		t, err := readTail(files, *b.Log.Path, stageLines(b))
		if err != nil {
			if firstErr == nil {
				firstErr = fmt.Errorf("printing the log of %s: %w", Line(b.Name, maxName), err)
			}
			continue
		}
		j.fold(t.title(b), t.numbered())
		room -= t.size()
	}
	if unprinted > 0 {
		j.fold(fmt.Sprintf("%s left out: the files are in the output directory", plural(unprinted, "more log")), slices.Values([]string{}))
	}
	return firstErr
}

// lines is a range of a log's lines, from 1; last 0 is the end of the log.
type lines struct {
	stage       string
	first, last int64
}

// stageLines are those of the failing stage, or all.
func stageLines(b *build.Build) lines {
	s := b.FailingStage()
	if s == nil || s.FirstLine == nil {
		return lines{first: 1}
	}
	l := lines{stage: s.Name, first: *s.FirstLine}
	if s.LastLine != nil {
		l.last = *s.LastLine
	}
	return l
}

// tail is the end of a range of lines.
type tail struct {
	lines
	read int64    // the last line that was read
	kept []string // the last tailLines of them, a ring
	next int      // of the ring
}

// readTail reads a log up to the end of a range, and keeps its end.
func readTail(files fs.FS, path string, l lines) (*tail, error) {
	file, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	t := &tail{lines: l}
	split := splitter{max: 8 * maxLogLine, emit: t.take}
	buf := make([]byte, readAtATime)
	for l.last == 0 || t.read < l.last {
		n, err := file.Read(buf)
		split.Write(buf[:n])
		if err == io.EOF {
			split.Close()
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *tail) take(line []byte, cut int64) {
	if t.last != 0 && t.read >= t.last {
		return
	}
	t.read++
	if t.read < t.first {
		return
	}
	text := logLine(line, cut)
	if len(t.kept) < tailLines {
		t.kept = append(t.kept, text)
		return
	}
	t.kept[t.next] = text
	t.next = (t.next + 1) % tailLines
}

// title says what is shown: "api #7: stage Maven, the last 200 of 1,234 lines".
func (t *tail) title(b *build.Build) string {
	what := "log"
	if t.stage != "" {
		what = "stage " + Line(t.stage, maxName)
	}
	n := max(0, t.read-t.first+1)
	shown := plural(int(n), "line")
	if n > int64(len(t.kept)) {
		shown = fmt.Sprintf("the last %d of %s", len(t.kept), shown)
	}
	title := Line(titled(b), maxName) + ": " + what + ", " + shown
	if f := b.RootCause(); f != nil {
		title += ", root cause at line " + thousands(f.Line)
	}
	return title
}

// numbered are the kept lines after their numbers, which keep a line from
// beginning with foreign text.
func (t *tail) numbered() iter.Seq[string] {
	return func(yield func(string) bool) {
		width := len(thousands(t.read))
		for i := range t.kept {
			n := t.read - int64(len(t.kept)) + 1 + int64(i)
			if !yield(padLeft(thousands(n), width) + " | " + t.kept[(t.next+i)%len(t.kept)]) {
				return
			}
		}
	}
}

func (t *tail) size() int {
	n := 0
	for _, line := range t.kept {
		n += len(line)
	}
	return n
}

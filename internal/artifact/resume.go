package artifact

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/loggate/loggate/internal/build"
)

// Beside a log lies a note of how far it was written, NAME-BUILD_NO.resume.json,
// from which a later run can go on (ResumeLog). What is written again then must
// repeat the end of what is there, byte for byte: that proves that the two
// parts belong together. Notes are kept as long as a log of the run isn't
// whole, see DropNotes.

const (
	resumeSchema = "loggate/resume/v1"
	// proof is how much of a log is written again at least, in bytes, when a
	// later run goes on: enough that it is found nowhere else in the log.
	proof = 4 << 10
	// noteEvery bounds how often the note is written while the log grows.
	noteEvery = time.Second
	// maxNote bounds a note that is read, in bytes.
	maxNote = 1 << 20
)

var (
	// ErrNothingToResume says that there is no part of the log from an earlier run.
	ErrNothingToResume = errors.New("no part of the log is here")
	// ErrDiffers says that what is written isn't what an earlier run has written.
	ErrDiffers = errors.New("the service's log differs from the part that is here")
)

// note is a resume.json.
type note struct {
	Schema     string            `json:"schema"`
	Redaction  string            `json:"redaction"` // which secrets were replaced
	Bytes      int64             `json:"bytes"`     // of the file, the first so many
	SHA256     string            `json:"sha256"`    // of these
	From       place             `json:"from"`      // where to go on
	Redactions []build.Redaction `json:"redactions"`
}

// place is a point of a log at which nothing was held back.
type place struct {
	Bytes      int64           `json:"bytes"`      // of the file up to here
	Redactions int             `json:"redactions"` // so many of them are before it
	Mark       json.RawMessage `json:"mark"`       // the reader's own
}

// notes keeps track of where a log could be continued.
type notes struct {
	older, newer place // newer is at least proof bytes after older
	last         note  // as it would be written now; without Schema there is none
	saved        time.Time
	unsaved      bool
}

func (l *LogFile) noteName() string { return l.stem + ".resume.json" }

// Mark notes that everything that was written so far stands before the place
// that mark describes, so that a later run can go on from there. mark is kept
// as JSON. The note goes to the disk now and then, and with Finish.
func (l *LogFile) Mark(mark any) error {
	if l.err != nil || l.finished || l.holdsBack() || l.sink.repeats() {
		return nil
	}
	text, err := json.Marshal(mark)
	if err != nil {
		return fmt.Errorf("noting how far %s is written: %w", l.stem, err)
	}
	n := &l.notes
	if l.sink.bytes >= n.newer.Bytes+proof {
		n.older, n.newer = n.newer, place{Bytes: l.sink.bytes, Redactions: len(l.redactions), Mark: text}
	}
	if n.older.Mark == nil {
		return nil // it is as cheap to start again
	}
	n.last = note{
		Schema: resumeSchema, Redaction: l.red.identity(), Bytes: l.sink.bytes, SHA256: l.sink.sum(),
		From: n.older, Redactions: l.redactions,
	}
	n.unsaved = true
	if time.Since(n.saved) < noteEvery {
		return nil
	}
	return l.saveNote()
}

// holdsBack says whether a part of what was written may wait for what follows.
func (l *LogFile) holdsBack() bool { return l.open || len(l.clean.held) > 0 || l.clean.drop != nil }

func (l *LogFile) saveNote() error {
	if !l.notes.unsaved {
		return nil
	}
	l.notes.unsaved, l.notes.saved = false, time.Now()
	return l.dir.WriteFile(l.noteName(), func(w io.Writer) error {
		return json.NewEncoder(w).Encode(l.notes.last)
	})
}

// DropNotes removes the notes from which a later run could go on, for a run
// whose logs are whole.
func (d *Dir) DropNotes() error {
	d.mu.Lock()
	stems := make([]string, 0, len(d.logs))
	for stem := range d.logs {
		stems = append(stems, stem)
	}
	d.mu.Unlock()
	var errs []error
	for _, stem := range stems {
		errs = append(errs, d.dropNote(stem+".resume.json"))
	}
	return errors.Join(errs...)
}

// dropNote removes a note, and what a run has left of one that was killed
// while it wrote it.
func (d *Dir) dropNote(name string) error {
	if err := errors.Join(d.remove(name), d.remove(tempOf(name))); err != nil {
		return d.failed(name, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.sums, name)
	return nil
}

// ResumeLog is CreateLog for a log of which an earlier run has left a part, and
// sets mark to the place from where it is to be read on. What is written from
// there must first repeat the end of that part, else Write fails with
// ErrDiffers; Proven says when it has. The part goes to next before ResumeLog
// returns, but for its end.
//
// The error is ErrNothingToResume, or says why the part can't be used: then next
// may have got some of it, the build is free for CreateLog, and the part is
// still there.
func (d *Dir) ResumeLog(ref build.Ref, red *Redactor, next io.Writer, mark any) (*LogFile, error) {
	if next == nil {
		next = io.Discard
	}
	stem, err := d.claim(ref)
	if err != nil {
		return nil, err
	}
	l := &LogFile{dir: d, stem: stem, red: red}
	if err := l.resume(next, mark); err != nil {
		l.Abandon()
		return nil, err
	}
	return l, nil
}

func (l *LogFile) resume(next io.Writer, mark any) error {
	n, err := l.readNote()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(n.From.Mark, mark); err != nil {
		return fmt.Errorf("reading %s: %w", l.noteName(), err)
	}
	if n.Redaction != l.red.identity() {
		return errors.New("other secrets are replaced now than were in the part that is here")
	}
	if err := l.openPart(n); err != nil {
		return err
	}
	l.build(next)
	l.sink.expect(l.file, n.Bytes)
	l.redactions = append(l.redactions, n.Redactions[:n.From.Redactions]...)
	l.notes.older, l.notes.newer, l.notes.last = n.From, n.From, *n
	return l.replay(n.From.Bytes)
}

// readNote reads and checks the note, which may be anybody's.
func (l *LogFile) readNote() (*note, error) {
	f, err := l.dir.openRegular(l.noteName(), os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNothingToResume
	}
	if err != nil {
		return nil, l.dir.failed(l.noteName(), err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxNote+1))
	if err == nil && len(text) > maxNote {
		err = errors.New("it is too large")
	}
	n := &note{}
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		err = decoder.Decode(n)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", l.noteName(), err)
	}
	switch from := n.From; {
	case n.Schema != resumeSchema:
		return nil, fmt.Errorf("%s is of another version of loggate", l.noteName())
	case from.Bytes < 1 || n.Bytes < from.Bytes+proof || from.Mark == nil,
		from.Redactions < 0 || from.Redactions > len(n.Redactions) || len(n.Redactions) > maxRedactions:
		return nil, fmt.Errorf("%s makes no sense", l.noteName())
	}
	return n, nil
}

// openPart opens the part of the log, when it is what the note says. A whole log
// of an earlier run that was not whole itself is a part, too: this run has to
// find that it has ended.
func (l *LogFile) openPart(n *note) error {
	_, err := l.dir.root.Lstat(l.partial())
	if errors.Is(err, fs.ErrNotExist) {
		err = l.dir.root.Rename(l.whole(), l.partial())
	}
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNothingToResume
	}
	if err == nil {
		l.file, err = l.dir.openRegular(l.partial(), os.O_RDWR)
	}
	if err != nil {
		return l.dir.failed(l.partial(), err)
	}
	hash := sha256.New()
	if _, err := io.CopyN(hash, l.file, n.Bytes); err != nil {
		return fmt.Errorf("%s is shorter than it was: %w", l.partial(), err)
	}
	if hex.EncodeToString(hash.Sum(nil)) != n.SHA256 {
		return fmt.Errorf("%s was changed: its checksum differs", l.partial())
	}
	if err := l.file.Truncate(n.Bytes); err != nil {
		return l.dir.failed(l.partial(), err)
	}
	return nil
}

// replay passes the start of the part through all that a log passes through.
func (l *LogFile) replay(size int64) error {
	buf := make([]byte, writeBuffer)
	part := io.NewSectionReader(l.file, 0, size)
	if _, err := io.CopyBuffer(struct{ io.Writer }{l}, part, buf); err != nil {
		return err
	}
	if l.holdsBack() || l.sink.bytes != size {
		return ErrDiffers
	}
	return nil
}

// Proven says whether all of the part that an earlier run has left was repeated.
func (l *LogFile) Proven() bool { return !l.sink.repeats() }

// Abandon gives the log up without changing what is on the disk, so that
// CreateLog can start it again.
func (l *LogFile) Abandon() {
	l.finished = true
	if l.file != nil {
		_ = l.file.Close() // nothing is lost: it is to be written again
	}
	l.dir.mu.Lock()
	defer l.dir.mu.Unlock()
	delete(l.dir.logs, l.stem)
}

// openRegular opens a file that is there, and never through a link or a pipe.
func (d *Dir) openRegular(name string, flag int) (*os.File, error) {
	before, err := d.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	f, err := d.root.OpenFile(name, flag, 0)
	if err != nil {
		return nil, err
	}
	after, err := f.Stat()
	if err == nil && !os.SameFile(before, after) {
		err = errors.New("it was replaced while it was opened")
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// expect has the sink compare what comes with the first bytes of the file,
// before it goes on writing behind them.
func (s *sink) expect(file *os.File, bytes int64) {
	s.old, s.due = file, bytes
}

// repeats says whether a part of the file is still to be repeated.
func (s *sink) repeats() bool { return s.old != nil && s.bytes < s.due }

// repeat takes as much of p as repeats the file.
func (s *sink) repeat(p []byte) (int, error) {
	if !s.repeats() {
		return 0, nil
	}
	p = p[:min(int64(len(p)), s.due-s.bytes)]
	have := make([]byte, len(p))
	if _, err := s.old.ReadAt(have, s.bytes); err != nil {
		return 0, &WriteError{Path: s.path, Err: cause(err)}
	}
	if !bytes.Equal(have, p) {
		return 0, ErrDiffers
	}
	if s.bytes+int64(len(p)) == s.due {
		if _, err := s.old.Seek(s.due, io.SeekStart); err != nil {
			return 0, &WriteError{Path: s.path, Err: cause(err)}
		}
	}
	return len(p), s.took(p)
}

// keep takes what is still to be repeated as it is in the file: nobody has
// contradicted it, and the checksum was right.
func (s *sink) keep() error {
	buf := make([]byte, writeBuffer)
	for s.repeats() {
		n := min(int64(len(buf)), s.due-s.bytes)
		if _, err := s.old.ReadAt(buf[:n], s.bytes); err != nil {
			return &WriteError{Path: s.path, Err: cause(err)}
		}
		if err := s.took(buf[:n]); err != nil {
			return err
		}
	}
	return nil
}

package artifact

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"unicode/utf8"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"

	"github.com/loggate/loggate/internal/build"
)

const (
	// writeBuffer bounds what of a log is written at once, in bytes.
	writeBuffer = 64 << 10
	// maxRedactions bounds the list of what was replaced in a log.
	maxRedactions = 1000
)

// LogFile is a log that is being written. It is for one goroutine.
type LogFile struct {
	dir   *Dir
	stem  string // logs/NAME-BUILD_NO
	red   *Redactor
	file  *os.File
	valid *transform.Writer // UTF-8, then
	clean *redacting        // without secrets, then
	buf   *bufio.Writer     // in large writes, to
	sink  *sink             // the disk

	open       bool // the last byte may be part of a character to come
	notes      notes
	redactions redactions
	err        error // of the first write that failed
	result     build.Log
	finished   bool
}

// CreateLog starts the log of a build whose number is known. While it is
// written it is logs/NAME-BUILD_NO.partial.log, so that a run that is killed
// leaves what it had; a partial log of an earlier run is replaced by that,
// while a whole one stays until Finish. What is written goes to next, too, as
// it stands in the file; next may be nil.
//
// NAME is made safe for file systems and artifact stores; it is another one for
// each build name, see Reserve. A build that has its log already is an error.
func (d *Dir) CreateLog(ref build.Ref, red *Redactor, next io.Writer) (*LogFile, error) {
	if next == nil {
		next = io.Discard
	}
	stem, err := d.claim(ref)
	if err != nil {
		return nil, err
	}
	l := &LogFile{dir: d, stem: stem, red: red}
	if err := d.dropNote(l.noteName()); err != nil {
		return nil, err
	}
	if l.file, err = d.create(l.partial()); err != nil {
		return nil, d.failed(l.partial(), err)
	}
	l.build(next)
	return l, nil
}

// build puts together what a log passes through on its way to the file.
func (l *LogFile) build(next io.Writer) {
	l.sink = newSink(l.file, l.dir.join(l.partial()), next)
	l.buf = bufio.NewWriterSize(l.sink, writeBuffer)
	l.clean = newRedacting(l.red, l.buf, l.redactions.note)
	l.valid = transform.NewWriter(l.clean, runes.ReplaceIllFormed())
}

// claim gives a build its stem below the directory, once.
func (d *Dir) claim(ref build.Ref) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	stem := path.Join(logsDir, fmt.Sprintf("%s-%d", d.stems.of(ref.Name), ref.Number))
	if d.logs[stem] {
		return "", fmt.Errorf("the log of %q (%s) is being written already", ref.Name, ref)
	}
	d.logs[stem] = true
	return stem, nil
}

func (l *LogFile) partial() string { return l.stem + ".partial.log" }
func (l *LogFile) whole() string   { return l.stem + ".log" }

// Write takes the next bytes of the log as they were served, cut anywhere.
// Each byte that is not part of valid UTF-8 becomes U+FFFD, as utf8.DecodeRune
// has it, and secrets are replaced. But for what may be the beginning of a
// character or a secret all of it is in the file and with the scanner when
// Write returns, so hand over pages rather than lines.
//
// Where the disk doesn't take the bytes, the error is a *WriteError; every
// further Write fails with it.
func (l *LogFile) Write(p []byte) (int, error) {
	if l.finished {
		return 0, fmt.Errorf("%s is finished: %w", l.stem, os.ErrClosed)
	}
	if l.err == nil {
		_, l.err = l.valid.Write(p)
	}
	if l.err == nil {
		l.err = l.buf.Flush()
	}
	if l.err != nil {
		return 0, l.err
	}
	if len(p) > 0 {
		l.open = p[len(p)-1] >= utf8.RuneSelf
	}
	return len(p), nil
}

// Finish ends the log and says what is in the directory now: Path, Bytes,
// Lines, SHA256, Complete and Redactions (the first 1,000) are set, the rest is
// the fetcher's to fill in.
//
// A whole log gets its final name when its bytes are on the disk, in the place
// of an older one. With complete false, or when writing failed (the error is
// the same again), it keeps its .partial.log name and an older whole log of
// the build is removed, so that it doesn't pass for this run's. A log of 0
// bytes leaves no file and is never complete. Calling Finish again gives the
// same log and changes nothing, so that it can be deferred.
func (l *LogFile) Finish(complete bool) (build.Log, error) {
	if !l.finished {
		l.finished = true
		l.flush()
		l.result = l.settle(complete && l.err == nil)
	}
	return l.result, l.err
}

// flush writes what was held back. Of a log that was being continued and whose
// part isn't repeated yet, it keeps that part instead.
func (l *LogFile) flush() {
	if l.sink.repeats() {
		l.redactions = l.notes.last.Redactions
		l.fail(l.sink.keep())
		return
	}
	for _, last := range []func() error{l.valid.Close, l.clean.Close, l.buf.Flush} {
		if l.err == nil {
			l.err = last()
		}
	}
}

// settle leaves the file under the name that it is due.
func (l *LogFile) settle(complete bool) build.Log {
	log := build.Log{Redactions: []build.Redaction{}}
	if l.sink.bytes == 0 {
		l.fail(errors.Join(l.file.Close(), l.dir.remove(l.partial()), l.dir.remove(l.whole())))
		return log
	}
	name := l.partial()
	if complete {
		name = l.whole()
	}
	l.fail(l.dir.publish(l.file, l.partial(), name))
	log.Complete = complete && l.err == nil
	if !log.Complete {
		name = l.partial()
		l.fail(l.dir.remove(l.whole()))
	}
	sum := l.sink.sum()
	log.Path, log.Bytes, log.Lines, log.SHA256 = &name, l.sink.bytes, l.sink.lines(), &sum
	for _, r := range l.redactions {
		if r.Line <= log.Lines { // where the disk was full, some were never written
			log.Redactions = append(log.Redactions, r)
		}
	}
	l.dir.wrote(name, sum)
	_ = l.saveNote() // the log is as good without
	return log
}

// fail keeps the first error.
func (l *LogFile) fail(err error) {
	if err == nil || l.err != nil {
		return
	}
	if _, ok := errors.AsType[*WriteError](err); !ok {
		err = l.dir.failed(l.stem, err)
	}
	l.err = err
}

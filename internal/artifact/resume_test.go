package artifact

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/loggate/loggate/internal/build"
)

// someLog is a log with secrets and characters of several bytes in it, of which
// no two parts of a page's size are alike.
func someLog(random *rand.Rand, lines int) string {
	var out strings.Builder
	for i := range lines {
		fmt.Fprintf(&out, "[2026/03/02 09:00:00.%03d GMT+08:00] [INFO] 行 %d %x", i%1000, i, random.Uint64())
		if random.IntN(20) == 0 {
			out.WriteString(" token=" + plainSecret)
		}
		out.WriteString("\n")
	}
	return out.String()
}

// served is a log that a test reads page by page; a mark is an offset in it.
type served struct {
	text   string
	random *rand.Rand
}

// next is where the page that starts at from ends.
func (s served) next(from int) int { return min(len(s.text), from+1+s.random.IntN(9000)) }

// read writes pages from an offset to l, at most so many.
func (s served) read(t *testing.T, l *LogFile, from, pages int) (at int, err error) {
	t.Helper()
	for at = from; at < len(s.text) && pages > 0; pages-- {
		end := s.next(at)
		if _, err := l.Write([]byte(s.text[at:end])); err != nil {
			return at, err
		}
		at = end
		if err := l.Mark(at); err != nil {
			t.Fatal(err)
		}
	}
	return at, nil
}

// end is how a run ends that doesn't read all of a log.
func end(t *testing.T, l *LogFile, killed bool) {
	t.Helper()
	if killed {
		l.Abandon()
		return
	}
	if log, err := l.Finish(false); err != nil || log.Complete {
		t.Fatalf("%+v, %v", log, err)
	}
}

// However often and wherever writing broke off, what comes out in the end is
// what one run would have written, and the scanner has seen it all.
func TestResume(t *testing.T) {
	red := redactor(plainSecret)
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 15))
		s := served{someLog(random, 1000), random}
		d, dir := open(t)
		r := ref("api", 7)
		l, err := d.CreateLog(r, red, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.read(t, l, 0, 3+random.IntN(15))
		if err != nil {
			t.Fatal(err)
		}
		end(t, l, random.IntN(2) == 0)
		var seen bytes.Buffer
		last, at := 0, 0
		for at < len(s.text) {
			seen.Reset()
			again, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if l, err = again.ResumeLog(r, red, &seen, &at); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if at < last {
				t.Fatalf("seed %d: continued at %d, after %d before", seed, at, last)
			}
			last = at
			if at, err = s.read(t, l, at, 1+random.IntN(9)); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if at < len(s.text) {
				end(t, l, random.IntN(2) == 0)
				again.Close()
			}
		}
		if !l.Proven() {
			t.Fatalf("seed %d: read to its end, but not proven", seed)
		}
		log, err := l.Finish(true)
		if err != nil || !log.Complete {
			t.Fatalf("seed %d: %+v, %v", seed, log, err)
		}
		want := red.String(s.text)
		if got := files(t, dir)["logs/api-7.log"]; got != want || seen.String() != want {
			t.Fatalf("seed %d: %d bytes written, %d seen, want %d", seed, len(got), seen.Len(), len(want))
		}
		if n := strings.Count(want, "[redacted:"); len(log.Redactions) != n || n == 0 {
			t.Errorf("seed %d: %d redactions are listed of %d", seed, len(log.Redactions), n)
		}
	}
}

// leavePart leaves a part of a log and returns what it is of.
func leavePart(t *testing.T) (dir string, r build.Ref, s served) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 1))
	s = served{someLog(random, 1000), random}
	d, dir := open(t)
	r = ref("api", 7)
	l, err := d.CreateLog(r, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.read(t, l, 0, 10); err != nil {
		t.Fatal(err)
	}
	end(t, l, false)
	return dir, r, s
}

// A part that isn't what the note says is never continued.
func TestResumeRefuses(t *testing.T) {
	const partial, note = "logs/api-7.partial.log", "logs/api-7.resume.json"
	for _, tt := range []struct {
		name   string
		spoil  func(t *testing.T, dir string) error
		reason string
	}{
		{"a byte was changed", func(t *testing.T, dir string) error {
			text := []byte(files(t, dir)[partial])
			text[100] ^= 1
			return os.WriteFile(filepath.Join(dir, partial), text, 0o644)
		}, "checksum differs"},
		{"the end is missing", func(t *testing.T, dir string) error {
			return os.Truncate(filepath.Join(dir, partial), 5000)
		}, "shorter than it was"},
		{"a link to the part", func(t *testing.T, dir string) error {
			if err := os.Rename(filepath.Join(dir, partial), filepath.Join(dir, "other")); err != nil {
				return err
			}
			return os.Symlink("../other", filepath.Join(dir, partial))
		}, "no regular file"},
		{"a link to the note", func(t *testing.T, dir string) error {
			if err := os.Rename(filepath.Join(dir, note), filepath.Join(dir, "other")); err != nil {
				return err
			}
			return os.Symlink("../other", filepath.Join(dir, note))
		}, "no regular file"},
		{"no note", func(t *testing.T, dir string) error { return os.Remove(filepath.Join(dir, note)) }, ErrNothingToResume.Error()},
		{"no part", func(t *testing.T, dir string) error { return os.Remove(filepath.Join(dir, partial)) }, ErrNothingToResume.Error()},
		{"another file's note", func(t *testing.T, dir string) error {
			return os.WriteFile(filepath.Join(dir, note), []byte("{}"), 0o644)
		}, "another version"},
		{"half a note", func(t *testing.T, dir string) error { return os.Truncate(filepath.Join(dir, note), 50) }, "unexpected EOF"},
		{"a huge note", func(t *testing.T, dir string) error {
			return os.WriteFile(filepath.Join(dir, note), bytes.Repeat([]byte(" "), maxNote+1), 0o644)
		}, "too large"},
		{"a note that makes no sense", func(t *testing.T, dir string) error {
			n := files(t, dir)[note]
			return os.WriteFile(filepath.Join(dir, note), []byte(strings.Replace(n, `"from":{"bytes":`, `"from":{"bytes":9`, 1)), 0o644)
		}, "makes no sense"},
		{"other secrets", func(t *testing.T, dir string) error {
			n := files(t, dir)[note]
			return os.WriteFile(filepath.Join(dir, note), []byte(strings.Replace(n, `"redaction":"`, `"redaction":"x`, 1)), 0o644)
		}, "other secrets"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, r, _ := leavePart(t)
			if err := tt.spoil(t, dir); err != nil {
				t.Fatal(err)
			}
			d, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			at := 0
			if _, err := d.ResumeLog(r, nil, nil, &at); err == nil || !strings.Contains(err.Error(), tt.reason) {
				t.Fatalf("%v, want %q", err, tt.reason)
			}
			if log := writeLog(t, d, r, "afresh", true); !log.Complete {
				t.Errorf("the log can't be started again: %+v", log)
			}
			if left := fmt.Sprint(files(t, dir)["logs/api-7.log"]); left != "afresh" {
				t.Errorf("left %q", left)
			}
		})
	}
}

// What doesn't repeat the end of the part is not taken for the same log.
func TestResumeOfAnotherLog(t *testing.T) {
	dir, r, s := leavePart(t)
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	before := files(t, dir)["logs/api-7.partial.log"]
	at := 0
	l, err := d.ResumeLog(r, nil, nil, &at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Write([]byte(s.text[at+1 : at+100])); !errors.Is(err, ErrDiffers) || l.Proven() {
		t.Errorf("%v, proven %v", err, l.Proven())
	}
	if _, err := l.Finish(true); !errors.Is(err, ErrDiffers) {
		t.Errorf("Finish: %v", err)
	}
	if got := files(t, dir)["logs/api-7.partial.log"]; got != before {
		t.Errorf("the part of %d bytes became one of %d", len(before), len(got))
	}
}

// Where nothing could be asked, all of the part is kept, and counted.
func TestResumeKeepsThePart(t *testing.T) {
	dir, r, s := leavePart(t)
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	before := files(t, dir)["logs/api-7.partial.log"]
	at := 0
	var seen bytes.Buffer
	l, err := d.ResumeLog(r, nil, &seen, &at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(l, s.text[at:at+10]); err != nil || l.Proven() {
		t.Fatalf("%v, proven %v", err, l.Proven())
	}
	log, err := l.Finish(false)
	if err != nil || log.Bytes != int64(len(before)) || seen.String() != before || files(t, dir)["logs/api-7.partial.log"] != before {
		t.Errorf("%v: of %d bytes, %d are kept and %d were seen", err, len(before), log.Bytes, seen.Len())
	}
	if l, err = d2(t, dir).ResumeLog(r, nil, nil, &at); err != nil {
		t.Errorf("not to be continued again: %v", err)
	} else {
		l.Abandon()
	}
}

func d2(t *testing.T, dir string) *Dir {
	t.Helper()
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// A whole log can be continued as long as its run's notes are kept.
func TestNotesAreDropped(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	s := served{someLog(random, 1000), random}
	d, dir := open(t)
	l, err := d.CreateLog(ref("api", 7), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.read(t, l, 0, 1000); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Finish(true); err != nil {
		t.Fatal(err)
	}
	at := 0
	if l, err = d2(t, dir).ResumeLog(ref("api", 7), nil, nil, &at); err != nil {
		t.Fatal(err)
	}
	if _, err := s.read(t, l, at, 1000); err != nil {
		t.Fatal(err)
	}
	if log, err := l.Finish(true); err != nil || !log.Complete || files(t, dir)["logs/api-7.log"] != s.text {
		t.Errorf("%+v, %v", log, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "logs/.api-7.resume.json.partial"), []byte("of a run that was killed"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := d.DropNotes(); err != nil {
		t.Fatal(err)
	}
	if err := d.WriteSums(); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(names(t, dir)); got != "[SHA256SUMS logs/api-7.log]" {
		t.Errorf("left %s", got)
	}
	if sums := files(t, dir)["SHA256SUMS"]; strings.Contains(sums, "resume") {
		t.Errorf("SHA256SUMS has\n%s", sums)
	}
}

// FuzzNote reads notes that anybody may have written: they are refused, or lead
// to a log that is what they say.
func FuzzNote(f *testing.F) {
	text := strings.Repeat("line\n", 2000)
	note, err := json.Marshal(note{
		Schema: resumeSchema, Redaction: (*Redactor)(nil).identity(), Bytes: 10_000, SHA256: "9ee5e2b3",
		From: place{Bytes: 5000, Mark: json.RawMessage("5000")},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(note)
	f.Add([]byte(`{"schema":"loggate/resume/v1","from":{"bytes":-1,"redactions":9,"mark":null}}`))
	f.Fuzz(func(t *testing.T, note []byte) {
		dir := t.TempDir()
		d := d2(t, dir)
		for name, content := range map[string]string{"logs/api-7.partial.log": text, "logs/api-7.resume.json": string(note)} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		var seen bytes.Buffer
		var mark any
		l, err := d.ResumeLog(ref("api", 7), nil, &seen, &mark)
		if err != nil {
			if !utf8.ValidString(err.Error()) {
				t.Errorf("the error is %q", err)
			}
			return
		}
		if log, err := l.Finish(false); err != nil || !strings.HasPrefix(text, seen.String()) || log.Bytes != int64(seen.Len()) {
			t.Errorf("%+v, %v", log, err)
		}
	})
}

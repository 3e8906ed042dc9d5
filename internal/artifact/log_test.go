package artifact

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/loggate/loggate/internal/build"
)

func open(t *testing.T) (*Dir, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out")
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d, dir
}

func ref(name string, number int) build.Ref {
	return build.Ref{Name: name, JobID: strings.Repeat("a", 32), Number: number}
}

// writeLog is a log written in one go.
func writeLog(t *testing.T, d *Dir, r build.Ref, text string, complete bool) build.Log {
	t.Helper()
	l, err := d.CreateLog(r, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	log, err := l.Finish(complete)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// files lists a directory's files with slashes, and each one's content.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		found[filepath.ToSlash(name)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	for name := range files(t, dir) {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func TestLog(t *testing.T) {
	tests := []struct {
		name, served, written string
		lines                 int64
	}{
		{"as served", "one\r\ntwo\x1b[31m\r\n\nthree\n", "one\r\ntwo\x1b[31m\r\n\nthree\n", 4},
		{"no last line end", "one\ntwo", "one\ntwo", 2},
		{"one line end", "\n", "\n", 1},
		{"lone carriage returns", "1 %\r2 %\r", "1 %\r2 %\r", 1},
		{"UTF-8", "代码检出\U0001f600", "代码检出\U0001f600", 1},
		{"bytes that are not", "a\xff\xfe\xe4\xbb\nb\xc0\x80\xed\xa0\x80", "a\uFFFD\uFFFD\uFFFD\uFFFD\nb\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD", 2},
		{"U+FFFD itself and NUL", "\uFFFD\x00", "\uFFFD\x00", 1},
		{"cut off in a character", "a\xf0\x9f\x98", "a\uFFFD\uFFFD\uFFFD", 1},
	}
	d, dir := open(t)
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for size := 1; size <= len(tt.served); size++ {
				r := ref("api", 100*i+size)
				var passed bytes.Buffer
				l, err := d.CreateLog(r, nil, &passed)
				if err != nil {
					t.Fatal(err)
				}
				for piece := range slices.Chunk([]byte(tt.served), size) {
					if n, err := l.Write(piece); n != len(piece) || err != nil {
						t.Fatalf("wrote %d of %d: %v", n, len(piece), err)
					}
				}
				log, err := l.Finish(true)
				if err != nil {
					t.Fatal(err)
				}
				path := fmt.Sprintf("logs/api-%d.log", r.Number)
				got, err := os.ReadFile(filepath.Join(dir, path))
				if err != nil {
					t.Fatal(err)
				}
				sum := sha256.Sum256([]byte(tt.written))
				if string(got) != tt.written || passed.String() != tt.written {
					t.Fatalf("in pieces of %d: file %q, passed on %q, want %q", size, got, passed.String(), tt.written)
				}
				if *log.Path != path || log.Bytes != int64(len(tt.written)) || log.Lines != tt.lines ||
					*log.SHA256 != hex.EncodeToString(sum[:]) || !log.Complete || len(log.Redactions) != 0 {
					t.Errorf("in pieces of %d: %+v", size, log)
				}
			}
		})
	}
}

func TestLogRedactions(t *testing.T) {
	const served = "start\nkey qX7zRt2Lw9Kd and qX7zRt2Lw9Kd\n\xff\nend qX7zRt2Lw9Kd"
	d, dir := open(t)
	red := redactor(plainSecret)
	for size := 1; size <= len(served); size++ {
		l, err := d.CreateLog(ref("api", size), red, nil)
		if err != nil {
			t.Fatal(err)
		}
		for piece := range slices.Chunk([]byte(served), size) {
			if _, err := l.Write(piece); err != nil {
				t.Fatal(err)
			}
		}
		log, err := l.Finish(true)
		if err != nil {
			t.Fatal(err)
		}
		if want := []build.Redaction{{Kind: "credential", Line: 2}, {Kind: "credential", Line: 4}}; !slices.Equal(log.Redactions, want) {
			t.Errorf("in pieces of %d: redactions %v, want %v", size, log.Redactions, want)
		}
		got := files(t, dir)[*log.Path]
		if want := "start\nkey M and M\n\uFFFD\nend M"; mark.ReplaceAllString(got, "M") != want || log.Lines != 4 || log.Bytes != int64(len(got)) {
			t.Errorf("in pieces of %d: wrote %q, %+v", size, got, log)
		}
	}
}

func TestLogRedactionsBounded(t *testing.T) {
	d, _ := open(t)
	l, err := d.CreateLog(ref("api", 1), redactor(plainSecret), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Write(bytes.Repeat([]byte(plainSecret+"\n"), 3000)); err != nil {
		t.Fatal(err)
	}
	log, err := l.Finish(true)
	if err != nil || len(log.Redactions) != 1000 || log.Lines != 3000 {
		t.Errorf("%d redactions in %d lines, %v", len(log.Redactions), log.Lines, err)
	}
}

// What is in the directory before, during and after a run that ends so or so.
func TestLogNames(t *testing.T) {
	const whole, partial = "logs/api-7.log", "logs/api-7.partial.log"
	befores := map[string]map[string]string{
		"nothing":      {},
		"a whole log":  {whole: "older"},
		"a partial":    {partial: "older"},
		"one of each":  {whole: "older", partial: "older"},
		"another log":  {"logs/web-1.log": "other"},
		"a link there": {},
	}
	ends := []struct {
		text     string
		complete bool
		path     string // "" for none
	}{
		{"newer", true, whole},
		{"newer", false, partial},
		{"", true, ""},
		{"", false, ""},
	}
	for name, before := range befores {
		for _, end := range ends {
			t.Run(fmt.Sprintf("%s, then %q %v", name, end.text, end.complete), func(t *testing.T) {
				d, dir := open(t)
				victim := filepath.Join(t.TempDir(), "victim")
				if err := os.WriteFile(victim, []byte("untouched"), 0o600); err != nil {
					t.Fatal(err)
				}
				for path, text := range before {
					if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				if name == "a link there" {
					for _, path := range []string{whole, partial} {
						if err := os.Symlink(victim, filepath.Join(dir, path)); err != nil {
							t.Fatal(err)
						}
					}
				}
				l, err := d.CreateLog(ref("api", 7), nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := l.Write([]byte(end.text)); err != nil {
					t.Fatal(err)
				}
				during := files(t, dir)
				if during[partial] != end.text || before[whole] != "" && during[whole] != "older" {
					t.Errorf("while it is written: %q", during)
				}
				log, err := l.Finish(end.complete)
				if err != nil {
					t.Fatal(err)
				}
				want := map[string]string{}
				if other, ok := before["logs/web-1.log"]; ok {
					want["logs/web-1.log"] = other
				}
				if end.path != "" {
					want[end.path] = end.text
				}
				if got := files(t, dir); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("left %q, want %q", got, want)
				}
				if (log.Path == nil) != (end.path == "") || log.Path != nil && *log.Path != end.path || log.Complete != (end.path == whole) {
					t.Errorf("reported %+v", log)
				}
				if again, err := l.Finish(!end.complete); err != nil || fmt.Sprint(again.Path, again.Complete) != fmt.Sprint(log.Path, log.Complete) {
					t.Errorf("finished again: %+v, %v", again, err)
				}
				if _, err := l.Write([]byte("late")); !errors.Is(err, os.ErrClosed) {
					t.Errorf("writing to a finished log: %v", err)
				}
				if text, err := os.ReadFile(victim); err != nil || string(text) != "untouched" {
					t.Errorf("a link was followed: %q, %v", text, err)
				}
			})
		}
	}
}

// Builds whose names come out alike have a log each, under the same names in
// every run once they are reserved, whichever comes first then.
func TestLogsDiffer(t *testing.T) {
	refs := []build.Ref{ref("api", 7), ref("API", 7), ref("a/b", 7), ref("a\\b", 7), ref("a/b", 8), ref("../../x", 7), ref("x\n", 7), ref(strings.Repeat("建", 100), 2147483647)}
	var runs [2][]string
	for run := range runs {
		d, dir := open(t)
		d.Reserve(refs)
		order := slices.Clone(refs)
		if run == 1 {
			slices.Reverse(order)
		}
		for _, r := range order {
			log := writeLog(t, d, r, r.Name, true)
			if got := files(t, dir)[*log.Path]; got != r.Name {
				t.Errorf("%q: %s has %q", r.Name, *log.Path, got)
			}
		}
		runs[run] = names(t, dir)
		if len(runs[run]) != len(refs) {
			t.Errorf("%d logs of %d builds: %q", len(runs[run]), len(refs), runs[run])
		}
		if _, err := d.CreateLog(refs[0], nil, nil); err == nil {
			t.Error("a build got a second log")
		}
	}
	if !slices.Equal(runs[0], runs[1]) {
		t.Errorf("names depend on which build comes first:\n%q\n%q", runs[0], runs[1])
	}
}

func TestLogMemory(t *testing.T) {
	d, _ := open(t)
	l, err := d.CreateLog(ref("api", 1), redactor(plainSecret, oddSecret), nil)
	if err != nil {
		t.Fatal(err)
	}
	page := bytes.Repeat([]byte("one line without an end, "), 5000)
	const pages = 256
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range pages {
		if _, err := l.Write(page); err != nil {
			t.Fatal(err)
		}
	}
	log, err := l.Finish(true)
	runtime.ReadMemStats(&after)
	if err != nil || log.Lines != 1 || log.Bytes != int64(pages*len(page)) {
		t.Errorf("%+v, %v", log, err)
	}
	// Everything that was ever allocated, garbage or not.
	if used := after.TotalAlloc - before.TotalAlloc; used > 256<<10 {
		t.Errorf("a line of %d MB took %d KB of memory", log.Bytes>>20, used>>10)
	}
}

// However a log is cut, the file is the same.
func FuzzLog(f *testing.F) {
	f.Add([]byte("代码\xff\xe4\xbb qX7zRt2Lw9Kd\n"), uint8(1))
	f.Add([]byte("qX7zRt2L\xf0\x9f"), uint8(3))
	dir, err := Open(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	red := redactor(plainSecret)
	number := 0
	f.Fuzz(func(t *testing.T, served []byte, size uint8) {
		write := func(size int) (string, build.Log) {
			number++
			var passed bytes.Buffer
			l, err := dir.CreateLog(ref("fuzz", number), red, &passed)
			if err != nil {
				t.Fatal(err)
			}
			for piece := range slices.Chunk(served, max(1, size)) {
				if _, err := l.Write(piece); err != nil {
					t.Fatal(err)
				}
			}
			log, err := l.Finish(false)
			if err != nil {
				t.Fatal(err)
			}
			if log.Path != nil {
				os.Remove(dir.join(*log.Path))
			}
			return passed.String(), log
		}
		one, log := write(len(served))
		pieces, _ := write(int(size % 8))
		if one != pieces {
			t.Errorf("in one: %q, in pieces: %q", one, pieces)
		}
		if !utf8.ValidString(one) || strings.Contains(one, plainSecret) || int64(len(one)) != log.Bytes {
			t.Errorf("wrote %q: %+v", one, log)
		}
		if want := red.String(string([]rune(string(served)))); one != want { // a conversion takes bytes one by one
			t.Errorf("wrote %q, want %q", one, want)
		}
	})
}

package simulator

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestGenerate(t *testing.T) {
	for _, size := range []int64{0, 1, 30, 47, 48, 100, 200, 8191, 8192, 8193, 8200, 100_000, 300_001} {
		log := Generate(7, size)
		data, err := readRange(log, 0, size)
		if err != nil {
			t.Fatal(err)
		}
		if log.Size() != size || size > 0 && data[size-1] != '\n' {
			t.Errorf("size %d: the log ends in %q", size, data[max(0, size-20):])
		}
		if !utf8.Valid(data) {
			t.Errorf("size %d: it is not UTF-8", size)
		}
		if size >= 200 && !bytes.HasSuffix(data, []byte("] [INFO] Finished: SUCCESS\n")) {
			t.Errorf("size %d: it ends in %q", size, data[size-80:])
		}
		for from := int64(0); from < size; from += 3001 {
			if part, err := readRange(log, from, min(from+5000, size)); err != nil || !bytes.HasPrefix(data[from:], part) {
				t.Errorf("size %d: from %d on it reads otherwise: %v", size, from, err)
			}
		}
		if n, err := log.ReadAt(make([]byte, 10), size-min(size, 3)); err != io.EOF || int64(n) != min(size, 3) {
			t.Errorf("size %d: at its end it reads %d bytes, %v", size, n, err)
		}
		if again, _ := readRange(Generate(7, size), 0, size); !bytes.Equal(again, data) {
			t.Errorf("size %d: the same seed gives another log", size)
		}
		if other, _ := readRange(Generate(8, size), 0, size); size >= 8191 && bytes.Equal(other, data) {
			t.Errorf("size %d: another seed gives the same log", size)
		}
	}
	data, err := readRange(Generate(7, 1<<20), 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(data), "\n")
	for i, line := range lines[:len(lines)-1] {
		if !strings.HasPrefix(line, "[2026/03/02 09:") || len(line) > 400 {
			t.Fatalf("line %d is %q", i+1, line)
		}
	}
	for _, want := range []string{"🎉", "该步骤开始执行", "\x1b[34m", "kB\rProgress"} {
		if !strings.Contains(string(data), want) {
			t.Errorf("there is no %q", want)
		}
	}
}

// TestGenerateHuge reads the end of a log that no memory would hold.
func TestGenerateHuge(t *testing.T) {
	const size = 1 << 40
	tail, err := readRange(Generate(1, size), size-1000, size)
	if err != nil || !bytes.HasSuffix(tail, []byte("Finished: SUCCESS\n")) {
		t.Errorf("got %q, %v", tail, err)
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.log")
	if _, err := File(path); err == nil {
		t.Error("a file that isn't there has no error")
	}
	if _, err := File(filepath.Dir(path)); err == nil {
		t.Error("a directory has no error")
	}
	if err := os.WriteFile(path, []byte("a\nb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := File(path)
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{Builds: []Build{{JobID: testJob, Number: 1, Log: log}}})
	if got := join(t, readPage(t, s, "size=9").log); got != "a\nb\n" {
		t.Errorf("got %q", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if r := get(s, logPath("size=9")); r.status != 500 || !bytes.Contains(r.body, []byte("no such file")) {
		t.Errorf("a log that is gone: %d %s", r.status, r.body)
	}
}

// TestIndex compares both directions with a count by hand, over several marks.
func TestIndex(t *testing.T) {
	text := hostileLog()
	text = strings.Repeat(text, 3*markEvery/len(text)+2)
	for _, unit := range []string{"bytes", "utf16", "characters"} {
		index := newIndex(strings.NewReader(text), unit)
		offset := int64(0)
		for at, r := range text {
			width := int64(1)
			if unit == "utf16" && r > 0xffff {
				width = 2
			}
			if unit == "bytes" {
				offset = int64(at)
			}
			if at%997 < 4 {
				p, err := index.locate(offset)
				back, backErr := index.units(p)
				if err != nil || backErr != nil || p != (position{at: int64(at)}) || back != offset {
					t.Fatalf("%s: offset %d is at %+v and back %d, want %d: %v %v", unit, offset, p, back, at, err, backErr)
				}
				if width == 2 {
					half, err := index.locate(offset + 1)
					back, backErr := index.units(half)
					if err != nil || backErr != nil || half != (position{int64(at), true}) || back != offset+1 {
						t.Fatalf("%s: half at %d is %+v and back %d", unit, offset+1, half, back)
					}
				}
			}
			offset += width
		}
		end, err := index.locate(1 << 50)
		if err != nil || end.at != int64(len(text)) {
			t.Errorf("%s: the end is %+v, %v", unit, end, err)
		}
	}
}

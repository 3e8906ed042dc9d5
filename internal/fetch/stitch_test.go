package fetch

import (
	"bytes"
	"encoding/json"
	"testing"
)

// stitchAll makes one log of pages that come in turn.
func stitchAll(t *testing.T, pages ...Page) (string, *stitcher, []string) {
	t.Helper()
	s := newStitcher()
	var out bytes.Buffer
	var problems []string
	for _, p := range pages {
		got, err := s.add(p)
		if err != nil {
			t.Fatal(err)
		}
		problems = append(problems, got.problem)
		out.Write(got.text)
	}
	out.Write(s.end())
	return out.String(), s, problems
}

func rawPage(start, end int64, log string) Page {
	return Page{Start: start, End: end, HasMore: true, Log: json.RawMessage(`"` + log + `"`)}
}

func TestPagesThatTearCharacters(t *testing.T) {
	for name, tt := range map[string]struct {
		pages      []Page
		want, unit string
	}{
		"bytes":                 {[]Page{rawPage(0, 2, "a\xe4"), rawPage(2, 3, "\xb8"), rawPage(3, 5, "\xadz")}, "a中z", "bytes"},
		"bytes, overlapping":    {[]Page{rawPage(0, 3, "a\xe4\xb8"), rawPage(2, 5, "\xb8\xadz")}, "a中z", "bytes"},
		"UTF-16":                {[]Page{rawPage(0, 2, `a\ud83d`), rawPage(2, 4, `\ude00z`)}, "a😀z", "utf16"},
		"UTF-16, overlapping":   {[]Page{rawPage(0, 2, `a\ud83d`), rawPage(1, 4, `\ud83d\ude00z`)}, "a😀z", "utf16"},
		"UTF-16, unit by unit":  {[]Page{rawPage(9, 10, `\ud83d`), rawPage(10, 11, `\ude00`), rawPage(11, 12, `\ud83d`), rawPage(12, 13, `z`)}, "😀\ufffdz", "utf16"},
		"half at the very end":  {[]Page{rawPage(0, 2, `a\ud83d`)}, "a\ufffd", "utf16"},
		"second half alone":     {[]Page{rawPage(0, 2, `\ude00a`)}, "\ufffda", "utf16"},
		"the log's own bytes":   {[]Page{rawPage(0, 4, "a\xed\xa0\x80"), rawPage(4, 5, "z")}, "a\xed\xa0\x80z", "bytes"},
		"characters":            {[]Page{rawPage(0, 2, "a😀"), rawPage(1, 3, "😀z")}, "a😀z", "characters"},
		"newlines as two, once": {[]Page{rawPage(0, 12, `[2023] a\\n[20`), rawPage(12, 16, `23 b`)}, "[2023] a\n[2023 b", "bytes"},
		"unknown":               {[]Page{rawPage(0, 70, "abc"), rawPage(70, 80, "d")}, "abcd", "opaque"},
	} {
		t.Run(name, func(t *testing.T) {
			got, s, problems := stitchAll(t, tt.pages...)
			if got != tt.want || s.unitName() != tt.unit {
				t.Errorf("%q in %s, want %q in %s; problems %q", got, s.unitName(), tt.want, tt.unit, problems)
			}
		})
	}
}

// FuzzStitch: a text that is cut at any two places, with any overlap, comes out
// as it is, and offsets never go back.
func FuzzStitch(f *testing.F) {
	f.Add("[2023] a\n中文 😀\n", uint16(3), uint16(9), uint16(2), int64(0))
	f.Add("😀😀😀", uint16(1), uint16(5), uint16(20), int64(1)<<62)
	f.Fuzz(func(t *testing.T, text string, first, second, overlap uint16, origin int64) {
		n := len(text)
		a := min(int(first), n)
		b := min(a+int(second), n)
		if origin < 0 || origin > 1<<62 || a == 0 || bytes.Contains([]byte(text), escapedNewline) {
			return
		}
		early := max(0, a-int(overlap))
		late := max(a, b-int(overlap)) // a page of which something is new
		cut := func(from, to int) Page {
			return Page{Start: origin + int64(from), End: origin + int64(to), HasMore: to < n, Log: inQuotes(text[from:to])}
		}
		s := newStitcher()
		var out bytes.Buffer
		at := int64(0)
		for _, p := range []Page{cut(0, a), cut(early, b), cut(late, n), cut(n, n)} {
			got, err := s.add(p)
			if err != nil || s.next < at {
				t.Fatalf("%v, or from %d back to %d", err, at, s.next)
			}
			at = s.next
			out.Write(got.text)
		}
		out.Write(s.end())
		if out.String() != text || s.more {
			t.Errorf("%q cut at %d and %d, %d overlapping: %q", text, a, b, overlap, out.String())
		}
	})
}

func inQuotes(text string) json.RawMessage {
	return append(append([]byte{'"'}, inJSON([]byte(text))...), '"')
}

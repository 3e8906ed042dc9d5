package fetch

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

// fickle is a service that never lies about what a page holds, but is odd in
// all else: it counts in some unit, cuts pages anywhere, overlaps, repeats,
// skips, serves nothing, and says that there is more or not.
type fickle struct {
	*rand.Rand
	units  [][]byte // the log, each unit as the inside of a JSON string
	origin int64
	factor int64 // offsets per unit: not 1 where they count something unknown
	seen   int   // units that are visible
	odds   int   // in percent, of each oddity; 100 or more never mend
}

// split makes a log's units.
func split(text []byte, unit string) [][]byte {
	var units [][]byte
	switch unit {
	case "bytes":
		for _, b := range text {
			units = append(units, inJSON([]byte{b}))
		}
	case "utf16":
		for _, u := range utf16.Encode([]rune(string(text))) {
			if utf16.IsSurrogate(rune(u)) {
				units = append(units, fmt.Appendf(nil, `\u%04x`, u))
			} else {
				units = append(units, inJSON([]byte(string(rune(u)))))
			}
		}
	default:
		for _, r := range string(text) {
			units = append(units, inJSON([]byte(string(r))))
		}
	}
	return units
}

func inJSON(text []byte) []byte {
	var out []byte
	for _, b := range text {
		switch {
		case b == '"' || b == '\\':
			out = append(out, '\\', b)
		case b < 0x20:
			out = fmt.Appendf(out, `\u%04x`, b)
		default:
			out = append(out, b)
		}
	}
	return out
}

func (f *fickle) odd() bool { return f.IntN(100) < f.odds }

// page serves a part of the log. While the build runs, more is seen each time.
func (f *fickle) page(asked int64, running bool) string {
	start := min(max(int((asked-f.origin)/f.factor), 0), f.seen)
	end := min(start+1+f.IntN(40), f.seen)
	more := end < f.seen
	switch {
	case running && f.odd():
		more = !more
	case f.odd(): // nothing
		return f.piece(start, start, true)
	case f.odd() && start > 0 && end > start+1: // a gap
		return f.piece(start+1, end, more)
	case f.odd() && start > 0: // an overlap
		start = max(0, start-1-f.IntN(20))
	case f.odd() && start > 0: // nothing but a repetition
		end = start
		start = max(0, start-1-f.IntN(20))
		more = true
	case f.odd() && running: // nothing, anywhere
		return `{"has_more":false,"start_offset":0,"end_offset":null,"log":""}`
	}
	return f.piece(start, end, more)
}

func (f *fickle) piece(start, end int, more bool) string {
	at := func(i int) int64 { return f.origin + int64(i)*f.factor }
	return fmt.Sprintf(`{"has_more":%v,"start_offset":"%d","end_offset":%d,"log":"%s"}`,
		more, at(start), at(end), bytes.Join(f.units[start:end], nil))
}

// someLog is a log of random lines; escaped is as a service sends it that
// writes newlines as two characters.
func someLog(r *rand.Rand) (text, escaped string) {
	words := []string{"word", "中文日志", "😀", "é", `C:\temp`, `\\`, "\t", "\x1b[31m", `"`, "\r", "", " ", "\u2028", strings.Repeat("long", 9)}
	var lines []string
	for range 2 + r.IntN(12) {
		line := "[2023/12/21 15:44:18.743 GMT+08:00] [INFO] "
		for range r.IntN(5) {
			line += words[r.IntN(len(words))]
		}
		if r.IntN(4) == 0 && len(lines) > 0 {
			line = "no prefix 中"
			if strings.HasSuffix(lines[len(lines)-1], `\`) { // \\n would be the line's own
				lines[len(lines)-1] += "."
			}
		}
		lines = append(lines, line)
	}
	lines[len(lines)-1] = "[2023/12/21 15:44:19.743 GMT+08:00] [INFO] end"
	end := []string{"", "\n"}[r.IntN(2)]
	return strings.Join(lines, "\n") + end, strings.Join(lines, `\n`) + strings.ReplaceAll(end, "\n", `\n`)
}

// TestCompleteMeansEqual: whatever the service does, a log that is said to be
// complete is the log; and it is, where what is odd passes. The same holds for
// its end, read on from any mark.
func TestCompleteMeansEqual(t *testing.T) {
	for group := range 4 {
		t.Run(fmt.Sprint(group), func(t *testing.T) {
			t.Parallel()
			for i := range 30 {
				checkComplete(t, uint64(group*1000+i))
			}
		})
	}
}

func checkComplete(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	want, escaped := someLog(r)
	served, literal := want, r.IntN(3) == 0
	unit := []string{"bytes", "utf16", "characters"}[r.IntN(3)]
	switch {
	case literal:
		served = escaped
	case r.IntN(4) == 0:
		want = strings.Replace(want, "\n", "\n"+`a\nb\n[2023 c`+"\n", 1)
		served = want
	case r.IntN(4) == 0 && unit == "bytes":
		want += "\xed\xa0\x80\xff\xed"
		served = want
	}
	f := &fickle{Rand: r, units: split([]byte(served), unit), factor: 1, odds: []int{0, 8, 15, 40}[r.IntN(4)]}
	if r.IntN(4) == 0 {
		f.factor = 7
	}
	if r.IntN(2) == 0 {
		f.origin = []int64{1, 1024, 5_000_000_000}[r.IntN(3)]
	}
	grows := r.IntN(2) == 0
	if !grows {
		f.seen = len(f.units)
	}
	running := func() bool { return f.seen < len(f.units) }
	s := &service{record: always(oldRecord)}
	s.info = func(int) string {
		if running() {
			return infoRunning
		}
		return infoSuccess
	}
	s.page = func(_ int, q pageAsked) string {
		was := running()
		f.seen = min(len(f.units), f.seen+f.IntN(60))
		return f.page(q.start, was)
	}
	got := s.follow(t, true)
	name := fmt.Sprintf("seed %d, %s, literal %v, odds %d, origin %d, factor %d, grows %v", seed, unit, literal, f.odds, f.origin, f.factor, grows)
	if complete := got.Build.Log.Complete; complete && got.text != want {
		t.Errorf("%s: complete, but\n%q\nwant\n%q", name, got.text, want)
	} else if !complete && (len(got.Build.Incomplete) == 0 || got.Build.Incomplete[0].Reason == "") {
		t.Errorf("%s: incomplete without a reason", name)
	} else if !complete && f.odds < 10 {
		t.Errorf("%s: incomplete: %s; asked %v", name, got.Build.Incomplete[0].Reason, got.pages)
	}
	if !utf8.ValidString(got.text) && utf8.ValidString(want) && got.Build.Log.Complete {
		t.Errorf("%s: characters are torn", name)
	}
	if got.Build.Log.Complete && got.Build.Log.Unescaped != (literal && strings.Contains(escaped, `\n[20`)) {
		t.Errorf("%s: unescaped %v", name, got.Build.Log.Unescaped)
	}
	if len(got.marks) == 0 || !got.Build.Log.Complete {
		return
	}
	m := got.marks[r.IntN(len(got.marks))]
	s.from = &m.Mark
	again := s.follow(t, true)
	if complete := again.Build.Log.Complete; complete && got.text[:m.before]+again.text != want {
		t.Errorf("%s: read on from %+v after %d bytes, complete, but\n%q\nwant\n%q", name, m.Mark, m.before, again.text, want[m.before:])
	} else if !complete && f.odds < 10 {
		t.Errorf("%s: read on from %+v, but incomplete: %s", name, m.Mark, again.Build.Incomplete[0].Reason)
	}
}

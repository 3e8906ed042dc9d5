package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// hostileLog has all that is hard on a pager: characters of one to four bytes,
// bytes that are no UTF-8, quotes, backslashes, control characters, carriage
// returns, an empty line, a very long line, and no newline at its end.
func hostileLog() string {
	var out strings.Builder
	for i := range 300 {
		fmt.Fprintf(&out, "[2026/03/02 09:00:00.%03d GMT+08:00] [INFO] 第%d行 \"q\" C:\\new\\%d é 🎉🎉 \x1b[31mred\x1b[0m\x00\t\r 50%%\u2028\n", i, i, i)
	}
	out.WriteString("\n" + strings.Repeat("长🎉", 3000) + "\n")
	out.WriteString("bad \xff\xfe \xe4\xb8 \xf0\x9f\x8e bytes\n")
	out.WriteString("the end, without a newline 🎉")
	return out.String()
}

// answered is a page as a client sees it.
type answered struct {
	start, end int64
	more       bool
	log        []piece
}

// piece is a byte of a log's text or, at a page's edge, half a character.
type piece struct {
	b    byte
	half rune // a surrogate, 0 for none
}

// unquote decodes a JSON string and keeps bytes that are not UTF-8.
func unquote(t *testing.T, raw json.RawMessage) []piece {
	t.Helper()
	var out []piece
	text := func(s string) {
		for _, b := range []byte(s) {
			out = append(out, piece{b: b})
		}
	}
	for raw = raw[1 : len(raw)-1]; len(raw) > 0; {
		if raw[0] != '\\' {
			text(string(raw[:1]))
			raw = raw[1:]
			continue
		}
		if raw[1] != 'u' {
			text(map[byte]string{'n': "\n", 'r': "\r", 't': "\t", '"': `"`, '\\': `\`, '/': "/", 'b': "\b", 'f': "\f"}[raw[1]])
			raw = raw[2:]
			continue
		}
		n, err := strconv.ParseUint(string(raw[2:6]), 16, 16)
		if err != nil {
			t.Fatal(err)
		}
		if utf16.IsSurrogate(rune(n)) {
			out = append(out, piece{half: rune(n)})
		} else {
			text(string(rune(n)))
		}
		raw = raw[6:]
	}
	return out
}

// join puts halves of characters together again.
func join(t *testing.T, units []piece) string {
	t.Helper()
	var out []byte
	var high rune
	for _, u := range units {
		switch {
		case high != 0:
			out, high = utf8.AppendRune(out, utf16.DecodeRune(high, u.half)), 0
		case u.half != 0:
			high = u.half
		default:
			out = append(out, u.b)
		}
	}
	if high != 0 {
		t.Error("half a character is left over")
	}
	return string(out)
}

// readPage asks for a page.
func readPage(t *testing.T, s *Server, query string) answered {
	t.Helper()
	r := get(s, logPath(query))
	var v struct {
		Result struct {
			More  bool            `json:"has_more"`
			Start json.RawMessage `json:"start_offset"`
			End   json.RawMessage `json:"end_offset"`
			Log   json.RawMessage `json:"log"`
		} `json:"result"`
		Status string `json:"status"`
	}
	if err := json.Unmarshal(r.body, &v); err != nil || v.Status != "success" {
		t.Fatalf("%s: %d %.300s: %v", query, r.status, r.body, err)
	}
	number := func(raw json.RawMessage) int64 {
		digits := string(raw)
		if s.opt.Readings.Offsets == "strings" {
			digits = strings.TrimSuffix(strings.TrimPrefix(digits, `"`), `"`)
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			t.Fatalf("offset %s: %v", raw, err)
		}
		return n
	}
	return answered{number(v.Result.Start), number(v.Result.End), v.Result.More, unquote(t, v.Result.Log)}
}

// walkLog reads a log to its end, as a client that knows nothing would: each
// page from the end of the one before, dropping what overlaps.
func walkLog(t *testing.T, s *Server, query string, drop func([]piece, int64) []piece) (string, []answered) {
	t.Helper()
	var all []piece
	var pages []answered
	next := int64(0)
	for range 2000 {
		p := readPage(t, s, fmt.Sprintf("start_offset=%d&%s", next, query))
		pages = append(pages, p)
		switch {
		case len(pages) == 1 || p.start == next:
		case p.start < next && p.end > next:
			p.log = drop(p.log, next-p.start)
		default: // a gap, or a page seen before
			continue
		}
		if p.end == p.start && len(p.log) > 0 {
			continue // doesn't advance
		}
		all, next = append(all, p.log...), p.end
		if !p.more {
			return join(t, all), pages
		}
	}
	t.Fatal("no end")
	return "", nil
}

func dropBytes(units []piece, n int64) []piece { return units[n:] }

func TestWalk(t *testing.T) {
	plain := hostileLog()
	valid := strings.ToValidUTF8(plain, "?")
	tests := []struct {
		readings string
		log      string
		pages    int // at least
	}{
		{"", plain, 1},
		{"page-lines=10", plain, 31},
		{"offsets=numbers page-lines=100", plain, 4},
		{"page-bytes=1000", plain, 30},
		{"page-bytes=1000 cut=character", plain, 30},
		{"page-bytes=1000 cut=unit", plain, 30},
		{"page-bytes=5 cut=unit", "中文🎉é" + strings.Repeat("🎉", 30), 20},
		{"page-bytes=1", "中文🎉éa", 5},
		{"offset-unit=utf16 page-bytes=1000 cut=unit", plain, 30},
		{"offset-unit=utf16 page-bytes=7 cut=unit", "a🎉b" + strings.Repeat("🎉🎊", 30), 20},
		{"offset-unit=utf16 page-lines=7", plain, 40},
		{"offset-unit=characters page-bytes=999 cut=unit", plain, 30},
		{"offset-unit=characters page-bytes=999 cut=character", valid, 30},
		{"origin=77 page-lines=100", plain, 4},
		{"origin=5000000000 page-lines=100 offset-unit=utf16", plain, 4},
		{"size-unit=bytes", plain, 30},
		{"size-unit=fixed page-lines=3", plain, 100},
		{"overlap=100 page-bytes=3000", plain, 10},
		{"overlap=100 page-bytes=3000 cut=unit", plain, 10},
		{"repeat=2 page-lines=50", plain, 9},
		{"repeat=1 page-lines=50", plain, 13},
		{"empty=2 page-lines=100", plain, 12},
		{"empty=1/2 page-lines=50", plain, 10},
		{"gap=1 page-lines=100", plain, 7},
		{"gap=3/2 page-lines=100 offset-unit=utf16", plain, 8},
		{"stuck=2 page-lines=100", plain, 12},
		{"has-more=late page-lines=400", plain, 2},
		{"has-more=flap page-lines=50", plain, 7},
		{"size=1000 sort=asc", plain, 1},
		{"empty=1 gap=1 stuck=1 repeat=3 page-bytes=2000 cut=unit offsets=numbers origin=3", plain, 50},
	}
	for _, test := range tests {
		t.Run(test.readings, func(t *testing.T) {
			s := start(t, Options{Builds: one(test.log), Readings: parsed(t, test.readings)})
			got, pages := walkLog(t, s, "end_offset=0&size=1000", dropBytes)
			if got != test.log {
				t.Errorf("the log came out otherwise, %d bytes for %d", len(got), len(test.log))
			}
			if len(pages) < test.pages {
				t.Errorf("%d pages, want %d at least", len(pages), test.pages)
			}
			if pages[0].start != s.opt.Readings.Origin && s.opt.Readings.Gap.Times == 0 {
				t.Errorf("the first page starts at %d", pages[0].start)
			}
			if n := s.Stats().Pages[testJob+":1"]; n != int64(len(pages)) {
				t.Errorf("Stats counts %d pages of %d", n, len(pages))
			}
			last := pages[len(pages)-1]
			if want := s.opt.Readings.Origin + size(test.log, s.opt.Readings.OffsetUnit); last.end != want {
				t.Errorf("the last page ends at %d, want %d", last.end, want)
			}
		})
	}
}

// size counts a log in a unit, by the standard library.
func size(log, unit string) int64 {
	switch unit {
	case "utf16":
		return int64(len(utf16.Encode([]rune(log))))
	case "characters":
		return int64(utf8.RuneCountInString(log))
	default:
		return int64(len(log))
	}
}

// parsed reads a list of readings.
func parsed(t *testing.T, texts string) Readings {
	t.Helper()
	var r Readings
	for _, text := range strings.Fields(texts) {
		if err := ParseReading(text, &r); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// TestOddPages checks that each odd reading really shows.
func TestOddPages(t *testing.T) {
	log := strings.Repeat("日本 🎉 line本\n", 1000)
	count := func(readings string, odd func(before, p answered) bool) int {
		s := start(t, Options{Builds: one(log), Readings: parsed(t, readings)})
		_, pages := walkLog(t, s, "size=100", dropBytes)
		n := 0
		for i, p := range pages[1:] {
			if odd(pages[i], p) {
				n++
			}
		}
		return n
	}
	tests := []struct {
		readings string
		want     int
		odd      func(before, p answered) bool
	}{
		{"empty=2/5", 4, func(_, p answered) bool { return len(p.log) == 0 && p.more && p.start == p.end }},
		{"gap=2/5", 2, func(before, p answered) bool { return p.start > before.end }},
		{"stuck=2/5", 4, func(_, p answered) bool { return len(p.log) > 0 && p.start == p.end && p.more }},
		{"repeat=5", 2, func(before, p answered) bool { return p.start == before.start && p.end == before.end }},
		{"overlap=50", 9, func(before, p answered) bool { return p.start < before.end }},
		{"overlap=3", 0, func(_, p answered) bool { return p.log[0].b >= 0x80 && !utf8.RuneStart(p.log[0].b) }},
		{"has-more=late", 1, func(_, p answered) bool { return len(p.log) == 0 && !p.more }},
		{"cut=unit page-bytes=500", 30, func(before, p answered) bool { return p.log[0].b >= 0x80 && !utf8.RuneStart(p.log[0].b) }},
		{"cut=unit page-bytes=500 offset-unit=utf16", 30, func(before, p answered) bool { return p.log[0].half != 0 }},
		{"cut=character page-bytes=307", 30, func(before, p answered) bool { return before.log[len(before.log)-1].b != '\n' }},
	}
	for _, test := range tests {
		if got := count(test.readings, test.odd); got < test.want || test.want < 30 && got != test.want {
			t.Errorf("%s: %d odd pages, want %d", test.readings, got, test.want)
		}
	}
}

func TestEndOffset(t *testing.T) {
	log := strings.Repeat("0123456789\n", 5000)
	const all = 11_000 // units in a page of a thousand lines
	tests := []struct {
		readings, query string
		start, end      int64
		more            bool
	}{
		{"", "", 0, all, true},
		{"", "end_offset=0", 0, all, true},
		{"", "end_offset=2147483647", 0, all, true},
		{"", "end_offset=5", 0, 5, true},
		{"", "start_offset=3&end_offset=5", 3, 5, true},
		{"", "start_offset=5&end_offset=5", 5, 5, true},
		{"", "start_offset=54000", 54000, 55000, false},
		{"", "start_offset=54000&end_offset=54500", 54000, 54500, true},
		{"", "start_offset=99999", 55000, 55000, false},
		{"", "start_offset=9223372036854775807&end_offset=9223372036854775807", 55000, 55000, false},
		{"end-zero=empty", "", 0, 0, true},
		{"end-zero=empty", "start_offset=11000", 11000, 11000, true},
		{"end-zero=empty", "end_offset=2147483647", 0, all, true},
		{"end-zero=empty-later", "", 0, all, true},
		{"end-zero=empty-later", "start_offset=11000", 11000, 11000, true},
		{"end-zero=empty-later", "start_offset=11000&end_offset=2147483647", 11000, 22000, true},
		{"end-zero=refused-later", "", 0, all, true},
		{"origin=5000000000", "", 5e9, 5e9 + all, true},
		{"origin=5000000000", "start_offset=5000000011", 5e9 + 11, 5e9 + 11 + all, true},
		{"origin=5000000000", "end_offset=2147483647", 5e9, 5e9, true},
		{"origin=5000000000", "end_offset=9223372036854775807", 5e9, 5e9 + all, true},
	}
	for _, test := range tests {
		s := start(t, Options{Builds: one(log), Readings: parsed(t, test.readings)})
		p := readPage(t, s, "size=1000&"+test.query)
		if p.start != test.start || p.end != test.end || p.more != test.more {
			t.Errorf("%s %s: got %d to %d, more %v", test.readings, test.query, p.start, p.end, p.more)
		}
	}
	s := start(t, Options{Builds: one(log), Readings: parsed(t, "end-zero=refused-later size=1000")})
	for _, query := range []string{"size=1000&start_offset=11000", "size=999"} {
		if r := get(s, logPath(query)); r.status != 400 {
			t.Errorf("%s: got %d", query, r.status)
		}
	}
}

func TestPageContent(t *testing.T) {
	tests := []struct{ readings, query, log, want string }{
		{"newline=literal", "size=2", "a\nb \\n\nc\n", `a\nb \n\n`},
		{"", "size=3", "a\nb\nc\nd\n", "a\nb\nc\n"},
		{"", "size=0", "a\nb\n", "a\nb\n"},
		{"size-unit=bytes", "size=5", "abc\ndef\n", "abc\n"},
		{"", "size=9&sort=DESC", "a\nb\nc", "cb\na\n"},
		{"", "size=9&sort=AES", "a\n", "a\n"},
		{"sort=asc", "size=9&sort=ASC", "a\n", "a\n"},
		{"", "size=9", "", ""},
		{"page-lines=1", "size=9", "a\nb\n", "a\n"},
	}
	for _, test := range tests {
		s := start(t, Options{Builds: one(test.log), Readings: parsed(t, test.readings)})
		if got := join(t, readPage(t, s, test.query).log); got != test.want {
			t.Errorf("%s %s: got %q, want %q", test.readings, test.query, got, test.want)
		}
	}
}

// TestPagesAreBounded asks for more lines than a page may hold.
func TestPagesAreBounded(t *testing.T) {
	log := strings.Repeat("日", 1<<20)
	s := start(t, Options{Builds: one(log)})
	got, pages := walkLog(t, s, "size=2147483647", dropBytes)
	if got != log || len(pages) != 4 {
		t.Errorf("%d bytes in %d pages", len(got), len(pages))
	}
}

func TestGrowth(t *testing.T) {
	log := "first\n" + strings.Repeat("日本 🎉 line\n", 1000)
	for _, readings := range []string{"", "cut=character", "cut=unit", "cut=unit offset-unit=utf16", "offset-unit=characters", "has-more=flap page-lines=30"} {
		t.Run(readings, func(t *testing.T) {
			now := newClock()
			builds := one(log)
			builds[0].Grow, builds[0].VisibleAfter = &Growth{Duration: 10 * time.Second}, 2*time.Second
			s := start(t, Options{Builds: builds, Now: now.Now, Readings: parsed(t, readings)})
			info := "/v1/job/" + testJob + "/1/build-info"
			if r := get(s, info); r.status != 404 {
				t.Fatalf("before it is visible: %d", r.status)
			}
			if r := decode(t, get(s, "/v1/job/"+testJob+"/running-status"))["result"].(map[string]any); r["last_build_no"] != nil {
				t.Errorf("before it is visible, the latest build is %v", r)
			}
			now.add(2 * time.Second)
			var all []piece
			next, grown, falseEnds := int64(0), 0, 0
			for tick := range 60 {
				building := decode(t, get(s, info))["result"].(map[string]any)["building"].(bool)
				if building != (tick < 40) {
					t.Fatalf("tick %d of 40: building is %v", tick, building)
				}
				p := readPage(t, s, fmt.Sprintf("size=1000&start_offset=%d", next))
				if p.start != next {
					t.Fatalf("asked for %d, got %d", next, p.start)
				}
				if len(p.log) > 0 {
					grown++
				}
				if s.opt.Readings.Cut == "line" && len(p.log) > 0 && p.log[len(p.log)-1].b != '\n' {
					t.Fatalf("a page ends inside a line, at %d", p.end)
				}
				if building && !p.more {
					falseEnds++
				}
				all, next = append(all, p.log...), p.end
				now.add(250 * time.Millisecond)
			}
			if got := join(t, all); got != log {
				t.Errorf("the log came out otherwise, %d bytes for %d", len(got), len(log))
			}
			if grown < 20 || falseEnds < 10 {
				t.Errorf("it grew %d times and had no more %d times while running", grown, falseEnds)
			}
		})
	}
}

func TestHasMoreFlaps(t *testing.T) {
	now := newClock()
	builds := one(strings.Repeat("line\n", 1000))
	builds[0].Grow = &Growth{Duration: 10 * time.Second}
	s := start(t, Options{Builds: builds, Now: now.Now, Readings: parsed(t, "has-more=flap page-lines=10")})
	now.add(5 * time.Second)
	for page, more := range []bool{true, false, true, false} {
		if p := readPage(t, s, fmt.Sprintf("size=9999&start_offset=%d", page*50)); p.more != more || len(p.log) != 50 {
			t.Errorf("page %d: has_more is %v, with %d bytes", page, p.more, len(p.log))
		}
	}
}

func TestLateLog(t *testing.T) {
	now := newClock()
	builds := append(one("a\nb\n"), Build{JobID: testJob, Number: 2, Log: strings.NewReader("a\nb\n"), Grow: &Growth{Duration: time.Second}})
	s := start(t, Options{Builds: builds, Now: now.Now, Readings: parsed(t, "late-log=3s")})
	if p := readPage(t, s, "size=9"); len(p.log) > 0 || p.more || p.end != 0 {
		t.Errorf("an ended build's log is not late: %+v", p)
	}
	now.add(1500 * time.Millisecond)
	r := get(s, "/v1/log/"+testJob+"/2/real-time-log?size=9&start_offset=2")
	want := `{"has_more":true,"start_offset":"2","end_offset":"2","log":"","location":"jenkins"}`
	if !bytes.Contains(r.body, []byte(want)) {
		t.Errorf("a late log: got %s, want %s", r.body, want)
	}
	now.add(3 * time.Second)
	if p := readPage(t, s, "size=9"); join(t, p.log) != "a\nb\n" {
		t.Errorf("the log never comes: %+v", p)
	}
}

package report

import (
	"io"
	"strings"
	"testing"
	"time"
)

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		thousands(0):                            "0",
		thousands(999):                          "999",
		thousands(1000):                         "1,000",
		thousands(-1234567):                     "-1,234,567",
		plural(1, "build"):                      "1 build",
		plural(0, "build"):                      "0 builds",
		pluralOf(2, "row of the table"):         "2 rows of the table",
		bytesText(1023):                         "1023 B",
		bytesText(1536):                         "1.5 KiB",
		bytesText(5 << 40):                      "5120.0 GiB",
		durationText(-1):                        unknown,
		durationText(400 * time.Millisecond):    "0.4s",
		durationText(59 * time.Second):          "59s",
		durationText(192 * time.Second):         "3m12s",
		durationText(62*time.Minute + 1):        "1h02m",
		prose("Ask legal@ (or me).", 99):        "Ask `legal@` (or me).",
		prose("run `npm ci` in (src/a.c)!", 99): "run `npm ci` in `(src/a.c)`!",
		prose(" ", 99):                          unknown,
		prose("` `", 99):                        unknown,
		clip("\x1b[1mbold\x1b[0m text", 6):      "bold t … (3 characters left out)",
		clip("日本語", 2):                          "日本 … (1 character left out)",
		clip("a\tb", 9):                         "a    b",
		Line("  ::error::x", 99):                `\  ::error::x`,
		fence([]string{"````", "a"}):            "`````text\n````\na\n`````\n",
		Line("x ::error::x", 99):                `x ::error::x`,
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestReadingAReportIsBounded(t *testing.T) {
	endless := &spaces{}
	if _, err := readWithin(endless, 1<<20); err == nil || err.Error() != "reading the report: it is larger than 1.0 MiB" {
		t.Errorf("got %v", err)
	}
	if endless.n > 2<<20 {
		t.Errorf("%d bytes were read", endless.n)
	}
	if _, err := readWithin(io.LimitReader(endless, 100), 1<<20); err == nil || err.Error() != "reading the report: EOF" {
		t.Errorf("got %v", err)
	}
}

// spaces is JSON that never begins.
type spaces struct{ n int64 }

func (s *spaces) Read(p []byte) (int, error) {
	s.n += int64(copy(p, strings.Repeat(" ", len(p))))
	return len(p), nil
}

// TestClipIsCheap shows that a line of any length costs little: it would take
// much longer if ANSI sequences were looked for in all of it.
func TestClipIsCheap(t *testing.T) {
	huge := strings.Repeat("\x1b[31m日", 1<<20)
	began := time.Now()
	for range 5 {
		if got := clip(huge, 100); len(got) > 1000 {
			t.Fatalf("%d bytes", len(got))
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("5 lines of %d bytes took %s", len(huge), took)
	}
}

// Every line in a fence begins with loggate's own words today, so that none can
// close it; a fence holds all the same.
func TestFenceHolds(t *testing.T) {
	for line, want := range map[string]string{"text": "```", "```": "````", "a ````` b": "``````"} {
		got := fence([]string{line})
		if got != want+"text\n"+line+"\n"+want+"\n" {
			t.Errorf("%q is fenced as\n%s", line, got)
		}
	}
}

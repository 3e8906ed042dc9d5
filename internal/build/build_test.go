package build

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestStatusOf(t *testing.T) {
	for word, want := range map[string]Status{
		"SUCCESS": Success, " success ": Success, "FAILURE": Failure, "ABORTED": Aborted, "TIMEOUT": Timeout,
		"UNSTABLE": Failure, "NOT_BUILT": Failure, "SUCCESSFUL": Failure, "a word nobody knows": Failure, "": Unknown, " ": Unknown,
	} {
		if got := StatusOf(word); got != want {
			t.Errorf("StatusOf(%q) = %s, want %s", word, got, want)
		}
	}
}

func TestStatusEnds(t *testing.T) {
	for status, want := range map[Status][2]bool{
		Success: {true, false}, Failure: {true, true}, Aborted: {true, true}, Timeout: {true, true},
		Running: {false, false}, Unknown: {false, false}, "": {false, false},
	} {
		if got := [2]bool{status.Ended(), status.Failed()}; got != want {
			t.Errorf("%q: ended and failed are %v, want %v", status, got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for _, c := range []struct {
		name, in string
		limit    int
		want     string
	}{
		{"text stays", "déjà vu 编译 😀\tx", 0, "déjà vu 编译 😀\tx"},
		{"no second line", "a\nb\r\nc", 0, `a\u000ab\u000d\u000ac`},
		{"no escape sequence", "\x1b]8;;http://x\x07", 0, `\u001b]8;;http://x\u0007`},
		{"no bidirectional override", "a\u202eb\u2066c", 0, `a\u202eb\u2066c`},
		{"no zero width", "a\u200bb\ufeffc\u00add", 0, `a\u200bb\ufeffc\u00add`},
		{"no bytes that are not UTF-8", "a\xffb", 0, "a\ufffdb"},
		{"fits", "12345", 5, "12345"},
		{"cut", "123456", 5, "1234…"},
		{"cut before what is shown long", "1234\n", 5, "1234…"},
		{"nothing", "", 5, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Printable(c.in, c.limit); got != c.want {
				t.Errorf("Printable(%q, %d) = %q, want %q", c.in, c.limit, got, c.want)
			}
		})
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("a\u202eb\x1b[31m\xff", 4)
	f.Fuzz(func(t *testing.T, in string, limit int) {
		limit = max(limit%1000, 0)
		got := Printable(in, limit)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\x1b\u202e\u200b\u2028") {
			t.Errorf("Printable(%q) = %q is not harmless", in, got)
		}
		if n := utf8.RuneCountInString(got); limit > 0 && n > limit {
			t.Errorf("Printable(%q, %d) has %d characters", in, limit, n)
		}
	})
}

func TestRootCauseIsOfTheFirstFailedBuild(t *testing.T) {
	cause := func(message string) []Finding { return []Finding{{Rank: 1, Message: message}} }
	r := &Report{Builds: []*Build{
		{Name: "passes", Status: Success, Findings: cause("a warning")},
		{Name: "fails", Status: Failure, Findings: cause("the cause")},
		{Name: "fails too", Status: Timeout, Findings: cause("another")},
	}}
	if got := r.RootCause(); got != "the cause" {
		t.Errorf("RootCause() = %q", got)
	}
	if got := strings.Join(r.FailedBuilds(), ","); got != "fails,fails too" {
		t.Errorf("FailedBuilds() = %q", got)
	}
	r.Builds[1].Findings = nil
	if got := r.RootCause(); got != "" {
		t.Errorf("RootCause() of a build without findings = %q", got)
	}
}

package fetch

import (
	"bytes"
	"strings"
	"testing"
)

// unescapeAll unescapes a log that comes in pieces.
func unescapeAll(pieces ...string) (string, unescaper) {
	var u unescaper
	var out bytes.Buffer
	for _, piece := range pieces {
		out.Write(u.next([]byte(piece)))
	}
	out.Write(u.end())
	return out.String(), u
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		`[2023/1] a\n[2023/2] b`:           "[2023/1] a\n[2023/2] b",
		`[2023/1] a\n[2023/2] b\n`:         "[2023/1] a\n[2023/2] b\n",
		`[2023/1] a\nbare\n[2023/2] b`:     "[2023/1] a\nbare\n[2023/2] b",
		`[2023/1] "x\\n" a\n[2023/2] b`:    "[2023/1] \"x\\\\n\" a\n[2023/2] b",
		`[2023/1] C:\\n[2023/2] b`:         "[2023/1] C:\\\n[2023/2] b",
		`[2023/1] a\r\n[2023/2] b`:         "[2023/1] a\\r\n[2023/2] b",
		`no timestamps\nbut \n twice`:      `no timestamps\nbut \n twice`,
		`one line \`:                       `one line \`,
		`one line \n`:                      `one line \n`,
		`one line \n[2`:                    `one line \n[2`,
		"[2023/1] a\\n[2023/2]\n[2023/3]":  "[2023/1] a\\n[2023/2]\n[2023/3]",
		"[2023/1] a\nprintf 'b\\n[2023 c'": "[2023/1] a\nprintf 'b\\n[2023 c'",
		"":                                 "",
	} {
		got, u := unescapeAll(in)
		if got != want || u.escaped != (got != in) {
			t.Errorf("%q: %q (unescaped %v), want %q", in, got, u.escaped, want)
		}
		for i := range len(in) + 1 {
			if strings.Contains(in, "\n") && strings.Index(in, "\n") >= i {
				continue // the page before the first newline may look escaped
			}
			if got, _ := unescapeAll(in[:i], in[i:]); got != want {
				t.Errorf("%q, %q: %q, want %q", in[:i], in[i:], got, want)
			}
		}
		if strings.Contains(in, "\n") {
			continue
		}
		if got, _ := unescapeAll(strings.Split(in, "")...); got != want {
			t.Errorf("%q byte by byte: %q, want %q", in, got, want)
		}
	}
}

func TestRealNewlinesEndUnescaping(t *testing.T) {
	got, _ := unescapeAll(`[2023/1] a\n[2023/2] b`, "\n[2023/3] c", `\nd\n[2023/4] e`)
	if want := "[2023/1] a\n[2023/2] b\n[2023/3] c" + `\nd\n[2023/4] e`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestUndecidedTextIsBounded(t *testing.T) {
	var u unescaper
	var out bytes.Buffer
	text := `a\n` + strings.Repeat("b", 1000)
	for range 3 * maxUndecided / len(text) {
		out.Write(u.next([]byte(text)))
		if len(u.held) > maxUndecided {
			t.Fatalf("%d bytes are held back", len(u.held))
		}
	}
	out.Write(u.end())
	if want := strings.Repeat(text, 3*maxUndecided/len(text)); out.String() != want {
		t.Error("what was held back is lost")
	}
}

// FuzzUnescape: pages may be cut anywhere. A log is never touched behind its
// first newline, nor at all where that comes with its first page; one without
// newlines comes out the same in whatever pages.
func FuzzUnescape(f *testing.F) {
	f.Add([]byte(`[2023/1] a\\n\n[2023/2] b\nc`), []byte{3, 1, 4})
	f.Add([]byte("[2023/1] a\n[2023/2] \\n[2023 b"), []byte{1})
	f.Fuzz(func(t *testing.T, log, cuts []byte) {
		var pieces []string
		rest := string(log)
		for _, cut := range cuts {
			n := min(int(cut), len(rest))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		pieces = append(pieces, rest)
		got, u := unescapeAll(pieces...)
		newline := bytes.IndexByte(log, '\n')
		switch {
		case newline < 0:
			if whole, _ := unescapeAll(string(log)); got != whole {
				t.Errorf("%q: %q, in one page %q", pieces, got, whole)
			}
		case !strings.HasSuffix(got, string(log[newline:])):
			t.Errorf("%q: touched to %q", pieces, got)
		case (!u.escaped || newline < len(pieces[0])) && got != string(log):
			t.Errorf("%q: became %q", pieces, got)
		}
	})
}

package artifact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
)

const (
	plainSecret = "qX7zRt2Lw9Kd"
	oddSecret   = `p/a+s"s&w<o>r\d ü` // differs in every encoding
)

// redactor replaces what a run replaces that has these secrets.
func redactor(secrets ...string) *Redactor {
	r, err := NewRedactor(secrets, true)
	if err != nil {
		panic(err)
	}
	return r
}

var mark = regexp.MustCompile(`\[redacted:credential:[0-9a-f]{8}\]`)

func TestRedactorForms(t *testing.T) {
	red := redactor(plainSecret, oddSecret)
	inJSON, err := json.Marshal(oddSecret)
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string]string{
		"plain":                 oddSecret,
		"query":                 url.QueryEscape(oddSecret),
		"query, lower case":     strings.ToLower(url.QueryEscape(oddSecret)),
		"path":                  url.PathEscape(oddSecret),
		"JSON":                  strings.Trim(string(inJSON), `"`),
		"JSON without HTML":     `p/a+s\"s&w<o>r\\d ü`,
		"JSON of PHP":           `p\/a+s\"s&w<o>r\\d ü`,
		"base64":                base64.StdEncoding.EncodeToString([]byte(oddSecret)),
		"base64 for URLs":       base64.URLEncoding.EncodeToString([]byte(oddSecret)),
		"base64 without =":      base64.RawStdEncoding.EncodeToString([]byte(oddSecret)),
		"another one":           plainSecret,
		"another one in base64": base64.StdEncoding.EncodeToString([]byte(plainSecret)),
	}
	for name, text := range forms {
		got := red.String("before " + text + " behind")
		if !mark.MatchString(got) || strings.Contains(got, text) {
			t.Errorf("%s: %q became %q", name, text, got)
		}
		if rest := mark.ReplaceAllString(got, ""); len(rest) > len("before  behind")+3 {
			t.Errorf("%s: more than an edge is left: %q", name, got)
		}
	}
	if a, b := mark.FindString(red.String(plainSecret)), mark.FindString(red.String(forms["another one in base64"])); a != b {
		t.Errorf("one secret has two marks: %s and %s", a, b)
	}
	if a, b := red.String(plainSecret), red.String(oddSecret); a == b {
		t.Errorf("two secrets have one mark: %s", a)
	}
	if a, b := red.String(plainSecret), redactor(plainSecret).String(plainSecret); a != b {
		t.Errorf("the mark changes from run to run: %s, %s", a, b)
	}
}

// In a Basic authorization the secret lies anywhere in the base64 grid.
func TestRedactorBase64Anywhere(t *testing.T) {
	red := redactor(plainSecret)
	for before := range 7 {
		for behind := range 4 {
			text := strings.Repeat("u", before) + plainSecret + strings.Repeat(":", behind)
			got := red.String(base64.StdEncoding.EncodeToString([]byte(text)))
			if !mark.MatchString(got) {
				t.Errorf("%q in base64 became %q", text, got)
			}
		}
	}
}

func TestRedactorKeeps(t *testing.T) {
	text := "build 123456 of 5f3759df: hunter2\nqX7zRt2Lw9K\t[INFO] key\n"
	for name, red := range map[string]*Redactor{
		"none":       nil,
		"no secrets": redactor(),
		"too short":  redactor("", " ", "key", "12345", "  INFO  "),
		"others":     redactor(plainSecret, oddSecret),
	} {
		if got := red.String(text); got != text {
			t.Errorf("%s: %q became %q", name, text, got)
		}
	}
}

// The lines of a private key are secrets each; its end marks are as well, which
// does no harm.
func TestRedactorLines(t *testing.T) {
	key := "-----BEGIN KEY-----\r\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\nab\n-----END KEY-----\n"
	red := redactor(key)
	got := red.String("x\n" + key + "y\n")
	if strings.Contains(got, "MIIE") || strings.Contains(got, "hkiG") {
		t.Errorf("the key is left in %q", got)
	}
	if strings.Count(got, "\n") != 7 {
		t.Errorf("the number of lines changed: %q", got)
	}
	whole := base64.StdEncoding.EncodeToString([]byte(key))
	if got := red.String(whole); !mark.MatchString(got) || len(got) > 50 {
		t.Errorf("the key in base64 became %q", got)
	}
}

// Where a secret begins with another, the longer one is replaced as a whole.
func TestRedactorLongest(t *testing.T) {
	red := redactor("secret", "secret-and-more", "and-more-of-it")
	for text, marks := range map[string]int{
		"secret":               1,
		"secret-and-more":      1,
		"secret-and-mor":       1, // and "-and-mor"
		"secret-and-more-of-":  1,
		"secretsecret":         2,
		"sesecret":             1,
		"secre":                0,
		"xand-more-of-it":      1,
		"secret-and-secret":    2,
		"ssssecret and secre":  1,
		"secret-and-morsecret": 2,
	} {
		got := red.String(text)
		if n := len(mark.FindAllString(got, -1)); n != marks {
			t.Errorf("%q became %q, want %d marks", text, got, marks)
		}
	}
}

func TestRedactorWriter(t *testing.T) {
	var out bytes.Buffer
	w := redactor(plainSecret).Writer(&out)
	steps := []struct{ write, want string }{
		{"a line\n", "a line\n"},
		{"progress 5 %\r", "a line\nprogress 5 %\r"},
		{"token=qX7zRt", "a line\nprogress 5 %\rtoken="},
		{"2Lw9Kd.\n", "a line\nprogress 5 %\rtoken=MARK.\n"},
		{"half: qX7z", "a line\nprogress 5 %\rtoken=MARK.\nhalf: "},
	}
	for _, step := range steps {
		if n, err := fmt.Fprint(w, step.write); n != len(step.write) || err != nil {
			t.Fatalf("writing %q: %d, %v", step.write, n, err)
		}
		if got := mark.ReplaceAllString(out.String(), "MARK"); got != step.want {
			t.Errorf("after %q: %q, want %q", step.write, got, step.want)
		}
	}
	if err := w.Close(); err != nil || !strings.HasSuffix(out.String(), "half: qX7z") {
		t.Errorf("after Close: %q, %v", out.String(), err)
	}

	out.Reset()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				fmt.Fprintln(w, "key", plainSecret)
			}
		})
	}
	all.Wait()
	if got := strings.Count(mark.ReplaceAllString(out.String(), "MARK"), "key MARK\n"); got != 800 {
		t.Errorf("%d of 800 lines came through whole", got)
	}
}

// However a text is cut, what comes out is the same, and holds no secret.
func FuzzRedacting(f *testing.F) {
	f.Add("token "+plainSecret+"\n", plainSecret, "secret-and-more", uint8(3))
	f.Add("secretsecret-and-morsecret-and-more", "secret", "secret-and-more", uint8(1))
	f.Add("aaaaaaaaaaaaaaaaaaa", "aaaaaa", "aaaaaaaaa", uint8(5))
	f.Add("%2f+\\/\"", "p/a+s\"s&w<o>r\\d", "ü/üüüüü", uint8(2))
	f.Add("https://hunter2:hunter2@x@example.com/\nAuthorization: Basic aHVudGVyMg==\n", "hunter2:", "hunter2@x@", uint8(3))
	f.Add("gl"+"pat-0123456789abcdefghij\x1b[0mey"+"JhbGciOiJIUzI1NiJ9.ey"+"JzdWIiOiIxMjM0NTY3ODkwIn0.a\\nAK"+"IAIOSFODNN7EXAMPLE", "0123456", "IAIOSF", uint8(7))
	f.Add("-----BEGIN RSA PRIVATE KEY-----\n[INFO] MIIEpAIBAAKCAQEA0123456789abcdef0123\n[INFO] abc=\n-----END RSA PRIVATE KEY-----\n", "abcdef", "secret", uint8(5))
	f.Fuzz(func(t *testing.T, text, one, two string, size uint8) {
		if len(text)+len(one)+len(two) > 2000 || strings.Contains(one+two, "\x00") {
			t.Skip("slow, or like the mark")
		}
		red := redactor(one, two)
		for _, same := range red.literals { // the real marks are slow to make
			for _, l := range same {
				l.secret.placeholder = func() string { return "\x00" }
			}
		}
		red.rounds = 1
		whole := red.String(text)
		if again := red.String(whole); again != whole && !strings.Contains(text, "PRIVATE KEY") {
			t.Errorf("%q became %q and then %q", text, whole, again)
		}
		var out bytes.Buffer
		w := newRedacting(red, &out, nil)
		for rest := []byte(text); len(rest) > 0; {
			n := min(int(size%16)+1, len(rest))
			if _, err := w.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if out.String() != whole {
			t.Errorf("in pieces of %d: %q, in one: %q", size%16+1, out.String(), whole)
		}
		if strings.Count(text, "\n") != strings.Count(whole, "\n") {
			t.Errorf("the number of lines changed: %q became %q", text, whole)
		}
		for _, same := range red.literals {
			for _, l := range same {
				if strings.Contains(marks.ReplaceAllString(whole, "\x00"), string(l.text)) {
					t.Errorf("%q is left in %q", l.text, whole)
				}
			}
		}
	})
}

func BenchmarkRedacting(b *testing.B) {
	line := []byte("[2023/12/21 15:44:18.743 GMT+08:00] [INFO] [ERROR] /home/build/src/A.java:[3,9] cannot find symbol\n")
	text := bytes.Repeat(line, 1<<20/len(line))
	red := redactor(plainSecret, oddSecret, strings.Repeat(plainSecret, 200))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		var out bytes.Buffer
		w := newRedacting(red, &out, nil)
		if _, err := w.Write(text); err != nil {
			b.Fatal(err)
		}
	}
}

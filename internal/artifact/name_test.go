package artifact

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSafe(t *testing.T) {
	tests := []struct{ name, want string }{
		{"api", "api"},
		{"API_v1.2-rc", "API_v1.2-rc"},
		{"构建-服务", "构建-服务"},
		{"caf\u0065\u0301", "caf\u00e9"}, // decomposed, as macOS has it
		{"a b/c\\d:e*f?g\"h<i>j|k", "a_b_c_d_e_f_g_h_i_j_k"},
		{"a%2fb#c@d+e", "a_2fb_c_d_e"},
		{"..", "_."},
		{"../../etc/passwd", "_._._etc_passwd"},
		{".hidden", "_.hidden"},
		{"-rf", "_-rf"},
		{"", "_"},
		{"line\nbreak\x00nul\x1b[31m", "line_break_nul__31m"},
		{"bad\xffutf8", "bad_utf8"},
		{"\u202egpj.exe\u200b\u2066", "_gpj.exe__"},
		{"\u3164\ufe0f\u034f", "___"},
		{"\u0301x", "_\u0301x"}, // would join the slash before it
		{"nul", "nul"},          // nul-7.log is no device
		{"NUL.api", "_NUL.api"}, // NUL.api-7.log is one
		{"com¹.x", "com_.x"},    // no digit to Unicode, but Windows takes it for one
		{"Lpt3.x", "_Lpt3.x"},
		{"console.x", "console.x"},
		{strings.Repeat("x", 200), strings.Repeat("x", 200)},
		{strings.Repeat("x", 300), strings.Repeat("x", 191) + "-0d4e2ca9"},
		{strings.Repeat("建", 100), strings.Repeat("建", 63) + "-"},
	}
	for _, tt := range tests {
		got := safe(tt.name)
		if strings.HasSuffix(tt.want, "-") { // and a hash
			got = got[:min(len(got), len(tt.want))]
		}
		if got != tt.want {
			t.Errorf("%q: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Names that a file system may take for one get different stems, in the order
// in which they come, and each keeps its own.
func TestStemsDiffer(t *testing.T) {
	names := []string{
		"api", "API", "Api", "a/b", "a\\b", "a_b", "caf\u00e9", "cafe\u0301", "CAFE\u0301", "\ufb01le", "file", "straße", "STRASSE",
		strings.Repeat("x", 300), strings.Repeat("x", 301), strings.Repeat("X", 300), safe("a\\b") + "-1c2aaf65",
		"..", "_.", ".", "_..",
	}
	one, two := newStems(), newStems()
	seen := map[string]string{}
	for _, name := range names {
		stem := one.of(name)
		if other, taken := seen[folded(stem)]; taken {
			t.Errorf("%q and %q have one stem: %q", name, other, stem)
		}
		seen[folded(stem)] = name
		if again := two.of(name); again != stem {
			t.Errorf("%q: %q in one run and %q in the next", name, stem, again)
		}
	}
	for _, name := range names {
		if one.of(name) != two.of(name) {
			t.Errorf("%q lost its stem", name)
		}
	}
	if got := one.of("api"); got != "api" {
		t.Errorf("the first name is not kept: %q", got)
	}
}

func FuzzStems(f *testing.F) {
	f.Add("api", "API")
	f.Add("../x", "con.y")
	f.Add(strings.Repeat("建", 100), "\u202e\xff\u0301")
	f.Fuzz(func(t *testing.T, one, two string) {
		s := newStems()
		a, b := s.of(one), s.of(two)
		if one != two && folded(a) == folded(b) {
			t.Errorf("%q and %q have one stem: %q", one, two, a)
		}
		for _, stem := range []string{a, b} {
			if stem == "" || len(stem) > maxStem || !utf8.ValidString(stem) {
				t.Errorf("stem %q of %d bytes", stem, len(stem))
			}
			if strings.ContainsAny(stem, "\":<>|*?\r\n\\/ %#\x00") || strings.Contains(stem, "..") || strings.ContainsAny(stem[:1], ".-") {
				t.Errorf("unsafe stem %q", stem)
			}
		}
	})
}

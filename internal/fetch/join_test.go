package fetch

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

func TestDecodeText(t *testing.T) {
	for in, want := range map[string]string{
		`null`: "", `""`: "", `"a\"\\\/\b\f\n\r\tz"`: "a\"\\/\b\f\n\r\tz", `"\u4e2d\u00e9"`: "中é",
		`"\ud83d\ude00"`: "😀", `"\uD83D\uDE00!"`: "😀!", `"\ud83d"`: "\xed\xa0\xbd", `"\ude00"`: "\xed\xb8\x80",
		`"\ude00\ud83d"`: "\xed\xb8\x80\xed\xa0\xbd", "\"\xe4\xb8\"": "\xe4\xb8", "\"\xff\"": "\xff",
	} {
		if got, err := decodeText(json.RawMessage(in)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{`"`, `a`, `7`, `"\u12"`, `"\x"`, `"\`, `"\"`, `"\uzzzz"`, `"\u+123"`} {
		if got, err := decodeText(json.RawMessage(in)); err == nil {
			t.Errorf("%s: %q and no error", in, got)
		}
	}
}

// FuzzDecodeText: what is whole is decoded as encoding/json does, and halves of
// characters come out as it has them once they turn out to stay alone.
func FuzzDecodeText(f *testing.F) {
	for _, seed := range []string{`"a\n\u4e2d\ud83d\ude00"`, `"\ud83d"`, `"\ud83d\ud83d\ude00"`, `null`, `"\\ud83d"`, `"a`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := decodeText(raw)
		var want string
		if !utf8.Valid(raw) || len(bytes.TrimSpace(raw)) != len(raw) || len(raw) == 0 || raw[0] != '"' && string(raw) != "null" || json.Unmarshal(raw, &want) != nil {
			return
		}
		if err != nil || string(joinSurrogates(got)) != want && raw[len(raw)-1] == '"' {
			t.Errorf("%q: %q, %v; want %q", raw, got, err, want)
		}
	})
}

// TestUnitsMeasureAndCut: each unit measures a text as long as it is, and what
// it cuts off is as long as asked for.
func TestUnitsMeasureAndCut(t *testing.T) {
	const text = "aé中😀z" + `\n` + "\n"
	lengths := map[string][2]int64{
		"bytes":      {int64(len(text)), int64(len(text)) - 1},
		"utf16":      {int64(len(utf16.Encode([]rune(text)))), int64(len(utf16.Encode([]rune(text)))) - 1},
		"characters": {int64(utf8.RuneCountInString(text)), int64(utf8.RuneCountInString(text)) - 1},
	}
	for i, u := range units() {
		length := lengths[u.name][0]
		if u.escaped {
			length = lengths[u.name][1]
		}
		if fitting([]byte(text), length)&(1<<i) == 0 {
			t.Errorf("%+v doesn't fit %d", u, length)
		}
		for n := range length + 1 {
			rest, ok := u.cut([]byte(text), n)
			if !ok || n < length && fitting(rest, length-n)&(1<<i) == 0 {
				t.Errorf("%+v: cutting %d of %d leaves %q", u, n, length, rest)
			}
		}
		if _, ok := u.cut([]byte(text), length+1); ok {
			t.Errorf("%+v cuts more than there is", u)
		}
	}
}

func TestCutWhereUnitsDisagree(t *testing.T) {
	// Two newlines as two characters make up for what a Chinese character has
	// more in bytes: 9 in two units, which differ in where 4 of them end.
	text := []byte("中" + `\na\nbcd`)
	set := fitting(text, 9)
	if set == 0 {
		t.Fatal("no unit fits")
	}
	if rest, ok := set.cut(text, 4); ok {
		t.Errorf("cut to %q in the units %b", rest, set)
	}
	if rest, ok := unitSet(0).cut(text, 1); ok {
		t.Errorf("cut to %q in no unit", rest)
	}
}

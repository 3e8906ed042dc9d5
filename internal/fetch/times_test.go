package fetch

import (
	"encoding/json"
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	tests := map[string]string{
		"2022-10-11T08:28:42.000+00:00":    "2022-10-11T08:28:42Z",
		"2024-08-12T02:31:01+0800":         "2024-08-11T18:31:01Z",
		"2024-08-12T02:31:01.250+0800":     "2024-08-11T18:31:01.25Z",
		"2018-03-13T03:00:01.168000Z":      "2018-03-13T03:00:01.168Z",
		"2024-08-12 02:31:01":              "",
		"2024-08-12T02:31:01":              "",
		"1969-12-31T23:59:59Z":             "",
		"9999-12-31T23:59:59-23:00":        "",
		"":                                 "",
		"1723401061000":                    "",
		"2024-13-12T02:31:01+0800":         "",
		"2024-08-12T02:31:01+0800 or so":   "",
		"\u202e2024-08-12T02:31:01+0800\n": "",
	}
	for in, want := range tests {
		got := ""
		if at := parseTime(in); at != nil {
			got = at.Format(time.RFC3339Nano)
		}
		if got != want {
			t.Errorf("parseTime(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	f.Add("2022-10-11T08:28:42.000+00:00")
	f.Add("2024-08-12T02:31:01+0800")
	f.Add("9999-12-31T23:59:59-23:59")
	f.Fuzz(func(t *testing.T, s string) {
		at := parseTime(s)
		if at == nil {
			return
		}
		if at.Location() != time.UTC {
			t.Errorf("%q isn't in UTC: %v", s, at)
		}
		if _, err := json.Marshal(at); err != nil {
			t.Errorf("%q can't be shown: %v", s, err)
		}
	})
}

package scan_test

import (
	"os"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
)

// TestMisleading wants the cause first in logs that mislead, see the head of the file.
func TestMisleading(t *testing.T) {
	text, err := os.ReadFile("testdata/misleading.txt")
	if err != nil {
		t.Fatal(err)
	}
	cases := strings.Split(string(text), "\n=== ")
	if len(cases) < 20 {
		t.Fatalf("%d logs", len(cases))
	}
	for _, c := range cases[1:] {
		name, log, _ := strings.Cut(c, "\n")
		t.Run(name, func(t *testing.T) {
			l := label{}
			for i, line := range strings.Split(log, "\n") {
				if strings.HasPrefix(line, "▶") {
					l.RootLines = append(l.RootLines, int64(i+1))
				}
			}
			found := scanErrors(t, [][]byte{[]byte(strings.ReplaceAll(log, "▶", ""))})[0]
			switch {
			case len(l.RootLines) == 0 && len(found) > 0:
				t.Errorf("%s finds %q in line %d of a passing log", found[0].Rule, found[0].Message, found[0].Line)
			case len(l.RootLines) > 0 && hit(l, found) != 1:
				t.Errorf("the cause in %v is at %d, after %s", l.RootLines, hit(l, found), firstOf(found))
			}
		})
	}
}

func firstOf(found []build.Finding) string {
	if len(found) == 0 {
		return "nothing"
	}
	return found[0].Rule + ": " + found[0].Message
}

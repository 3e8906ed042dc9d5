package scan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/scan"
)

// TestRanking wants the root cause first and the cascade after it.
func TestRanking(t *testing.T) {
	start := func(name string) string { return "[INFO] [" + name + ":x] : 该步骤开始执行" }
	done := func(name string) string { return "[INFO] [" + name + ":x] : 该步骤执行成功" }
	failed := func(name string) string { return "[ERROR] [" + name + ":x] : 该步骤执行失败, exit code: 2" }
	tests := map[string]struct {
		log  string
		want string // rules with severity, by rank
	}{
		"cause before symptom before summary": {
			codearts("make: *** [Makefile:3: main.o] Error 1", gccError, "Finished: FAILURE"),
			"gcc.error error, make.failed error, codearts.finished error"},
		"first of two causes": {
			codearts("a.c:1:1: error: one", "b.c:1:1: error: two", "Finished: FAILURE"),
			"gcc.error error 1, gcc.error error 2, codearts.finished error 3"},
		"failing stage first": {
			codearts(start("a"), "a.c:1:1: error: one", done("a"), start("b"), "b.c:1:1: error: two", failed("b")),
			"gcc.error error 5, gcc.error error 2"},
		"first failing stage": {
			codearts(start("a"), "a.c:1:1: error: one", failed("a"), start("b"), "b.c:1:1: error: two", failed("b")),
			"gcc.error error 2, gcc.error error 5"},
		"repeated after a retry": {
			codearts(start("a"), "a.c:1:1: error: one", done("a"), start("b"), "a.c:1:1: error: one", failed("b")),
			"gcc.error error 5"},
		"ignored by make": {
			codearts("a.c:1:1: error: one", "make: [Makefile:3: a] Error 1 (ignored)", "b.c:1:1: error: two", "make: *** [Makefile:4: b] Error 1"),
			"gcc.error error 3, make.failed error 4, make.ignored notice 2, gcc.error notice 1"},
		"ignored, then not": {
			codearts("a.c:1:1: error: one", "make: [Makefile:3: a] Error 1 (ignored)", "a.c:1:1: error: one"),
			"gcc.error error 3, make.ignored notice 2"},
		"warnings after errors": {
			codearts("a.c:1:1: warning: w", "Error: something"),
			"generic.error error 2, gcc.warning warning 1"},
		"the program's own words in a passing stage": {
			codearts(start("a"), "ERROR: as the test wants it", done("a")),
			"generic.error notice 2"},
		"the program's own words in a passing build": {
			codearts("ERROR: as the test wants it", "Finished: SUCCESS"),
			"generic.error notice 1"},
		"the compiler's words in a passing build": {
			codearts(gccError, "Finished: SUCCESS"),
			"gcc.error error 1"},
		"last words of many": {
			codearts("ERROR: first") + strings.Repeat("x\n", 30) + codearts("ERROR: last"),
			"generic.error error 32, generic.error error 1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range scanText(t, tt.log).Findings {
				got = append(got, fmt.Sprintf("%s %s %d", f.Rule, f.Severity, f.Line))
				if len(f.Why) == 0 {
					t.Errorf("%s doesn't say why", f.Rule)
				}
			}
			text := strings.Join(got, ", ")
			if !matches(text, tt.want) {
				t.Errorf("got %s, want %s", text, tt.want)
			}
		})
	}
}

// matches compares lists whose wanted items may leave out the line number.
func matches(got, want string) bool {
	g, w := strings.Split(got, ", "), strings.Split(want, ", ")
	if len(g) != len(w) {
		return false
	}
	for i := range g {
		if g[i] != w[i] && !strings.HasPrefix(g[i], w[i]+" ") {
			return false
		}
	}
	return true
}

// TestOutcome wants what the API says to go before what the log looks like.
func TestOutcome(t *testing.T) {
	log := codearts("[INFO] [a:x] : 该步骤开始执行", "ERROR: one", "[INFO] [b:x] : 该步骤开始执行", "ERROR: two")
	bad, good := "FAILED", "SUCCESS"
	s := scan.New(builtin(t), scan.Options{})
	_, _ = s.Write([]byte(log))
	got := s.Finish(scan.Outcome{Status: build.Failure, Stages: []build.Stage{{Name: "a", Status: &good}, {Name: "b", Status: &bad}}}).Findings
	if len(got) != 2 || got[0].Message != "two" || got[1].Severity != build.Notice {
		t.Errorf("got %+v", got)
	}
	s = scan.New(builtin(t), scan.Options{})
	_, _ = s.Write([]byte(log))
	if got := s.Finish(scan.Outcome{Status: build.Success}).Findings; got[0].Severity != build.Notice || got[1].Severity != build.Notice {
		t.Errorf("got %+v", got)
	}
}

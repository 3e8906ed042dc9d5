package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/loggate/loggate/internal/rules"
)

// TestPatterns wants other programs to find in real logs what Go finds, with the
// patterns as they are written for them.
func TestPatterns(t *testing.T) {
	set, err := rules.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	logs, err := readLogs("../testdata/logs/*.log")
	if err != nil {
		t.Fatal(err)
	}
	log := beginnings(logs, 40_000)
	p := &prepared{dir: t.TempDir(), set: set}
	file := filepath.Join(p.dir, "log")
	if err := os.WriteFile(file, log, 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := naive(set, bytes.Split(bytes.TrimSuffix(log, []byte{'\n'}), []byte{'\n'}))
	if err != nil {
		t.Fatal(err)
	}
	if found < 10 {
		t.Fatalf("only %d lines are found", found)
	}
	for name, of := range map[string]struct {
		as   func(string) (string, error)
		args []string
	}{
		"grep": {forGrep, []string{"-a", "-E", "-c", "-f"}},
		"rg":   {forRipgrep, []string{"-a", "-c", "-j1", "-f"}},
	} {
		patterns, err := p.patterns(name, of.as)
		if err != nil {
			t.Fatal(err)
		}
		used, err := execute(t.Context(), name, append(of.args, patterns, file)...)
		if errors.Is(err, errMissing) {
			t.Log(err)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if used.out != strconv.Itoa(found) {
			t.Errorf("%s finds %s lines, want %d", name, used.out, found)
		}
	}
}

// Package docs_test keeps the documentation in step with the code.
package docs_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/config"
)

// TestInputs compares the table of inputs.md, row by row, with the inputs
// that the program reads. A row that differs is printed to be pasted.
func TestInputs(t *testing.T) {
	page, err := os.ReadFile("inputs.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "| `") {
			rows = append(rows, strings.TrimSuffix(line, "\n"))
		}
	}
	inputs := config.Inputs()
	if len(rows) != len(inputs) {
		t.Errorf("inputs.md has %d rows, the program %d inputs", len(rows), len(inputs))
	}
	for i, in := range inputs {
		if want := inputRow(in); i >= len(rows) || rows[i] != want {
			t.Errorf("row %d should be\n%s", i+1, want)
		}
	}
}

// inputRow is an input's row of the table.
func inputRow(in config.Input) string {
	var others []string
	for _, name := range in.Foreign {
		others = append(others, "`"+name+"`")
	}
	scan := ""
	if in.Scan {
		scan = "yes"
	}
	initial := in.Default
	if initial != "" {
		initial = "`" + initial + "`"
	}
	meaning := strings.ReplaceAll(in.Meaning, "|", `\|`)
	return fmt.Sprintf("| `%s` | %s | %s | %s | %s |", in.Name, initial, meaning, scan, strings.Join(others, ", "))
}

package rules

import (
	"os"
	"strings"
	"testing"
)

// TestContributing wants the example of CONTRIBUTING.md to be what came of it.
func TestContributing(t *testing.T) {
	text, err := os.ReadFile("../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	for fence, file := range map[string]string{"```yaml\n": "catalog/xmllint.yml", "```sh\n": "../../testdata/scenarios/scripting.sh"} {
		_, rest, _ := strings.Cut(string(text), fence)
		example, _, found := strings.Cut(rest, "```")
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !found || example == "" || !strings.Contains(string(whole), example) {
			t.Errorf("%s doesn't have the example\n%s", file, example)
		}
	}
}

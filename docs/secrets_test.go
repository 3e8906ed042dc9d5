package docs_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/rules"
)

// secrets.md lists the kinds of the catalogue, in its order.
func TestSecretsAreListed(t *testing.T) {
	text, err := os.ReadFile("../internal/artifact/secrets.yml")
	if err != nil {
		t.Fatal(err)
	}
	list, err := rules.Parse("secrets.yml", text)
	if err != nil {
		t.Fatal(err)
	}
	want := "| kind | documented at |\n|---|---|\n"
	for _, rule := range list {
		want += fmt.Sprintf("| `%s` | <%s> |\n", strings.TrimPrefix(rule.ID, "secret."), rule.Docs)
	}
	page, err := os.ReadFile("secrets.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, table, _ := strings.Cut(string(page), "| kind"); "| kind"+table != want {
		t.Errorf("the table is\n| kind%s\nwant\n%s", table, want)
	}
}

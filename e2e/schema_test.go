package e2e

import (
	"bytes"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/report"
)

// schema is the one that loggate writes beside its reports.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("schema", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func expectValid(t *testing.T, text string) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err == nil {
		err = schema(t).Validate(doc)
	}
	if err != nil {
		t.Errorf("%v in\n%s", err, text)
	}
}

// The report of a run is valid, too, whatever is missing.
func TestReportsAreValid(t *testing.T) {
	t.Parallel()
	bad, forbidden := failed("web", badLog), newBuild("secret", goodLog)
	forbidden.Forbidden = true
	server := serveBuilds(t, bad, forbidden, hostile())
	r := run(t, invocation{args: []string{"run", "--wait", "false"},
		env: append(access(server), "LOGGATE_BUILDS="+input(bad, forbidden, hostile(), absent("gone"))+",none="+idB+":latest")})
	r.expectCode(t, build.ExitFail)
	expectValid(t, r.read(t, "loggate-out/report.json"))
	if r.read(t, "loggate-out/report.schema.json") != string(report.Schema()) {
		t.Error("the schema beside the report is another one")
	}
}

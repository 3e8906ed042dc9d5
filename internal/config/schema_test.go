package config

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

// policySchema is the JSON Schema that editors are given.
func policySchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile("../../.loggate.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("policy", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("policy")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// beyond matches the decoder's complaints of what no JSON Schema can tell:
// what is no YAML, what patterns and examples mean, which rules there are, what
// is there twice, and how a number is spelled.
var beyond = regexp.MustCompile(`is no YAML|a second document|the file is empty|unfolded| twice|already defined|more mistakes` +
	`|is no RE2 pattern|is found in every line|is no glob|there is no rule|error parsing regexp|the group "|matches an empty line|example \d+`)

// disagreement says what one of the two takes and the other doesn't; "" where
// they agree.
func disagreement(schema *jsonschema.Schema, text []byte) string {
	d := decoder{file: "p.yml"}
	d.policy(text)
	return disagreementWith(schema, text, d.err())
}

// disagreementWith is disagreement where the decoder's error is known.
func disagreementWith(schema *jsonschema.Schema, text []byte, taken error) string {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil || len(document.Content) == 0 {
		return "" // nothing to hold against the schema
	}
	plain := true
	value := asJSON(document.Content[0], 0, &plain)
	if !plain {
		return ""
	}
	refused := schema.Validate(value)
	switch {
	case refused != nil && taken == nil:
		return fmt.Sprintf("the decoder takes what the schema refuses: %v", refused)
	case refused == nil && taken != nil:
		for line := range strings.SplitSeq(taken.Error(), "\n") {
			if !beyond.MatchString(line) {
				return "the schema takes what the decoder refuses: " + line
			}
		}
	}
	return ""
}

// asJSON is a YAML value as an editor sees it. plain becomes false where YAML
// has what JSON hasn't, or where readers of YAML differ.
func asJSON(n *yaml.Node, depth int, plain *bool) any {
	if depth > 40 {
		*plain = false
		return nil
	}
	switch n.Kind {
	case yaml.AliasNode:
		return asJSON(n.Alias, depth+1, plain)
	case yaml.SequenceNode:
		items := []any{}
		for _, item := range n.Content {
			items = append(items, asJSON(item, depth+1, plain))
		}
		return items
	case yaml.MappingNode:
		fields := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if _, twice := fields[n.Content[i].Value]; twice {
				*plain = false
			}
			fields[n.Content[i].Value] = asJSON(n.Content[i+1], depth+1, plain)
		}
		return fields
	}
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int":
		number, err := strconv.Atoi(n.Value)
		*plain = *plain && err == nil && strconv.Itoa(number) == n.Value
		return number
	case "!!float":
		number, err := strconv.ParseFloat(n.Value, 64)
		*plain = *plain && err == nil && number != float64(int64(number))
		return number
	case "!!str", "!!timestamp", "!!merge":
		*plain = *plain && !strings.ContainsFunc(n.Value, func(r rune) bool { return r > 126 }) // blanks are not all the same
		return n.Value
	}
	*plain = false
	return nil
}

// rich has every key there is.
const rich = `version: 1
rules:
  - id: acme.licence
    severity: error
    kind: cause
    confidence: high
    pattern: 'licence check failed: (?P<message>.+)'
    continues: '^\s+'
    end: '^done'
    max_lines: 5
    first: '^ in (?P<file>\S+)'
    last: '^ of (?P<code>\S+)'
    after: '^checking'
    after_lines: 2
    pardons: false
    hint: Ask legal@ for an exception.
    docs: https://example.com/licences
  - id: acme.other
    pattern: 'other (?P<message>.+)'
    examples:
      - 'other way'
      - log: 'other thing'
        message: thing
        lines: 1
      - {log: 'other b', message: b, lines: 1}
    counterexamples: ['others']
disable: [npm.deprecated]
ignore:
  - rule: gcc.warning
    pattern: third_party/
    reason: vendored
    until: 2027-03-31
  - {pattern: deprecated, reason: known}
gate:
  max: {error: 0, warning: 50, notice: 1000000}
  require: [{pattern: 'BUILD SUCCESS', builds: [api, 'web-*'], reason: must have been packaged}]
  forbid:
    - pattern: '-SNAPSHOT'
      reason: no snapshots
paths:
  strip: ['^/home/build/[^/]+/workspace/[^/]+/']
`

func TestSchemaAgreesOnWhatIsRight(t *testing.T) {
	schema := policySchema(t)
	for _, text := range []string{rich, ofDesign, "version: 1", "version: 1\nrules:\ndisable:\nignore:\ngate:\npaths:\n",
		"version: 1\ngate: {max: , require: , forbid: }\npaths: {strip: }\n", `{"version": 1, "gate": {"max": {"error": 3}}}`} {
		if _, err := readPolicy(t, text); err != nil {
			t.Errorf("%v in\n%s", err, text)
		}
		if wrong := disagreement(schema, []byte(text)); wrong != "" {
			t.Errorf("%s in\n%s", wrong, text)
		}
	}
}

// TestSchemaAgrees changes a file that is right, a thing or two at a time.
func TestSchemaAgrees(t *testing.T) {
	schema := policySchema(t)
	taken, refused := 0, 0
	for seed := range uint64(500) {
		text := changed(t, rand.New(rand.NewPCG(seed, 0)))
		d := decoder{file: "p.yml"}
		d.policy(text)
		if wrong := disagreementWith(schema, text, d.err()); wrong != "" {
			t.Fatalf("seed %d: %s in\n%s", seed, wrong, text)
		}
		if d.err() == nil {
			taken++
		} else {
			refused++
		}
	}
	if taken < 25 || refused < 300 {
		t.Errorf("%d files are taken and %d refused: the changes tell little", taken, refused)
	}
	t.Logf("%d taken, %d refused", taken, refused)
}

// changed is the rich file with changes.
func changed(t *testing.T, rnd *rand.Rand) []byte {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(rich), &document); err != nil {
		t.Fatal(err)
	}
	for range 1 + rnd.IntN(2) {
		var all []*yaml.Node
		var walk func(*yaml.Node)
		walk = func(n *yaml.Node) {
			all = append(all, n)
			for _, child := range n.Content {
				walk(child)
			}
		}
		walk(document.Content[0])
		change(rnd, all[rnd.IntN(len(all))])
	}
	text, err := yaml.Marshal(&document)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// replacements are values of every kind; some of them are right somewhere.
var replacements = []string{"~", "", "''", "' '", "x", "true", "yes", "0", "1", "2", "11", "-1", "1.5", "1000000", "1000001", "[]", "[~]", "[x]", "[[x]]", "{}",
	"{x: y}", "{pattern: x}", "{reason: x}", "{rule: gcc.error, reason: x}", "{id: a.b, pattern: x}", "{log: x}", "{error: 1}", "2027-02-30", "2027-3-1", "2027-12-31",
	"'2027-12-31'", "error", "high", "symptom", "a.b", "loggate.last-lines", "'('", "'.*'", "'[a'", "version", "[{pattern: x, builds: []}]", "{pattern: x, builds: [a, b]}"}

// change makes one change to a value: something in it goes, comes twice, has
// another name, or all of it becomes something else.
func change(rnd *rand.Rand, n *yaml.Node) {
	size := 1
	if n.Kind == yaml.MappingNode {
		size = 2
	}
	if count := len(n.Content) / size; count > 0 && rnd.IntN(3) > 0 {
		at := rnd.IntN(count) * size
		if rnd.IntN(3) == 0 && size == 2 {
			key := *n.Content[at]
			key.Value = []string{"pattern", "reason", "rule", "x", "log", "max", "hint"}[rnd.IntN(7)]
			n.Content[at] = &key
			return
		}
		n.Content = append(n.Content[:at:at], n.Content[at+size:]...)
		return
	}
	var other yaml.Node
	if err := yaml.Unmarshal([]byte(replacements[rnd.IntN(len(replacements))]), &other); err != nil || len(other.Content) == 0 {
		*n = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
		return
	}
	*n = *other.Content[0]
}

// FuzzSchema wants schema and decoder to take the same files, but for what is beyond
// a schema.
func FuzzSchema(f *testing.F) {
	schema := policySchema(f)
	for _, text := range []string{rich, ofDesign, "version: 1", "version: 1\ngate: {max: {error: 1.5}}", "version: 1\nignore: [{pattern: x, reason: y, until: 2027-02-30}]"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if wrong := disagreement(schema, text); wrong != "" {
			t.Fatal(wrong)
		}
	})
}

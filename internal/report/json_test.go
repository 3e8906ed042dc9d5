package report_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/report"
)

func asJSON(t testing.TB, r *build.Report) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := report.WriteJSON(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestReportFitsItsSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("report.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	full := sample()
	full.Builds[0].Log.Redactions = []build.Redaction{{Kind: "token", Line: 3}}
	full.Builds[0].Gone = full.Builds[1].Findings
	for name, r := range map[string]*build.Report{
		"full":        full,
		"minimal":     {Verdict: build.Pass},
		"build alone": {Verdict: build.Incomplete, ExitCode: 3, Builds: []*build.Build{{Name: "a", Status: build.Unknown, StatusSource: build.FromNone}}},
		"local time":  {Verdict: build.Pass, StartedAt: start.In(time.FixedZone("", 8*3600))},
	} {
		got, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON(t, r)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSchemaNamesEveryKey walks schema and structs side by side: neither may
// have a key that the other lacks.
func TestSchemaNamesEveryKey(t *testing.T) {
	var root map[string]any
	if err := json.Unmarshal(report.Schema(), &root); err != nil {
		t.Fatal(err)
	}
	defs := root["$defs"].(map[string]any)
	seen := map[reflect.Type]bool{}
	var walk func(path string, typ reflect.Type, node map[string]any)
	walk = func(path string, typ reflect.Type, node map[string]any) {
		if ref, ok := node["$ref"].(string); ok {
			node = defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		}
		switch {
		case typ.Kind() == reflect.Pointer:
			walk(path, typ.Elem(), node)
		case typ.Kind() == reflect.Slice:
			if node["type"] != "array" {
				t.Fatalf("%s: the schema has no array", path)
			}
			walk(path+"[]", typ.Elem(), node["items"].(map[string]any))
		case typ.Kind() == reflect.Struct && typ != reflect.TypeFor[time.Time]() && !seen[typ]:
			seen[typ] = true
			props, _ := node["properties"].(map[string]any)
			keys := []string{}
			for _, field := range reflect.VisibleFields(typ) {
				key := field.Tag.Get("json")
				keys = append(keys, key)
				child, ok := props[key].(map[string]any)
				if !ok {
					t.Errorf("%s: the schema lacks %q", path, key)
					continue
				}
				walk(path+"."+key, field.Type, child)
			}
			required := []string{}
			for _, key := range node["required"].([]any) {
				required = append(required, key.(string))
			}
			slices.Sort(keys)
			slices.Sort(required)
			if !slices.Equal(keys, required) || !slices.Equal(keys, slices.Sorted(maps.Keys(props))) {
				t.Errorf("%s: struct has %q\nrequired %q\nproperties %q", path, keys, required, slices.Sorted(maps.Keys(props)))
			}
			if node["additionalProperties"] != false {
				t.Errorf("%s: additional properties are allowed", path)
			}
		}
	}
	walk("report", reflect.TypeFor[build.Report](), root)
}

func TestWriteJSONHasNoNullLists(t *testing.T) {
	r := &build.Report{Verdict: build.Pass,
		Builds: []*build.Build{{Name: "a", Status: build.Success, Findings: []build.Finding{{}}, Gone: []build.Finding{{}}}},
		Causes: []build.Shared{{}}}
	var got any
	if err := json.Unmarshal(asJSON(t, r), &got); err != nil {
		t.Fatal(err)
	}
	lists := []string{"builds", "causes", "violations", "incomplete", "stages", "findings", "gone", "redactions", "why", "excerpt"}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, child := range v {
				if child == nil && slices.Contains(lists, key) {
					t.Errorf("%s is null", key)
				}
				walk(child)
			}
		case []any:
			for _, child := range v {
				walk(child)
			}
		}
	}
	walk(got)
	if r.Builds[0].Stages != nil || r.Schema != "" {
		t.Error("WriteJSON changed the report it was given")
	}
}

func TestReadJSONReadsWhatWriteJSONWrote(t *testing.T) {
	written := asJSON(t, sample())
	golden(t, "report.json", written)
	r, err := report.ReadJSON(bytes.NewReader(written))
	if err != nil {
		t.Fatal(err)
	}
	if again := asJSON(t, r); !bytes.Equal(written, again) {
		t.Errorf("read and written again it differs:\n%s", again)
	}
}

func TestReadJSONRefuses(t *testing.T) {
	good := string(asJSON(t, sample()))
	change := func(from, to string) string {
		if !strings.Contains(good, from) {
			t.Fatalf("the sample has no %s", from)
		}
		return strings.Replace(good, from, to, 1)
	}
	for name, c := range map[string]struct{ in, want string }{
		"nothing":           {"", "EOF"},
		"a log":             {"BUILD SUCCESS\n", "invalid character 'B'"},
		"another schema":    {change("loggate/report/v1", "loggate/report/v9\\n"), `its schema is "loggate/report/v9\\u000a", not "loggate/report/v1"`},
		"other JSON":        {`{"a":1}`, `its schema is ""`},
		"cut short":         {good[:len(good)/2], "unexpected EOF"},
		"two reports":       {good + good, "something follows its end"},
		"unknown verdict":   {change(`"verdict": "fail"`, `"verdict": "ok"`), `"ok" is no verdict`},
		"unknown status":    {change(`"status": "success"`, `"status": "great"`), `build "docs": "great" is no status`},
		"unknown severity":  {change(`"severity": "error"`, `"severity": "fatal"`), `"fatal" is no severity`},
		"negative count":    {change(`"error": 1`, `"error": -1`), "a number is negative"},
		"null build":        {`{"schema":"loggate/report/v1","verdict":"pass","builds":[null]}`, "builds[0] has no name"},
		"same build twice":  {change(`"name": "api"`, `"name": "docs"`), `build "docs" is there twice`},
		"negative drop":     {change(`"findings_dropped": 2`, `"findings_dropped": -2`), "a number is negative"},
		"number for a name": {change(`"name": "api"`, `"name": 7`), "cannot unmarshal number"},
	} {
		_, err := report.ReadJSON(strings.NewReader(c.in))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		} else if strings.ContainsAny(err.Error(), "\n\r") {
			t.Errorf("%s: %q is not one line", name, err)
		}
	}
}

func FuzzReadJSON(f *testing.F) {
	f.Add(asJSON(f, sample()))
	f.Add([]byte(`{"schema":"loggate/report/v1","verdict":"pass","builds":[{"name":"a","status":"unknown","findings":[{}]}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := report.ReadJSON(bytes.NewReader(in))
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("%q is not one line", err)
			}
			return
		}
		everyFormat(t, r)
	})
}

package rules

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxFile bounds a rules file, in bytes.
const maxFile = 4 << 20

// FormatError says what is wrong with a rules file, and where.
type FormatError struct {
	File         string // "" when it is not known
	Line, Column int    // from 1; 0 when not known
	Problem      string
}

func (e *FormatError) Error() string {
	where := e.File
	for _, n := range []int{e.Line, e.Column} {
		if n > 0 {
			where += ":" + strconv.Itoa(n)
		}
	}
	if where == "" {
		return e.Problem
	}
	return strings.TrimPrefix(where, ":") + ": " + e.Problem
}

type position struct{ line, column int }

// rulesFile is the form of a rules file.
type rulesFile struct {
	Rules []Rule `yaml:"rules"`
}

// Parse reads a rules file. name is only for its errors, which are
// *FormatError with file, line and column.
func Parse(name string, text []byte) ([]Rule, error) {
	return parse(name, text, (*Rule).prepare)
}

func parse(name string, text []byte, prepare func(*Rule) error) ([]Rule, error) {
	if len(text) > maxFile {
		return nil, &FormatError{File: name, Problem: fmt.Sprintf("has %d bytes, at most %d are read", len(text), maxFile)}
	}
	file, err := decode(text)
	if err != nil {
		return nil, locate(name, err)
	}
	if len(file.Rules) == 0 {
		return nil, &FormatError{File: name, Line: 1, Column: 1, Problem: "has no rules"}
	}
	seen := map[string]bool{}
	for i := range file.Rules {
		r := &file.Rules[i]
		if err := prepare(r); err != nil {
			return nil, locate(name, err)
		}
		if seen[r.ID] {
			return nil, locate(name, r.wrong("id", "occurs twice"))
		}
		seen[r.ID] = true
	}
	return file.Rules, nil
}

// decode reads exactly one YAML document.
func decode(text []byte) (rulesFile, error) {
	var file rulesFile
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return file, err
	}
	var more yaml.Node
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return file, &FormatError{Line: more.Line, Column: more.Column, Problem: "a second document: a rules file has one"}
	}
	return file, nil
}

// UnmarshalYAML decodes a rule strictly and notes where its keys stand.
func (r *Rule) UnmarshalYAML(node *yaml.Node) error {
	at, err := checkKeys(node, ruleKeys, "a rule")
	if err != nil {
		return err
	}
	type plain Rule // without this method
	if err := node.Decode((*plain)(r)); err != nil {
		return err
	}
	r.at = at
	return nil
}

// UnmarshalYAML decodes an example: text alone, or the long form.
func (e *Example) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&e.Log)
	}
	if _, err := checkKeys(node, exampleKeys, "an example"); err != nil {
		return err
	}
	type plain Example
	return node.Decode((*plain)(e))
}

// keys are those of a struct and the types of their values.
type keys map[string]reflect.Type

var ruleKeys, exampleKeys = keysOf(reflect.TypeFor[Rule]()), keysOf(reflect.TypeFor[Example]())

func keysOf(of reflect.Type) keys {
	types := keys{}
	for i := range of.NumField() {
		if key := of.Field(i).Tag.Get("yaml"); key != "" {
			types[key] = of.Field(i).Type
		}
	}
	return types
}

// checkKeys wants a mapping with known keys only and returns where their values
// stand; "" is the mapping itself.
func checkKeys(node *yaml.Node, known keys, what string) (map[string]position, error) {
	at := map[string]position{"": {node.Line, node.Column}}
	if node.Kind != yaml.MappingNode {
		return nil, &FormatError{Line: node.Line, Column: node.Column, Problem: what + " must be a mapping of keys to values"}
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if _, ok := known[key.Value]; !ok {
			return nil, &FormatError{Line: key.Line, Column: key.Column,
				Problem: fmt.Sprintf("%s has no key %q, did you mean %q?", what, key.Value, nearest(key.Value, slices.Sorted(maps.Keys(known))))}
		}
		if wrong, problem := wrongValue(value, known[key.Value]); wrong != nil {
			return nil, &FormatError{Line: wrong.Line, Column: wrong.Column, Problem: fmt.Sprintf("%s: %s %s", what, key.Value, problem)}
		}
		at[key.Value] = position{value.Line, value.Column}
	}
	return at, nil
}

// wrongValue is where and how a key's value is not of its type; nil where it
// is. yaml.v3 alone would take nothing at all, 1.5 as 1 and yes as true.
func wrongValue(n *yaml.Node, of reflect.Type) (wrong *yaml.Node, problem string) {
	switch {
	case of == reflect.TypeFor[Example]():
		if n.Kind == yaml.MappingNode {
			return nil, ""
		}
		return wrongValue(n, reflect.TypeFor[string]())
	case of.Kind() == reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			return n, "is not a list: begin each entry with -"
		}
		for _, item := range n.Content {
			if wrong, problem := wrongValue(item, of.Elem()); wrong != nil {
				return wrong, problem
			}
		}
		return nil, ""
	case of.Kind() == reflect.Int:
		if n.ShortTag() != "!!int" || !positive.MatchString(n.Value) {
			return n, "is not a whole number from 1 on, in plain digits"
		}
	case of.Kind() == reflect.Bool:
		if n.ShortTag() != "!!bool" {
			return n, "is not true or false"
		}
	case of.Kind() == reflect.String:
		if n.Kind != yaml.ScalarNode || n.Value == "" || !isText(n) {
			return n, "is not a text: write it behind the colon, in quotes where it looks like something else"
		}
	}
	return nil, ""
}

var positive = regexp.MustCompile(`^[1-9][0-9]{0,8}$`)

// isText says whether a scalar is a text; dates are.
func isText(n *yaml.Node) bool {
	return slices.Contains([]string{"!!str", "!!timestamp", "!!merge"}, n.ShortTag())
}

// yamlLine finds the line number that yaml.v3 puts into its errors.
var yamlLine = regexp.MustCompile(`line (\d+): (.+)`)

// locate makes a *FormatError of any error and names the file in it.
func locate(name string, err error) error {
	var format *FormatError
	if errors.As(err, &format) {
		located := *format
		located.File = name
		return &located
	}
	problem := strings.TrimPrefix(err.Error(), "yaml: ")
	var typeError *yaml.TypeError
	if errors.As(err, &typeError) && len(typeError.Errors) > 0 {
		problem = typeError.Errors[0]
	}
	located := &FormatError{File: name, Problem: problem}
	if m := yamlLine.FindStringSubmatch(problem); m != nil {
		located.Line, _ = strconv.Atoi(m[1])
		located.Column = 1 // yaml.v3 doesn't say
		located.Problem = m[2]
	}
	return located
}

// nearest is the known word with the fewest edits from word.
func nearest(word string, known []string) string {
	best, fewest := "", len(word)+100
	for _, k := range known {
		if d := edits(word, k); d < fewest {
			best, fewest = k, d
		}
	}
	return best
}

// edits is the Levenshtein distance of two short words, in bytes.
func edits(a, b string) int {
	const longest = 100
	a, b = a[:min(len(a), longest)], b[:min(len(b), longest)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

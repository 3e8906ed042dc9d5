package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// The bounds of a config file.
const (
	maxPolicy      = 1 << 20 // bytes
	maxPolicyNodes = 100_000 // values, aliases unfolded
	maxPolicyDepth = 32
	maxFileErrors  = 20 // that are told one by one
)

// decoder reads a config file's YAML strictly, keeps the position of
// everything and gathers what is wrong.
type decoder struct {
	file     string // as errors show it
	problems []error
}

// field is a key that a mapping may have.
type field struct {
	key      string
	required bool
	read     func(*yaml.Node)
}

// wrong reports a problem at a place in the file.
func (d *decoder) wrong(n *yaml.Node, problem, mend string) {
	d.problems = append(d.problems, &FileError{d.file, n.Line, n.Column, problem, mend})
}

// err joins what is wrong; nil when nothing is.
func (d *decoder) err() error {
	if more := len(d.problems) - maxFileErrors; more > 0 {
		rest := &FileError{File: d.file, Problem: fmt.Sprintf("has %d more mistakes", more), Mend: "mend the ones above first"}
		return errors.Join(append(d.problems[:maxFileErrors:maxFileErrors], rest)...)
	}
	return errors.Join(d.problems...)
}

// source is the file:line of a node.
func (d *decoder) source(n *yaml.Node) string { return d.file + ":" + strconv.Itoa(n.Line) }

// document parses the file's one document and unfolds its aliases; nil when
// something is wrong.
func (d *decoder) document(text []byte) *yaml.Node {
	reader := yaml.NewDecoder(bytes.NewReader(text))
	var first, second yaml.Node
	err := reader.Decode(&first)
	if errors.Is(err, io.EOF) {
		d.wrong(&yaml.Node{Line: 1, Column: 1}, "the file is empty", "begin it with version: 1, or remove it")
		return nil
	}
	if err == nil {
		err = reader.Decode(&second)
		if err == nil {
			d.wrong(&second, "a second document starts here", "keep one: remove the --- line")
			return nil
		}
	}
	if !errors.Is(err, io.EOF) && err != nil {
		d.syntax(text, err)
		return nil
	}
	nodes := 0
	return d.unfold(first.Content[0], 0, &nodes)
}

// yamlError is the form of yaml.v3's syntax errors.
var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.+)$`)

// syntax reports a syntax error. yaml.v3 tells its line only: the column is
// where the line's text starts.
func (d *decoder) syntax(text []byte, err error) {
	at, problem := &yaml.Node{Line: 1, Column: 1}, err.Error()
	if m := yamlError.FindStringSubmatch(problem); m != nil {
		problem = m[2]
		if line, err := strconv.Atoi(m[1]); err == nil {
			at.Line = line
		}
	}
	lines := strings.Split(string(text), "\n")
	if at.Line <= len(lines) {
		line := lines[at.Line-1]
		at.Column = 1 + len(line) - len(strings.TrimLeft(line, " \t"))
	}
	d.wrong(at, "is no YAML: "+problem, "mend the syntax there or just above")
}

// unfold copies a tree with each alias replaced by what it stands for. The
// count bounds what a small file of nested aliases can grow into; nil when it
// is exceeded.
func (d *decoder) unfold(n *yaml.Node, depth int, nodes *int) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	*nodes++
	if *nodes > maxPolicyNodes || depth > maxPolicyDepth {
		d.wrong(n, fmt.Sprintf("has more than %d values or %d levels, aliases unfolded", maxPolicyNodes, maxPolicyDepth), "write less, or use fewer aliases")
		return nil
	}
	whole := *n
	whole.Anchor, whole.Content = "", make([]*yaml.Node, 0, len(n.Content))
	for _, child := range n.Content {
		unfolded := d.unfold(child, depth+1, nodes)
		if unfolded == nil {
			return nil
		}
		whole.Content = append(whole.Content, unfolded)
	}
	return &whole
}

// mapping reads a mapping's fields; what names it in errors.
func (d *decoder) mapping(n *yaml.Node, what string, fields []field) {
	if isNull(n) {
		n = &yaml.Node{Kind: yaml.MappingNode, Line: n.Line, Column: n.Column}
	}
	if n.Kind != yaml.MappingNode {
		d.wrong(n, what+" is not a mapping", "write keys and values: "+keys(fields))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, content := n.Content[i], n.Content[i+1]
		f := find(fields, key.Value)
		switch {
		case f == nil:
			d.wrong(key, fmt.Sprintf("%s has the unknown key %s", what, quote(key.Value)), "the nearest known one is "+nearestKey(key.Value, fields))
		case seen[key.Value]:
			d.wrong(key, what+" has "+key.Value+" twice", "keep one of them")
		default:
			f.read(content)
		}
		seen[key.Value] = true
	}
	for _, f := range fields {
		if f.required && !seen[f.key] {
			d.wrong(n, what+" has no "+f.key, "add "+f.key+":")
		}
	}
}

// list reads a sequence's items; nothing at all is an empty one.
func (d *decoder) list(n *yaml.Node, what string, read func(*yaml.Node)) {
	if isNull(n) {
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.wrong(n, what+" is not a list", "begin each entry with -")
		return
	}
	for _, item := range n.Content {
		read(item)
	}
}

// text reads a text that isn't empty; "" when it is wrong.
func (d *decoder) text(n *yaml.Node, what string) string {
	if !isText(n) || strings.TrimSpace(n.Value) == "" {
		d.wrong(n, what+" is not a text", "write it behind the colon, in quotes where it looks like something else")
		return ""
	}
	return n.Value
}

// isText says whether a text was written; a date is one, 404 and true are not.
func isText(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && slices.Contains([]string{"!!str", "!!timestamp", "!!merge"}, n.ShortTag())
}

// pattern reads a regular expression; nil when it is wrong. One that finds
// nothing at all finds every line, which nobody means.
func (d *decoder) pattern(n *yaml.Node, what string) *regexp.Regexp {
	text := d.text(n, what)
	if text == "" {
		return nil
	}
	pattern, err := regexp.Compile(text)
	if err != nil {
		d.wrong(n, what+" "+quote(text)+" is no RE2 pattern: "+strings.TrimPrefix(err.Error(), "error parsing regexp: "), "mend it, see https://github.com/google/re2/wiki/Syntax")
		return nil
	}
	if pattern.MatchString("") {
		d.wrong(n, what+" "+quote(text)+" is found in every line, even an empty one", "make it find something")
		return nil
	}
	return pattern
}

// isNull says whether nothing was written.
func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func find(fields []field, key string) *field {
	for i := range fields {
		if fields[i].key == key {
			return &fields[i]
		}
	}
	return nil
}

func nearestKey(key string, fields []field) string {
	var known []string
	for _, f := range fields {
		known = append(known, f.key)
	}
	return Nearest(key, known)
}

func keys(fields []field) string {
	var known []string
	for _, f := range fields {
		known = append(known, f.key)
	}
	return strings.Join(known, ", ")
}

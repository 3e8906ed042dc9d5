package config

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/rules"
)

// maxLimit bounds the numbers of gate.max.
const maxLimit = 1_000_000

// named is a rule's id where the file names it.
type named struct {
	id string
	at *yaml.Node
}

// policy decodes a config file, DESIGN section 6.
func (d *decoder) policy(text []byte) *Policy {
	root := d.document(text)
	if root == nil {
		return nil
	}
	var p Policy
	var own []rules.Rule
	var disabled, ignored []named
	d.mapping(root, "the file", []field{
		{key: "version", required: true, read: d.version},
		{key: "rules", read: func(n *yaml.Node) { own = d.rules(n) }},
		{key: "disable", read: func(n *yaml.Node) { disabled = d.ids(n) }},
		{key: "ignore", read: func(n *yaml.Node) { p.Ignore, ignored = d.ignores(n) }},
		{key: "gate", read: func(n *yaml.Node) { d.gate(n, &p) }},
		{key: "paths", read: func(n *yaml.Node) { d.paths(n, &p) }},
	})
	if len(d.problems) == 0 {
		p.Rules = d.ruleSet(root, own, disabled, ignored)
	}
	return &p
}

func (d *decoder) version(n *yaml.Node) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || n.Value != "1" {
		d.wrong(n, "version is not 1, the only one there is", "write version: 1")
	}
}

// rules reads the file's own rules and runs their examples.
func (d *decoder) rules(n *yaml.Node) []rules.Rule {
	var own []rules.Rule
	d.list(n, "rules", func(item *yaml.Node) {
		var rule rules.Rule
		err := item.Decode(&rule)
		if err == nil {
			err = rules.Check(rule)
		}
		if err != nil {
			d.wrongRule(item, err)
			return
		}
		own = append(own, rule)
	})
	return own
}

// wrongRule reports what is wrong with rules, where the error says if it does,
// else at n.
func (d *decoder) wrongRule(n *yaml.Node, err error) {
	var format *rules.FormatError
	if errors.As(err, &format) && format.Line > 0 {
		n = &yaml.Node{Line: format.Line, Column: max(format.Column, 1)}
		d.wrong(n, format.Problem, "")
		return
	}
	var wrongType *yaml.TypeError
	if errors.As(err, &wrongType) && len(wrongType.Errors) > 0 {
		d.wrong(n, "a rule "+wrongType.Errors[0], "")
		return
	}
	d.wrong(n, strings.TrimPrefix(err.Error(), "yaml: "), "")
}

// ids reads a list of rule ids.
func (d *decoder) ids(n *yaml.Node) []named {
	var all []named
	d.list(n, "disable", func(item *yaml.Node) {
		if id := d.text(item, "a rule's id"); id != "" {
			all = append(all, named{id, item})
		}
	})
	return all
}

// ruleSet is the catalogue with own rules and without the disabled ones, once
// every id that the file names is known to be one.
func (d *decoder) ruleSet(root *yaml.Node, own []rules.Rule, disabled, ignored []named) *rules.Set {
	builtin, err := rules.Builtin()
	if err != nil {
		d.wrong(root, err.Error(), "install loggate anew")
		return nil
	}
	known := []string{build.LastLines}
	for _, rule := range slices.Concat(builtin.Rules(), own) {
		known = append(known, rule.ID)
	}
	for _, name := range slices.Concat(disabled, ignored) {
		if !slices.Contains(known, name.id) {
			d.wrong(name.at, "there is no rule "+quote(name.id), "the nearest known one is "+Nearest(name.id, known))
		}
	}
	if len(d.problems) > 0 {
		return nil
	}
	var without []string
	for _, name := range disabled {
		without = append(without, name.id)
	}
	set, err := builtin.With(own, without)
	if err != nil {
		d.wrongRule(root, err)
		return nil
	}
	return set
}

// ignores reads the list of accepted findings, and the rules it names.
func (d *decoder) ignores(n *yaml.Node) (all []Ignore, ruleIDs []named) {
	d.list(n, "ignore", func(item *yaml.Node) {
		ignore := Ignore{Source: d.source(item)}
		before := len(d.problems)
		d.mapping(item, "an ignore", []field{
			{key: "rule", read: func(n *yaml.Node) {
				ignore.Rule = d.text(n, "rule")
				ruleIDs = append(ruleIDs, named{ignore.Rule, n})
			}},
			{key: "pattern", read: func(n *yaml.Node) { ignore.Pattern = d.pattern(n, "pattern") }},
			{key: "reason", required: true, read: func(n *yaml.Node) { ignore.Reason = d.text(n, "reason") }},
			{key: "until", read: func(n *yaml.Node) { ignore.Until = d.date(n) }},
		})
		if ignore.Rule == "" && ignore.Pattern == nil && len(d.problems) == before {
			d.wrong(item, "an ignore has neither rule nor pattern", "say what it is about")
		}
		all = append(all, ignore)
	})
	return all, ruleIDs
}

func (d *decoder) date(n *yaml.Node) time.Time {
	date, err := time.Parse(time.DateOnly, n.Value)
	if err != nil || !isText(n) {
		d.wrong(n, "until is not a date: "+quote(n.Value), "write it as 2027-03-31")
	}
	return date
}

func (d *decoder) gate(n *yaml.Node, p *Policy) {
	d.mapping(n, "gate", []field{
		{key: "max", read: func(n *yaml.Node) { p.Max = d.limits(n) }},
		{key: "require", read: func(n *yaml.Node) { p.Require = d.demands(n, "require") }},
		{key: "forbid", read: func(n *yaml.Node) { p.Forbid = d.demands(n, "forbid") }},
	})
}

// limits reads gate.max, worst severity first.
func (d *decoder) limits(n *yaml.Node) []Limit {
	var limits []Limit
	var fields []field
	for _, severity := range []build.Severity{build.Error, build.Warning, build.Notice} {
		fields = append(fields, field{key: string(severity), read: func(n *yaml.Node) {
			most, ok := number(n.Value, 0, maxLimit)
			octal := len(n.Value) > 1 && n.Value[0] == '0' // to some readers of YAML
			if !ok || octal || n.ShortTag() != "!!int" {
				d.wrong(n, fmt.Sprintf("max of %s is not a whole number from 0 to %d", severity, maxLimit), "write how many are allowed")
			}
			limits = append(limits, Limit{severity, most, d.source(n)})
		}})
	}
	d.mapping(n, "max", fields)
	return limits
}

// demands reads gate.require or gate.forbid.
func (d *decoder) demands(n *yaml.Node, what string) []Demand {
	var all []Demand
	d.list(n, what, func(item *yaml.Node) {
		demand := Demand{Source: d.source(item)}
		d.mapping(item, "an entry of "+what, []field{
			{key: "pattern", required: true, read: func(n *yaml.Node) { demand.Pattern = d.pattern(n, "pattern") }},
			{key: "builds", read: func(n *yaml.Node) { demand.Builds = d.globs(n) }},
			{key: "reason", read: func(n *yaml.Node) { demand.Reason = d.text(n, "reason") }},
		})
		all = append(all, demand)
	})
	return all
}

// globs reads a list of builds' names. An empty one would be about no build.
func (d *decoder) globs(n *yaml.Node) []string {
	var globs []string
	d.list(n, "builds", func(item *yaml.Node) {
		glob := d.text(item, "a build")
		if _, err := path.Match(glob, ""); err != nil {
			d.wrong(item, quote(glob)+" is no glob", "close its [, or put a \\ before it")
		}
		globs = append(globs, glob)
	})
	if isNull(n) || n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		d.wrong(n, "builds names none", "leave builds out for all of them")
	}
	return globs
}

func (d *decoder) paths(n *yaml.Node, p *Policy) {
	d.mapping(n, "paths", []field{
		{key: "strip", read: func(n *yaml.Node) {
			d.list(n, "strip", func(item *yaml.Node) {
				if pattern := d.pattern(item, "strip"); pattern != nil {
					p.Strip = append(p.Strip, pattern)
				}
			})
		}},
	})
}

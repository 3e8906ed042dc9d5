package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/config"
	"github.com/loggate/loggate/internal/rules"
)

// rulesCommand is the commands about rules.
type rulesCommand struct {
	List   rulesList   `cmd:"" help:"List the built-in rules."`
	Show   rulesShow   `cmd:"" help:"Show one built-in rule."`
	Test   rulesTest   `cmd:"" help:"Run the examples of the built-in rules, or of rules files."`
	Import rulesImport `cmd:"" help:"Print rules made of GitHub problem matchers."`
}

type rulesList struct{}

func (rulesList) execute(_ context.Context, p Process) int {
	set, err := rules.Builtin()
	if err != nil {
		return usage(p, err)
	}
	table := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RULE\tSEVERITY\tKIND\tHINT")
	for _, r := range set.Rules() {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", r.ID, r.Severity, r.Kind, r.Hint)
	}
	return printed(p, table.Flush())
}

// printed is the exit code of a command that has only something to print.
func printed(p Process, err error) int {
	if err != nil {
		fmt.Fprintf(p.Stderr, "loggate: printing: %v\n", err)
		return build.ExitIncomplete
	}
	return build.ExitPass
}

type rulesShow struct {
	ID string `arg:"" help:"The rule's id, as rules list shows it."`
}

func (c *rulesShow) execute(_ context.Context, p Process) int {
	set, err := rules.Builtin()
	if err != nil {
		return usage(p, err)
	}
	var ids []string
	for _, r := range set.Rules() {
		if r.ID == c.ID {
			return printed(p, showRule(p.Stdout, r))
		}
		ids = append(ids, r.ID)
	}
	return usage(p, fmt.Errorf("ID: there is no rule %q; did you mean %s?", c.ID, config.Nearest(c.ID, ids)))
}

func showRule(w io.Writer, r rules.Rule) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"rule", r.ID}, {"severity", string(r.Severity)}, {"kind", string(r.Kind)},
		{"pattern", r.Pattern}, {"continues", r.Continues}, {"end", r.End}, {"hint", r.Hint}, {"docs", r.Docs},
	} {
		if row[1] != "" {
			fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
		}
	}
	for _, e := range r.Examples {
		fmt.Fprintf(table, "example\t%s\n", build.Printable(e.Log, 0))
	}
	for _, text := range r.Counterexamples {
		fmt.Fprintf(table, "not\t%s\n", build.Printable(text, 0))
	}
	return table.Flush()
}

type rulesTest struct {
	Files []string `arg:"" optional:"" name:"file" help:"Rules files; without any, the built-in rules are tested."`
}

func (c *rulesTest) execute(_ context.Context, p Process) int {
	list, err := c.rules(p)
	if err != nil {
		return usage(p, err)
	}
	var errs []error
	examples := 0
	for _, r := range list {
		examples += len(r.Examples) + len(r.Counterexamples)
		if err := rules.Check(r); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		return usage(p, errors.Join(errs...))
	}
	fmt.Fprintf(p.Stdout, "%d rules, %d examples: all as expected\n", len(list), examples)
	return build.ExitPass
}

// rules are those of the files, or the built-in ones.
func (c *rulesTest) rules(p Process) ([]rules.Rule, error) {
	if len(c.Files) == 0 {
		set, err := rules.Builtin()
		if err != nil {
			return nil, err
		}
		return set.Rules(), nil
	}
	var list []rules.Rule
	for _, file := range c.Files {
		text, err := os.ReadFile(p.path(file))
		if err != nil {
			return nil, fmt.Errorf("FILE: %q can't be read: %w", file, errors.Unwrap(err))
		}
		parsed, err := rules.Parse(file, text)
		if err != nil {
			return nil, err
		}
		list = append(list, parsed...)
	}
	return list, nil
}

type rulesImport struct {
	Files []string `arg:"" name:"file" help:"Problem-matcher JSON files."`
}

// execute prints rules only where every matcher could be made one: a part of
// them would pass for the whole.
func (c *rulesImport) execute(_ context.Context, p Process) int {
	var list []rules.Rule
	var errs []error
	from := map[string]string{}
	for _, file := range c.Files {
		text, err := os.ReadFile(p.path(file))
		if err != nil {
			return usage(p, fmt.Errorf("FILE: %q can't be read: %w", file, errors.Unwrap(err)))
		}
		imported, err := rules.ImportMatchers(file, text)
		errs = append(errs, err)
		for _, r := range imported {
			if earlier, twice := from[r.ID]; twice {
				errs = append(errs, fmt.Errorf("%s: the rule %s is in %s already: two owners are the same", file, r.ID, earlier))
			}
			from[r.ID] = file
		}
		list = append(list, imported...)
	}
	if err := errors.Join(errs...); err != nil {
		return usage(p, err)
	}
	text, err := rules.Marshal(list)
	if err != nil {
		return usage(p, err)
	}
	_, err = p.Stdout.Write(text)
	return printed(p, err)
}

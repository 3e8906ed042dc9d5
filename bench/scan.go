package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/reviewdog/errorformat"
	"github.com/reviewdog/errorformat/fmts"

	"github.com/loggate/loggate/internal/rules"
	"github.com/loggate/loggate/internal/scan"
)

var scanRows = []row{
	{"scan, all rules", "ripgrep with their patterns", 1, againstRipgrep},
	{"scan, all rules", "ripgrep -F with a word of each pattern", 0, againstLiterals},
	{"scan, all rules", "GNU grep -E with their patterns", 0, againstGrep},
	{"scan, all rules", "a loop of regular expressions", 50, againstLoop},
	{"scan, all rules", "reviewdog/errorformat with the formats of its tools", 0, againstErrorformat},
}

// againstRipgrep compares whole programs on the small log: ripgrep with so many
// patterns is slow.
func againstRipgrep(ctx context.Context, p *prepared) (result, error) {
	file, err := p.patterns("ripgrep", forRipgrep)
	if err != nil {
		return result{}, err
	}
	return p.againstCounting(ctx, "rg", "-a", "-c", "-j1", "-f", file, p.small)
}

func againstGrep(ctx context.Context, p *prepared) (result, error) {
	file, err := p.patterns("grep", forGrep)
	if err != nil {
		return result{}, err
	}
	return p.againstCounting(ctx, "grep", "-a", "-E", "-c", "-f", file, p.small)
}

// againstCounting compares with a program that counts the lines in which the
// patterns are found, and wants it to count what Go counts.
func (p *prepared) againstCounting(ctx context.Context, name string, args ...string) (result, error) {
	counted, err := execute(ctx, name, args...)
	if err != nil {
		return result{}, err
	}
	want, err := naive(p.set, p.lines)
	if err != nil {
		return result{}, err
	}
	if counted.out != strconv.Itoa(want) {
		return result{}, fmt.Errorf("%s finds %s lines, not %d: it was given other patterns", name, counted.out, want)
	}
	ratios, as, bs, err := pairs(ctx, p.runs, processor(p.loggate, "scan", "--format", "json", p.small), processor(name, args...))
	return result{ratios, p.speeds(p.small, as, bs)}, err
}

// againstLiterals compares whole programs on the large log. It says how far from
// the best possible the rules are: ripgrep has less to do, as it looks for one word of
// each pattern only, in any case of letters, and makes nothing of it.
func againstLiterals(ctx context.Context, p *prepared) (result, error) {
	var words []string
	for _, r := range p.set.Rules() {
		re, err := syntax.Parse(r.Pattern, syntax.Perl)
		if err != nil {
			return result{}, err
		}
		if word := longestLiteral(re); word != "" {
			words = append(words, word)
		}
	}
	file, err := p.write("words", words)
	if err != nil {
		return result{}, err
	}
	ratios, as, bs, err := pairs(ctx, p.runs,
		processor(p.loggate, "scan", "--format", "json", p.large),
		processor("rg", "-a", "-c", "-j1", "-F", "-f", file, p.large))
	return result{ratios, p.speeds(p.large, as, bs)}, err
}

// againstLoop compares what the two take inside one program.
func againstLoop(ctx context.Context, p *prepared) (result, error) {
	return p.against(ctx, func() error {
		_, err := naive(p.set, p.lines)
		return err
	})
}

// naive counts the lines that a rule is found in, by trying one rule after the other.
func naive(set *rules.Set, lines [][]byte) (int, error) {
	var compiled []*regexp.Regexp
	for _, r := range set.Rules() {
		re, err := regexp.Compile(r.Pattern)
		if err != nil {
			return 0, err
		}
		compiled = append(compiled, re)
	}
	count := 0
	for _, line := range lines {
		for _, re := range compiled {
			if re.Match(line) {
				count++
				break
			}
		}
	}
	return count, nil
}

// againstErrorformat has the formats of each tool read the log, one after the other: in
// one list they hide each other's lines.
func againstErrorformat(ctx context.Context, p *prepared) (result, error) {
	var tools []*errorformat.Errorformat
	for name, f := range fmts.DefinedFmts() {
		formats, err := errorformat.NewErrorformat(f.Errorformat)
		if err != nil {
			return result{}, fmt.Errorf("%s: %w", name, err)
		}
		tools = append(tools, formats)
	}
	small := bytes.Join(p.lines, []byte{'\n'})
	return p.against(ctx, func() error {
		for _, formats := range tools {
			for found := formats.NewScanner(bytes.NewReader(small)); found.Scan(); {
				_ = found.Entry()
			}
		}
		return nil
	})
}

// against compares a scan of the small log with something else on it.
func (p *prepared) against(ctx context.Context, other func() error) (result, error) {
	small, err := os.ReadFile(p.small)
	if err != nil {
		return result{}, err
	}
	ours := func() error {
		scanner := scan.New(p.set, scan.Options{})
		if _, err := scanner.Write(small); err != nil {
			return err
		}
		if scanner.Finish(scan.Outcome{}).Lines == 0 {
			return errors.New("nothing was scanned")
		}
		return nil
	}
	ratios, as, bs, err := pairs(ctx, p.runs, inside(20, ours), inside(1, other))
	return result{ratios, p.speeds(p.small, as, bs)}, err
}

// patterns writes the patterns of all rules, a line each.
func (p *prepared) patterns(name string, as func(string) (string, error)) (file string, err error) {
	var all []string
	for _, r := range p.set.Rules() {
		pattern, err := as(r.Pattern)
		if err != nil {
			return "", fmt.Errorf("%s: %w", r.ID, err)
		}
		all = append(all, pattern)
	}
	return p.write(name, all)
}

func (p *prepared) write(name string, lines []string) (string, error) {
	file := filepath.Join(p.dir, name)
	return file, os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600)
}

// speeds says how fast both sides of a row read the file.
func (p *prepared) speeds(file string, as, bs []float64) string {
	info, err := os.Stat(file)
	if err != nil || len(as) == 0 {
		return ""
	}
	mb := float64(info.Size()) / 1e6
	return fmt.Sprintf("%.3g MB at %.3g and %.3g MB/s", mb, mb/median(as), mb/median(bs))
}

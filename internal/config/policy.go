package config

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/rules"
)

// Policy is what a config file says, compiled. A Source is the file:line
// where it says so.
type Policy struct {
	Rules   *rules.Set // the catalogue, with the file's own rules, without disabled ones
	Ignore  []Ignore
	Max     []Limit
	Require []Demand // patterns that must be in every log they are about
	Forbid  []Demand // patterns that must be in none of them
	// Strip are prefixes to take off the paths that logs name, so that they
	// match the repository's.
	Strip []*regexp.Regexp
}

// Ignore accepts findings that are known: those of the rule, of the lines
// that the pattern is in, or of both.
type Ignore struct {
	Rule    string         // "" for any
	Pattern *regexp.Regexp // nil for any
	Reason  string
	Until   time.Time // the last day, at 0:00 UTC; zero where there is no end
	Source  string
}

// Expired says whether the last day is over, in UTC.
func (i Ignore) Expired(now time.Time) bool {
	return !i.Until.IsZero() && !now.Before(i.Until.AddDate(0, 0, 1))
}

// Limit is the most findings of a severity that all builds together may have.
type Limit struct {
	Severity build.Severity
	Max      int
	Source   string
}

// Demand is a pattern that logs must or must not have a line with.
type Demand struct {
	Pattern *regexp.Regexp
	Builds  []string // globs as of path.Match, all valid; empty for all builds
	Reason  string   // "" where none is given
	Source  string
}

// Covers says whether the demand is about the build of that name.
func (d Demand) Covers(name string) bool {
	for _, glob := range d.Builds {
		if ok, _ := path.Match(glob, name); ok || glob == name {
			return true
		}
	}
	return len(d.Builds) == 0
}

// Missing are the plain names among the demand's builds that are not among the
// given ones. A glob may match nothing; a name is meant to.
func (d Demand) Missing(names []string) []string {
	var missing []string
	for _, name := range d.Builds {
		if !strings.ContainsAny(name, `*?[\\`) && !slices.Contains(names, name) {
			missing = append(missing, name)
		}
	}
	return missing
}

// defaultPolicy is the config file where the input config names none.
const defaultPolicy = ".loggate.yml"

func (r *reader) configFile(v value) {
	r.config.ConfigPath = v.text
	if _, err := os.Stat(r.file(v.text)); err != nil {
		r.wrong(v, "can't be read: "+reason(err), "name a file that is there, or leave it out: "+defaultPolicy+" is read if present")
		return
	}
	r.readPolicy(v.text)
}

// policy reads the default config file unless another one was named.
func (r *reader) policy() {
	if r.config.ConfigPath != "" {
		return
	}
	// A link that leads nowhere is there too: a policy that is meant never goes unnoticed.
	if _, err := os.Lstat(r.file(defaultPolicy)); !errors.Is(err, fs.ErrNotExist) {
		r.config.ConfigPath = defaultPolicy
		r.readPolicy(defaultPolicy)
		return
	}
	builtin, err := rules.Builtin()
	if err != nil {
		r.report(err)
	}
	r.config.Policy = &Policy{Rules: builtin}
}

func (r *reader) readPolicy(name string) {
	policy, err := ReadPolicy(r.dir, name)
	if err != nil {
		r.report(err)
	}
	r.config.Policy = policy
}

// ReadPolicy reads a config file. name is its path as errors show it, relative
// to dir. The error joins one FileError for each thing that is wrong.
func ReadPolicy(dir, name string) (*Policy, error) {
	text, err := readBounded(inDir(dir, name), maxPolicy)
	if err != nil {
		return nil, &FileError{File: name, Problem: "can't be read: " + reason(err), Mend: "make it readable, or remove it"}
	}
	d := decoder{file: name}
	policy := d.policy(text)
	if err := d.err(); err != nil {
		return nil, err
	}
	return policy, nil
}

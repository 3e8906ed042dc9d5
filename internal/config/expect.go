package config

import (
	"slices"
	"strings"
)

// maxReports bounds what expect may ask for.
const maxReports = 1000

// Expected is what a merge has to find: so many reports, or builds of these
// names. Both are zero where nothing is expected.
type Expected struct {
	Reports int
	Builds  []string
}

// ResolveMerge is the Config of a merge: of the inputs that make sense for
// reports that are already here. Variables of the others are let be. Errors are
// those of Resolve.
func ResolveMerge(flags MergeFlags, env Environment, dir string) (*Config, error) {
	r := newReader(mergeInputs(), &flags, env, dir)
	r.config.DryRun = flags.DryRun
	r.readInputs()
	r.policy()
	r.expect()
	return r.result()
}

// mergeInputs are the inputs of a merge: a scan's, with a run's defaults.
func mergeInputs() []Input {
	return slices.DeleteFunc(Inputs(), func(in Input) bool { return !in.Scan })
}

// expect reads the flag expect: a number of reports, or names of builds.
func (r *reader) expect() {
	text, given := r.flags["expect"]
	if !given {
		return
	}
	v := value{Input{Name: "expect"}, "--expect", text}
	if wholeNumber.MatchString(text) {
		n, ok := number(text, 1, maxReports)
		if !ok {
			r.wrong(v, "is not a number of reports from 1 to 1000", "write how many jobs there are, or the names of their builds")
		}
		r.config.Expected.Reports = n
		return
	}
	for name := range strings.SplitSeq(text, ",") {
		name = strings.TrimSpace(name)
		if name == "" || slices.Contains(r.config.Expected.Builds, name) {
			r.wrong(v, "has an empty name, or one twice", "write a number of reports, or names of builds with commas between them")
			return
		}
		r.config.Expected.Builds = append(r.config.Expected.Builds, name)
	}
}

package config

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// reader reads inputs into a Config and gathers what is wrong with them.
type reader struct {
	inputs   []Input
	flags    map[string]string // those that were given, by name
	env      Environment
	dir      string
	audience string // oidc-audience, "" where it was not given
	config   Config
	problems []error
}

// value is the text of an input and where it comes from.
type value struct {
	Input
	source string // flag or variable as the user wrote it, or "default"
	text   string
}

// layer is where values come from, in order of precedence.
type layer int

const (
	fromFlag layer = iota
	fromLoggate
	fromGitHub
	fromSDK       // the variables of Huawei's SDKs
	fromTerraform // the variables of Huawei's Terraform provider
	layers
)

// The prefixes of variables.
const (
	loggatePrefix   = "LOGGATE_"
	resultPrefix    = "LOGGATE_RESULT_" // outputs of an earlier job
	githubPrefix    = "INPUT_"
	sdkPrefix       = "HUAWEICLOUD_SDK_"
	terraformPrefix = "HW_"
)

func newReader(inputs []Input, flags any, env Environment, dir string) *reader {
	r := &reader{inputs: inputs, flags: givenFlags(flags), env: env, dir: dir}
	for _, name := range slices.Sorted(maps.Keys(r.flags)) {
		text := strings.TrimSpace(r.flags[name])
		r.flags[name] = text
		if text == "" {
			r.report(&InputError{Input: name, Source: "--" + name, Problem: "is given but empty", Mend: "give it a value or leave the flag out"})
			delete(r.flags, name)
		}
	}
	return r
}

// readInputs reads all inputs but the credentials, in the order of the table.
func (r *reader) readInputs() {
	for _, in := range r.inputs {
		if in.read == nil {
			continue
		}
		if v, ok := r.lookup(in); ok {
			in.read(r, v)
		} else if in.Name == "builds" {
			r.report(&InputError{Input: in.Name, Problem: "no builds are given",
				Mend: "name them as JOB_ID:BUILD_NO, one per line, with --builds, " + in.Variable() + " or the GitHub input builds"})
		}
	}
}

// lookup is the input's value in the first layer that has one, else its default.
func (r *reader) lookup(in Input) (value, bool) {
	for l := range layers {
		if v, ok := r.at(l, in); ok {
			return v, true
		}
	}
	return value{in, "default", in.Default}, in.Default != ""
}

// at is the input's value in one layer. An empty variable is unset.
func (r *reader) at(l layer, in Input) (value, bool) {
	if l == fromFlag {
		text, ok := r.flags[in.Name]
		return value{in, "--" + in.Name, text}, ok
	}
	for _, name := range in.variables(l) {
		if text := strings.TrimSpace(r.env[name]); text != "" {
			return value{in, name, text}, true
		}
	}
	return value{}, false
}

// variables are the input's variables in one layer, the first one first.
func (in Input) variables(l layer) []string {
	upper := strings.ToUpper(in.Name)
	switch l {
	case fromLoggate:
		return []string{in.Variable()}
	case fromGitHub:
		// GitHub keeps the hyphens; a shell can't set such a variable.
		return slices.Compact([]string{githubPrefix + upper, githubPrefix + strings.ReplaceAll(upper, "-", "_")})
	case fromSDK:
		return withPrefix(in.Foreign, sdkPrefix)
	case fromTerraform:
		return withPrefix(in.Foreign, terraformPrefix)
	default:
		return nil
	}
}

func withPrefix(names []string, prefix string) []string {
	var with []string
	for _, name := range names {
		if strings.HasPrefix(name, prefix) {
			with = append(with, name)
		}
	}
	return with
}

// unknownVariables reports LOGGATE_ variables that nothing reads: most likely
// typos, which would otherwise go unnoticed. Their values may be secret.
func (r *reader) unknownVariables() {
	var known []string
	for _, in := range Inputs() { // a scan or a merge lets the variables of a run be
		known = append(known, in.Variable())
	}
	for _, name := range slices.Sorted(maps.Keys(r.env)) {
		if !strings.HasPrefix(name, loggatePrefix) || strings.HasPrefix(name, resultPrefix) ||
			r.env[name] == "" || slices.Contains(known, name) {
			continue
		}
		flag := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, loggatePrefix)), "_", "-")
		if slices.Contains(flagsOnly(), flag) {
			r.report(&InputError{Input: shorten(name, maxShown), Problem: flag + " is a flag without a variable", Mend: "unset it and write --" + flag})
			continue
		}
		r.report(&InputError{Input: shorten(name, maxShown), Problem: "is not a variable of loggate",
			Mend: "rename or unset it; the nearest known one is " + Nearest(name, known)})
	}
}

// wrong reports what is wrong with a value.
func (r *reader) wrong(v value, problem, mend string) {
	r.report(&InputError{Input: v.Name, Source: v.source, Value: v.shown(), Problem: problem, Mend: mend})
}

func (r *reader) report(problem error) { r.problems = append(r.problems, problem) }

// shown is the value as errors may show it.
func (v value) shown() string {
	if v.Secret {
		return hidden
	}
	return v.text
}

// file is the path of a file that an input names.
func (r *reader) file(name string) string { return inDir(r.dir, name) }

// inDir is a path that is relative to dir.
func inDir(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

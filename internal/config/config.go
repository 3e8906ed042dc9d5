// Package config turns inputs (flags, environment variables, GitHub inputs)
// and .loggate.yml into one validated value, the Config. Whatever is wrong
// with them is found here, before the first request, and said in one line
// that names the input, its value unless it is secret, and the mend.
package config

import (
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/loggate/loggate/internal/build"
)

// Config is what a run was told to do. Every value has been checked.
type Config struct {
	Builds      []build.Ref // in the order of the input, with unique names
	Region      string
	Endpoint    *url.URL // of the API; the path has no slash at its end
	IAMEndpoint *url.URL // of the token exchange; likewise
	Credentials Credentials
	ProjectID   string // X-Project-Id, "" where none was given

	Policy     *Policy // never nil: without a config file the built-in rules alone
	ConfigPath string  // as it was given, relative to the working directory; "" without a config file

	Wait        bool
	Timeout     time.Duration // 1s to 24h, for the whole run
	Concurrency int           // 1 to 64 builds at the same time
	RateLimit   float64       // share of the published limits: 1 is 100 %, 0 is off
	Source      string        // "auto", "pages" or "download"
	Resume      bool          // go on with what an earlier run has left in OutputDir

	FailOn   FailOn
	Baseline *build.Report // nil without a baseline
	// BaselinePath is as it was given, relative to the working directory.
	BaselinePath string
	NewOnly      bool
	DryRun       bool
	Expected     Expected // of a merge

	// OutputDir is as it was given, relative to the working directory; "" for
	// a scan that writes no files.
	OutputDir   string
	Formats     []string // of html, sarif, junit, codequality; empty for none
	PrintLog    string   // none, failed or all
	Annotations int      // 0 to 10 of each severity
	Summary     string   // always, failed or never
	LogLevel    slog.Level
	Redact      bool
	Color       string // auto, always or never

	Format  string // of a scan's stdout: text or json; "" for a run
	Explain bool   // a scan says why findings have their rank
}

// FailOn is what makes a run fail by itself. Never stands alone.
type FailOn struct {
	Build   bool // a build that ended without success
	Error   bool // a counted finding of severity error
	Warning bool // a counted finding of severity warning or error
	Never   bool // nothing, not even missing evidence
}

// Environment is a process's environment by variable.
type Environment map[string]string

// NewEnvironment reads KEY=value pairs as os.Environ returns them. Of a
// variable that is there twice the last one counts.
func NewEnvironment(pairs []string) Environment {
	env := make(Environment, len(pairs))
	for _, pair := range pairs {
		if key, value, ok := strings.Cut(pair, "="); ok && key != "" {
			env[key] = value
		}
	}
	return env
}

// Resolve is the Config of a run. dir is the working directory, to which files
// among the inputs are relative. The error joins one line for each thing that
// is wrong (InputError, FileError), so that all can be mended at once.
func Resolve(flags Flags, env Environment, dir string) (*Config, error) {
	r := newReader(Inputs(), &flags, env, dir)
	r.config.DryRun = flags.DryRun
	r.config.Resume = flags.Resume
	r.readInputs()
	r.policy()
	r.credentials()
	r.endpoints()
	r.newOnlyNeedsBaseline()
	return r.result()
}

// ResolveScan is the Config of a scan: of the inputs that make sense for logs
// that are already here. Variables of the others are let be, and no
// credentials are needed. Errors are those of Resolve.
func ResolveScan(flags ScanFlags, env Environment, dir string) (*Config, error) {
	r := newReader(scanInputs(), &flags, env, dir)
	r.config.DryRun = flags.DryRun
	r.config.Explain = flags.Explain
	r.readInputs()
	r.policy()
	r.config.Format = r.choice("format", "text", "json")
	r.formatsNeedOutputDir()
	r.newOnlyNeedsBaseline()
	return r.result()
}

// result ends the reading with what is about more than one input.
func (r *reader) result() (*Config, error) {
	r.config.Color = r.choice("color", "auto", "always", "never")
	r.unknownVariables()
	if len(r.problems) > 0 {
		return nil, errors.Join(r.problems...)
	}
	return &r.config, nil
}

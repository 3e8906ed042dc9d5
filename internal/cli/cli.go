// Package cli has loggate's commands and the order in which data flows through
// a run: inputs, fetch, artifact, scan, gate, report, exit code.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"github.com/loggate/loggate/internal/artifact"
	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/config"
)

// Process is what the system gives a program.
type Process struct {
	Args           []string // without the program's name
	Env            []string // KEY=value
	Dir            string   // the working directory
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// commands is the command line, for kong to fill.
type commands struct {
	Run      runCommand      `cmd:"" default:"withargs" help:"Fetch the logs of builds, find out why they failed, decide (the default)."`
	Scan     scanCommand     `cmd:"" help:"Find causes in log files that are here already, of any CI system."`
	Merge    mergeCommand    `cmd:"" help:"Make one report and one verdict out of the reports of parallel jobs."`
	Demo     demoCommand     `cmd:"" help:"Run the main job on a simulated CodeArts Build: no account, no network."`
	Simulate simulateCommand `cmd:"" help:"Serve a simulated CodeArts Build, to try a pipeline or a policy against."`
	Rules    rulesCommand    `cmd:"" help:"List, show, test and import rules."`
	Config   configCommand   `cmd:"" help:"Check the config file."`
	Version  versionCommand  `cmd:"" help:"Print version, commit and Go version."`
}

// command is what every command of the command line can do.
type command interface {
	// execute runs the command and returns the exit code.
	execute(ctx context.Context, p Process) int
}

// Run runs the command that p.Args name and returns the exit code (DESIGN
// section 3). ctx ends when the program is interrupted. A panic is reported
// and is missing evidence.
func Run(ctx context.Context, p Process) (code int) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(p.Stderr, "loggate: internal error: %v\n%s", r, debug.Stack())
			code = build.ExitIncomplete
		}
	}()
	line := &commands{}
	shown := false
	parser, err := kong.New(line,
		kong.Name("loggate"),
		kong.Description("Get every line of every build's log, say why it failed, and let nothing pass that should not."),
		kong.Vars(config.HelpVars()),
		kong.Writers(p.Stdout, p.Stderr),
		kong.Exit(func(int) { shown = true }), // kong exits by itself after --help only
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		return usage(p, fmt.Errorf("the command line is wrongly declared: %w", err))
	}
	parsed, err := parser.Parse(p.Args)
	if shown {
		return build.ExitPass
	}
	if err != nil {
		return usage(p, fmt.Errorf("%w%s; loggate --help lists commands and flags", withoutValue(err), nearestFlag(err)))
	}
	return selected(line, parsed.Selected()).execute(ctx, p)
}

// valueExpected matches kong's complaint about a flag with something like
// another flag in the place of its value.
var valueExpected = regexp.MustCompile(`^(--[a-z-]+): expected .* value but got `)

// withoutValue words that complaint so that it doesn't show what is there
// instead: it may be a secret that begins with a dash.
func withoutValue(err error) error {
	if m := valueExpected.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("%s has no value; write %[1]s=VALUE, also where the value begins with a dash", m[1])
	}
	return err
}

// nearestFlag names the known flag that is most like an unknown one; kong does
// that by itself only for those that are very much like it.
func nearestFlag(err error) string {
	unknown, found := strings.CutPrefix(err.Error(), "unknown flag --")
	parse, ok := errors.AsType[*kong.ParseError](err)
	if !found || !ok || strings.Contains(unknown, "did you mean") {
		return ""
	}
	flags := parse.Context.Flags()
	if byDefault := parse.Context.Model.DefaultCmd; byDefault != nil && len(parse.Context.Path) == 1 {
		flags = append(flags, byDefault.Flags...) // no command was named
	}
	var known []string
	for _, flag := range flags {
		known = append(known, flag.Name)
	}
	return fmt.Sprintf("; the nearest known one is --%s", config.Nearest(unknown, known))
}

// selected is the command that the user has named.
func selected(line *commands, node *kong.Node) command {
	switch {
	case node.Parent != nil && node.Parent.Name == "rules":
		return map[string]command{"list": &line.Rules.List, "show": &line.Rules.Show, "test": &line.Rules.Test, "import": &line.Rules.Import}[node.Name]
	case node.Parent != nil && node.Parent.Name == "config":
		return &line.Config.Check
	}
	return map[string]command{
		"run": &line.Run, "scan": &line.Scan, "merge": &line.Merge, "demo": &line.Demo, "simulate": &line.Simulate, "version": &line.Version,
	}[node.Name]
}

// usage says what is wrong with the inputs, a line each, and returns 2.
func usage(p Process, err error) int {
	for _, line := range strings.Split(err.Error(), "\n") {
		fmt.Fprintf(p.Stderr, "loggate: %s\n", build.Printable(line, 0))
	}
	return build.ExitUsage
}

// path is name below the working directory, unless it is absolute.
func (p Process) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(p.Dir, name)
}

// environment is the process's environment by variable.
func (p Process) environment() config.Environment { return config.NewEnvironment(p.Env) }

// terminal says whether w is a terminal, and how wide, in columns.
func terminal(w io.Writer) (width int, ok bool) {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	return width, true
}

// colored decides on colour: --color beats NO_COLOR (no-color.org) beats
// whether w is a terminal.
func colored(mode string, env config.Environment, w io.Writer) bool {
	switch mode {
	case "always":
		return true
	case "never":
		return false
	}
	_, ok := terminal(w)
	return ok && env["NO_COLOR"] == "" && env["TERM"] != "dumb"
}

// versionCommand prints what the binary is.
type versionCommand struct{}

func (versionCommand) execute(_ context.Context, p Process) int {
	v := version()
	fmt.Fprintf(p.Stdout, "loggate %s (commit %s, %s)\n", v.Version, v.commit, v.golang)
	return build.ExitPass
}

type binary struct{ Version, commit, golang string }

// version reads what the Go tool has noted in the binary.
func version() binary {
	v := binary{Version: "devel", commit: "unknown", golang: "unknown Go"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.golang = info.GoVersion
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		v.Version = strings.TrimPrefix(info.Main.Version, "v")
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v.commit = s.Value
		}
	}
	return v
}

// configCommand is the commands about the config file.
type configCommand struct {
	Check configCheck `cmd:"" help:"Check .loggate.yml, or another config file."`
}

type configCheck struct {
	File string `arg:"" optional:"" default:".loggate.yml" help:"The config file."`
}

func (c *configCheck) execute(_ context.Context, p Process) int {
	policy, err := config.ReadPolicy(p.Dir, c.File)
	if err != nil {
		return usage(p, err)
	}
	fmt.Fprintf(p.Stdout, "%s is right: entries of ignore: %d, max: %d, require: %d, forbid: %d\n",
		build.Printable(c.File, 200), len(policy.Ignore), len(policy.Max), len(policy.Require), len(policy.Forbid))
	return build.ExitPass
}

// openOutput opens the output directory, named as the user named it.
func openOutput(p Process, name string) (*artifact.Dir, error) {
	dir, err := artifact.Open(p.path(name))
	if err != nil {
		return nil, fmt.Errorf("output-dir: %w", err)
	}
	return dir, nil
}

package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/config"
	"github.com/loggate/loggate/internal/rules"
	"github.com/loggate/loggate/internal/simulator"
	"github.com/loggate/loggate/testdata"
)

// demoCommand runs the main job on the embedded simulator.
type demoCommand struct {
	OutputDir string `name:"output-dir" default:"loggate-out" placeholder:"DIR" help:"Where artifacts go. Default: loggate-out."`
	Color     string `name:"color" default:"auto" enum:"auto,always,never" placeholder:"WHEN" help:"Colour the output: auto, always or never."`
}

// demoTimeout bounds the demo; it takes some five seconds.
const demoTimeout = 10 * time.Second

// demoBuild is one of the demo's builds, each with real output of real tools
// (testdata/README.md).
type demoBuild struct {
	name, result string
	number       int
	stage        string        // its main one, as the log names it
	took         time.Duration // of that stage, where the build has ended
	runs         time.Duration // how long it is still running when the demo starts
}

func demoBuilds() []demoBuild {
	return []demoBuild{
		{name: "api", number: 128, result: "SUCCESS", stage: "Go构建", took: 32 * time.Second},
		{name: "web", number: 57, result: "FAILURE", stage: "Npm构建", took: 21 * time.Second},       // does not compile
		{name: "worker", number: 311, result: "FAILURE", stage: "Maven构建", took: 13 * time.Second}, // a test fails
		{name: "docs", number: 42, result: "SUCCESS", stage: "生成文档", runs: 4 * time.Second},
	}
}

// checkoutTook is how long the simulated builds take to check out their code.
const checkoutTook = 2 * time.Second

func (c *demoCommand) execute(ctx context.Context, p Process) int {
	if err := c.demo(ctx, p); err != nil {
		fmt.Fprintf(p.Stderr, "loggate: demo: %s\n", build.Printable(oneLine(err), 0))
		switch {
		case ctx.Err() != nil:
			return build.ExitInterrupted
		case errors.As(err, new(unusableError)):
			return build.ExitUsage
		}
		return build.ExitFail
	}
	return build.ExitPass
}

// unusableError is an error of the demo's flags.
type unusableError struct{ error }

// demo returns an error unless the expected verdict and logs have come out.
func (c *demoCommand) demo(ctx context.Context, p Process) error {
	ctx, cancel := context.WithTimeoutCause(ctx, demoTimeout, timeoutError{demoTimeout})
	defer cancel()
	const key, secret = "DEMOACCESSKEY0000000", "demo-secret-key-of-the-simulator"
	builds, err := simulated()
	if err != nil {
		return err
	}
	server, err := simulator.New(simulator.Options{
		Builds: builds,
		Auth:   simulator.Auth{Keys: []simulator.Key{{Access: key, Secret: secret}}},
		// One page is refused for too many requests, one body breaks off.
		Faults: []simulator.Fault{
			{Kind: "429", Nth: 3, Delay: time.Second, Endpoint: "real-time-log"},
			{Kind: "cut", Nth: 5, Endpoint: "real-time-log"},
		},
	})
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return err
	}
	defer server.Close()
	cfg, err := c.config(server.URL(), builds, config.Credentials{AccessKey: key, SecretKey: secret})
	if err != nil {
		return err
	}
	fmt.Fprintf(p.Stdout, "A simulated CodeArts Build serves four builds at %s; it will refuse one page and break one off.\n\n", server.URL())
	r, err := newRun(cfg, p, demoEnvironment(p))
	if err != nil {
		return unusableError{err}
	}
	defer r.close()
	rep := r.execute(ctx)
	return c.judge(p, rep, builds, server.Stats())
}

// demoEnvironment is what the demo heeds of the environment: how to print, and
// no input, credential or file of a CI system.
func demoEnvironment(p Process) config.Environment {
	env, all := config.Environment{}, p.environment()
	for _, name := range []string{"NO_COLOR", "TERM", "GITHUB_ACTIONS", "GITLAB_CI"} {
		if value, ok := all[name]; ok {
			env[name] = value
		}
	}
	return env
}

// simulated are the demo's builds as the simulator serves them.
func simulated() ([]simulator.Build, error) {
	var builds []simulator.Build
	for i, d := range demoBuilds() {
		log, err := testdata.Demo.ReadFile("demo/" + d.name + ".log")
		if err != nil {
			return nil, fmt.Errorf("reading the embedded log of %s: %w", d.name, err)
		}
		b := simulator.Build{
			Name: d.name, JobID: fmt.Sprintf("%032x", 0xdec0de+i), Number: d.number, Result: d.result,
			Log: bytes.NewReader(log), Branch: "main", Took: checkoutTook + d.took,
			Stages: []simulator.Stage{
				{Name: "代码检出", Execution: "external_pre_checkout", Status: "SUCCESS", Took: checkoutTook},
				{Name: d.stage, Took: d.took},
			},
		}
		if d.runs > 0 {
			b.Grow, b.Took = &simulator.Growth{Duration: d.runs}, 0
			b.Stages[0].Took, b.Stages[1].Took = d.runs/4, d.runs*3/4
		}
		builds = append(builds, b)
	}
	return builds, nil
}

func (c *demoCommand) config(endpoint string, builds []simulator.Build, keys config.Credentials) (*config.Config, error) {
	base, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("the simulator's address: %w", err)
	}
	catalogue, err := rules.Builtin()
	if err != nil {
		return nil, err
	}
	cfg := &config.Config{
		Region: "cn-north-4", Endpoint: base, IAMEndpoint: base, Credentials: keys,
		Policy: &config.Policy{Rules: catalogue},
		Wait:   true, Timeout: demoTimeout, Concurrency: 4, Source: "auto",
		FailOn:    config.FailOn{Build: true, Error: true},
		OutputDir: c.OutputDir, Formats: []string{"html"}, PrintLog: "none", Summary: "never", LogLevel: slog.LevelInfo, Redact: true, Color: c.Color,
	}
	for _, b := range builds {
		cfg.Builds = append(cfg.Builds, build.Ref{Name: b.Name, JobID: b.JobID, Number: b.Number})
	}
	return cfg, nil
}

// judge compares what came out with what is known to be right.
func (c *demoCommand) judge(p Process, rep *build.Report, builds []simulator.Build, stats simulator.Stats) error {
	var errs []error
	if rep.Verdict != build.Fail {
		errs = append(errs, fmt.Errorf("the verdict is %s, expected %s", rep.Verdict, build.Fail))
	}
	for i, b := range rep.Builds {
		if want := build.StatusOf(builds[i].Result); b.Status != want {
			errs = append(errs, fmt.Errorf("build %s: the status is %s, expected %s", b.Name, b.Status, want))
		}
		want, err := checksum(builds[i].Log)
		if err != nil {
			return err
		}
		if b.Log.SHA256 == nil || *b.Log.SHA256 != want {
			errs = append(errs, fmt.Errorf("build %s: the log's SHA-256 is not %s", b.Name, want))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	fmt.Fprintf(p.Stdout, "\nThe demo went as expected: all four logs are whole (their SHA-256 are the sources'),\nin spite of %s.\n"+
		"In a pipeline, the gate would have exited with %d.\n", faultsOf(stats), rep.ExitCode)
	return nil
}

func checksum(log simulator.Source) (string, error) {
	text := make([]byte, log.Size())
	if _, err := log.ReadAt(text, 0); err != nil {
		return "", fmt.Errorf("reading an embedded log: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

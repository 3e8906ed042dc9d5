package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// simulateCommand serves the simulator until it is interrupted.
type simulateCommand struct {
	Listen        string        `name:"listen" default:"127.0.0.1:8788" placeholder:"HOST:PORT" help:"Loopback address to listen on; port 0 takes a free one. Default: 127.0.0.1:8788."`
	Logs          string        `name:"logs" placeholder:"DIR" help:"Serve each NAME.log in it as a build. Without it, the demo's four builds are served."`
	Faults        []string      `name:"fault" sep:"none" placeholder:"FAULT" help:"What goes wrong, such as reset:1% or 429:3%:real-time-log; may be given more than once."`
	Readings      []string      `name:"reading" sep:"none" placeholder:"NAME=VALUE" help:"How to read what the API's reference leaves open, such as offset-unit=utf16; may be given more than once."`
	Limits        string        `name:"limits" default:"100%" placeholder:"N%" help:"Share of the published rate limits, or off. Default: 100%."`
	Seed          int64         `name:"seed" default:"1" placeholder:"N" help:"Of the faults' chances."`
	AccessKey     string        `name:"access-key" default:"SIMULATEDACCESSKEY00" placeholder:"AK" help:"The access key that is let in."`
	SecretKey     string        `name:"secret-key" default:"simulated-secret-key" placeholder:"SK" help:"The secret key that belongs to it."`
	SecurityToken string        `name:"security-token" placeholder:"TOKEN" help:"Makes the keys temporary ones, with this token."`
	AuthToken     string        `name:"auth-token" placeholder:"TOKEN" help:"An IAM token that is let in too."`
	For           time.Duration `name:"for" placeholder:"DURATION" help:"Stop after so long; without it, when interrupted."`
}

func (c *simulateCommand) execute(ctx context.Context, p Process) int {
	options, err := c.options(p)
	if err != nil {
		return usage(p, err)
	}
	server, err := simulator.New(options)
	if err != nil {
		return usage(p, err)
	}
	if err := server.Start(); err != nil {
		return usage(p, fmt.Errorf("%w; choose another --listen", err))
	}
	c.announce(p, server.URL(), options.Builds)
	if c.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.For)
		defer cancel()
	}
	<-ctx.Done()
	if err := server.Close(); err != nil {
		fmt.Fprintf(p.Stderr, "loggate: %v\n", err)
		return build.ExitIncomplete
	}
	c.sumUp(p, server.Stats())
	return build.ExitPass
}

func (c *simulateCommand) options(p Process) (simulator.Options, error) {
	o := simulator.Options{
		Listen: c.Listen, Seed: c.Seed,
		Auth: simulator.Auth{Keys: []simulator.Key{{Access: c.AccessKey, Secret: c.SecretKey, SecurityToken: c.SecurityToken}}},
	}
	if c.AuthToken != "" {
		o.Auth.Tokens = []string{c.AuthToken}
	}
	var errs []error
	for _, text := range c.Faults {
		fault, err := simulator.ParseFault(text)
		o.Faults = append(o.Faults, fault)
		errs = append(errs, prefixed("fault", err))
	}
	for _, text := range c.Readings {
		errs = append(errs, prefixed("reading", simulator.ParseReading(text, &o.Readings)))
	}
	var err error
	o.Limits, err = parseLimits(c.Limits)
	errs = append(errs, prefixed("limits", err))
	if c.Logs == "" {
		o.Builds, err = simulated()
	} else {
		o.Builds, err = simulator.LoadDir(p.path(c.Logs))
	}
	return o, errors.Join(append(errs, prefixed("logs", err))...)
}

func prefixed(flag string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("--%s: %w", flag, err)
}

// parseLimits reads N% or off as a share: 1 is 100 %, 0 is off.
func parseLimits(text string) (float64, error) {
	if text == "off" {
		return 0, nil
	}
	percent, found := strings.CutSuffix(text, "%")
	n, err := strconv.Atoi(percent)
	if err != nil || !found || n < 1 {
		return 0, fmt.Errorf("%q is not N%% or off: write 100%%, 5000%% or off", text)
	}
	return float64(n) / 100, nil
}

// announce says where the simulator is and how to point loggate at it.
func (c *simulateCommand) announce(p Process, url string, builds []simulator.Build) {
	var out bytes.Buffer
	fmt.Fprintf(&out, "A simulated CodeArts Build serves %d builds at %s. In another shell:\n\n", len(builds), url)
	fmt.Fprintf(&out, "export LOGGATE_ENDPOINT=%s\n", shellQuote(url))
	fmt.Fprintf(&out, "export LOGGATE_ACCESS_KEY=%s LOGGATE_SECRET_KEY=%s\n", shellQuote(c.AccessKey), shellQuote(c.SecretKey))
	if c.SecurityToken != "" {
		fmt.Fprintf(&out, "export LOGGATE_SECURITY_TOKEN=%s\n", shellQuote(c.SecurityToken))
	}
	fmt.Fprintf(&out, "export LOGGATE_BUILDS=%s\nloggate run\n", shellQuote(strings.TrimSpace(simulator.BuildsInput(builds))))
	_, _ = p.Stdout.Write(out.Bytes()) // nobody reads it: the simulator serves all the same
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// sumUp says what was served, once it is over.
func (c *simulateCommand) sumUp(p Process, s simulator.Stats) {
	var requests int64
	for _, n := range s.Requests {
		requests += n
	}
	var pages int64
	for _, n := range s.Pages {
		pages += n
	}
	fmt.Fprintf(p.Stderr, "served %d requests, %d log pages; %s\n", requests, pages, faultsOf(s))
}

// faultsOf tells the faults that were injected, in words.
func faultsOf(s simulator.Stats) string {
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(s.Faults)) {
		parts = append(parts, fmt.Sprintf("%d × %s", s.Faults[kind], kind))
	}
	if len(parts) == 0 {
		return "no injected fault"
	}
	return "the injected faults " + strings.Join(parts, ", ")
}

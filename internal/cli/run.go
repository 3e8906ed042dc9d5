package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/loggate/loggate/internal/artifact"
	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/config"
	"github.com/loggate/loggate/internal/fetch"
	"github.com/loggate/loggate/internal/gate"
	"github.com/loggate/loggate/internal/report"
	"github.com/loggate/loggate/internal/scan"
)

// runCommand is the main job.
type runCommand struct {
	config.Flags
}

func (c *runCommand) execute(ctx context.Context, p Process) int {
	env := p.environment()
	cfg, err := config.Resolve(c.Flags, env, p.Dir)
	if err != nil {
		return usage(p, err)
	}
	r, err := newRun(cfg, p, env)
	if err != nil {
		return usage(p, err)
	}
	defer r.close()
	return r.execute(ctx).ExitCode
}

// run is one run of the main job and the tools it works with.
type run struct {
	cfg     *config.Config
	env     config.Environment
	started time.Time
	dir     *artifact.Dir
	// baselineDir is where the baseline's report lies, and its logs may.
	baselineDir string

	redactor *artifact.Redactor
	client   *fetch.Client
	follower *fetch.Follower
	messages *slog.Logger // loggate's own, on stderr
	job      *report.JobLog
	progress *report.Progress
	stdout   terminalText
	errors   io.Closer // flushes stderr
}

// terminalText is how text for people is shown on an output.
type terminalText struct {
	color bool
	width int // in columns; 0 where it is no terminal
}

func textFor(w io.Writer, mode string, env config.Environment) terminalText {
	width, _ := terminal(w)
	return terminalText{color: colored(mode, env, w), width: width}
}

// newRun prepares a run. Its errors are of the inputs: nothing is requested yet.
func newRun(cfg *config.Config, p Process, env config.Environment) (*run, error) {
	r := &run{cfg: cfg, env: env, started: time.Now().UTC(), baselineDir: filepath.Dir(p.path(cfg.BaselinePath))}
	var err error
	if r.redactor, err = artifact.NewRedactor(cfg.Credentials.Secrets(), cfg.Redact); err != nil {
		return nil, err
	}
	width, isTerminal := terminal(p.Stderr)
	r.progress = report.NewProgress(p.Stderr, isTerminal, width)
	stderr := r.redactor.Writer(r.progress.Around(p.Stderr))
	r.errors = stderr
	r.messages = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: cfg.LogLevel, ReplaceAttr: harmless}))
	r.job = report.NewJobLog(r.progress.Around(p.Stdout), report.DetectDialect(env))
	for _, secret := range cfg.Credentials.Secrets() {
		r.job.Mask(secret)
	}
	if r.client, err = newClient(cfg, r.messages, r.job.Mask); err != nil {
		return nil, err
	}
	if r.dir, err = openOutput(p, cfg.OutputDir); err != nil {
		return nil, err
	}
	r.follower = fetch.NewFollower(r.client, cfg.Wait, fetch.DefaultPatience())
	r.stdout = textFor(p.Stdout, cfg.Color, env)
	return r, nil
}

// maxMessage bounds one value of a message of loggate's own, in characters.
const maxMessage = 4000

// harmless keeps what others wrote, such as the service's messages, from being
// read as a command by the CI system: it reads standard error too.
func harmless(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString, slog.KindAny:
		a.Value = slog.StringValue(report.Line(a.Value.String(), maxMessage))
	}
	return a
}

// close ends what must not stay open, whatever has happened: until the job log
// is closed, GitHub's runner may have stopped to read commands.
func (r *run) close() {
	if err := r.job.Close(); err != nil {
		r.messages.Error("printing", "error", err)
	}
	r.progress.Done()
	r.client.Close()
	r.dir.Close()
	r.errors.Close()
}

func newClient(cfg *config.Config, messages *slog.Logger, issued func(string)) (*fetch.Client, error) {
	keys := cfg.Credentials
	credentials := fetch.Credentials{
		AccessKey: keys.AccessKey, SecretKey: keys.SecretKey, SecurityToken: keys.SecurityToken, AuthToken: keys.AuthToken,
	}
	if o := keys.OIDC; o != nil {
		oidc := fetch.OIDC(*o)
		credentials.OIDC = &oidc
	}
	return fetch.New(fetch.Options{
		Endpoint: cfg.Endpoint, IAMEndpoint: cfg.IAMEndpoint, Credentials: credentials, ProjectID: cfg.ProjectID,
		RateLimit: cfg.RateLimit, UserAgent: "loggate/" + version().Version, Logger: messages, Issued: issued,
	})
}

// timeoutError is the cause of a context that the input timeout has ended.
type timeoutError struct{ after time.Duration }

func (e timeoutError) Error() string {
	return fmt.Sprintf("the timeout of %s was reached", e.after)
}

// execute is the main job: fetch, artifacts, findings, gate, reports. ctx ends
// when the program is interrupted.
func (r *run) execute(ctx context.Context) *build.Report {
	limited, cancel := context.WithTimeoutCause(ctx, r.cfg.Timeout, timeoutError{r.cfg.Timeout})
	defer cancel()
	outcomes := r.fetchAll(limited)
	r.progress.Done()
	if err := unlike(limited, r.cfg.Baseline, r.baselineDir, outcomes, r.openLog); err != nil {
		r.messages.Warn("the baseline's logs are of no help", "error", err)
	}
	rep := r.newReport(outcomes)
	policy := gatePolicy(r.cfg, outcomes, r.started)
	policy.Interrupted = ctx.Err() != nil
	decide(rep, r.cfg.Baseline, &policy)
	r.publish(rep, policy)
	return rep
}

// openLog opens the log that was written of a build.
func (r *run) openLog(b *build.Build) (io.ReadCloser, error) {
	if b.Log.Path == nil {
		return nil, nil
	}
	return r.dir.FS().Open(*b.Log.Path)
}

// outcome is one build with what the scan saw of the policy.
type outcome struct {
	build   *build.Build
	watched []scan.Watched // by demand
	ignored []int64        // by ignore in force
}

func (r *run) newReport(outcomes []outcome) *build.Report {
	rep := newReport(r.started)
	for _, o := range outcomes {
		rep.Builds = append(rep.Builds, o.build)
	}
	return rep
}

func newReport(started time.Time) *build.Report {
	return &build.Report{
		Schema: build.Schema, Tool: build.Tool{Version: version().Version}, StartedAt: started,
		Builds: []*build.Build{}, Causes: []build.Shared{}, Gate: build.Gate{Violations: []build.Violation{}, Notices: []build.Remark{}, Judged: []string{}},
	}
}

// decide compares with the baseline, where there is one, and judges.
func decide(rep, baseline *build.Report, policy *gate.Policy) {
	if baseline != nil {
		policy.Notices = append(policy.Notices, gate.Compare(rep, baseline)...)
	}
	gate.Decide(rep, *policy)
	rep.FinishedAt = time.Now().UTC()
}

// publish writes the artifacts and tells the CI system and the reader.
func (r *run) publish(rep *build.Report, policy gate.Policy) {
	w := writer{dir: r.dir, cfg: r.cfg, env: r.env, redactor: r.redactor}
	if err := w.decided(rep, policy); err != nil {
		r.messages.Error("the artifacts are not whole", "error", err)
	}
	if err := w.github(rep); err != nil {
		r.messages.Error("telling GitHub", "error", err)
	}
	r.tell(rep)
}

// tell shows the run in the job's own output.
func (r *run) tell(rep *build.Report) {
	if r.cfg.PrintLog == "failed" {
		if err := r.job.PrintFailed(rep, r.dir.FS()); err != nil {
			r.messages.Error("printing logs", "error", err)
		}
	}
	repository := report.RepositoryOf(r.env, r.cfg.Policy.Strip)
	r.job.Annotate(report.Annotations(rep, r.cfg.Annotations, repository))
	err := r.job.Print(func(w io.Writer) error {
		return report.WriteAccount(w, rep, report.AccountOptions{
			Color: r.stdout.color, Width: r.stdout.width, OutputDir: r.cfg.OutputDir,
		})
	})
	if err != nil {
		r.messages.Error("printing the result", "error", err)
	}
}

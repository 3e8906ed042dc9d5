package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/sourcegraph/conc/pool"

	"github.com/loggate/loggate/internal/artifact"
	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/config"
	"github.com/loggate/loggate/internal/report"
	"github.com/loggate/loggate/internal/scan"
)

// scanCommand finds causes in log files.
type scanCommand struct {
	config.ScanFlags
	Files []string `arg:"" name:"file" help:"Log files; - is standard input; .gz and .zst are read too."`
}

func (c *scanCommand) execute(ctx context.Context, p Process) int {
	env := p.environment()
	cfg, err := config.ResolveScan(c.ScanFlags, env, p.Dir)
	if err != nil {
		return usage(p, err)
	}
	logs, err := openLogs(p, c.Files)
	if err != nil {
		return usage(p, err)
	}
	defer logs.close()
	s := &scanning{cfg: cfg, env: env, p: p, started: time.Now().UTC()}
	if s.redactor, err = artifact.NewRedactor(nil, cfg.Redact); err != nil {
		return usage(p, err)
	}
	if cfg.OutputDir != "" {
		if s.dir, err = openOutput(p, cfg.OutputDir); err != nil {
			return usage(p, err)
		}
		defer s.dir.Close()
	}
	return s.scan(ctx, logs)
}

// logSource is one log to be scanned.
type logSource struct {
	name string // of the build that it stands for
	path string // as given; "" for standard input
	in   io.ReadCloser
}

type logSources []logSource

func (l logSources) close() {
	for _, source := range l {
		source.in.Close()
	}
}

// openLogs opens all files before any is read, so that a wrong name is an
// error of usage and nothing is half done.
func openLogs(p Process, files []string) (logSources, error) {
	if i := slices.Index(files, "-"); i >= 0 && slices.Contains(files[i+1:], "-") {
		return nil, errors.New("FILE: - (standard input) is there twice: it can be read once")
	}
	var sources logSources
	var errs []error
	taken := map[string]bool{}
	for _, file := range files {
		source, err := openLog(p, file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for n := 2; taken[source.name]; n++ {
			source.name = fmt.Sprintf("%s-%d", nameOf(file), n)
		}
		taken[source.name] = true
		sources = append(sources, source)
	}
	if len(errs) > 0 {
		sources.close()
		return nil, errors.Join(errs...)
	}
	return sources, nil
}

func openLog(p Process, file string) (logSource, error) {
	if file == "-" {
		in, err := unpacked(io.NopCloser(p.Stdin))
		return logSource{name: "stdin", in: in}, err
	}
	opened, err := os.Open(p.path(file))
	if err != nil {
		return logSource{}, fmt.Errorf("FILE: %q can't be opened: %w; name a log file, or - for standard input", file, errors.Unwrap(err))
	}
	if info, err := opened.Stat(); err == nil && info.IsDir() {
		opened.Close()
		return logSource{}, fmt.Errorf("FILE: %q is a directory; name the log files in it", file)
	}
	in, err := unpacked(opened)
	if err != nil {
		opened.Close()
		return logSource{}, fmt.Errorf("FILE: %q can't be read: %w", file, err)
	}
	return logSource{name: nameOf(file), path: file, in: in}, nil
}

// nameOf is the build's name for a file: its own, without endings.
func nameOf(file string) string {
	if file == "-" {
		return "stdin"
	}
	name := filepath.Base(file)
	for _, ending := range []string{".gz", ".zst", ".log", ".txt"} {
		if short := strings.TrimSuffix(name, ending); short != "" {
			name = short
		}
	}
	return name
}

// scanning is one scan of several logs.
type scanning struct {
	cfg      *config.Config
	env      config.Environment
	p        Process
	started  time.Time
	redactor *artifact.Redactor
	dir      *artifact.Dir // nil when nothing is written
}

func (s *scanning) scan(ctx context.Context, logs logSources) int {
	outcomes := s.scanAll(ctx, logs)
	rep := newReport(s.started)
	for _, o := range outcomes {
		rep.Builds = append(rep.Builds, o.build)
	}
	if err := unlike(ctx, s.cfg.Baseline, filepath.Dir(s.p.path(s.cfg.BaselinePath)), outcomes, s.openLog); err != nil {
		fmt.Fprintf(s.p.Stderr, "loggate: %s\n", build.Printable(oneLine(err), 0))
	}
	policy := gatePolicy(s.cfg, outcomes, s.started)
	policy.Scan, policy.Interrupted = true, ctx.Err() != nil
	decide(rep, s.cfg.Baseline, &policy)
	if err := s.publish(rep); err != nil {
		fmt.Fprintf(s.p.Stderr, "loggate: %s\n", build.Printable(oneLine(err), 0))
		return max(rep.ExitCode, build.ExitIncomplete)
	}
	return rep.ExitCode
}

// openLog opens the log of a build again: the copy that was written, or the
// file. Standard input can't be read twice.
func (s *scanning) openLog(b *build.Build) (io.ReadCloser, error) {
	if b.Log.Path == nil {
		return nil, nil
	}
	if s.dir != nil {
		return s.dir.FS().Open(*b.Log.Path)
	}
	source, err := openLog(s.p, *b.Log.Path)
	return source.in, err
}

// scanAll reads the logs, one a processor at a time.
func (s *scanning) scanAll(ctx context.Context, logs logSources) []outcome {
	outcomes := make([]outcome, len(logs))
	tasks := pool.New().WithMaxGoroutines(runtime.GOMAXPROCS(0))
	for i, source := range logs {
		tasks.Go(func() { outcomes[i] = s.scanLog(ctx, i, source) })
	}
	tasks.Wait()
	return outcomes
}

// scanLog reads one log to its end, or to where reading breaks off.
func (s *scanning) scanLog(ctx context.Context, i int, source logSource) outcome {
	// The number stands for the file's place on the command line: it tells
	// the copies in the output directory apart.
	b := build.NewBuild(build.Ref{Name: source.name})
	scanner := scan.New(s.cfg.Policy.Rules, scanOptions(s.cfg.Policy, s.started))
	err := s.read(ctx, b, source, i+1, scanner)
	result := scanner.Finish(scan.Outcome{})
	b.Findings, b.FindingsDropped = result.Findings, result.Dropped
	b.Stages, b.ExitStatus, b.Status = result.Stages, result.ExitStatus, result.Status
	if b.Status.Ended() {
		b.StatusSource, b.Result = build.FromLog, string(b.Status)
	}
	from := "file"
	b.Log.Source = &from
	switch {
	case err != nil:
		b.Lacks(build.Missing{What: build.MissingLog, Reason: fmt.Sprintf("reading broke off: %v", err)})
	case b.Log.Bytes == 0:
		// As when "curl -s … | loggate scan -" got nothing: no log is no evidence.
		b.Lacks(build.Missing{What: build.MissingLog, Reason: "the log is empty"})
	default:
		b.Log.Complete = true
	}
	return outcome{build: b, watched: result.Watched, ignored: result.Ignored}
}

func (s *scanning) read(ctx context.Context, b *build.Build, source logSource, no int, scanner io.Writer) error {
	in := contextReader{ctx, source.in}
	if s.dir == nil {
		filter := s.redactor.Filter(scanner)
		counted := &measure{sum: sha256.New(), next: filter}
		_, err := io.Copy(counted, in)
		err = errors.Join(err, filter.Close())
		counted.describe(&b.Log)
		b.Log.Redactions = filter.Redactions()
		if source.path != "" {
			b.Log.Path = &source.path
		}
		return err
	}
	file, err := s.dir.CreateLog(build.Ref{Name: source.name, Number: no}, s.redactor, scanner)
	if err != nil {
		return err
	}
	_, readErr := io.CopyBuffer(struct{ io.Writer }{file}, in, make([]byte, 256<<10))
	kept, keepErr := file.Finish(readErr == nil)
	b.Log.Path, b.Log.Bytes, b.Log.Lines = kept.Path, kept.Bytes, kept.Lines
	b.Log.SHA256, b.Log.Redactions = kept.SHA256, kept.Redactions
	return errors.Join(readErr, keepErr)
}

// publish shows the result on stdout and, where asked for, writes the files.
func (s *scanning) publish(rep *build.Report) error {
	var err error
	if s.dir != nil {
		w := writer{dir: s.dir, cfg: s.cfg, env: s.env, redactor: s.redactor}
		err = errors.Join(w.artifacts(rep), w.github(rep))
	}
	if s.cfg.Format == "json" {
		return errors.Join(err, report.WriteJSON(s.p.Stdout, rep))
	}
	text := textFor(s.p.Stdout, s.cfg.Color, s.env)
	return errors.Join(err, printAccount(s.p.Stdout, rep, report.AccountOptions{
		Color: text.color, Width: text.width, Explain: s.cfg.Explain, OutputDir: s.cfg.OutputDir,
	}))
}

// contextReader ends a reading when the program is interrupted.
type contextReader struct {
	ctx context.Context
	in  io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := context.Cause(r.ctx); err != nil {
		return 0, err
	}
	return r.in.Read(p)
}

// measure describes a log that is written nowhere.
type measure struct {
	sum          hash.Hash
	next         io.Writer
	bytes, lines int64
	open         bool // the last line has no LF yet
}

func (m *measure) Write(p []byte) (int, error) {
	m.sum.Write(p)
	m.bytes += int64(len(p))
	m.lines += int64(bytes.Count(p, []byte{'\n'}))
	if len(p) > 0 {
		m.open = p[len(p)-1] != '\n'
	}
	return m.next.Write(p)
}

func (m *measure) describe(log *build.Log) {
	sum := hex.EncodeToString(m.sum.Sum(nil))
	log.Bytes, log.Lines, log.SHA256 = m.bytes, m.lines, &sum
	if m.open {
		log.Lines++
	}
}

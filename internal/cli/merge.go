package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/config"
	"github.com/loggate/loggate/internal/gate"
	"github.com/loggate/loggate/internal/report"
)

// mergeCommand makes one report and one verdict of the reports of parallel jobs.
type mergeCommand struct {
	config.MergeFlags
	Reports []string `arg:"" name:"report" help:"The report.json of each job."`
}

func (c *mergeCommand) execute(ctx context.Context, p Process) int {
	env := p.environment()
	cfg, err := config.ResolveMerge(c.MergeFlags, env, p.Dir)
	if err != nil {
		return usage(p, err)
	}
	m := &merging{cfg: cfg, env: env, p: p}
	if err := errors.Join(m.read(c.Reports), m.check()); err != nil {
		return usage(p, err)
	}
	dir, err := openOutput(p, cfg.OutputDir)
	if err != nil {
		return usage(p, err)
	}
	defer dir.Close()
	rep := m.merged()
	policy := m.policy(rep)
	policy.Interrupted = ctx.Err() != nil
	finished := rep.FinishedAt
	decide(rep, cfg.Baseline, &policy)
	rep.FinishedAt = finished
	m.publish(writer{dir: dir, cfg: cfg, env: env}, rep, policy)
	return rep.ExitCode
}

// merging is one merge of several reports.
type merging struct {
	cfg   *config.Config
	env   config.Environment
	p     Process
	parts []part
}

// part is one of the reports, and where it lies.
type part struct {
	path string // as it was given
	*build.Report
}

// maxMerged bounds the reports that are merged, in bytes, together.
const maxMerged = 512 << 20

// read reads all reports; the error joins one line for each that can't be.
func (m *merging) read(paths []string) error {
	var errs []error
	left := int64(maxMerged)
	for _, path := range paths {
		rep, err := m.readReport(path, &left)
		if err != nil {
			errs = append(errs, fmt.Errorf("REPORT: %q can't be merged: %w; give the report.json that a job of this version of loggate has written", path, err))
			continue
		}
		m.parts = append(m.parts, part{path, rep})
	}
	return errors.Join(errs...)
}

func (m *merging) readReport(path string, left *int64) (*build.Report, error) {
	file, err := os.Open(m.p.path(path))
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	defer file.Close()
	limited := &io.LimitedReader{R: file, N: *left}
	rep, err := report.ReadJSON(limited)
	*left = limited.N
	switch {
	case *left == 0:
		return nil, fmt.Errorf("with those before it, it is larger than %d bytes", maxMerged)
	case err == nil && len(rep.Builds) == 0:
		return nil, errors.New("it has no builds")
	}
	return rep, err
}

// check wants each build in one report only, and no report where the merged one
// is to be written.
func (m *merging) check() error {
	var errs []error
	names, builds := map[string]string{}, map[string]string{}
	for _, part := range m.parts {
		if m.p.path(part.path) == filepath.Join(m.p.path(m.cfg.OutputDir), "report.json") {
			errs = append(errs, fmt.Errorf("REPORT: %q would be replaced by the merged one; choose another output-dir", part.path))
		}
		for _, b := range part.Builds {
			id := ""
			if b.BuildNo > 0 {
				id = fmt.Sprintf("%s:%d", b.JobID, b.BuildNo)
			}
			if other, twice := names[b.Name]; twice {
				errs = append(errs, fmt.Errorf("REPORT: build %q is in %q and in %q; give each job builds of its own, with names of their own", build.Printable(b.Name, 100), other, part.path))
			} else if other, twice := builds[id]; twice && id != "" {
				errs = append(errs, fmt.Errorf("REPORT: build %s is in %q and in %q; give each job builds of its own", id, other, part.path))
			}
		}
		for _, b := range part.Builds { // within a report a build may have two names: its own and latest
			names[b.Name] = part.path
			builds[fmt.Sprintf("%s:%d", b.JobID, b.BuildNo)] = part.path
		}
	}
	return errors.Join(errs...)
}

// merged is the report of all builds, before it is decided, and of those that
// were expected and are missing.
func (m *merging) merged() *build.Report {
	rep := newReport(m.parts[0].StartedAt)
	for _, part := range m.parts {
		if part.StartedAt.Before(rep.StartedAt) {
			rep.StartedAt = part.StartedAt
		}
		if part.FinishedAt.After(rep.FinishedAt) {
			rep.FinishedAt = part.FinishedAt
		}
		for _, b := range part.Builds {
			m.place(part, b)
			rep.Builds = append(rep.Builds, b)
		}
	}
	rep.Builds = append(rep.Builds, m.missing(rep)...)
	return rep
}

// place makes the path of a build's log one that leads to it from the merged
// report. The logs stay where they are: below the directory of their report. One
// that isn't there has no path.
func (m *merging) place(part part, b *build.Build) {
	if b.Log.Path == nil {
		return
	}
	path := filepath.FromSlash(*b.Log.Path)
	b.Log.Path = nil
	dir := filepath.Dir(m.p.path(part.path))
	root, err := os.OpenRoot(dir)
	if err != nil {
		return
	}
	defer root.Close()
	if info, err := root.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return
	}
	if from, err := filepath.Rel(m.p.path(m.cfg.OutputDir), filepath.Join(dir, path)); err == nil {
		from = filepath.ToSlash(from)
		b.Log.Path = &from
	}
}

// missing stands for the builds that were expected and are in no report.
func (m *merging) missing(rep *build.Report) []*build.Build {
	there := map[string]bool{}
	for _, b := range rep.Builds {
		there[b.Name] = true
	}
	lacking := func(name, reason string) *build.Build {
		b := build.NewBuild(build.Ref{Name: name})
		b.Lacks(build.Missing{What: build.MissingLog, Reason: reason})
		return b
	}
	var missing []*build.Build
	for _, name := range m.cfg.Expected.Builds {
		if !there[name] {
			missing = append(missing, lacking(name, "no report has this build; see why its job wrote none"))
		}
	}
	if m.missingReports() > 0 {
		name := "missing reports"
		for there[name] {
			name += "'"
		}
		missing = append(missing, lacking(name, fmt.Sprintf("%d of %d reports are here; see why the other jobs wrote none", len(m.parts), m.cfg.Expected.Reports)))
	}
	return missing
}

// missingReports is how many reports are expected and not there.
func (m *merging) missingReports() int { return max(0, m.cfg.Expected.Reports-len(m.parts)) }

// publish writes the artifacts and tells the CI system and the reader.
func (m *merging) publish(w writer, rep *build.Report, policy gate.Policy) {
	err := errors.Join(w.decided(rep, policy), w.github(rep))
	job := report.NewJobLog(m.p.Stdout, report.DetectDialect(m.env))
	job.Annotate(report.Annotations(rep, m.cfg.Annotations, report.RepositoryOf(m.env, m.cfg.Policy.Strip)))
	text := textFor(m.p.Stdout, m.cfg.Color, m.env)
	err = errors.Join(err, job.Print(func(out io.Writer) error {
		return report.WriteAccount(out, rep, report.AccountOptions{Color: text.color, Width: text.width, OutputDir: m.cfg.OutputDir})
	}), job.Close())
	if err != nil {
		fmt.Fprintf(m.p.Stderr, "loggate: %s\n", build.Printable(oneLine(err), 0))
	}
}

package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/loggate/loggate/internal/artifact"
	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/config"
	"github.com/loggate/loggate/internal/gate"
	"github.com/loggate/loggate/internal/report"
)

// writer writes a report's files.
type writer struct {
	dir      *artifact.Dir
	cfg      *config.Config
	env      config.Environment
	redactor *artifact.Redactor
}

// outputFile is a file of the output directory, and what writes it.
type outputFile struct {
	name  string
	write func(io.Writer) error
}

// artifacts writes every file but the logs, the checksums last. All are tried;
// the error joins those that failed.
func (w writer) artifacts(rep *build.Report) error {
	files := []outputFile{
		{"report.json", func(out io.Writer) error { return report.WriteJSON(out, rep) }},
		{"report.schema.json", func(out io.Writer) error { _, err := out.Write(report.Schema()); return err }},
		{"summary.md", func(out io.Writer) error { return report.WriteSummary(out, rep, w.summary()) }},
		{"loggate.env", func(out io.Writer) error { return report.OutputsOf(rep, w.cfg.OutputDir).WriteEnv(out) }},
	}
	for _, f := range report.Formats() {
		if slices.Contains(w.cfg.Formats, f.Name) {
			files = append(files, outputFile{f.File, func(out io.Writer) error { return f.Write(out, rep, w.formats()) }})
		}
	}
	var errs []error
	for _, f := range files {
		errs = append(errs, w.dir.WriteFile(f.name, w.clean(f.write)))
	}
	if !slices.ContainsFunc(rep.Builds, func(b *build.Build) bool { return !b.Log.Complete }) {
		errs = append(errs, w.dir.DropNotes())
	}
	errs = append(errs, w.dir.WriteSums())
	return errors.Join(errs...)
}

// decided writes the artifacts of a report that was decided by the policy. What
// can't be written is missing evidence: the report is decided anew, written
// again as far as that goes, and the exit code says so.
func (w writer) decided(rep *build.Report, policy gate.Policy) error {
	err := w.artifacts(rep)
	if err == nil {
		return nil
	}
	for _, b := range rep.Builds {
		b.Lacks(build.Missing{What: build.MissingLog, Reason: oneLine(err)})
	}
	gate.Decide(rep, policy)
	// The disk may take the small files; what it doesn't take is said already.
	_ = w.artifacts(rep)
	return err
}

// clean takes the run's own credentials out of what write writes: the service
// may have echoed them.
func (w writer) clean(write func(io.Writer) error) func(io.Writer) error {
	return func(out io.Writer) error {
		redacted := w.redactor.Writer(out)
		return errors.Join(write(redacted), redacted.Close())
	}
}

func (w writer) summary() report.SummaryOptions {
	return report.SummaryOptions{Repository: report.RepositoryOf(w.env, w.cfg.Policy.Strip)}
}

func (w writer) formats() report.FormatOptions {
	return report.FormatOptions{Repository: report.RepositoryOf(w.env, w.cfg.Policy.Strip), Files: w.dir.FS()}
}

// github writes the step summary and the step's outputs, where the environment
// names their files.
func (w writer) github(rep *build.Report) error {
	gh := report.NewGitHub(w.env)
	var err error
	if w.cfg.Summary == "always" || w.cfg.Summary == "failed" && rep.Verdict != build.Pass {
		err = gh.WriteSummary(rep, w.summary())
	}
	return errors.Join(err, gh.WriteOutputs(report.OutputsOf(rep, w.cfg.OutputDir)))
}

// printAccount writes the account of a report to out at once, so that what is
// printed is whole lines.
func printAccount(out io.Writer, rep *build.Report, o report.AccountOptions) error {
	var text bytes.Buffer
	if err := report.WriteAccount(&text, rep, o); err != nil {
		return err
	}
	if _, err := out.Write(text.Bytes()); err != nil {
		return fmt.Errorf("printing the account: %w", err)
	}
	return nil
}

// oneLine joins the lines of an error.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

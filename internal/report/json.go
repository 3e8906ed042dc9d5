package report

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/loggate/loggate/internal/build"
)

// MaxReport bounds the report.json that ReadJSON takes, in bytes: a thousand
// builds with hundreds of findings each stay below it.
const MaxReport = 128 << 20

//go:embed report.schema.json
var schema []byte

// Schema is the JSON Schema (2020-12) of report.json, as a file to write.
func Schema() []byte { return slices.Clone(schema) }

// WriteJSON writes r as report.json: indented, every key there, what is not
// known null, no entries [], times in UTC. Its errors are w's.
func WriteJSON(w io.Writer, r *build.Report) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false) // for programs; whoever puts it into HTML escapes there
	if err := enc.Encode(filled(r)); err != nil {
		return fmt.Errorf("writing report.json: %w", err)
	}
	return nil
}

// ReadJSON reads a report.json of this schema, for merge and as a baseline.
// It takes at most MaxReport bytes, checks the words that decisions rest on,
// and its errors are one line. A log's path may lead anywhere: it is as good as
// foreign text.
func ReadJSON(in io.Reader) (*build.Report, error) { return readWithin(in, MaxReport) }

func readWithin(in io.Reader, most int64) (*build.Report, error) {
	limited := &io.LimitedReader{R: in, N: most + 1}
	dec := json.NewDecoder(limited)
	var r build.Report
	err := dec.Decode(&r)
	if limited.N <= 0 {
		return nil, fmt.Errorf("reading the report: it is larger than %s", bytesText(most))
	}
	if err != nil {
		return nil, fmt.Errorf("reading the report: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading the report: something follows its end")
	}
	if err := check(&r); err != nil {
		return nil, fmt.Errorf("reading the report: %w", err)
	}
	return filled(&r), nil
}

// check says what in a report from outside can't be what WriteJSON wrote.
func check(r *build.Report) error {
	if r.Schema != build.Schema {
		return fmt.Errorf("its schema is %q, not %q", build.Printable(r.Schema, 80), build.Schema)
	}
	if !slices.Contains([]build.Verdict{build.Pass, build.Fail, build.Incomplete}, r.Verdict) {
		return fmt.Errorf("%q is no verdict", build.Printable(string(r.Verdict), 80))
	}
	names := map[string]bool{}
	for i, b := range r.Builds {
		if b == nil || b.Name == "" {
			return fmt.Errorf("builds[%d] has no name", i)
		}
		name := build.Printable(b.Name, 100)
		if names[b.Name] {
			return fmt.Errorf("build %q is there twice", name)
		}
		names[b.Name] = true
		if err := checkBuild(b); err != nil {
			return fmt.Errorf("build %q: %w", name, err)
		}
	}
	return nil
}

func checkBuild(b *build.Build) error {
	known := []build.Status{build.Success, build.Failure, build.Aborted, build.Timeout, build.Running, build.Unknown}
	if !slices.Contains(known, b.Status) {
		return fmt.Errorf("%q is no status", build.Printable(string(b.Status), 80))
	}
	if b.BuildNo < 0 || b.Counts.Error < 0 || b.Counts.Warning < 0 || b.Counts.Notice < 0 || b.FindingsDropped < 0 {
		return errors.New("a number is negative")
	}
	for _, f := range b.Findings {
		if !slices.Contains([]build.Severity{build.Error, build.Warning, build.Notice}, f.Severity) {
			return fmt.Errorf("%q is no severity", build.Printable(string(f.Severity), 80))
		}
	}
	return nil
}

// filled is a copy of r that shares no slice header or build with it, with []
// for every list that is nil, the schema's name set and the times in UTC.
func filled(r *build.Report) *build.Report {
	c := *r
	c.Schema = build.Schema
	c.StartedAt, c.FinishedAt = c.StartedAt.UTC(), c.FinishedAt.UTC()
	c.Builds = make([]*build.Build, 0, len(r.Builds))
	for _, b := range r.Builds {
		c.Builds = append(c.Builds, filledBuild(b))
	}
	c.Causes = list(r.Causes)
	for i := range c.Causes {
		c.Causes[i].Builds = list(c.Causes[i].Builds)
	}
	c.Gate = build.Gate{Violations: list(r.Gate.Violations), Notices: list(r.Gate.Notices), Judged: list(r.Gate.Judged)}
	return &c
}

func filledBuild(b *build.Build) *build.Build {
	c := *b
	c.StartedAt = inUTC(b.StartedAt)
	c.Incomplete = list(b.Incomplete)
	c.Log.Redactions = list(b.Log.Redactions)
	c.Stages = list(b.Stages)
	for i := range c.Stages {
		c.Stages[i].StartedAt = inUTC(c.Stages[i].StartedAt)
	}
	c.Findings = filledFindings(b.Findings)
	c.Gone = filledFindings(b.Gone)
	return &c
}

func filledFindings(findings []build.Finding) []build.Finding {
	c := list(findings)
	for i := range c {
		c[i].Why = list(c[i].Why)
		c[i].Excerpt = list(c[i].Excerpt)
	}
	return c
}

// list is a copy of s that is not nil.
func list[T any](s []T) []T { return append([]T{}, s...) }

func inUTC(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	utc := t.UTC()
	return &utc
}

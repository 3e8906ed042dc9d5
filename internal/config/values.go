package config

import (
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The bounds of the inputs, from DESIGN section 2.
const (
	minTimeout     = time.Second
	maxTimeout     = 24 * time.Hour
	maxConcurrency = 64
	maxAnnotations = 10
	maxPercent     = 10_000 // of the published limits
	maxShare       = 10_000 // N of 1/N
)

var wholeNumber = regexp.MustCompile(`^[0-9]{1,9}$`)

// number reads a whole number from least to most.
func number(text string, least, most int) (int, bool) {
	if !wholeNumber.MatchString(text) {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= least && n <= most
}

func (r *reader) wait(v value)    { r.config.Wait = r.boolean(v) }
func (r *reader) newOnly(v value) { r.config.NewOnly = r.boolean(v) }
func (r *reader) redact(v value)  { r.config.Redact = r.boolean(v) }

func (r *reader) boolean(v value) bool { return r.word(v, "true", "false") == "true" }

// word reads a value that is one of a few words.
func (r *reader) word(v value, words ...string) string {
	if !slices.Contains(words, v.text) {
		r.wrong(v, "is not "+oneOf(words...), "the nearest one is "+Nearest(strings.ToLower(v.text), words))
	}
	return v.text
}

// choice reads a flag that is no input and one of a few words, the first of
// which is its default.
func (r *reader) choice(name string, words ...string) string {
	text, given := r.flags[name]
	if !given {
		return words[0]
	}
	return r.word(value{Input{Name: name}, "--" + name, text}, words...)
}

func (r *reader) timeout(v value) {
	d, err := time.ParseDuration(v.text)
	if err != nil || d < minTimeout || d > maxTimeout {
		r.wrong(v, "is not a duration from 1s to 24h", "write it with its unit, such as 90s, 45m or 1h30m")
		return
	}
	r.config.Timeout = d
}

func (r *reader) concurrency(v value) {
	n, ok := number(v.text, 1, maxConcurrency)
	if !ok {
		r.wrong(v, "is not a whole number from 1 to 64", "8 is the default")
	}
	r.config.Concurrency = n
}

func (r *reader) annotations(v value) {
	n, ok := number(v.text, 0, maxAnnotations)
	if !ok {
		r.wrong(v, "is not a whole number from 0 to 10", "10 is the default, 0 writes none")
	}
	r.config.Annotations = n
}

func (r *reader) rateLimit(v value) {
	share, ok := parseShare(v.text)
	if !ok {
		r.wrong(v, "is not a share of the API's limits", "write N% with N from 1 to 10000, 1/N with N from 1 to 10000, or off")
	}
	r.config.RateLimit = share
}

// parseShare reads N%, 1/N or off (0).
func parseShare(text string) (share float64, ok bool) {
	if text == "off" {
		return 0, true
	}
	if percent, found := strings.CutSuffix(text, "%"); found {
		n, ok := number(percent, 1, maxPercent)
		return float64(n) / 100, ok
	}
	if parts, found := strings.CutPrefix(text, "1/"); found {
		n, ok := number(parts, 1, maxShare)
		return 1 / float64(max(n, 1)), ok
	}
	return 0, false
}

func (r *reader) source(v value) { r.config.Source = r.word(v, "auto", "pages", "download") }

func (r *reader) printLog(v value) { r.config.PrintLog = r.word(v, "none", "failed", "all") }

func (r *reader) summary(v value) { r.config.Summary = r.word(v, "always", "failed", "never") }

func (r *reader) logLevel(v value) {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	r.config.LogLevel = levels[r.word(v, "debug", "info", "warn", "error")]
	// GitHub's "re-run with debug logging" is about this one run, whatever the
	// workflow says.
	if r.env["RUNNER_DEBUG"] == "1" {
		r.config.LogLevel = slog.LevelDebug
	}
}

func (r *reader) failOn(v value) { r.failOnOneOf(v, "build", "error", "warning") }

func (r *reader) scanFailOn(v value) {
	if slices.Contains(listed(v.text), "build") {
		r.wrong(v, "has build, but a scan only reads logs and is told no build's status", "write error, warning or never")
		return
	}
	r.failOnOneOf(v, "error", "warning")
}

func (r *reader) failOnOneOf(v value, words ...string) {
	chosen, ok := r.list(v, "never", words...)
	if !ok {
		return
	}
	r.config.FailOn = FailOn{
		Build:   slices.Contains(chosen, "build"),
		Error:   slices.Contains(chosen, "error"),
		Warning: slices.Contains(chosen, "warning"),
		Never:   len(chosen) == 0,
	}
}

func (r *reader) formats(v value) {
	r.config.Formats, _ = r.list(v, "none", "html", "sarif", "junit", "codequality")
}

// list reads a list of words, or the word for the empty list, alone. Words are
// kept in the order of words, each once.
func (r *reader) list(v value, empty string, words ...string) ([]string, bool) {
	given := listed(v.text)
	if len(given) == 0 {
		r.wrong(v, "is a list of nothing", "write "+empty+" if that is meant")
		return nil, false
	}
	for _, word := range given {
		if word == empty && len(given) > 1 {
			r.wrong(v, "has "+empty+" beside others", "write "+empty+" alone, or leave it out")
			return nil, false
		}
		if word != empty && !slices.Contains(words, word) {
			r.wrong(v, "has "+quote(word)+", which is not "+oneOf(append(words, empty)...),
				"the nearest one is "+Nearest(strings.ToLower(word), append(words, empty)))
			return nil, false
		}
	}
	chosen := []string{}
	for _, word := range words {
		if slices.Contains(given, word) {
			chosen = append(chosen, word)
		}
	}
	return chosen, true
}

// listed splits a list at commas, blanks and newlines.
func listed(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return c == ',' || unicode.IsSpace(c) })
}

func (r *reader) outputDir(v value) {
	if strings.ContainsFunc(v.text, unicode.IsControl) {
		r.wrong(v, "has a control character", "give a plain path")
		return
	}
	if info, err := os.Stat(r.file(v.text)); err == nil && !info.IsDir() {
		r.wrong(v, "is a file", "name a directory, or one that is still to be made")
		return
	}
	r.config.OutputDir = v.text
}

var projectID = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)

func (r *reader) projectID(v value) {
	if !projectID.MatchString(v.text) {
		r.wrong(v, "is not a project id", "copy it from My Credentials, Projects: up to 64 letters, digits, - and _")
	}
	r.config.ProjectID = v.text
}

// formatsNeedOutputDir reports a scan's --formats that would do nothing. As a
// variable it may be meant for the pipeline's runs.
func (r *reader) formatsNeedOutputDir() {
	if text, given := r.flags["formats"]; given && text != "none" && r.config.OutputDir == "" {
		r.report(&InputError{Input: "formats", Source: "--formats", Value: text, Problem: "is given without output-dir, and a scan writes no files then",
			Mend: "add --output-dir"})
	}
}

// newOnlyNeedsBaseline reports new-only without a baseline, where everything
// would count as new and the input do nothing.
func (r *reader) newOnlyNeedsBaseline() {
	if r.config.NewOnly && r.config.BaselinePath == "" {
		r.report(&InputError{Input: "new-only", Problem: "is true without a baseline",
			Mend: "give the report.json of a good run as the input baseline, or leave new-only out"})
	}
}

package report

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/loggate/loggate/internal/build"
)

// Outputs are what later steps and jobs read of a run.
type Outputs struct {
	Verdict      build.Verdict
	FailedBuilds []string // names, in the order of the input
	Errors       int
	Warnings     int
	RootCause    string // one line, "" when no build failed
	OutputDir    string // as given
	Report       string // path of report.json
}

// OutputsOf are the outputs of r, whose files lie in outputDir.
func OutputsOf(r *build.Report, outputDir string) Outputs {
	counts := r.Counts()
	return Outputs{
		Verdict: r.Verdict, FailedBuilds: r.FailedBuilds(), Errors: counts.Error, Warnings: counts.Warning,
		RootCause: build.Printable(r.RootCause(), build.MaxMessage),
		OutputDir: outputDir, Report: filepath.ToSlash(filepath.Join(outputDir, "report.json")),
	}
}

// output is one output by its name on GitHub.
type output struct{ name, value string }

// github are the outputs as GITHUB_OUTPUT has them, each value one line.
func (o Outputs) github() ([]output, error) {
	failed, err := json.Marshal(list(o.FailedBuilds))
	if err != nil {
		return nil, fmt.Errorf("listing the failed builds: %w", err)
	}
	return []output{
		{"verdict", string(o.Verdict)},
		{"failed-builds", string(failed)},
		{"error-count", strconv.Itoa(o.Errors)},
		{"warning-count", strconv.Itoa(o.Warnings)},
		{"root-cause", o.RootCause},
		{"output-dir", o.OutputDir},
		{"report", o.Report},
	}, nil
}

// The bounds of loggate.env, in bytes: GitLab refuses dotenv files over 5 KB.
const (
	maxEnv       = 4096
	maxEnvCause  = 500
	maxEnvPath   = 1000
	maxEnvFailed = maxEnv - maxEnvCause - 2*maxEnvPath - 300 // 300: the keys, the verdict and the counts
)

// WriteEnv writes loggate.env, for dotenv readers: LOGGATE_RESULT_* in one
// unquoted line each, at most 4,096 bytes in all. A path of over 1,000 bytes is
// left empty rather than cut; failed builds beyond the space are counted
// ("api,web,12 left out"). Dotenv readers expand $NAME and `command`, and take
// a quote at a value's start for quoting, so these are shown as \u0024; still
// it isn't a file for a shell to source. Its errors are w's.
func (o Outputs) WriteEnv(w io.Writer) error {
	lines := []output{
		{"VERDICT", string(o.Verdict)},
		{"FAILED_BUILDS", namesWithin(o.FailedBuilds, maxEnvFailed)},
		{"ERROR_COUNT", strconv.Itoa(o.Errors)},
		{"WARNING_COUNT", strconv.Itoa(o.Warnings)},
		{"ROOT_CAUSE", cutBytes(envValue(o.RootCause), maxEnvCause)},
		{"OUTPUT_DIR", envPath(o.OutputDir)},
		{"REPORT", envPath(o.Report)},
	}
	for _, line := range lines {
		if _, err := fmt.Fprintf(w, "LOGGATE_RESULT_%s=%s\n", line.name, line.value); err != nil {
			return fmt.Errorf("writing loggate.env: %w", err)
		}
	}
	return nil
}

// envValue is s as a dotenv reader takes it literally.
func envValue(s string) string {
	s = strings.TrimSpace(strings.ReplaceAll(build.Printable(s, 0), "\t", " "))
	s = strings.NewReplacer("$", `\u0024`, "`", `\u0060`).Replace(s)
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		s = fmt.Sprintf(`\u%04x`, s[0]) + s[1:]
	}
	return s
}

func envPath(path string) string {
	if path = envValue(path); len(path) > maxEnvPath {
		return ""
	}
	return path
}

// cutBytes cuts s between two characters to at most limit bytes.
func cutBytes(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := limit - len("…")
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// namesWithin joins names with commas in at most limit bytes; those that find
// no room are counted.
func namesWithin(names []string, limit int) string {
	const note = len(",10000 left out")
	var out []string
	size := 0
	for i, name := range names {
		name = envValue(name)
		if size+len(name)+1 > limit-note {
			out = append(out, fmt.Sprintf("%d left out", len(names)-i))
			break
		}
		out = append(out, name)
		size += len(name) + 1
	}
	return strings.Join(out, ",")
}

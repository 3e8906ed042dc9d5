package report_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/report"
)

// env reads a dotenv file as GitLab does: key, =, the rest of the line.
func env(t *testing.T, o report.Outputs) map[string]string {
	t.Helper()
	var out bytes.Buffer
	if err := o.WriteEnv(&out); err != nil {
		t.Fatal(err)
	}
	if out.Len() > 4096 || !utf8.Valid(out.Bytes()) {
		t.Errorf("%d bytes, UTF-8: %t", out.Len(), utf8.Valid(out.Bytes()))
	}
	values := map[string]string{}
	for line := range strings.Lines(out.String()) {
		key, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !found || !strings.HasPrefix(key, "LOGGATE_RESULT_") {
			t.Errorf("line %q", line)
		}
		values[strings.TrimPrefix(key, "LOGGATE_RESULT_")] = value
	}
	if len(values) != 7 {
		t.Errorf("%d values: %v", len(values), values)
	}
	return values
}

func TestEnvIsBounded(t *testing.T) {
	var names []string
	for i := range 1000 {
		names = append(names, fmt.Sprintf("build-%d-%s", i, strings.Repeat("é", 40)))
	}
	values := env(t, report.Outputs{Verdict: build.Incomplete, FailedBuilds: names, Errors: 1 << 40, Warnings: 1 << 40,
		RootCause: strings.Repeat("日", 500), OutputDir: strings.Repeat("d", 1000), Report: strings.Repeat("d", 1001)})
	if c := values["ROOT_CAUSE"]; len(c) > 500 || len(c) < 490 || !strings.HasSuffix(c, "日…") {
		t.Errorf("root cause of %d bytes: %q", len(c), c)
	}
	if f := values["FAILED_BUILDS"]; !strings.HasPrefix(f, names[0]+","+names[1]+",") || !strings.HasSuffix(f, " left out") {
		t.Errorf("failed builds: %s", f)
	}
	if len(values["OUTPUT_DIR"]) != 1000 || values["REPORT"] != "" {
		t.Errorf("paths of %d and %d bytes", len(values["OUTPUT_DIR"]), len(values["REPORT"]))
	}
}

func TestEnvIsTakenLiterally(t *testing.T) {
	for cause, want := range map[string]string{
		"cost: $CI_JOB_TOKEN `id`":  `cost: \u0024CI_JOB_TOKEN \u0060id\u0060`,
		`"quoted" and 'quoted'`:     `\u0022quoted" and 'quoted'`,
		"'a":                        `\u0027a`,
		" \ta\tb ":                  "a b",
		"a\nLOGGATE_RESULT_VERDICT": `a\u000aLOGGATE_RESULT_VERDICT`,
		"ünïcode — fine":            "ünïcode — fine",
	} {
		if got := env(t, report.Outputs{RootCause: cause})["ROOT_CAUSE"]; got != want {
			t.Errorf("%q: %q, want %q", cause, got, want)
		}
	}
}

func TestOutputsWithoutAFailure(t *testing.T) {
	r := &build.Report{Verdict: build.Pass, Builds: []*build.Build{compileError("api", 1, 0)}}
	r.Builds[0].Status = build.Success
	o := report.OutputsOf(r, "out/")
	if o.RootCause != "" || len(o.FailedBuilds) != 0 || o.Report != "out/report.json" || o.Warnings != 1 {
		t.Errorf("%+v", o)
	}
	if values := env(t, o); values["FAILED_BUILDS"] != "" || values["VERDICT"] != "pass" {
		t.Errorf("%v", values)
	}
}

func TestGitHubFilesAreAppendedTo(t *testing.T) {
	dir := t.TempDir()
	output, summary := filepath.Join(dir, "output"), filepath.Join(dir, "summary")
	for _, path := range []string{output, summary} {
		if err := os.WriteFile(path, []byte("earlier=1\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	gh := report.NewGitHub(map[string]string{"GITHUB_OUTPUT": output, "GITHUB_STEP_SUMMARY": summary})
	if err := gh.WriteOutputs(report.OutputsOf(sample(), "out")); err != nil {
		t.Fatal(err)
	}
	if err := gh.WriteSummary(sample(), report.SummaryOptions{}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(output)
	if err != nil || !strings.HasPrefix(string(got), "earlier=1\nverdict=fail\nfailed-builds=[\"api\",") {
		t.Errorf("%v: %s", err, got)
	}
	got, err = os.ReadFile(summary)
	if err != nil || !strings.HasPrefix(string(got), "earlier=1\n\n## ❌ loggate: fail – 3 of 6 builds failed, ") {
		t.Errorf("%v: %s", err, got)
	}
}

func TestGitHubFilesThatCannotBeWritten(t *testing.T) {
	gh := report.NewGitHub(map[string]string{"GITHUB_OUTPUT": t.TempDir(), "GITHUB_STEP_SUMMARY": t.TempDir()})
	for _, err := range []error{gh.WriteOutputs(report.Outputs{}), gh.WriteSummary(sample(), report.SummaryOptions{})} {
		if err == nil || !strings.Contains(err.Error(), "telling GitHub") {
			t.Errorf("got %v", err)
		}
	}
	nowhere := report.NewGitHub(nil)
	if err := nowhere.WriteOutputs(report.Outputs{}); err != nil {
		t.Error(err)
	}
	if err := nowhere.WriteSummary(sample(), report.SummaryOptions{}); err != nil {
		t.Error(err)
	}
}

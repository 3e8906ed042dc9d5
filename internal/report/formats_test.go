package report_test

import (
	"bytes"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/report"
)

// everyFormat shows r in every format that a CI system or person reads, by the
// name of its golden file.
func everyFormat(t testing.TB, r *build.Report) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	show := func(name string, write func(io.Writer) error) {
		var text bytes.Buffer
		if err := write(&text); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = text.Bytes()
	}
	outputs := report.OutputsOf(r, "loggate-out")
	show("summary.md", func(w io.Writer) error { return report.WriteSummary(w, r, report.SummaryOptions{}) })
	show("account.txt", func(w io.Writer) error {
		return report.WriteAccount(w, r, report.AccountOptions{Explain: true, OutputDir: "loggate-out"})
	})
	show("loggate.env", outputs.WriteEnv)
	show("annotations.txt", func(w io.Writer) error {
		log := report.NewJobLog(w, report.GitHubLog)
		log.Annotate(report.Annotations(r, 10, report.Repository{}))
		return log.Close()
	})
	show("github-output.txt", func(w io.Writer) error {
		path := filepath.Join(t.TempDir(), "output")
		if err := report.NewGitHub(map[string]string{"GITHUB_OUTPUT": path}).WriteOutputs(outputs); err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		w.Write(text)
		return err
	})
	return out
}

func TestFormats(t *testing.T) {
	shown := everyFormat(t, sample())
	for _, name := range slices.Sorted(maps.Keys(shown)) {
		golden(t, name, shown[name])
	}
}

func accountOf(t *testing.T, r *build.Report, o report.AccountOptions) string {
	t.Helper()
	var out bytes.Buffer
	if err := report.WriteAccount(&out, r, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestColouredAccount(t *testing.T) {
	var text bytes.Buffer
	if err := report.WriteAccount(&text, sample(), report.AccountOptions{Color: true, Width: 70}); err != nil {
		t.Fatal(err)
	}
	golden(t, "account-colour.txt", text.Bytes())
}

func TestEmptyReport(t *testing.T) {
	shown := everyFormat(t, &build.Report{Verdict: build.Pass})
	golden(t, "empty-summary.md", shown["summary.md"])
	golden(t, "empty-account.txt", shown["account.txt"])
	golden(t, "empty-loggate.env", shown["loggate.env"])
	if len(shown["annotations.txt"]) != 0 {
		t.Errorf("annotations: %s", shown["annotations.txt"])
	}
}

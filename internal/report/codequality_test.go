package report_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/report"
)

// issue is a finding as GitLab reads it.
type issue struct {
	Description, Fingerprint, Severity string
	CheckName                          string `json:"check_name"`
	Location                           struct {
		Path  string
		Lines struct{ Begin int }
	}
}

func readCodeQuality(t testing.TB, shown []byte) []issue {
	t.Helper()
	checkSchema(t, schemaOf(t, "codequality.schema.json"), shown)
	var issues []issue
	if err := json.Unmarshal(shown, &issues); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, i := range issues {
		if seen[i.Fingerprint] {
			t.Errorf("the fingerprint %s is there twice", i.Fingerprint)
		}
		seen[i.Fingerprint] = true
	}
	return issues
}

func TestCodeQuality(t *testing.T) {
	shown := shownIn(t, "codequality", sample(), checkout(t, "src/main/java/Shop.java"))
	readCodeQuality(t, shown)
	golden(t, "gl-code-quality-report.json", shown)
}

func TestCodeQualityWithoutFindings(t *testing.T) {
	if shown := shownIn(t, "codequality", &build.Report{}, report.Repository{}); string(shown) != "[]\n" {
		t.Errorf("got %s", shown)
	}
}

func TestCodeQualitySeverities(t *testing.T) {
	for _, c := range []struct {
		severity build.Severity
		kind     build.Kind
		want     string
	}{
		{build.Error, build.Cause, "critical"},
		{build.Error, build.Symptom, "major"},
		{build.Error, build.Summary, "major"},
		{build.Warning, build.Cause, "minor"},
		{build.Notice, build.Cause, "info"},
		{"dire", build.Cause, "info"},
	} {
		r := sample()
		r.Builds = r.Builds[1:2]
		r.Builds[0].Findings[0].Severity, r.Builds[0].Findings[0].Kind = c.severity, c.kind
		if got := readCodeQuality(t, shownIn(t, "codequality", r, report.Repository{}))[0].Severity; got != c.want {
			t.Errorf("%s %s has severity %s, want %s", c.severity, c.kind, got, c.want)
		}
	}
}

// TestCodeQualityFingerprints are unique also where the report's aren't there.
func TestCodeQualityFingerprints(t *testing.T) {
	b := passing("api", 1, 0, 1000)
	for line := range 3 {
		b.Findings = append(b.Findings, build.Finding{Rank: line + 1, Rule: "a.b", Severity: build.Error, Message: "no",
			File: ptr("a.c"), FileLine: ptr(line)})
	}
	issues := readCodeQuality(t, shownIn(t, "codequality", &build.Report{Builds: []*build.Build{b}}, report.Repository{}))
	if len(issues) != 3 || issues[0].Location.Lines.Begin != 1 || issues[2].Location.Lines.Begin != 2 {
		t.Errorf("issues are %+v", issues)
	}
}

func checkHostileCodeQuality(t *testing.T, shown []byte, c hostileText) {
	checkPrintable(t, shown)
	issues := readCodeQuality(t, shown)
	if len(issues) != 1 || !strings.Contains(issues[0].Description, c.seen) || !strings.Contains(issues[0].CheckName, c.seen) {
		t.Errorf("%q is not in %+v", c.seen, issues)
	}
	// As a file, the text is a path inside or nothing.
	for _, i := range readCodeQuality(t, shownIn(t, "codequality", tainted(c.text), report.Repository{})) {
		if strings.ContainsAny(i.Location.Path, "<>:|\\\x1b") || strings.Contains(i.Location.Path, "..") {
			t.Errorf("the path is %q", i.Location.Path)
		}
	}
}

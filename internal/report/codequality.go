package report

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/loggate/loggate/internal/build"
)

// codeQualityIssue is one finding as GitLab reads it, see
// https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format.
type codeQualityIssue struct {
	Description string              `json:"description"`
	CheckName   string              `json:"check_name"`
	Fingerprint string              `json:"fingerprint"` // unique in the file
	Severity    string              `json:"severity"`
	Location    codeQualityLocation `json:"location"`
}

type codeQualityLocation struct {
	Path  string           `json:"path"` // relative to the repository
	Lines codeQualityLines `json:"lines"`
}

type codeQualityLines struct {
	Begin int `json:"begin"`
}

// WriteCodeQuality writes, as a report of GitLab's Code Quality, the best 5,000
// of r's findings whose file is in the repository. Its errors are w's.
func WriteCodeQuality(w io.Writer, r *build.Report, o FormatOptions) error {
	issues := []codeQualityIssue{}
	for _, found := range occurrences(r) {
		if len(issues) == maxResults {
			break
		}
		file, line, _ := found.source(o.Repository)
		if file == "" {
			continue
		}
		issues = append(issues, codeQualityIssue{
			Description: found.text(true), CheckName: clip(found.Rule, maxName), Fingerprint: found.id,
			Severity: codeQualitySeverity(found.Finding),
			Location: codeQualityLocation{Path: file, Lines: codeQualityLines{Begin: max(1, line)}},
		})
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false) // for programs; whoever puts it into HTML escapes there
	if err := enc.Encode(issues); err != nil {
		return fmt.Errorf("writing gl-code-quality-report.json: %w", err)
	}
	return nil
}

// codeQualitySeverity sets the causes among the errors apart.
func codeQualitySeverity(f *build.Finding) string {
	switch {
	case f.Severity == build.Error && f.Kind == build.Cause:
		return "critical"
	case f.Severity == build.Error:
		return "major"
	case f.Severity == build.Warning:
		return "minor"
	default:
		return "info"
	}
}

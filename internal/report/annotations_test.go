package report_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/report"
)

// workspace is a checkout with src/A.java, a directory and a way out of it.
func workspace(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	root := filepath.Join(dir, "checkout")
	for name, path := range map[string]string{"A.java": filepath.Join(root, "src"), "secret": dir} {
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(path, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "secret"), filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestRepositoryFindsFiles(t *testing.T) {
	root := workspace(t)
	repo := report.Repository{Root: root, URL: "https://github.com/acme/shop", Commit: "0a1b",
		Strip: []*regexp.Regexp{regexp.MustCompile(`^/home/build/[^/]+/`), regexp.MustCompile(`middle/`)}}
	for file, want := range map[string]string{
		"src/A.java":                "src/A.java",
		"./src/../src/A.java":       "src/A.java",
		"/home/build/ws/src/A.java": "src/A.java",
		"other/middle/src/A.java":   "", // only what stands in front is taken off
		"src":                       "",
		"src/B.java":                "",
		"/etc/passwd":               "",
		"../secret":                 "",
		"src/../../secret":          "",
		"link":                      "", // leads out
		root + "/src/A.java":        "",
		"":                          "",
		"src/A.java\x00":            "",
	} {
		got, ok := repo.Path(file)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q %t, want %q", file, got, ok, want)
		}
	}
	if _, ok := (report.Repository{}).Path("src/A.java"); ok {
		t.Error("a file was found without a workspace")
	}
	if got := repo.FileURL("src/A.java", ptr(3)); got != "https://github.com/acme/shop/blob/0a1b/src/A.java#L3" {
		t.Errorf("URL %q", got)
	}
	if got := repo.FileURL("/etc/passwd", nil); got != "" {
		t.Errorf("URL %q", got)
	}
}

func TestAnnotationsHaveAFileOnlyWhereItIs(t *testing.T) {
	root := workspace(t)
	r := &build.Report{Builds: []*build.Build{compileError("api", 7, 0)}}
	f := &r.Builds[0].Findings[0]
	f.Hint = nil
	show := func(file string) string {
		f.File = ptr(file)
		var out bytes.Buffer
		log := report.NewJobLog(&out, report.GitHubLog)
		log.Annotate(report.Annotations(r, 1, report.RepositoryOf(map[string]string{"GITHUB_WORKSPACE": root}, nil))[:1])
		return out.String()
	}
	if got, want := show("src/A.java"), "::error col=9,file=src/A.java,line=23,title=api%3A maven.compile-error::cannot find symbol (line 6 of the log of api)\n"; got != want {
		t.Errorf("got %s want %s", got, want)
	}
	if got, want := show("../secret"), "::error title=api%3A maven.compile-error::../secret:23:9: cannot find symbol (line 6 of the log of api)\n"; got != want {
		t.Errorf("got %s want %s", got, want)
	}
}

func TestAnnotationsAreBoundedAndBestFirst(t *testing.T) {
	r := &build.Report{Verdict: build.Fail}
	for i := range 30 {
		b := compileError(fmt.Sprintf("b%d", i), 7, 0)
		for k := range b.Findings {
			b.Findings[k].Fingerprint = fmt.Sprintf("%d-%d", i, k)
			b.Findings[k].Severity = build.Error
			b.Findings[k].Ignored = nil
		}
		b.Findings[2].Severity = build.Warning
		r.Builds = append(r.Builds, b)
	}
	for _, limit := range []int{-1, 0, 1, 10, 99} {
		count := map[build.Severity]int{}
		for _, a := range report.Annotations(r, limit, report.Repository{}) {
			count[a.Severity]++
			if a.Severity == build.Error && !regexp.MustCompile(`^b\d+: maven.compile-error$`).MatchString(a.Title) {
				t.Errorf("limit %d: %q comes before a root cause", limit, a.Title)
			}
		}
		if want := min(max(limit, 0), 10); count[build.Error] != want || count[build.Warning] != want {
			t.Errorf("limit %d: %v", limit, count)
		}
	}
}

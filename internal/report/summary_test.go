package report_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/report"
)

func summaryOf(t *testing.T, r *build.Report, limit int64) string {
	t.Helper()
	var out bytes.Buffer
	if err := report.WriteSummary(&out, r, report.SummaryOptions{Limit: limit}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// many is a run of n builds, of which every other one failed, each for a
// reason of its own and with as many findings as a build may list.
func many(n int) *build.Report {
	r := &build.Report{Verdict: build.Fail, ExitCode: build.ExitFail}
	for i := range n {
		name := fmt.Sprintf("build-%d", i)
		if i%2 == 0 {
			r.Builds = append(r.Builds, passing(name, i+1, 0, 1000))
			continue
		}
		b := compileError(name, i+1, 0)
		for k := range 60 {
			f := b.Findings[2]
			f.Rank, f.Message = 4+k, strings.Repeat("a long message ", 30)
			b.Findings = append(b.Findings, f)
		}
		b.Findings[0].Message = fmt.Sprintf("cannot find symbol %d", i)
		r.Builds = append(r.Builds, b)
	}
	return r
}

func TestSummaryKeepsItsLimit(t *testing.T) {
	r := many(6)
	whole := int64(len(summaryOf(t, r, 0)))
	verdict := "**3 of 6 builds failed; 3 errors, 3 warnings**"
	for limit := int64(1); limit < whole; limit += 1 + limit/4 {
		got := summaryOf(t, r, limit)
		if int64(len(got)) > limit {
			t.Fatalf("limit %d: %d bytes", limit, len(got))
		}
		if limit > 100 && !strings.Contains(got, verdict) {
			t.Errorf("limit %d: no verdict in %q", limit, got)
		}
		if limit > 1500 && !strings.Contains(got, "Left out, since") {
			t.Errorf("limit %d: it isn't said that something was left out: %q", limit, got)
		}
	}
	if got := summaryOf(t, r, whole); int64(len(got)) != whole || strings.Contains(got, "Left out, since") {
		t.Error("something is left out though all of it fits")
	}
}

func TestSummaryLeavesOutTheLeastValuableFirst(t *testing.T) {
	r := many(200)
	got := summaryOf(t, r, 300_000)
	for _, want := range []string{"build-199 #200", "cannot find symbol 199", "> 6 | [ERROR]", "Left out, since a summary has a size limit: "} {
		if !strings.Contains(got, want) {
			t.Errorf("a summary of 200 builds lacks %q", want)
		}
	}
	if n := strings.Count(got, "\n| `build-"); n != 200 {
		t.Errorf("%d rows of 200", n)
	}
	for _, gone := range []string{"### Timeline", "builds passed</summary>"} {
		if strings.Contains(got, gone) {
			t.Errorf("%q is there while tables of findings are left out", gone)
		}
	}
	note := got[strings.LastIndex(got, "Left out"):]
	if !strings.Contains(note, "1 timeline") || !strings.Contains(note, "tables of other findings") || !strings.Contains(note, "report.json") {
		t.Errorf("the note: %s", note)
	}
	if all := summaryOf(t, r, 0); len(all) > report.SummaryLimit {
		t.Errorf("%d bytes", len(all))
	}
}

func TestStepSummaryLeavesRoomForWhatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "summary")
	for _, held := range []int{report.SummaryLimit - 20_000, report.SummaryLimit - 1, report.SummaryLimit, 2 * report.SummaryLimit} {
		if err := os.WriteFile(path, bytes.Repeat([]byte("x"), held), 0o644); err != nil {
			t.Fatal(err)
		}
		gh := report.NewGitHub(map[string]string{"GITHUB_STEP_SUMMARY": path})
		if err := gh.WriteSummary(many(30), report.SummaryOptions{}); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > int64(max(held, report.SummaryLimit)) {
			t.Errorf("%d bytes held, then %d", held, info.Size())
		}
		if held == report.SummaryLimit-20_000 && info.Size() < int64(held)+10_000 {
			t.Errorf("%d bytes held, then only %d", held, info.Size())
		}
	}
}

func TestSummarySaysASharedCauseOnce(t *testing.T) {
	got := summaryOf(t, sample(), 0)
	if n := strings.Count(got, "**Root cause:** `cannot find symbol`"); n != 1 {
		t.Errorf("it is told %d times", n)
	}
	if !strings.Contains(got, "The same cause in 2 of 6 builds: `api #7`, `worker #9`.") {
		t.Error("the builds that share it aren't named")
	}
	unshared := sample()
	unshared.Causes = nil
	if n := strings.Count(summaryOf(t, unshared, 0), "**Root cause:** `cannot find symbol`"); n != 2 {
		t.Errorf("where the report says nothing of sharing, it is told %d times", n)
	}
}

func TestSummaryLinksOnlyWhereItIsSafe(t *testing.T) {
	r := sample()
	for address, linked := range map[string]bool{
		"https://devcloud.example.com/a?b=c": true,
		"http://devcloud.example.com/":       false,
		"javascript:alert(1)":                false,
		"https://user:pw@evil.example/":      false,
		"https:///nohost":                    false,
		"https://e.example/>) [x](<":         true, // encoded
		"://":                                false,
	} {
		r.Builds[0].URL = &address
		got := summaryOf(t, r, 0)
		if strings.Contains(got, "[`docs #41`](") != linked {
			t.Errorf("%q: linked %t", address, !linked)
		}
		if strings.Contains(got, "[x](<") {
			t.Errorf("%q breaks out of its link", address)
		}
	}
	root := workspace(t)
	*r.Builds[1].Findings[0].File = "src/A.java"
	var out bytes.Buffer
	repo := report.RepositoryOf(map[string]string{"GITHUB_WORKSPACE": root, "GITHUB_SERVER_URL": "https://github.com",
		"GITHUB_REPOSITORY": "acme/shop", "GITHUB_SHA": "0a1b"}, nil)
	if err := report.WriteSummary(&out, r, report.SummaryOptions{Repository: repo}); err != nil {
		t.Fatal(err)
	}
	if want := "[`src/A.java:23:9`](<https://github.com/acme/shop/blob/0a1b/src/A.java#L23>)"; !strings.Contains(out.String(), want) {
		t.Errorf("no link to the file that is in the repository: %s", out.String())
	}
}

func TestSummaryOfALenientRun(t *testing.T) {
	r := sample()
	r.ExitCode = build.ExitPass
	if !strings.Contains(summaryOf(t, r, 0), "(exit code 0 was asked for)") {
		t.Error("the summary doesn't say why a failed run returned 0")
	}
}

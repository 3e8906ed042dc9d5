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
	verdict := "## ❌ loggate: fail – 3 of 6 builds failed; 3 errors, 3 warnings\n"
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
	for _, want := range []string{"build-199 #200", "cannot find symbol 199", "> 6 | [ERROR]", "<summary>100 builds passed</summary>", "Left out, since a summary has a size limit: "} {
		if !strings.Contains(got, want) {
			t.Errorf("a summary of 200 builds lacks %q", want)
		}
	}
	if n := strings.Count(got, "\n| `build-"); n != 200 {
		t.Errorf("%d rows of 200", n)
	}
	if strings.Contains(got, "Timeline") {
		t.Error("the timeline is there while tables of findings are left out")
	}
	if strings.Index(got, "build-198") < strings.Index(got, "cannot find symbol 199") {
		t.Error("a build that passed stands before a cause")
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

// With a cause that very many builds share, their other findings don't hide
// the next cause.
func TestSummaryOfAWidelySharedCause(t *testing.T) {
	r := &build.Report{Verdict: build.Fail, Causes: []build.Shared{{Fingerprint: "maven-1"}}}
	for i := range 40 {
		r.Builds = append(r.Builds, compileError(fmt.Sprintf("b%d", i), 1, 0))
	}
	got := summaryOf(t, r, 0)
	if n := strings.Count(got, "other findings:"); n != 5 || !strings.Contains(got, "Left out: what else was found in 35 more builds with this cause; `report.json` has it.") {
		t.Errorf("%d tables of other findings in\n%s", n, got)
	}
	if !strings.Contains(got, "<details><summary><code>b4 #1</code>: 4 other findings: 1 error, 1 warning, 2 not listed</summary>") {
		t.Error("a table of other findings doesn't say whose they are")
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
		if strings.Contains(got, "[`docs\u00a0#41`](") != linked {
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
	if !strings.Contains(summaryOf(t, r, 0), "(exit code 0 was asked for, it would be 1)") {
		t.Error("the summary doesn't say why a failed run returned 0")
	}
}

// A log that was scanned doesn't tell how its build ended; its cause is told
// all the same, and so is that of a build that passed and isn't let through.
func TestSummaryAndAccountTellWhatIsBlamed(t *testing.T) {
	for _, c := range []struct {
		name   string
		status build.Status
		policy string
		title  string // "" when nothing is told
	}{
		{"scanned", build.Unknown, "fail-on error", "`api #7`: status unknown in stage `Maven build`"},
		{"running", build.Running, "", "`api #7`: running in stage `Maven build`"},
		{"blamed", build.Success, "fail-on warning", "`api #7`: success, with 1 error in stage `Maven build`"},
		{"passed", build.Success, "", ""},
		{"forbidden text", build.Success, "forbid", ""},
	} {
		r := sample()
		r.Builds, r.Gate.Violations = r.Builds[1:2], nil
		r.Builds[0].Status = c.status
		if c.policy != "" {
			r.Gate.Violations = []build.Violation{{Policy: c.policy, Build: ptr("api"), Message: "1 error, first: cannot find symbol"}}
		}
		summary, account := summaryOf(t, r, 0), accountOf(t, r, report.AccountOptions{})
		if told := strings.Contains(summary, "**Root cause:** `cannot find symbol`"); told != (c.title != "") || !strings.Contains(summary, c.title) {
			t.Errorf("%s: told %t in\n%s", c.name, told, summary)
		}
		if told := strings.Contains(account, "> 6 | [ERROR]"); told != (c.title != "") || !strings.Contains(account, strings.ReplaceAll(c.title, "`", "")) {
			t.Errorf("%s: told %t in\n%s", c.name, told, account)
		}
	}
}

// A rule of the gate and what to do are said once, and so is a cause that
// stands above; what stands nowhere else is said.
func TestReasonsAreSaidOnce(t *testing.T) {
	r := sample()
	violation := func(name, message string, line int64) build.Violation {
		return build.Violation{Policy: "fail-on error", Build: &name, Line: &line, Message: message, Remedy: "Mend it."}
	}
	r.Gate.Violations = []build.Violation{
		violation("api", "2 errors, first: cannot find symbol", 6),
		violation("worker", "2 errors, first: cannot find symbol", 6),
		violation("docs", "1 error, first: not shown above", 3),
		{Policy: "max warning", Source: ptr(".loggate.yml:3"), Message: "9 warnings over all builds, 5 allowed"},
	}
	r.Builds[0].Findings = []build.Finding{{Rank: 1, Message: "another"}, {Rank: 2, Message: "not shown above"}}
	_, summary, _ := strings.Cut(summaryOf(t, r, 0), "### Why this doesn't pass\n\n")
	want := "- **fail-on error**: Mend it.\n  - `api`, `worker`: 2 errors\n  - `docs`: 1 error, first: `not shown above`, line 3\n" +
		"- **max warning** (`.loggate.yml:3`)\n  - 9 warnings over all builds, 5 allowed\n"
	if !strings.HasPrefix(summary, want) {
		t.Errorf("got %s", summary)
	}
	_, account, _ := strings.Cut(accountOf(t, r, report.AccountOptions{}), "Why this doesn't pass\n")
	want = "  fail-on error\n    api, worker: 2 errors\n    docs: 1 error, first: not shown above, line 3\n    what to do: Mend it.\n" +
		"  max warning (.loggate.yml:3)\n    9 warnings over all builds, 5 allowed\n"
	if !strings.HasPrefix(account, want) {
		t.Errorf("got %s", account)
	}
}

func TestManyReasonsAreFolded(t *testing.T) {
	r := &build.Report{Verdict: build.Fail}
	for i := range 150 {
		r.Gate.Violations = append(r.Gate.Violations, build.Violation{Policy: "forbid", Message: fmt.Sprint("no ", i)})
	}
	got := summaryOf(t, r, 0)
	for _, want := range []string{"<details><summary>150 cases</summary>", "  - no 99\n", "50 cases left out; `report.json` has them"} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks %q", want)
		}
	}
	if got := accountOf(t, r, report.AccountOptions{}); !strings.Contains(got, "140 cases left out") {
		t.Errorf("the account: %s", got)
	}
}

// What a summary of many builds looks like is in docs/; here it is that the
// table leads with what matters and that every build has one row.
func TestSummaryOfManyBuilds(t *testing.T) {
	got := summaryOf(t, many(60), 0)
	top, rest, _ := strings.Cut(got, "### ")
	if n := strings.Count(top, "❌\u00a0failure"); n != 30 || strings.Contains(top, "✅") {
		t.Errorf("the table begins with %d failed builds of 30, or has some that passed:\n%s", n, top)
	}
	_, folded, _ := strings.Cut(rest, "<details><summary>30 builds passed</summary>")
	if n := strings.Count(folded, "✅\u00a0success"); n != 30 {
		t.Errorf("%d of 30 builds that passed are in the folded table", n)
	}
	if !strings.Contains(got, "<details><summary>Timeline</summary>") {
		t.Error("a timeline of 60 builds isn't folded")
	}
}

func TestTimelineLeavesOutStagesFirst(t *testing.T) {
	for _, c := range []struct {
		builds int
		want   []string
		lacks  string
	}{
		{10, []string{"build-9 #10: failure", "Maven build: failure"}, "left out"},
		{80, []string{"build-79 #80: failure", "… left out: 80 stages"}, "Maven build:"},
		{200, []string{"build-79 #80: failure", "… left out: 120 builds, 200 stages"}, "build-80"},
	} {
		r := many(c.builds)
		for _, b := range r.Builds {
			b.Findings = nil // leave room for the picture
		}
		_, got, _ := strings.Cut(summaryOf(t, r, 0), "Timeline")
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%d builds: no %q in\n%s", c.builds, want, got)
			}
		}
		if strings.Contains(got, c.lacks) {
			t.Errorf("%d builds: %q in\n%s", c.builds, c.lacks, got)
		}
	}
}

// A long excerpt shows the finding and a little before it, or the end of a
// log that no rule explains.
func TestLongContextIsShort(t *testing.T) {
	lines := make([]string, 60)
	for i := range lines {
		lines[i] = fmt.Sprintf("text %d", i+1)
	}
	for _, c := range []struct {
		rule        string
		line        int64
		first, last string
	}{
		{"a.b", 1, ">  1 | text 1", " 20 | text 20"},
		{"a.b", 30, "  26 | text 26", "  45 | text 45"},
		{"a.b", 60, "  41 | text 41", "> 60 | text 60"},
		{build.LastLines, 1, "> 41 | text 41", "> 60 | text 60"},
	} {
		r := sample()
		r.Builds = r.Builds[1:2]
		f := &r.Builds[0].Findings[0]
		f.Rule, f.Line, f.EndLine, f.Excerpt, f.ExcerptLine = c.rule, c.line, c.line, lines, 1
		if c.rule == build.LastLines {
			f.EndLine = 60
		}
		_, shown, _ := strings.Cut(summaryOf(t, r, 0), "```text\n")
		shown, _, _ = strings.Cut(shown, "```")
		if !strings.HasPrefix(strings.TrimLeft(shown, " "), strings.TrimLeft(c.first, " ")) || !strings.HasSuffix(shown, c.last+"\n  … 40 more lines left out\n") {
			t.Errorf("line %d: got\n%s", c.line, shown)
		}
	}
}

// Of a baseline, what counts is counted: neither what is ignored nor loggate's own.
func TestComparisonCountsWhatCounts(t *testing.T) {
	b := passing("api", 7, 0, 1000)
	for i, f := range []build.Finding{{New: ptr(true)}, {New: ptr(true), Ignored: ptr("known")}, {New: ptr(false)}, {New: ptr(true), Rule: build.LastLines}, {New: ptr(true), Rule: build.Unlike}} {
		f.Rank, f.Line, f.Severity, f.Kind = i+1, 1, build.Warning, build.Cause
		b.Findings = append(b.Findings, f)
	}
	r := &build.Report{Verdict: build.Pass, Builds: []*build.Build{b}}
	if got := summaryOf(t, r, 0); !strings.Contains(got, "### Against the baseline: 1 new, 1 known, 0 gone\n") {
		t.Errorf("the summary is\n%s", got)
	}
	b.Findings = []build.Finding{{Rank: 1, Line: 1, Severity: build.Warning, Kind: build.Cause}}
	if got := summaryOf(t, r, 0); strings.Contains(got, "baseline") {
		t.Errorf("without a baseline, the summary is\n%s", got)
	}
}

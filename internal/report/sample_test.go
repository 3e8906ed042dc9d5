package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/build"
)

var update = flag.Bool("update", false, "write the golden files anew; read them before you commit them")

// golden compares got with testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test -update writes it anew); got:\n%s", name, got)
	}
}

func ptr[T any](v T) *T { return &v }

// start is when the sample's run began.
var start = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// sample is a run of six builds: two passed, two failed to compile for the
// same reason, one failed a test, one could not be read.
func sample() *build.Report {
	r := &build.Report{
		Schema: build.Schema, Tool: build.Tool{Version: "1.2.3"},
		StartedAt: start, FinishedAt: start.Add(5 * time.Minute),
		Verdict: build.Fail, ExitCode: build.ExitFail,
		Builds: []*build.Build{
			passing("docs", 41, 0, 95_000),
			compileError("api", 7, 10*time.Second),
			testFailure("web", 112, 20*time.Second),
			compileError("worker", 9, 30*time.Second),
			forbidden("billing", 3),
			passing("网站", 5, time.Minute, 12_000),
		},
		Causes: []build.Shared{{Fingerprint: "maven-1", Message: "cannot find symbol", Builds: []string{"api", "worker"}}},
		Gate: build.Gate{Violations: []build.Violation{
			{Policy: "fail-on build", Build: ptr("api"), Message: "The build ended with FAILURE.", Remedy: "Mend the root cause above."},
			{Policy: "forbid", Source: ptr(".loggate.yml:12"), Build: ptr("web"), Line: ptr(int64(88)),
				Message: "no snapshots in a release: shop-1.4-SNAPSHOT.jar", Remedy: "Release the dependency, or take the rule out."},
		}},
	}
	r.Gate.Notices = []build.Remark{{Policy: "ignore", Source: ptr(".loggate.yml:9"), Message: "the entry matches nothing any more (vendored)", Remedy: "Remove the entry."}}
	r.Gate.Judged = []string{"forbid -SNAPSHOT in all builds"}
	r.Builds[1].Gone = []build.Finding{{Rank: 1, Rule: "maven.deprecated", Severity: build.Warning, Kind: build.Cause, Fingerprint: "maven-4",
		Line: 7, EndLine: 7, Message: "uses *unchecked* operations", Count: 1}}
	r.Builds[0].URL = ptr("https://devcloud.example.com/project/1/build/docs?no=41&tab=log")
	return r
}

func passing(name string, no int, after time.Duration, ms int64) *build.Build {
	b := build.NewBuild(build.Ref{Name: name, JobID: "0123456789abcdef0123456789abcdef", Number: no})
	b.Status, b.Result, b.StatusSource = build.Success, "SUCCESS", build.FromAPI
	b.StartedAt, b.DurationMS = ptr(start.Add(after)), ptr(ms)
	b.Log = build.Log{Path: ptr("logs/" + name + ".log"), Bytes: 10, Lines: 2, Complete: true, Source: ptr("pages"),
		SourceReason: ptr("running builds are read by pages"), OffsetUnit: ptr("bytes"), Pages: 1, Requests: 3,
		SHA256: ptr("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")}
	return b
}

func compileError(name string, no int, after time.Duration) *build.Build {
	b := passing(name, no, after, 192_000)
	b.Status, b.Result, b.ExitStatus = build.Failure, "FAILURE", ptr(1)
	b.Commit, b.Branch = ptr("0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"), ptr("main")
	b.Stages = []build.Stage{
		{Name: "Code Checkout", Status: ptr("success"), StartedAt: ptr(start.Add(after)), DurationMS: ptr(int64(12_000)), FirstLine: ptr(int64(1)), LastLine: ptr(int64(3))},
		{Name: "Maven build", Status: ptr("failure"), StartedAt: ptr(start.Add(after + 12*time.Second)), DurationMS: ptr(int64(180_000)), FirstLine: ptr(int64(4)), LastLine: ptr(int64(9))},
	}
	b.Counts = build.Counts{Error: 1, Warning: 1}
	b.Findings = []build.Finding{
		{Rank: 1, Rule: "maven.compile-error", Severity: build.Error, Kind: build.Cause, Fingerprint: "maven-1",
			Line: 6, EndLine: 7, Message: "cannot find symbol", File: ptr("src/main/java/Shop.java"), FileLine: ptr(23), Column: ptr(9),
			Stage: ptr("Maven build"), Count: 2, New: ptr(true), Hint: ptr("A class or method is missing: run `mvn -q compile` where you wrote it."),
			Why: []string{"the first error of the stage that failed", "names a file and a line"},
			Excerpt: []string{"[INFO] Compiling 12 source files", "[ERROR] /build/src/main/java/Shop.java:[23,9] cannot find symbol",
				"[ERROR]   symbol: class Basket | Cart", "[INFO] BUILD FAILURE"}, ExcerptLine: 5},
		{Rank: 2, Rule: "maven.goal-failed", Severity: build.Error, Kind: build.Symptom, Fingerprint: "maven-2",
			Line: 8, EndLine: 8, Message: "Failed to execute goal maven-compiler-plugin", Count: 1, Ignored: ptr("follows | from it")},
		{Rank: 3, Rule: "maven.deprecated", Severity: build.Warning, Kind: build.Cause, Fingerprint: "maven-3",
			Line: 4, EndLine: 4, Message: "uses deprecated API", File: ptr("/build/Old.java"), FileLine: ptr(3), Count: 4, New: ptr(false)},
	}
	b.FindingsDropped = 2
	return b
}

func testFailure(name string, no int, after time.Duration) *build.Build {
	b := passing(name, no, after, 61_000)
	b.Status, b.Result, b.StatusSource, b.ExitStatus = build.Failure, "UNSTABLE", build.FromLog, ptr(2)
	b.Counts = build.Counts{Error: 1}
	b.Findings = []build.Finding{{Rank: 1, Rule: "jest.failed-test", Severity: build.Error, Kind: build.Cause, Fingerprint: "jest-1",
		Line: 1203, EndLine: 1203, Message: "Basket › adds up: expected 3, received 4", Stage: ptr("Test"), Count: 1, Hint: nil,
		Excerpt: []string{"\x1b[31m● Basket › adds up\x1b[0m", "", "\texpected 3, received 4"}, ExcerptLine: 1203}}
	return b
}

func forbidden(name string, no int) *build.Build {
	b := build.NewBuild(build.Ref{Name: name, JobID: "ffffffffffffffffffffffffffffffff", Number: no})
	b.Lacks(build.Missing{What: build.MissingLog, Reason: "this caller may not read the job's log; ask for the role build_viewer", HTTPStatus: ptr(403), Code: ptr("CB.00060201")})
	b.Lacks(build.Missing{What: build.MissingStatus, Reason: "no answer within the timeout of 60m0s"})
	return b
}

package gate_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/gate"
)

// whole is a build whose log is complete and whose status the API told.
func whole(name string, status build.Status, findings ...build.Finding) *build.Build {
	b := build.NewBuild(build.Ref{Name: name, JobID: strings.Repeat("a", 32), Number: len(name)})
	b.Status, b.StatusSource = status, build.FromAPI
	if status == build.Unknown {
		b.StatusSource = build.FromNone
	}
	b.Log.Complete = true
	b.Findings = append(b.Findings, findings...)
	return b
}

func finding(severity build.Severity) build.Finding {
	return build.Finding{
		Rank: 1, Rule: "test." + string(severity), Severity: severity, Kind: build.Cause,
		Fingerprint: "f-" + string(severity), Line: 12, Message: "a found " + string(severity), Count: 3,
	}
}

func ignored(f build.Finding) build.Finding { f.Ignored = new("accepted"); return f }
func old(f build.Finding) build.Finding     { f.New = new(false); return f }
func fresh(f build.Finding) build.Finding   { f.New = new(true); return f }

func fromLog(b *build.Build) *build.Build { b.StatusSource = build.FromLog; return b }
func cut(b *build.Build) *build.Build     { b.Log.Complete = false; return b }
func dropping(b *build.Build, n int) *build.Build {
	b.FindingsDropped = n
	return b
}

func refused(b *build.Build) *build.Build {
	b.Lacks(build.Missing{What: build.MissingStatus, Reason: "forbidden", HTTPStatus: new(403)})
	return b
}

func TestDecide(t *testing.T) {
	var (
		byDefault = gate.FailOn{Build: true, Error: true}
		onBuild   = gate.FailOn{Build: true}
		onError   = gate.FailOn{Error: true}
		onWarning = gate.FailOn{Warning: true}
		onBoth    = gate.FailOn{Error: true, Warning: true}
		never     = gate.FailOn{Never: true}
	)
	maxErrors := func(n int) []gate.Limit {
		return []gate.Limit{{Severity: build.Error, Max: n, Source: ".loggate.yml:12"}}
	}
	required := []build.Violation{{Policy: "require", Source: new(".loggate.yml:14"), Message: "no BUILD SUCCESS", Remedy: "package it"}}

	tests := []struct {
		name     string
		builds   []*build.Build
		policy   gate.Policy
		verdict  build.Verdict
		exit     int
		policies string // of the violations
		missing  string // "what: reason" of all builds
	}{
		{"nothing was looked at", nil, gate.Policy{FailOn: byDefault}, build.Incomplete, 3, "", ""},
		{"all is well", []*build.Build{whole("api", build.Success)}, gate.Policy{FailOn: byDefault}, build.Pass, 0, "", ""},
		{"notices never fail", []*build.Build{whole("api", build.Success, finding(build.Notice))},
			gate.Policy{FailOn: gate.FailOn{Build: true, Error: true, Warning: true}}, build.Pass, 0, "", ""},

		{"failure", []*build.Build{whole("api", build.Failure)}, gate.Policy{FailOn: byDefault}, build.Fail, 1, "fail-on build", ""},
		{"aborted", []*build.Build{whole("api", build.Aborted)}, gate.Policy{FailOn: onBuild}, build.Fail, 1, "fail-on build", ""},
		{"timeout", []*build.Build{whole("api", build.Timeout)}, gate.Policy{FailOn: onBuild}, build.Fail, 1, "fail-on build", ""},
		{"failure doesn't matter without build", []*build.Build{whole("api", build.Failure)}, gate.Policy{FailOn: onError}, build.Pass, 0, "", ""},
		{"running", []*build.Build{whole("api", build.Running)}, gate.Policy{FailOn: onBuild}, build.Incomplete, 3, "",
			"status: the build is still running"},
		{"running without build in fail-on", []*build.Build{whole("api", build.Running)}, gate.Policy{FailOn: onError}, build.Incomplete, 3, "",
			"status: the build is still running"},
		{"unknown", []*build.Build{whole("api", build.Unknown)}, gate.Policy{FailOn: onBuild}, build.Incomplete, 3, "",
			"status: how the build ended is not known"},
		{"the log alone is enough without build", []*build.Build{refused(whole("api", build.Unknown))}, gate.Policy{FailOn: onError}, build.Pass, 0, "",
			"status: forbidden"},
		{"a cut log never is", []*build.Build{cut(whole("api", build.Success))}, gate.Policy{FailOn: onError}, build.Incomplete, 3, "",
			"log: the log is not known to be complete"},

		{"the log's success is no evidence", []*build.Build{fromLog(whole("api", build.Success))}, gate.Policy{FailOn: onBuild}, build.Incomplete, 3, "",
			"status: the success was read from the log only, and whoever writes the log can print it"},
		{"the fetcher's reason is kept", []*build.Build{refused(fromLog(whole("api", build.Success)))}, gate.Policy{FailOn: onBuild}, build.Incomplete, 3, "",
			"status: forbidden"},
		{"the log's success is enough without build", []*build.Build{refused(fromLog(whole("api", build.Success)))}, gate.Policy{FailOn: onWarning}, build.Pass, 0, "",
			"status: forbidden"},
		{"the log's failure counts", []*build.Build{refused(fromLog(whole("api", build.Failure)))}, gate.Policy{FailOn: onBuild}, build.Fail, 1, "fail-on build",
			"status: forbidden"},

		{"an error", []*build.Build{whole("api", build.Success, finding(build.Error))}, gate.Policy{FailOn: byDefault}, build.Fail, 1, "fail-on error", ""},
		{"an error is no warning's business alone", []*build.Build{whole("api", build.Success, finding(build.Error))}, gate.Policy{FailOn: onWarning}, build.Fail, 1, "fail-on warning", ""},
		{"each policy says its own", []*build.Build{whole("api", build.Success, finding(build.Error), finding(build.Warning))},
			gate.Policy{FailOn: onBoth}, build.Fail, 1, "fail-on error, fail-on warning", ""},
		{"a warning under error", []*build.Build{whole("api", build.Success, finding(build.Warning))}, gate.Policy{FailOn: byDefault}, build.Pass, 0, "", ""},
		{"an error under build", []*build.Build{whole("api", build.Success, finding(build.Error))}, gate.Policy{FailOn: onBuild}, build.Pass, 0, "", ""},
		{"an ignored error", []*build.Build{whole("api", build.Success, ignored(finding(build.Error)))}, gate.Policy{FailOn: byDefault}, build.Pass, 0, "", ""},
		{"an old error", []*build.Build{whole("api", build.Success, old(finding(build.Error)))}, gate.Policy{FailOn: byDefault}, build.Fail, 1, "fail-on error", ""},
		{"an old error under new-only", []*build.Build{whole("api", build.Success, old(finding(build.Error)))},
			gate.Policy{FailOn: byDefault, NewOnly: true}, build.Pass, 0, "", ""},
		{"a new error under new-only", []*build.Build{whole("api", build.Success, fresh(finding(build.Error)))},
			gate.Policy{FailOn: byDefault, NewOnly: true}, build.Fail, 1, "fail-on error", ""},
		{"new-only without a baseline", []*build.Build{whole("api", build.Success, finding(build.Error))},
			gate.Policy{FailOn: byDefault, NewOnly: true}, build.Fail, 1, "fail-on error", ""},
		{"a status under new-only", []*build.Build{whole("api", build.Failure)}, gate.Policy{FailOn: byDefault, NewOnly: true}, build.Fail, 1, "fail-on build", ""},

		{"errors left out of a list of errors", []*build.Build{dropping(whole("api", build.Success, ignored(finding(build.Error))), 2)},
			gate.Policy{FailOn: byDefault}, build.Fail, 1, "fail-on error", ""},
		{"warnings left out of a list of warnings", []*build.Build{dropping(whole("api", build.Success, finding(build.Warning)), 2)},
			gate.Policy{FailOn: byDefault}, build.Pass, 0, "", ""},
		{"warnings left out of a list of notices", []*build.Build{dropping(whole("api", build.Success, finding(build.Notice)), 2)},
			gate.Policy{FailOn: onWarning}, build.Fail, 1, "fail-on warning", ""},
		{"errors left out beside a notice", []*build.Build{dropping(whole("api", build.Success, ignored(finding(build.Error)), ignored(finding(build.Error)), finding(build.Notice)), 2)},
			gate.Policy{FailOn: byDefault}, build.Fail, 1, "fail-on error", ""},
		{"what was left out reaches a limit", []*build.Build{dropping(whole("api", build.Success, finding(build.Warning)), 2)},
			gate.Policy{FailOn: byDefault, Max: []gate.Limit{{Severity: build.Warning, Max: 2}}}, build.Fail, 1, "max warning", ""},

		{"1 beats 3", []*build.Build{cut(whole("api", build.Unknown)), whole("web", build.Failure)}, gate.Policy{FailOn: byDefault}, build.Fail, 1, "fail-on build",
			"log: the log is not known to be complete; status: how the build ended is not known"},
		{"violations add up", []*build.Build{whole("api", build.Failure, finding(build.Error))},
			gate.Policy{FailOn: byDefault, Max: maxErrors(0), Config: required}, build.Fail, 1, "fail-on build, fail-on error, max error, require", ""},
		{"a limit doesn't relax fail-on", []*build.Build{whole("api", build.Success, finding(build.Error))},
			gate.Policy{FailOn: byDefault, Max: maxErrors(3)}, build.Fail, 1, "fail-on error", ""},
		{"three errors tolerated", []*build.Build{whole("api", build.Success, finding(build.Error)), whole("web", build.Success, finding(build.Error), finding(build.Error))},
			gate.Policy{FailOn: onBuild, Max: maxErrors(3)}, build.Pass, 0, "", ""},
		{"but not four, over all builds", []*build.Build{whole("api", build.Success, finding(build.Error), finding(build.Error)), whole("web", build.Success, finding(build.Error), finding(build.Error))},
			gate.Policy{FailOn: onBuild, Max: maxErrors(3)}, build.Fail, 1, "max error", ""},
		{"the config counts under any fail-on", []*build.Build{whole("api", build.Success)},
			gate.Policy{FailOn: onWarning, Config: required}, build.Fail, 1, "require", ""},

		{"never shows what failed", []*build.Build{whole("api", build.Failure)}, gate.Policy{FailOn: never}, build.Fail, 0, "fail-on build", ""},
		{"never shows what is missing", []*build.Build{cut(whole("api", build.Success))}, gate.Policy{FailOn: never}, build.Incomplete, 0, "",
			"log: the log is not known to be complete"},
		{"never leaves the config out", []*build.Build{whole("api", build.Success)},
			gate.Policy{FailOn: never, Config: required, Max: maxErrors(0)}, build.Pass, 0, "", ""},
		{"a dry run fails with 0", []*build.Build{whole("api", build.Failure)}, gate.Policy{FailOn: byDefault, DryRun: true, Config: required}, build.Fail, 0,
			"fail-on build, require", ""},
		{"a dry run is incomplete with 0", nil, gate.Policy{FailOn: byDefault, DryRun: true}, build.Incomplete, 0, "", ""},
		{"interrupted", []*build.Build{whole("api", build.Failure)}, gate.Policy{FailOn: byDefault, Interrupted: true}, build.Incomplete, 130, "fail-on build", ""},
		{"interrupted under never", []*build.Build{whole("api", build.Success)}, gate.Policy{FailOn: never, Interrupted: true}, build.Incomplete, 130, "", ""},
		{"interrupted dry run", []*build.Build{whole("api", build.Success)}, gate.Policy{FailOn: onError, DryRun: true, Interrupted: true}, build.Incomplete, 130, "", ""},

		{"a scanned file has no status", []*build.Build{whole("a.log", build.Unknown)}, gate.Policy{FailOn: onError, Scan: true}, build.Pass, 0, "", ""},
		{"nor one that counts", []*build.Build{fromLog(whole("a.log", build.Failure)), fromLog(whole("b.log", build.Running))},
			gate.Policy{FailOn: onError, Scan: true}, build.Pass, 0, "", ""},
		{"not even under never", []*build.Build{fromLog(whole("a.log", build.Failure))}, gate.Policy{FailOn: never, Scan: true}, build.Pass, 0, "", ""},
		{"a scanned file with an error", []*build.Build{whole("a.log", build.Unknown, finding(build.Error))},
			gate.Policy{FailOn: onError, Scan: true}, build.Fail, 1, "fail-on error", ""},
		{"a scan that broke off", []*build.Build{cut(whole("a.log", build.Unknown))}, gate.Policy{FailOn: onError, Scan: true}, build.Incomplete, 3, "",
			"log: the log is not known to be complete"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &build.Report{Builds: tt.builds}
			gate.Decide(r, tt.policy)
			if r.Verdict != tt.verdict || r.ExitCode != tt.exit {
				t.Errorf("decided %s with %d, want %s with %d", r.Verdict, r.ExitCode, tt.verdict, tt.exit)
			}
			if got := policies(r); got != tt.policies {
				t.Errorf("violations %q, want %q", got, tt.policies)
			}
			if got := missing(r); got != tt.missing {
				t.Errorf("missing %q, want %q", got, tt.missing)
			}
			for _, v := range r.Gate.Violations {
				if v.Message == "" || v.Remedy == "" || strings.ContainsAny(v.Message+v.Remedy, "\n") {
					t.Errorf("violation without a line of message and remedy: %+v", v)
				}
			}
			once := asJSON(t, r)
			gate.Decide(r, tt.policy)
			if again := asJSON(t, r); again != once {
				t.Errorf("deciding again changed the report:\n%s\nto\n%s", once, again)
			}
		})
	}
}

func policies(r *build.Report) string {
	var names []string
	for _, v := range r.Gate.Violations {
		names = append(names, v.Policy)
	}
	return strings.Join(names, ", ")
}

func missing(r *build.Report) string {
	var all []string
	for _, b := range r.Builds {
		for _, m := range b.Incomplete {
			all = append(all, m.What+": "+m.Reason)
		}
	}
	return strings.Join(all, "; ")
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A violation names the build, the log's line and what was found there.
func TestViolation(t *testing.T) {
	failed := whole("api", build.Failure, finding(build.Error), finding(build.Error))
	failed.Result = "NOT\nBUILT"
	limit := gate.Limit{Severity: build.Error, Max: 1, Source: ".loggate.yml:12"}
	r := &build.Report{Builds: []*build.Build{whole("web", build.Success), fromLog(failed)}}
	gate.Decide(r, gate.Policy{FailOn: gate.FailOn{Build: true, Error: true}, Max: []gate.Limit{limit}})

	var got []string
	for _, v := range r.Gate.Violations {
		got = append(got, asJSON(t, []any{v.Policy, v.Source, v.Build, v.Line, v.Message}))
	}
	want := []string{
		`["fail-on build",null,"api",12,"ended with failure (NOT\\u000aBUILT), as its log says: a found error"]`,
		`["fail-on error",null,"api",12,"2 errors, first: a found error"]`,
		`["max error",".loggate.yml:12","api",12,"2 errors over all builds, 1 allowed; 2 of them here, first: a found error"]`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("violations\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestCount(t *testing.T) {
	lastLines := finding(build.Error)
	lastLines.Rule = build.LastLines
	b := whole("api", build.Failure, finding(build.Error), old(finding(build.Error)), ignored(finding(build.Error)),
		fresh(finding(build.Warning)), finding(build.Notice), lastLines)
	for newOnly, want := range map[bool]build.Counts{
		false: {Error: 2, Warning: 1, Notice: 1},
		true:  {Error: 1, Warning: 1, Notice: 1},
	} {
		if gate.Count(b, newOnly); b.Counts != want {
			t.Errorf("new-only %v: %+v, want %+v", newOnly, b.Counts, want)
		}
	}
}

func TestCauses(t *testing.T) {
	symptom := finding(build.Warning)
	symptom.Kind = build.Symptom
	twin := whole("twin", build.Failure, finding(build.Warning)) // no second build, but "latest" of the one before
	lone := whole("lone", build.Failure, finding(build.Warning))
	twin.JobID, twin.BuildNo = lone.JobID, lone.BuildNo
	r := &build.Report{Builds: []*build.Build{
		lone, twin,
		whole("api", build.Failure, finding(build.Error), finding(build.Warning)),
		whole("passed", build.Success, finding(build.Error)),
		whole("fell", build.Failure, symptom),
		whole("accepted", build.Failure, ignored(finding(build.Error))),
		whole("website", build.Timeout, finding(build.Error)),
		whole("nothing", build.Failure),
	}}
	gate.Decide(r, gate.Policy{FailOn: gate.FailOn{Build: true}})
	want := `[{"fingerprint":"f-error","message":"a found error","builds":["api","website"]}]`
	if got := asJSON(t, r.Causes); got != want {
		t.Errorf("causes %s, want %s", got, want)
	}
}

// A limit names the build that breaks it most, the first of them.
func TestLimitNamesTheWorstBuild(t *testing.T) {
	r := &build.Report{Builds: []*build.Build{
		whole("one", build.Success, finding(build.Error)),
		whole("two", build.Success, finding(build.Warning), finding(build.Error), finding(build.Error)),
		whole("three", build.Success, finding(build.Error), finding(build.Error)),
	}}
	r.Builds[1].Findings[1].Line = 7
	gate.Decide(r, gate.Policy{FailOn: gate.FailOn{Build: true}, Max: []gate.Limit{{Severity: build.Error, Max: 4, Source: "p.yml:2"}}})
	v := r.Gate.Violations[0]
	if *v.Build != "two" || *v.Line != 7 || v.Message != "5 errors over all builds, 4 allowed; 2 of them here, first: a found error" {
		t.Errorf("build %q, line %d: %s", *v.Build, *v.Line, v.Message)
	}
}

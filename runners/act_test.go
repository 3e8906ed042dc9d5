package runners

import (
	"bufio"
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// actLine is a line of act's own log, of those that the tests read.
type actLine struct {
	Level      string
	Msg        string
	JobID      string
	Command    string            // of a workflow command: error, warning, summary, …
	Arg        string            // its text
	KVPairs    map[string]string // its properties
	Content    string            // of a step summary
	StepResult string            // success or failure, of a step that has ended
	StepID     []string          // of the step, and of the step in the composite action
	JobResult  string            // of a job that has ended
}

// actRun is what one run of the workflow has left.
type actRun struct {
	jobs      map[string][]actLine
	artifacts string // the directory of what was uploaded
	results   string // the directory of what the workflow's steps have written
}

// TestActionUnderAct runs act/workflow.yml under nektos/act in host mode, with
// this tree as loggate/loggate@v1 and a stand-in for actions/upload-artifact.
func TestActionUnderAct(t *testing.T) {
	act := runner(t, "ACT")
	r := runAct(t, act, "act/workflow.yml")
	for job, want := range map[string]string{
		"fails": "failure", "passes": "success", "variables": "success", "script": "failure", "twice": "failure",
		"silent": "success", "refused": "failure", "incomplete": "failure", "setup": "failure",
	} {
		if got := r.result(job); got != want {
			t.Errorf("job %s: %q, want %s\n%s", job, got, want, r.log(job))
		}
	}
	t.Run("fails", func(t *testing.T) { gateFails(t, r) })
	t.Run("passes", func(t *testing.T) { gatePasses(t, r) })
	t.Run("variables", func(t *testing.T) { variablesServe(t, r) })
	t.Run("script", func(t *testing.T) { inputsAreNoScript(t, r) })
	t.Run("artifacts", func(t *testing.T) { artifactsOfJobs(t, r) })
	t.Run("exit codes", func(t *testing.T) { exitCodesOfJobs(t, r) })
	t.Run("setup", func(t *testing.T) { setupGivesTheProgram(t, r) })
}

func gateFails(t *testing.T, r actRun) {
	var report build.Report
	readJSON(t, filepath.Join(r.artifacts, "fails", "report.json"), &report)
	if report.Verdict != build.Fail || len(report.Builds) != 2 {
		t.Errorf("the artifact's report says %s of %d builds", report.Verdict, len(report.Builds))
	}
	var outputs map[string]string
	readJSON(t, filepath.Join(r.results, "fails.json"), &outputs)
	want := map[string]string{
		"verdict": "fail", "failed-builds": `["web"]`, "root-cause": "undefined: totl",
		"error-count": strconv.Itoa(report.Counts().Error), "warning-count": strconv.Itoa(report.Counts().Warning),
		"output-dir": "out of fails", "report": "out of fails/report.json",
	}
	if !maps.Equal(outputs, want) {
		t.Errorf("outputs are %v, want %v", outputs, want)
	}
	if !r.has("fails", func(l actLine) bool { return l.Command == "error" && strings.Contains(l.Arg, "undefined: totl") }) {
		t.Errorf("no annotation:\n%s", r.log("fails"))
	}
	if !r.has("fails", func(l actLine) bool {
		return l.Command == "summary" && strings.Contains(l.Content, "undefined: totl") && strings.Contains(l.Content, "1 of 2 builds failed")
	}) {
		t.Errorf("no summary:\n%s", r.log("fails"))
	}
	kept := r.index("fails", func(l actLine) bool { return strings.Contains(l.Msg, "has been kept, for '7' days") })
	failed := r.index("fails", func(l actLine) bool { return l.StepResult == "failure" })
	if kept < 0 || failed < kept {
		t.Errorf("kept the artifact at line %d, failed at line %d, of\n%s", kept, failed, r.log("fails"))
	}
}

func gatePasses(t *testing.T, r actRun) {
	var outputs map[string]string
	readJSON(t, filepath.Join(r.results, "passes.json"), &outputs)
	if outputs["verdict"] != "pass" || outputs["failed-builds"] != "[]" || outputs["root-cause"] != "" {
		t.Errorf("outputs are %v", outputs)
	}
	if version := read(t, filepath.Join(r.results, "passes.version")); !strings.HasPrefix(version, "loggate ") {
		t.Errorf("a later step got %q of loggate", version)
	}
	if n := r.count("passes", func(l actLine) bool {
		return strings.Contains(l.Msg, "this commit of the action is no release: building the source")
	}); n != 1 {
		t.Errorf("said %d times that the source is built:\n%s", n, r.log("passes"))
	}
}

func variablesServe(t *testing.T, r actRun) {
	var report build.Report
	readJSON(t, filepath.Join(r.artifacts, "variables", "report.json"), &report)
	if report.Verdict != build.Fail || report.ExitCode != build.ExitPass {
		t.Errorf("verdict %s, exit code %d under fail-on: never", report.Verdict, report.ExitCode)
	}
	if r.has("variables", func(l actLine) bool { return l.Command == "error" }) {
		t.Errorf("annotations in spite of annotations: 0:\n%s", r.log("variables"))
	}
}

func inputsAreNoScript(t *testing.T, r actRun) {
	if _, err := os.Stat(filepath.Join(r.results, "injected")); err == nil {
		t.Error("an input was run as a script")
	}
	if !r.has("script", func(l actLine) bool { return strings.Contains(l.Msg, "touch") && strings.Contains(l.Msg, "builds") }) {
		t.Errorf("the input did not reach the program as it is:\n%s", r.log("script"))
	}
}

// artifactsOfJobs wants exactly the artifacts that should be there: two steps
// of a job don't share one unless they are told to, and none is there without an
// output directory.
func artifactsOfJobs(t *testing.T, r actRun) {
	entries, err := os.ReadDir(r.artifacts)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	want := []string{"fails", "incomplete", "loggate-passes--loggate", "loggate-twice--first", "loggate-twice--second", "variables"}
	if !slices.Equal(names, want) {
		t.Errorf("artifacts are %q, want %q", names, want)
	}
	for artifact, name := range map[string]string{"loggate-twice--first": "web", "loggate-twice--second": "api"} {
		var report build.Report
		readJSON(t, filepath.Join(r.artifacts, artifact, "report.json"), &report)
		if len(report.Builds) == 0 || report.Builds[0].Name != name {
			t.Errorf("%s is not of the build %s", artifact, name)
		}
	}
}

// exitCodesOfJobs wants the action's last step to fail with the program's exit code.
func exitCodesOfJobs(t *testing.T, r actRun) {
	step := "Exit as loggate did"
	for job, want := range map[string]string{"fails": "exit status 1", "refused": "exit status 1", "script": "exit status 2", "incomplete": "exit status 3"} {
		at := r.index(job, func(l actLine) bool { return l.StepResult == "failure" && strings.Contains(l.Msg, step) })
		if at < 0 || r.jobs[job][at+1].Msg != want {
			t.Errorf("job %s lacks %s:\n%s", job, want, r.log(job))
		}
	}
}

func setupGivesTheProgram(t *testing.T, r actRun) {
	var report build.Report
	readJSON(t, filepath.Join(r.results, "scan", "report.json"), &report)
	if report.Verdict != build.Fail {
		t.Errorf("the scan's verdict is %s", report.Verdict)
	}
}

// runAct runs a workflow once, all of its jobs.
func runAct(t *testing.T, act, workflow string) actRun {
	t.Helper()
	server, builds := service(t)
	dir := t.TempDir()
	r := actRun{jobs: map[string][]actLine{}, artifacts: made(t, dir, "artifacts"), results: made(t, dir, "results")}
	workspace := repository(t, dir, map[string]string{"build.log": badLog})
	cmd := exec.CommandContext(t.Context(), act, "push", "--json", "-C", workspace, "-W", absolute(t, workflow),
		"-P", "ubuntu-latest=-self-hosted", "--pull=false", "--action-offline-mode", "--no-cache-server", "--action-cache-path", filepath.Join(dir, "cache"),
		"--local-repository", "loggate/loggate@v1="+tree(t, dir),
		"--local-repository", "actions/upload-artifact@"+pinOf(t, "../action.yml", "actions/upload-artifact")+"="+absolute(t, "act/upload-artifact"),
		"--env", "ARTIFACTS="+r.artifacts, "--env", "RESULTS="+r.results,
		"--var", "ENDPOINT="+server.URL(), "--var", "GOOD="+input(builds["api"]), "--var", "BAD="+input(builds["web"], builds["api"]),
		"-s", "ACCESS_KEY="+accessKey, "-s", "SECRET_KEY="+secretKey)
	cmd.Env = append(goEnvironment(t), "XDG_CONFIG_HOME="+dir) // no actrc of whoever runs the test
	out, err := cmd.Output()
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var line actLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("act printed %q: %v", lines.Text(), err)
		}
		r.jobs[line.JobID] = append(r.jobs[line.JobID], line)
	}
	if len(r.jobs) < 2 {
		t.Fatalf("act: %v\n%s", err, out)
	}
	return r
}

// service is a simulated CodeArts Build with a build that passed, api, and one
// that doesn't compile, web.
func service(t *testing.T) (*simulator.Server, map[string]simulator.Build) {
	t.Helper()
	builds := map[string]simulator.Build{
		"api": {Name: "api", JobID: simulator.JobID("api"), Number: 7, Log: strings.NewReader(goodLog)},
		"web": {Name: "web", JobID: simulator.JobID("web"), Number: 8, Log: strings.NewReader(badLog), Result: "FAILURE"},
	}
	server, err := simulator.New(simulator.Options{
		Builds: slices.Collect(maps.Values(builds)), Auth: simulator.Auth{Keys: []simulator.Key{{Access: accessKey, Secret: secretKey}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server, builds
}

func (r actRun) index(job string, is func(actLine) bool) int {
	return slices.IndexFunc(r.jobs[job], is)
}
func (r actRun) has(job string, is func(actLine) bool) bool { return r.index(job, is) >= 0 }

func (r actRun) count(job string, is func(actLine) bool) int {
	n := 0
	for _, line := range r.jobs[job] {
		if is(line) {
			n++
		}
	}
	return n
}

// result is how a job ended.
func (r actRun) result(job string) string {
	for _, line := range slices.Backward(r.jobs[job]) {
		if line.JobResult != "" {
			return line.JobResult
		}
	}
	return ""
}

// log is what a job has printed.
func (r actRun) log(job string) string {
	var text strings.Builder
	for _, line := range r.jobs[job] {
		text.WriteString(strings.TrimRight(line.Msg, "\r\n") + "\n")
	}
	return text.String()
}

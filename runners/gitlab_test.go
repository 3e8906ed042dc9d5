package runners

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// gitLabRun is what one run of a pipeline has left.
type gitLabRun struct {
	failed bool
	output string
	dir    string // the user's repository
}

// artifact is the path of an artifact of a job.
func (r gitLabRun) artifact(job, name string) string {
	return filepath.Join(r.dir, ".gitlab-ci-local/artifacts", job, name)
}

// pipeline uses the component as a project does, and the results in a later job.
const pipeline = `include:
  - component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/loggate@$CI_COMMIT_SHA
    inputs:
      builds: $BUILDS
      output-dir: out

loggate:
  variables:
    LOGGATE_ENDPOINT: $ENDPOINT

after:
  stage: deploy
  when: always
  needs: [loggate]
  script:
    - echo "verdict $LOGGATE_RESULT_VERDICT of $LOGGATE_RESULT_FAILED_BUILDS, report $LOGGATE_RESULT_REPORT"
    - test -s "$LOGGATE_RESULT_REPORT"
`

// runGitLab runs the pipeline under gitlab-ci-local's shell executor, with the
// program on the PATH in the place of the image.
func runGitLab(t *testing.T, variables ...string) gitLabRun {
	t.Helper()
	local := absolute(t, runner(t, "GITLAB_CI_LOCAL"))
	dir := t.TempDir()
	bin := made(t, dir, "bin")
	command(t, exec.Command("go", "build", "-o", filepath.Join(bin, "loggate"), ".."))
	r := gitLabRun{dir: repository(t, dir, map[string]string{
		".gitlab-ci.yml": pipeline, "templates/loggate.yml": read(t, "../templates/loggate.yml"), "orders/orders.go": "package orders\n",
	})}
	args := []string{"--home", dir, "--force-shell-executor", "--no-color",
		"--ignore-predefined-vars", "GITLAB_CI", "--variable", "GITLAB_CI=true"} // as GitLab's runner says; gitlab-ci-local says false
	for _, variable := range variables {
		args = append(args, "--variable", variable)
	}
	cmd := exec.CommandContext(t.Context(), local, args...)
	cmd.Dir = r.dir
	env := goEnvironment(t)
	cmd.Env = append(env[1:], "PATH="+bin+":"+strings.TrimPrefix(env[0], "PATH="))
	out, err := cmd.CombinedOutput()
	r.failed, r.output = err != nil, string(out)
	return r
}

// gitLabAccess are the variables of a run against a service.
func gitLabAccess(server *simulator.Server, builds ...simulator.Build) []string {
	return []string{"ENDPOINT=" + server.URL(), "BUILDS=" + input(builds...), "LOGGATE_ACCESS_KEY=" + accessKey, "LOGGATE_SECRET_KEY=" + secretKey}
}

func TestFailingGateUnderGitLabCILocal(t *testing.T) {
	runner(t, "GITLAB_CI_LOCAL")
	server, builds := service(t)
	r := runGitLab(t, gitLabAccess(server, builds["web"], builds["api"])...)
	if !r.failed {
		t.Errorf("the pipeline passed:\n%s", r.output)
	}
	var report build.Report
	readJSON(t, r.artifact("loggate", "out/report.json"), &report)
	if report.Verdict != build.Fail || len(report.Builds) != 2 {
		t.Errorf("the artifact's report says %s of %d builds", report.Verdict, len(report.Builds))
	}
	if text := read(t, r.artifact("loggate", "out/logs/web-8.log")); text != badLog {
		t.Errorf("the artifact's log is %q", text)
	}
	var issues []struct{ Location struct{ Path string } }
	readJSON(t, r.artifact("loggate", "out/gl-code-quality-report.json"), &issues)
	if len(issues) != 1 || issues[0].Location.Path != "orders/orders.go" {
		t.Errorf("Code Quality has %+v", issues)
	}
	if junit := read(t, r.artifact("loggate", "out/junit.xml")); !strings.Contains(junit, "undefined: totl") {
		t.Errorf("JUnit lacks the error:\n%s", junit)
	}
	if !strings.Contains(r.output, "verdict fail of web, report out/report.json") {
		t.Errorf("the later job did not get the results:\n%s", r.output)
	}
	if !regexp.MustCompile(`section_start:\d+:loggate_\w+\[collapsed=true\]`).MatchString(r.output) {
		t.Errorf("no collapsed section:\n%q", r.output)
	}
}

func TestPassingGateUnderGitLabCILocal(t *testing.T) {
	runner(t, "GITLAB_CI_LOCAL")
	server, builds := service(t)
	r := runGitLab(t, gitLabAccess(server, builds["api"])...)
	if r.failed || !strings.Contains(r.output, "verdict pass of ,") {
		t.Errorf("failed: %v\n%s", r.failed, r.output)
	}
}

// The job's ID token serves where a provider is given, and only there: beside
// keys it would be a second kind of credentials.
func TestIDTokenUnderGitLabCILocal(t *testing.T) {
	runner(t, "GITLAB_CI_LOCAL")
	const token = "aGVhZGVy.cGF5bG9hZA.c2lnbmF0dXJl"
	build := simulator.Build{Name: "api", JobID: simulator.JobID("api"), Number: 7, Log: strings.NewReader(goodLog)}
	server, err := simulator.New(simulator.Options{
		Builds: []simulator.Build{build}, Auth: simulator.Auth{OIDC: &simulator.OIDC{Provider: "gitlab", IDTokens: []string{token}, Project: "cn-north-4"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	r := runGitLab(t, "ENDPOINT="+server.URL(), "BUILDS="+input(build), "LOGGATE_IAM_ENDPOINT="+server.URL(),
		"LOGGATE_OIDC_PROVIDER=gitlab", "CODEARTS_ID_TOKEN="+token)
	if r.failed || !strings.Contains(r.output, "verdict pass of ,") {
		t.Errorf("failed: %v\n%s", r.failed, r.output)
	}
}

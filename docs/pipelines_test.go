package docs_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// The logs of a build that succeeds and of one that doesn't compile.
const (
	goodLog = "+ make\n[INFO] BUILD SUCCESS\nFinished: SUCCESS\n"
	badLog  = "+ make\nsrc/main.c:3:5: error: 'x' undeclared\nFinished: FAILURE\n"
)

// listed are the builds of a page's builds.txt as the service has them; of
// those that are named, the log is a failed one.
func listed(t *testing.T, list string, failed ...string) []simulator.Build {
	t.Helper()
	var builds []simulator.Build
	for line := range strings.Lines(list) {
		name, ref, _ := strings.Cut(strings.TrimSpace(line), "=")
		job, digits, _ := strings.Cut(ref, ":")
		number, err := strconv.Atoi(digits)
		if err != nil {
			t.Fatalf("%q is no build: %v", line, err)
		}
		b := simulator.Build{Name: name, JobID: job, Number: number, Log: strings.NewReader(goodLog)}
		if slices.Contains(failed, name) {
			b.Result, b.Log = "FAILURE", strings.NewReader(badLog)
		}
		builds = append(builds, b)
	}
	return builds
}

// pipeline is a pipeline of a page, ready to run: which of the parts are left
// out as if their jobs had been cancelled.
type pipeline func(s *session, server service, cancelled ...string) (code int, said string)

// TestPipelineExamples runs the pipelines of parallel.md as their CI systems do.
func TestPipelineExamples(t *testing.T) {
	var list string
	pipelines := map[string]pipeline{}
	for _, b := range blocks(t, "parallel.md") {
		switch b.title {
		case "builds.txt":
			_, list, _ = strings.Cut(b.text, "\n")
		case ".github/workflows/codearts.yml":
			checkWorkflow(t, b)
			pipelines[b.title] = readWorkflow(t, b).run
		case ".gitlab-ci.yml":
			pipelines[b.title] = readGitLab(t, b).run
		default:
			t.Errorf("%s:%d: nothing runs this block", b.page, b.line)
		}
	}
	if list == "" || len(pipelines) != 2 {
		t.Fatalf("the page has %d builds and %d pipelines", strings.Count(list, "\n"), len(pipelines))
	}
	for _, test := range []struct {
		name      string
		failed    []string
		cancelled []string
		verdict   build.Verdict
		code      int
	}{
		{"all well", nil, nil, build.Pass, 0},
		{"two failed", []string{"web", "pay"}, nil, build.Fail, 1},
		{"a part is missing", nil, []string{"3"}, build.Incomplete, 3},
	} {
		for _, name := range slices.Sorted(maps.Keys(pipelines)) {
			t.Run(name+" "+test.name, func(t *testing.T) {
				t.Parallel() // each waits for its share of the limits
				s := newSession(t)
				server := serve(t, listed(t, list, test.failed...))
				s.write("checkout/builds.txt", list)
				code, said := pipelines[name](s, server, test.cancelled...)
				rep := s.merged(said)
				if code != test.code || rep.Verdict != test.verdict {
					t.Errorf("verdict %s and exit code %d, want %s and %d:\n%s", rep.Verdict, code, test.verdict, test.code, said)
				}
				want := len(server.builds)
				if len(test.cancelled) > 0 {
					want = want - 2 + 1 // two builds are missing, and one row says so
				}
				if got := rep.FailedBuilds(); len(rep.Builds) != want || strings.Join(got, " ") != strings.Join(test.failed, " ") {
					t.Errorf("%d builds, failed are %v", len(rep.Builds), got)
				}
				for _, b := range rep.Builds {
					if b.Log.Path == nil {
						continue
					}
					if _, err := os.Stat(filepath.Join(s.dir, "merged", *b.Log.Path)); err != nil {
						t.Errorf("the log of %s isn't where the report says: %v", b.Name, err)
					}
				}
			})
		}
	}
}

// merged is the report that a pipeline has left as its last artifact.
func (s *session) merged(said string) *build.Report {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "merged/report.json"))
	if err != nil {
		s.t.Fatalf("%v after\n%s", err, said)
	}
	rep := &build.Report{}
	if err := json.Unmarshal(text, rep); err != nil {
		s.t.Fatal(err)
	}
	return rep
}

// copyDir copies what is in one directory of the session into another.
func (s *session) copyDir(from, to string) {
	s.t.Helper()
	to = filepath.Join(s.dir, to)
	if err := os.MkdirAll(to, 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(filepath.Join(s.dir, from))); err != nil {
		s.t.Fatal(err)
	}
}

// workflow is what the example uses of GitHub's workflow syntax.
type workflow struct {
	Jobs map[string]struct {
		Needs    string `yaml:"needs"`
		Strategy struct {
			Matrix struct {
				Part []string `yaml:"part"`
			} `yaml:"matrix"`
		} `yaml:"strategy"`
		Steps []struct {
			Uses string            `yaml:"uses"`
			With map[string]string `yaml:"with"`
			Run  string            `yaml:"run"`
			If   string            `yaml:"if"`
			Env  map[string]string `yaml:"env"`
		} `yaml:"steps"`
	} `yaml:"jobs"`
}

func readWorkflow(t *testing.T, b block) *workflow {
	t.Helper()
	w := &workflow{}
	if err := yaml.Unmarshal([]byte(b.text), w); err != nil {
		t.Fatalf("%s:%d: %v", b.page, b.line, err)
	}
	return w
}

// checkWorkflow has actionlint look at the workflow.
func checkWorkflow(t *testing.T, b block) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "workflow.yml")
	if err := os.WriteFile(path, []byte(b.text), 0o600); err != nil {
		t.Fatal(err)
	}
	lint := exec.CommandContext(t.Context(), "go", "tool", "-modfile=../tools/go.mod", "actionlint", path)
	if said, err := lint.CombinedOutput(); err != nil {
		t.Errorf("%s:%d: actionlint: %v\n%s", b.page, b.line, err, said)
	}
}

// run runs the job part once for each value of its matrix and then the job
// gate, each in a checkout of its own. Artifacts are directories.
func (w *workflow) run(s *session, server service, cancelled ...string) (code int, said string) {
	parts := w.Jobs["part"].Strategy.Matrix.Part
	var jobs sync.WaitGroup
	for _, part := range parts {
		if slices.Contains(cancelled, part) {
			continue
		}
		jobs.Go(func() {
			if code, said := w.job(s, server, "part", part, len(parts)); code != 0 {
				s.t.Errorf("part %s ends with %d:\n%s", part, code, said)
			}
		})
	}
	jobs.Wait()
	code, said = w.job(s, server, "gate", "", 1)
	s.copyDir("artifacts/loggate", "merged")
	return code, said
}

// job runs a job's steps. A failed step is the job's end but for the steps
// that are always run.
func (w *workflow) job(s *session, server service, name, part string, total int) (code int, said string) {
	s.t.Helper()
	values := map[string]string{
		"matrix.part": part, "strategy.job-total": fmt.Sprint(total),
		"secrets.HUAWEICLOUD_ACCESS_KEY": accessKey, "secrets.HUAWEICLOUD_SECRET_KEY": secretKey,
	}
	work := "work-" + name + part
	for _, step := range w.Jobs[name].Steps {
		if code != 0 && step.If != "always()" {
			continue
		}
		with := map[string]string{}
		for key, value := range step.With {
			with[key] = s.expand(value, values)
		}
		action, _, _ := strings.Cut(step.Uses, "@")
		switch action {
		case "":
			env := []string{"GITHUB_ACTIONS=true", "LOGGATE_ENDPOINT=" + server.url}
			for key, value := range step.Env {
				env = append(env, key+"="+s.expand(value, values))
			}
			exit, text := s.bash("set -eo pipefail; cd "+work+"\n"+step.Run, env...)
			code, said = max(code, exit), said+text
		case "actions/checkout":
			s.copyDir("checkout", work)
		case "actions/setup-go": // Go is here
		case "actions/upload-artifact":
			s.copyDir(filepath.Join(work, with["path"]), filepath.Join("artifacts", with["name"]))
		case "actions/download-artifact":
			found, err := filepath.Glob(filepath.Join(s.dir, "artifacts", with["pattern"]))
			if err != nil || len(found) == 0 {
				s.t.Fatalf("no artifact is %q: %v", with["pattern"], err)
			}
			for _, artifact := range found {
				name := filepath.Base(artifact)
				s.copyDir(filepath.Join("artifacts", name), filepath.Join(work, with["path"], name))
			}
		default:
			s.t.Fatalf("nothing here does what %s does", action)
		}
	}
	return code, said
}

// expand replaces ${{ … }}.
func (s *session) expand(text string, values map[string]string) string {
	s.t.Helper()
	for {
		before, rest, found := strings.Cut(text, "${{")
		if !found {
			return text
		}
		name, after, _ := strings.Cut(rest, "}}")
		value, known := values[strings.TrimSpace(name)]
		if !known {
			s.t.Fatalf("nothing here knows ${{%s}}", name)
		}
		text = before + value + after
	}
}

// gitLab is what the example uses of GitLab's syntax.
type gitLab struct {
	Stages  []string `yaml:"stages"`
	Default struct {
		Image  string   `yaml:"image"`
		Before []string `yaml:"before_script"`
	} `yaml:"default"`
	Part gitLabJob `yaml:"part"`
	Gate gitLabJob `yaml:"gate"`
}

type gitLabJob struct {
	Stage     string            `yaml:"stage"`
	When      string            `yaml:"when"`
	Parallel  int               `yaml:"parallel"`
	Variables map[string]string `yaml:"variables"`
	Script    []string          `yaml:"script"`
	Artifacts struct {
		When    string            `yaml:"when"`
		Paths   []string          `yaml:"paths"`
		Reports map[string]string `yaml:"reports"`
	} `yaml:"artifacts"`
}

func readGitLab(t *testing.T, b block) *gitLab {
	t.Helper()
	g := &gitLab{}
	decoder := yaml.NewDecoder(strings.NewReader(b.text))
	decoder.KnownFields(true)
	if err := decoder.Decode(g); err != nil {
		t.Fatalf("%s:%d: %v", b.page, b.line, err)
	}
	if !slices.Equal(g.Stages, []string{g.Part.Stage, g.Gate.Stage}) || g.Part.Artifacts.When != "always" || g.Gate.When != "always" {
		t.Errorf("%s:%d: the parts' artifacts don't come to the gate in any case", b.page, b.line)
	}
	return g
}

// run runs the parts and then the gate. Artifacts of a stage come to the jobs of
// the next one at their paths.
func (g *gitLab) run(s *session, server service, cancelled ...string) (code int, said string) {
	var jobs sync.WaitGroup
	for i := 1; i <= g.Part.Parallel; i++ {
		index := fmt.Sprint(i)
		if slices.Contains(cancelled, index) {
			continue
		}
		jobs.Go(func() {
			if code, said := g.job(s, server, g.Part, "work-"+index, index); code != 0 {
				s.t.Errorf("part %s ends with %d:\n%s", index, code, said)
			}
			for _, path := range g.Part.Artifacts.Paths {
				s.copyDir(filepath.Join("work-"+index, path), filepath.Join("work-gate", path))
			}
		})
	}
	jobs.Wait()
	code, said = g.job(s, server, g.Gate, "work-gate", "")
	if _, err := os.Stat(filepath.Join(s.dir, "work-gate", g.Gate.Artifacts.Reports["dotenv"])); err != nil {
		s.t.Errorf("the dotenv report: %v", err)
	}
	s.copyDir(filepath.Join("work-gate", g.Gate.Artifacts.Paths[0]), "merged")
	return code, said
}

func (g *gitLab) job(s *session, server service, job gitLabJob, work, index string) (code int, said string) {
	s.t.Helper()
	s.copyDir("checkout", work)
	env := append(server.access(), "GITLAB_CI=true", "CI_NODE_INDEX="+index, fmt.Sprintf("CI_NODE_TOTAL=%d", job.Parallel))
	for key, value := range job.Variables {
		env = append(env, key+"="+os.Expand(value, func(name string) string {
			return map[string]string{"CI_NODE_INDEX": index, "CI_NODE_TOTAL": fmt.Sprint(job.Parallel)}[name]
		}))
	}
	script := append(append([]string{"set -eo pipefail", "cd " + work}, g.Default.Before...), job.Script...)
	return s.bash(strings.Join(script, "\n"), env...)
}

package runners

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/loggate/loggate/internal/config"
	"github.com/loggate/loggate/internal/report"
)

// action is what the tests read of an action.yml.
type action struct {
	Inputs  map[string]struct{ Description, Default string }
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []actionStep
	}
}

type actionStep struct {
	ID, If, Run, Uses string
	Env               map[string]string
}

func readAction(t *testing.T, path string) action {
	t.Helper()
	var a action
	if err := yaml.Unmarshal([]byte(read(t, path)), &a); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return a
}

// TestActionHasTheInputs compares action.yml with the program's inputs, to
// which docs/inputs_test.go holds the documentation, and these with the flags.
func TestActionHasTheInputs(t *testing.T) {
	a := readAction(t, "../action.yml")
	env := a.step(t, "run").Env
	delete(env, "BINARY")
	flags := flagNames(reflect.TypeFor[config.Flags]())
	for _, in := range config.Inputs() {
		declared, ok := a.Inputs[in.Name]
		if !ok || declared.Description != in.Meaning || declared.Default != "" {
			t.Errorf("action.yml: %s should be declared as\n  %s:\n    description: '%s'", in.Name, in.Name, strings.ReplaceAll(in.Meaning, "'", "''"))
		}
		delete(a.Inputs, in.Name)
		if want := "${{ inputs." + in.Name + " || env." + in.Variable() + " }}"; env[in.Variable()] != want {
			t.Errorf("action.yml: the program should get %s: %s", in.Variable(), want)
		}
		delete(env, in.Variable())
		if !slices.Contains(flags, in.Name) {
			t.Errorf("there is no flag --%s", in.Name)
		}
		flags = slices.DeleteFunc(flags, func(name string) bool { return name == in.Name })
	}
	delete(a.Inputs, "artifact-name")
	delete(a.Inputs, "retention-days")
	if len(a.Inputs) > 0 || len(env) > 0 {
		t.Errorf("action.yml has the inputs %v and the variables %v, which the program doesn't know", a.Inputs, env)
	}
	if slices.Sort(flags); !slices.Equal(flags, []string{"color"}) { // dry-run is no text
		t.Errorf("the flags %v are no inputs", flags)
	}
}

// flagNames are the names of the flags with a value of the type.
func flagNames(flags reflect.Type) []string {
	var names []string
	for _, field := range reflect.VisibleFields(flags) {
		if field.Type == reflect.TypeFor[*string]() {
			names = append(names, field.Tag.Get("name"))
		}
	}
	return names
}

func (a action) step(t *testing.T, id string) actionStep {
	t.Helper()
	i := slices.IndexFunc(a.Runs.Steps, func(s actionStep) bool { return s.ID == id })
	if i < 0 {
		t.Fatalf("action.yml has no step %s", id)
	}
	return a.Runs.Steps[i]
}

// TestActionHasTheOutputs compares action.yml with what the program writes.
func TestActionHasTheOutputs(t *testing.T) {
	a := readAction(t, "../action.yml")
	file := filepath.Join(t.TempDir(), "output")
	if err := report.NewGitHub(map[string]string{"GITHUB_OUTPUT": file}).WriteOutputs(report.Outputs{}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(read(t, file)) {
		name, _, _ := strings.Cut(line, "=")
		if want := "${{ steps.run.outputs." + name + " }}"; a.Outputs[name].Value != want {
			t.Errorf("action.yml: the output %s should be %s", name, want)
		}
		delete(a.Outputs, name)
	}
	if len(a.Outputs) > 0 {
		t.Errorf("action.yml has the outputs %v, which the program doesn't write", a.Outputs)
	}
}

// TestNothingIsPastedIntoScripts wants no expression in a script of an action
// or workflow: whatever it stands for would be run.
func TestNothingIsPastedIntoScripts(t *testing.T) {
	for _, path := range []string{"../action.yml", "../setup/action.yml"} {
		for _, step := range readAction(t, path).Runs.Steps {
			if strings.Contains(step.Run, "${{") {
				t.Errorf("%s: %q", path, step.Run)
			}
		}
	}
	for _, path := range workflows(t) {
		var workflow struct {
			Jobs map[string]struct{ Steps []struct{ Run string } }
		}
		if err := yaml.Unmarshal([]byte(read(t, path)), &workflow); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for name, job := range workflow.Jobs {
			for _, step := range job.Steps {
				if strings.Contains(step.Run, "${{") {
					t.Errorf("%s, job %s: %q", path, name, step.Run)
				}
			}
		}
	}
}

// TestActionsArePinned wants every action that is used to be named by its
// commit, with its version beside it.
func TestActionsArePinned(t *testing.T) {
	uses := regexp.MustCompile(`(?m)^\s*(?:- )?uses: (.*)$`)
	pinned := regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	found := 0
	for _, path := range append(workflows(t), "../action.yml", "../setup/action.yml") {
		for _, m := range uses.FindAllStringSubmatch(read(t, path), -1) {
			if found++; !pinned.MatchString(m[1]) && !strings.HasPrefix(m[1], "./") {
				t.Errorf("%s uses %s", path, m[1])
			}
		}
	}
	if found == 0 {
		t.Error("no action is used anywhere")
	}
}

// workflows are the paths of the repository's own workflows.
func workflows(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("../.github/workflows")
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, entry := range entries {
		paths = append(paths, filepath.Join("../.github/workflows", entry.Name()))
	}
	return paths
}

// TestImageHasTheGoOfTheModule wants the Dockerfile to build with the Go that
// go.mod names: nothing else says when it is old.
func TestImageHasTheGoOfTheModule(t *testing.T) {
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+\.\d+)$`).FindStringSubmatch(read(t, "../go.mod"))
	if version == nil {
		t.Fatal("go.mod names no version of Go")
	}
	for argument, image := range map[string]string{"GO": `docker\.io/library/golang:` + regexp.QuoteMeta(version[1]) + `-\w+`, "BASE": `docker\.io/library/alpine:[\d.]+`} {
		if !regexp.MustCompile(`(?m)^ARG ` + argument + `=` + image + `@sha256:[0-9a-f]{64}$`).MatchString(read(t, "../Dockerfile")) {
			t.Errorf("Dockerfile: %s should match %s, with its digest", argument, image)
		}
	}
}

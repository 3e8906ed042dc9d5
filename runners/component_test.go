package runners

import (
	"maps"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/loggate/loggate/internal/config"
	"github.com/loggate/loggate/internal/report"
)

// TestComponentFitsTheProgram compares templates/loggate.yml with the program:
// its inputs and variables, and the reports that it hands to GitLab.
func TestComponentFitsTheProgram(t *testing.T) {
	var head struct {
		Spec struct {
			Inputs map[string]struct{ Default *string }
		}
	}
	var body map[string]struct {
		IDTokens  map[string]struct{ Aud string } `yaml:"id_tokens"`
		Variables map[string]string
		Artifacts struct {
			Paths   []string
			Reports map[string]string
		}
	}
	documents := yaml.NewDecoder(strings.NewReader(read(t, "../templates/loggate.yml")))
	if err := documents.Decode(&head); err != nil {
		t.Fatal(err)
	}
	if err := documents.Decode(&body); err != nil {
		t.Fatal(err)
	}
	job := body["$[[ inputs.job-name ]]"]
	for _, in := range config.Inputs() {
		given, ok := head.Spec.Inputs[in.Name]
		if !ok || in.Name == "oidc-audience" { // of the job's token, not of the program
			continue
		}
		if in.Secret {
			t.Errorf("the secret %s would stand in the pipeline's text", in.Name)
		}
		if in.Name != "formats" && given.Default != nil && *given.Default != in.Default {
			t.Errorf("%s is %q by default, the program's is %q", in.Name, *given.Default, in.Default)
		}
		if want := "$[[ inputs." + in.Name + " ]]"; job.Variables[in.Variable()] != want {
			t.Errorf("%s should be %s", in.Variable(), want)
		}
		delete(job.Variables, in.Variable())
	}
	if len(job.Variables) > 0 {
		t.Errorf("the job sets %v, which no input gives", job.Variables)
	}
	if job.IDTokens["CODEARTS_ID_TOKEN"].Aud != "$[[ inputs.oidc-audience ]]" {
		t.Errorf("id_tokens are %v", job.IDTokens)
	}
	want := map[string]string{"dotenv": "$[[ inputs.output-dir ]]/loggate.env"}
	for _, format := range report.Formats() {
		if format.Name == "junit" || format.Name == "codequality" {
			want[format.Name] = "$[[ inputs.output-dir ]]/" + format.File
		}
	}
	if !maps.Equal(job.Artifacts.Reports, want) {
		t.Errorf("reports are %v, want %v", job.Artifacts.Reports, want)
	}
}

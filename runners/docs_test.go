package runners

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/loggate/loggate/internal/config"
	"github.com/loggate/loggate/internal/simulator"
)

// block is a fenced block of code of the documentation.
type block struct {
	page   string // its path from the repository's root
	line   int
	kind   string // what stands behind the fence
	text   string
	notRun string // why it isn't run, as a comment before it says
}

func (b block) name() string { return fmt.Sprintf("%s:%d", b.page, b.line) }

// pages are the repository's texts for its users.
func pages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	return append(found, "../README.md", "../CONTRIBUTING.md", "../SECURITY.md")
}

// blocks are those of all pages but two, which tests beside them run.
func blocks(t *testing.T) []block {
	t.Helper()
	elsewhere := []string{"../docs/policy.md", "../docs/parallel.md"}
	fence := regexp.MustCompile("^```(\\w*)$")
	notRun := regexp.MustCompile(`^<!-- not run: (.+) -->$`)
	var all []block
	for _, page := range pages(t) {
		if slices.Contains(elsewhere, page) {
			continue
		}
		var open *block
		reason, n := "", 0
		for line := range strings.Lines(read(t, page)) {
			n++
			line = strings.TrimSuffix(line, "\n")
			m := fence.FindStringSubmatch(line)
			switch {
			case m != nil && open == nil:
				open = &block{page: strings.TrimPrefix(page, "../"), line: n, kind: m[1], notRun: reason}
			case m != nil:
				all, open = append(all, *open), nil
			case open != nil:
				open.text += line + "\n"
			}
			reason = ""
			if m := notRun.FindStringSubmatch(line); m != nil {
				reason = m[1]
			}
		}
		if open != nil {
			t.Errorf("%s: the block of line %d has no end", page, open.line)
		}
	}
	return all
}

// what says what a YAML block is: workflow, pipeline, policy, or "".
func (b block) what() string {
	var top map[string]yaml.Node
	if b.kind != "yaml" || yaml.Unmarshal([]byte(b.text), &top) != nil {
		return ""
	}
	if _, ok := top["jobs"]; ok {
		return "workflow"
	}
	if version, ok := top["version"]; ok && version.Value == "1" {
		return "policy"
	}
	if strings.Contains(b.text, "script:") || strings.Contains(b.text, "include:") {
		return "pipeline"
	}
	return ""
}

// TestEveryBlockIsLookedAt wants each block to be one that a test runs or
// checks, or to say why none does.
func TestEveryBlockIsLookedAt(t *testing.T) {
	shown := []string{"text", "json", "groovy"} // output, and what nothing here can run
	run := 0
	for _, b := range blocks(t) {
		if b.notRun != "" {
			t.Logf("%s isn't run: %s", b.name(), b.notRun)
			continue
		}
		if b.kind == "sh" || b.what() != "" {
			run++
			continue
		}
		if !slices.Contains(shown, b.kind) && !isRules(b) {
			t.Errorf("%s: no test knows what to do with a block of %q", b.name(), b.kind)
		}
	}
	if run < 10 {
		t.Errorf("only %d blocks are run", run)
	}
}

// isRules says whether a block is an excerpt of a file of rules or of a policy,
// which is shown beside whole ones.
func isRules(b block) bool {
	return b.kind == "yaml" && !strings.Contains(b.text, "uses:")
}

// TestVariablesInDocsAreKnown wants every LOGGATE_ variable that a text names
// to be one.
func TestVariablesInDocsAreKnown(t *testing.T) {
	var known []string
	for _, in := range config.Inputs() {
		known = append(known, in.Variable())
	}
	variable := regexp.MustCompile(`\bLOGGATE_[A-Z_]*[A-Z]\b`)
	for _, page := range pages(t) {
		for _, name := range variable.FindAllString(read(t, page), -1) {
			if !slices.Contains(known, name) && !strings.HasPrefix(name, "LOGGATE_RESULT") && name != "LOGGATE_UPPER_SNAKE" {
				t.Errorf("%s names %s, which is no variable of loggate", page, name)
			}
		}
	}
}

// TestTroubleshootingQuotesMessages wants what troubleshooting.md says that
// loggate says to be said somewhere in the program or the action.
func TestTroubleshootingQuotesMessages(t *testing.T) {
	ofOthers := []string{"certificate signed by unknown authority"} // Go's
	source := read(t, "../action/get") + read(t, "../action/run")
	err := filepath.WalkDir("../internal", func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			source += read(t, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	source = regexp.MustCompile(`HTTP %d`).ReplaceAllString(source, "HTTP 401 HTTP 403 HTTP 404 HTTP 429")
	quoted := 0
	for line := range strings.Lines(read(t, "../docs/troubleshooting.md")) {
		first, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(first, -1) {
			if !strings.HasPrefix(line, "| `") || slices.Contains(ofOthers, m[1]) {
				continue
			}
			quoted++
			for part := range strings.SplitSeq(m[1], "…") {
				if !strings.Contains(source, strings.TrimSpace(part)) {
					t.Errorf("nothing says %q", part)
				}
			}
		}
	}
	if quoted < 15 {
		t.Errorf("only %d messages are quoted", quoted)
	}
}

// TestLinksInDocs wants what a text links to in the repository to be there.
func TestLinksInDocs(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"`)
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			path, anchor, _ := strings.Cut(m[1]+m[2], "#")
			if strings.Contains(path, "://") {
				continue
			}
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
				continue
			}
			if anchor != "" && !slices.Contains(anchors(read(t, target)), anchor) {
				t.Errorf("%s links to %s, which has no heading #%s", page, target, anchor)
			}
		}
	}
}

// anchors are the headings of a text as GitHub names them.
func anchors(text string) []string {
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		name := regexp.MustCompile(`[^\p{L}\p{N}\- _]`).ReplaceAllString(strings.ToLower(m[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

const (
	iamToken = "token-of-iam"
	idToken  = "aGVhZGVy.cGF5bG9hZA.c2lnbmF0dXJl"
	cloud    = "https://cloudbuild-ext.cn-north-4.myhuaweicloud.com"
)

// docsService is a CodeArts Build with the builds that the documentation
// names, which also starts builds and hands out ID tokens as GitHub does; IAM
// knows them as the identity provider's.
func docsService(t *testing.T, identityProvider string) string {
	t.Helper()
	var builds []simulator.Build
	for name, job := range map[string]struct {
		id      string
		numbers []int
	}{"api": {"0123456789abcdef0123456789abcdef", []int{128, 129}}, "web": {"fedcba9876543210fedcba9876543210", []int{57}}} {
		for _, number := range job.numbers {
			builds = append(builds, simulator.Build{Name: fmt.Sprintf("%s-%d", name, number), JobID: job.id, Number: number, Log: strings.NewReader(goodLog)})
		}
	}
	server, err := simulator.New(simulator.Options{Builds: builds, Auth: simulator.Auth{
		Keys: []simulator.Key{{Access: accessKey, Secret: secretKey}}, Tokens: []string{iamToken},
		OIDC: &simulator.OIDC{IDTokens: []string{idToken}, Provider: identityProvider, Project: "cn-north-4"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	target, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	routes := http.NewServeMux()
	routes.HandleFunc("POST /v1/job/execute", execute)
	routes.HandleFunc("GET /id-token", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"value":%q}`, idToken) })
	routes.Handle("/", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // it is signed
	}})
	front := httptest.NewServer(routes)
	t.Cleanup(front.Close)
	return front.URL
}

// execute starts a build, as ExecuteJob does.
func execute(w http.ResponseWriter, r *http.Request) {
	var body struct {
		JobID string `json:"job_id"`
	}
	number := map[string]string{"0123456789abcdef0123456789abcdef": "129", "fedcba9876543210fedcba9876543210": "57"}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || number[body.JobID] == "" || r.Header.Get("X-Auth-Token") != iamToken {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error_code":"CB.00060200","error_msg":"Invalid param"}`)
		return
	}
	fmt.Fprintf(w, `{"octopus_job_name":"j_WfRE6eOY","actual_build_number":%q,"daily_build_number":"20200825.1"}`, number[body.JobID])
}

// docsFiles are the files that a user of the documentation's blocks has.
func docsFiles() map[string]string {
	return map[string]string{"build.log": badLog, ".loggate.yml": "version: 1\ngate:\n  max: {error: 0}\n", "orders/orders.go": "package orders\n"}
}

// access are the variables with which a block reaches the service.
func (b block) access(service string) []string {
	variables := []string{"LOGGATE_ENDPOINT=" + service, "TOKEN=" + iamToken, "CODEARTS_TOKEN=" + iamToken}
	switch {
	case strings.Contains(b.text, "oidc-provider") || strings.Contains(b.text, "OIDC_PROVIDER"):
		variables = append(variables, "LOGGATE_IAM_ENDPOINT="+service)
	case !strings.Contains(b.text, "AUTH_TOKEN") && !strings.Contains(b.text, "auth-token"):
		variables = append(variables, "LOGGATE_ACCESS_KEY="+accessKey, "LOGGATE_SECRET_KEY="+secretKey)
	}
	return variables
}

// TestShellBlocksRun runs each page's blocks of the shell, one after the other
// in one directory, with loggate on the PATH. README's run in the repository.
func TestShellBlocksRun(t *testing.T) {
	bin := made(t, t.TempDir(), "bin")
	command(t, exec.Command("go", "build", "-o", filepath.Join(bin, "loggate"), ".."))
	service := docsService(t, "github")
	dirs := map[string]string{}
	for _, b := range blocks(t) {
		if b.kind != "sh" || b.notRun != "" {
			continue
		}
		if dirs[b.page] == "" {
			dirs[b.page] = t.TempDir()
			for name, text := range docsFiles() {
				write(t, filepath.Join(dirs[b.page], name), text, 0o644)
			}
		}
		if b.page == "README.md" || b.page == "CONTRIBUTING.md" {
			dirs[b.page] = tree(t, t.TempDir())
		}
		t.Run(b.name(), func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "bash", "-e", "-c", strings.ReplaceAll(b.text, cloud, service))
			cmd.Dir = dirs[b.page]
			env := goEnvironment(t)
			cmd.Env = append(append(env[1:], "PATH="+bin+":"+strings.TrimPrefix(env[0], "PATH=")), b.access(service)...)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s\n%s", err, b.text, out)
			}
		})
	}
}

func TestPolicyBlocksAreRight(t *testing.T) {
	for _, b := range blocks(t) {
		if b.what() != "policy" || b.notRun != "" {
			continue
		}
		dir := t.TempDir()
		write(t, filepath.Join(dir, ".loggate.yml"), b.text, 0o644)
		if _, err := config.ReadPolicy(dir, ".loggate.yml"); err != nil {
			t.Errorf("%s: %v", b.name(), err)
		}
	}
}

// TestDocsUnderAct lints each workflow and runs it under act against the
// service, where it must pass.
func TestDocsUnderAct(t *testing.T) {
	act := runner(t, "ACT")
	service := docsService(t, "github")
	action := tree(t, t.TempDir())
	for _, b := range blocks(t) {
		if b.what() != "workflow" || b.notRun != "" {
			continue
		}
		t.Run(b.name(), func(t *testing.T) {
			files := docsFiles()
			files[".github/workflows/docs.yml"] = strings.ReplaceAll(b.text, cloud, service)
			dir := t.TempDir()
			workspace := repository(t, dir, files)
			command(t, exec.Command("go", "tool", "-modfile", "../tools/go.mod", "actionlint", filepath.Join(workspace, ".github/workflows/docs.yml")))
			cmd := exec.CommandContext(t.Context(), act, event(t, b), "-C", workspace, "-P", "ubuntu-24.04=-self-hosted", "--pull=false",
				"--action-offline-mode", "--no-cache-server", "--action-cache-path", filepath.Join(dir, "cache"),
				"-s", "CODEARTS_ACCESS_KEY="+accessKey, "-s", "CODEARTS_SECRET_KEY="+secretKey, "-s", "CODEARTS_TOKEN="+iamToken,
				"--env", "ARTIFACTS="+made(t, dir, "artifacts"), "--env", "LOGGATE_ENDPOINT="+service)
			if strings.Contains(b.text, "oidc-provider") {
				cmd.Args = append(cmd.Args, "--env", "LOGGATE_IAM_ENDPOINT="+service,
					"--env", "ACTIONS_ID_TOKEN_REQUEST_URL="+service+"/id-token?x=y", "--env", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=of-the-runner")
			}
			for name, path := range map[string]string{"loggate/loggate@v1": action, "actions/upload-artifact@" + pinOf(t, "../action.yml", "actions/upload-artifact"): "act/upload-artifact"} {
				cmd.Args = append(cmd.Args, "--local-repository", name+"="+absolute(t, path))
			}
			if m := regexp.MustCompile(`github/codeql-action/upload-sarif@(\w+)`).FindStringSubmatch(b.text); m != nil {
				cmd.Args = append(cmd.Args, "--local-repository", "github/codeql-action@"+m[1]+"="+absolute(t, "act/codeql-action"))
			}
			cmd.Env = append(goEnvironment(t), "XDG_CONFIG_HOME="+dir)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// event is what a workflow is run for.
func event(t *testing.T, b block) string {
	t.Helper()
	var workflow struct{ On string }
	if err := yaml.Unmarshal([]byte(b.text), &workflow); err != nil || workflow.On == "" {
		t.Fatalf("%s: no single event: %v", b.name(), err)
	}
	return workflow.On
}

// TestDocsUnderGitLabCILocal runs each pipeline against the service, where it
// must pass.
func TestDocsUnderGitLabCILocal(t *testing.T) {
	local := absolute(t, runner(t, "GITLAB_CI_LOCAL"))
	service := docsService(t, "gitlab")
	bin := made(t, t.TempDir(), "bin")
	command(t, exec.Command("go", "build", "-o", filepath.Join(bin, "loggate"), ".."))
	for _, b := range blocks(t) {
		if b.what() != "pipeline" || b.notRun != "" {
			continue
		}
		t.Run(b.name(), func(t *testing.T) {
			files := docsFiles()
			files[".gitlab-ci.yml"] = strings.ReplaceAll(b.text, cloud, service)
			dir := t.TempDir()
			cmd := exec.CommandContext(t.Context(), local, "--home", dir, "--force-shell-executor", "--no-color")
			cmd.Dir = repository(t, dir, files)
			for _, variable := range append(b.access(service), "LOGGATE_ID_TOKEN="+idToken) {
				if name, _, _ := strings.Cut(variable, "="); name != "LOGGATE_ID_TOKEN" || strings.Contains(b.text, "id_tokens") {
					cmd.Args = append(cmd.Args, "--variable", variable)
				}
			}
			env := goEnvironment(t)
			cmd.Env = append(env[1:], "PATH="+bin+":"+strings.TrimPrefix(env[0], "PATH="))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

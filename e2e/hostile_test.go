package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// hostileNames are names that a build may be given.
var hostileNames = []string{
	"::error::owned", "::set-output name::pass", "##[group]owned", "%0A::error::owned", "<script>alert(1)</script>", "</details>", "```", "`id`",
	"$(touch owned)", "[owned](https://example.com/owned)", "![owned](https://example.com/owned.png)", "a | b", "../../owned", "..", "-rf", "C:\\owned",
	"@octocat", "]]>", "&lt;b&gt;", "{0}", "'owned' \"owned\"", "NUL",
}

// artifactName is what every file system and artifact store takes.
var artifactName = regexp.MustCompile(`^[^-.\s<>:"|?*\\/\x00-\x1f\x7f][^<>:"|?*\\/\x00-\x1f\x7f]*\.log$`)

// Names and lines that want to be more than text, one of 10 MB among them, go
// through the program and every format, and stay text.
func TestHostileNamesAndHugeLines(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("</td>|::error::owned`<b>", 10<<20/24)
	log := codearts("INFO", "[Go构建:official_shell_go] : 该步骤开始执行", huge, "error: "+huge) + huge + "\norders/orders.go:12:9: undefined: " + huge + "\n" +
		codearts("ERROR", "[Go构建:official_shell_go] : 该步骤执行失败, exit code: 1")
	var builds []simulator.Build
	var given []map[string]any
	for i, name := range hostileNames {
		b := failed(fmt.Sprintf("b%d", i), badLog)
		if i == 0 {
			b = failed("b0", log)
		}
		b.JobID = fmt.Sprintf("%032d", i)
		builds = append(builds, b)
		given = append(given, map[string]any{"name": name, "job_id": b.JobID, "build_no": b.Number})
	}
	list, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	output, summary := filepath.Join(dir, "output"), filepath.Join(dir, "summary")
	r := run(t, invocation{dir: dir, args: []string{"run", "--print-log", "all", "--formats", "html,sarif,junit,codequality"},
		env: append(access(serveBuilds(t, builds...)), "LOGGATE_BUILDS="+string(list), "GITHUB_ACTIONS=true", "GITHUB_OUTPUT="+output, "GITHUB_STEP_SUMMARY="+summary)})
	r.expectCode(t, build.ExitFail)

	said, watched := runner(t, r.stdout)
	if len(watched) > 0 {
		t.Errorf("printed while the runner reads commands: %.500q", watched)
	}
	for _, command := range said {
		if !strings.HasPrefix(command, "error:") && !strings.HasPrefix(command, "add-mask:") || strings.HasPrefix(command, "error:owned") {
			t.Errorf("a command by a name: %.200q", command)
		}
	}
	logs, err := os.ReadDir(filepath.Join(dir, "loggate-out/logs"))
	if err != nil || len(logs) != len(hostileNames) {
		t.Errorf("%d logs of %d builds: %v", len(logs), len(hostileNames), err)
	}
	for _, entry := range logs {
		if !artifactName.MatchString(entry.Name()) {
			t.Errorf("the artifact %q", entry.Name())
		}
	}
	for _, name := range files(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Size() > 1<<20 && !strings.HasPrefix(name, "loggate-out/logs/") {
			t.Errorf("%s has %d bytes, %v", name, info.Size(), err)
		}
	}
	rep := r.report(t)
	for i, b := range rep.Builds {
		if b.Name != hostileNames[i] {
			t.Errorf("the name %q became %q", hostileNames[i], b.Name)
		}
	}
	expectValid(t, r.read(t, "loggate-out/report.json"))
	if len(r.stdout) > 2<<20 {
		t.Errorf("%d bytes were printed", len(r.stdout))
	}
}

package runners

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/simulator"
)

// The keys that the simulated service lets in.
const (
	accessKey = "RUNNERSACCESSKEY0000"
	secretKey = "runners-secret-key"
)

// The logs of a build that passes and of one that doesn't compile.
const (
	goodLog = "[2026/03/02 09:00:00.000 GMT+08:00] [INFO] BUILD SUCCESS\n[2026/03/02 09:00:01.000 GMT+08:00] [INFO] Finished: SUCCESS\n"
	badLog  = "[2026/03/02 09:00:00.000 GMT+08:00] [INFO] # example.com/shop/orders\n" +
		"[2026/03/02 09:00:00.000 GMT+08:00] [INFO] orders/orders.go:12:9: undefined: totl\n" +
		"[2026/03/02 09:00:01.000 GMT+08:00] [INFO] Finished: FAILURE\n"
)

// runner is the path of a program that the environment names. Without it the
// test is skipped.
func runner(t *testing.T, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		t.Skipf("%s names no program: .ci/run and .ci/full do", variable)
	}
	return path
}

// input names builds as the input `builds` does, in one line.
func input(builds ...simulator.Build) string {
	var entries []string
	for _, b := range builds {
		entries = append(entries, fmt.Sprintf("%s=%s:%d", b.Name, b.JobID, b.Number))
	}
	return strings.Join(entries, ",")
}

// tree copies what git would commit of this tree, so that nothing that lies
// around beside it is tested with it.
func tree(t *testing.T, dir string) string {
	t.Helper()
	to := made(t, dir, "loggate")
	script := `set -o pipefail; cd .. && git ls-files -z --cached --others --exclude-standard |
		tar --create --null --files-from - --ignore-failed-read | tar --extract --directory "$1"`
	command(t, exec.Command("bash", "-c", script, "bash", to))
	return to
}

// repository makes a git repository with one commit: a user's.
func repository(t *testing.T, dir string, files map[string]string) string {
	t.Helper()
	to := made(t, dir, "workspace")
	for name, text := range files {
		write(t, filepath.Join(to, name), text, 0o644)
	}
	script := `git init --quiet --initial-branch main && git add --all &&
		git -c user.name=test -c user.email=test@example.com commit --quiet --message start &&
		git remote add origin https://github.com/acme/shop`
	cmd := exec.Command("bash", "-c", script)
	cmd.Dir = to
	command(t, cmd)
	return to
}

// goEnvironment is what a runner's process needs so that Go builds in it,
// with the caches of this machine.
func goEnvironment(t *testing.T) []string {
	t.Helper()
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOTOOLCHAIN"} {
		value := strings.TrimSpace(command(t, exec.Command("go", "env", name)))
		env = append(env, name+"="+value)
	}
	return env
}

// pinOf is the commit that a file pins an action to.
func pinOf(t *testing.T, file, action string) string {
	t.Helper()
	m := regexp.MustCompile(regexp.QuoteMeta(action) + `@([0-9a-f]{40}) # v[0-9.]+\n`).FindStringSubmatch(read(t, file))
	if m == nil {
		t.Fatalf("%s does not pin %s to a commit", file, action)
	}
	return m[1]
}

// command runs a command, which must succeed, and returns its output.
func command(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", cmd, err, out, stderr.String())
	}
	return string(out)
}

func made(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(read(t, path)), into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

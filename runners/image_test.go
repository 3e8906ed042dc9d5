package runners

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
)

// maxImage is what the image may add to its base, in bytes.
const maxImage = 17_000_000

// gitLabStart is how GitLab's runner starts a job in a container: this command
// with the job's script on standard input
// (gitlab-runner, shells/bash.go, BashDetectShellScript).
const gitLabStart = `if [ -x /usr/local/bin/bash ]; then
	exec /usr/local/bin/bash
elif [ -x /usr/bin/bash ]; then
	exec /usr/bin/bash
elif [ -x /bin/bash ]; then
	exec /bin/bash
elif [ -x /usr/local/bin/sh ]; then
	exec /usr/local/bin/sh
elif [ -x /usr/bin/sh ]; then
	exec /usr/bin/sh
elif [ -x /bin/sh ]; then
	exec /bin/sh
else
	echo shell not found
	exit 1
fi
`

// container is a container of the image that .ci/image has built.
type container struct{ name string }

func newContainer(t *testing.T, image string) container {
	t.Helper()
	c := container{strings.TrimSpace(command(t, exec.Command("buildah", "from", image)))}
	t.Cleanup(func() { exec.Command("buildah", "rm", c.name).Run() })
	return c
}

// mount is the container's file system.
func (c container) mount(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(command(t, exec.Command("buildah", "mount", c.name)))
}

// run runs a command in the container, with options of buildah run before it.
func (c container) run(options []string, stdin string, args ...string) (output string, code int) {
	all := append([]string{"run", "--isolation", "chroot"}, options...)
	cmd := exec.Command("buildah", append(append(all, c.name, "--"), args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, _ := cmd.CombinedOutput()
	return string(out), cmd.ProcessState.ExitCode()
}

func TestImageIsSmall(t *testing.T) {
	image, base := newContainer(t, runner(t, "IMAGE")), newContainer(t, runner(t, "BASE"))
	added := size(t, image.mount(t)) - size(t, base.mount(t))
	t.Logf("%d bytes on top of the base", added)
	if added <= 0 || added > maxImage {
		t.Errorf("%d bytes on top of the base, at most %d are allowed", added, maxImage)
	}
}

// size is the sum of the files below a directory, in bytes.
func size(t *testing.T, dir string) int64 {
	t.Helper()
	var sum int64
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		sum += info.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func TestImageSurprisesNobody(t *testing.T) {
	image := runner(t, "IMAGE")
	var inspected struct {
		OCIv1 struct {
			Config struct {
				User            string
				Entrypoint, Cmd []string
				WorkingDir      string
				Labels          map[string]string
			}
		}
	}
	text := command(t, exec.Command("buildah", "inspect", "--type", "image", image))
	if err := json.Unmarshal([]byte(text), &inspected); err != nil {
		t.Fatal(err)
	}
	config := inspected.OCIv1.Config
	if len(config.Entrypoint) > 0 || len(config.Cmd) != 1 || config.Cmd[0] != "loggate" {
		t.Errorf("entrypoint %q, command %q", config.Entrypoint, config.Cmd)
	}
	if !regexp.MustCompile(`^[1-9][0-9]*:[1-9][0-9]*$`).MatchString(config.User) {
		t.Errorf("the user %q is root, or one that Kubernetes can't tell from root", config.User)
	}
	for _, label := range []string{"title", "description", "source", "licenses"} {
		if config.Labels["org.opencontainers.image."+label] == "" {
			t.Errorf("no label %s in %v", label, config.Labels)
		}
	}
	root := newContainer(t, image).mount(t)
	if certificates := read(t, filepath.Join(root, "etc/ssl/certs/ca-certificates.crt")); strings.Count(certificates, "BEGIN CERTIFICATE") < 50 {
		t.Error("the certificates are missing")
	}
	if out, err := exec.Command("ldd", filepath.Join(root, "usr/local/bin/loggate")).CombinedOutput(); err == nil {
		t.Errorf("the program isn't static:\n%s", out)
	}
}

func TestImageKnowsItsCommit(t *testing.T) {
	head := strings.TrimSpace(command(t, exec.Command("git", "rev-parse", "HEAD")))
	out, code := newContainer(t, runner(t, "IMAGE")).run(nil, "", "loggate", "version")
	if code != 0 || !strings.Contains(out, "commit "+head) || strings.Contains(out, "dirty") {
		t.Errorf("exit code %d, %q; want the commit %s", code, out, head)
	}
}

// As GitLab and Jenkins run it: a user that the image doesn't know, a workspace
// of the CI's, a shell.
func TestImageRunsForAnyUser(t *testing.T) {
	image := runner(t, "IMAGE")
	server, builds := service(t)
	for name, start := range map[string]struct {
		args  []string
		stdin string
	}{
		"GitLab":  {[]string{"sh", "-c", gitLabStart}, "set -e\ncd /builds/acme/shop\nloggate\n"},
		"Jenkins": {[]string{"sh", "-c", "cd /builds/acme/shop && loggate"}, ""},
		"plain":   {[]string{"loggate", "--output-dir", "/builds/acme/shop/loggate-out"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			const user = 23456
			workspace := t.TempDir()
			shop := made(t, workspace, "acme/shop")
			for _, dir := range []string{workspace, shop} {
				if err := os.Chown(dir, user, user); err != nil {
					t.Fatal(err)
				}
			}
			options := []string{"--user", fmt.Sprintf("%d:%d", user, user), "--volume", workspace + ":/builds"}
			for _, variable := range []string{"LOGGATE_ENDPOINT=" + server.URL(), "LOGGATE_BUILDS=" + input(builds["web"], builds["api"]),
				"LOGGATE_ACCESS_KEY=" + accessKey, "LOGGATE_SECRET_KEY=" + secretKey, "GITLAB_CI=true"} {
				options = append(options, "--env", variable)
			}
			out, code := newContainer(t, image).run(options, start.stdin, start.args...)
			if code != build.ExitFail {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			path := filepath.Join(shop, "loggate-out/report.json")
			var report build.Report
			readJSON(t, path, &report)
			if report.Verdict != build.Fail || len(report.Builds) != 2 {
				t.Errorf("the report says %s of %d builds", report.Verdict, len(report.Builds))
			}
			if owner := strings.TrimSpace(command(t, exec.Command("stat", "-c", "%u", path))); owner != fmt.Sprint(user) {
				t.Errorf("the report belongs to %s", owner)
			}
		})
	}
}

// The working directory can be written by any user, without a workspace mounted.
func TestImageHasAPlaceToWrite(t *testing.T) {
	out, code := newContainer(t, runner(t, "IMAGE")).run([]string{"--user", "34567:34567"}, "", "loggate", "demo")
	if code != build.ExitPass || !strings.Contains(out, "The demo went as expected") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

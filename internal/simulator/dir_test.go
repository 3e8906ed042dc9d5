package simulator

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// write makes files in a new directory.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLoadDir(t *testing.T) {
	other := strings.Repeat("a", 32)
	dir := write(t, map[string]string{
		"api.log":      "a\n[2026/03/02 09:00:00.444 GMT+08:00] [ERROR] [shell构建:official_shell_shell] : 该步骤执行失败, exit code: 1\n",
		"deploy.log":   "a\n",
		"deploy.json":  `{"job_id":"` + other + `","build_no":12,"result":"ABORTED","took":"90s","running_for":"5s","visible_after":"2s"}`,
		"empty.log":    "",
		"hang.log":     "a\n",
		"hang.json":    `{"hang":true}`,
		"other.txt":    "no log",
		"web=1,2.log":  "Finished: FAILURE\nFinished: TIMEOUT\n",
		"zz[1]*.log":   "exit code: 0\n",
		"secret.log":   "a\n",
		"secret.json":  `{"forbidden":true}`,
		"finished.log": strings.Repeat("x", 5000) + "\nFinished: SUCCESS\r\n",
	})
	builds, err := LoadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := "api=" + JobID("api") + ":1\ndeploy=" + other + ":12\nempty=" + JobID("empty") + ":1\nfinished=" + JobID("finished") + ":1\n" +
		"hang=" + JobID("hang") + ":1\nsecret=" + JobID("secret") + ":1\nweb-1-2=" + JobID("web=1,2") + ":1\nzz[1]*=" + JobID("zz[1]*") + ":1\n"
	if got := BuildsInput(builds); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	var results []string
	for _, b := range builds {
		results = append(results, b.Result)
	}
	if got := strings.Join(results, " "); got != "FAILURE ABORTED SUCCESS SUCCESS SUCCESS SUCCESS TIMEOUT SUCCESS" {
		t.Errorf("results are %s", got)
	}
	if d := builds[1]; d.Took != 90*time.Second || d.Grow == nil || d.Grow.Duration != 5*time.Second || d.VisibleAfter != 2*time.Second {
		t.Errorf("deploy is %+v", d)
	}
	if !builds[4].Hang || !builds[5].Forbidden {
		t.Errorf("hang is %+v, secret is %+v", builds[4], builds[5])
	}
	if _, err := New(Options{Builds: builds}); err != nil {
		t.Error(err)
	}
	if got := BuildsInput([]Build{{JobID: other, Number: 3}}); got != other+":3\n" {
		t.Errorf("without a name: %q", got)
	}
}

func TestLoadDirErrors(t *testing.T) {
	tests := []struct{ json, want string }{
		{`{"job_id":"x"}`, `job id "x"`},
		{`{"build_no":-1}`, "build number -1"},
		{`{"build_no":"7"}`, "build_no"},
		{`{"number":7}`, `unknown field "number"`},
		{`{"took":"-1s"}`, `took "-1s"`},
		{`{"running_for":"5"}`, `running_for "5"`},
		{`{"running_for":"0s"}`, "above 0"},
		{`{"visible_after":"soon"}`, `visible_after "soon"`},
		{`[`, "x.json"},
		{strings.Repeat(" ", maxBeside+1), "larger than"},
	}
	for _, test := range tests {
		_, err := LoadDir(write(t, map[string]string{"x.log": "a\n", "x.json": test.json}))
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "x.log") {
			t.Errorf("%.40s: got error %v, want one with %q", test.json, err, test.want)
		}
	}
	if _, err := LoadDir(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no files NAME.log") {
		t.Errorf("an empty directory: %v", err)
	}
	if _, err := LoadDir(filepath.Join(t.TempDir(), "x")); err == nil {
		t.Error("no directory: no error")
	}
}

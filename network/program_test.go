package network

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// program is the path of the built loggate. TestMain sets it, and nothing
// changes it afterwards.
var program string

func TestMain(m *testing.M) { os.Exit(testProgram(m)) }

func testProgram(m *testing.M) int {
	dir, err := os.MkdirTemp("", "loggate-network-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "network:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "loggate")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir, build.Stderr = "..", os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "network: building loggate:", err)
		return 1
	}
	return m.Run()
}

const (
	accessKey = "NETWORKACCESSKEY0000"
	secretKey = "network-secret-key"
	patience  = 3 * time.Minute // of one run
)

// serve starts a simulated service with these builds.
func serve(t *testing.T, builds []simulator.Build, change func(*simulator.Options)) *simulator.Server {
	t.Helper()
	o := simulator.Options{Builds: builds, Auth: simulator.Auth{Keys: []simulator.Key{{Access: accessKey, Secret: secretKey}}}}
	if change != nil {
		change(&o)
	}
	server, err := simulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() }) // connections may be hanging on purpose
	return server
}

// someBuilds are ended builds with logs of about so many bytes.
func someBuilds(n int, size int64) []simulator.Build {
	var builds []simulator.Build
	for i := range n {
		name := fmt.Sprintf("build-%d", i)
		builds = append(builds, simulator.Build{
			Name: name, JobID: simulator.JobID(name), Number: 7, Log: simulator.Generate(int64(i), size+int64(i)*1000),
		})
	}
	return builds
}

// result is what one run of the program has left.
type result struct {
	dir, stdout, stderr string
	code                int
	took                time.Duration
}

// run runs the main job on builds of the service at endpoint, with nothing of
// the test's environment but PATH. Logs are fetched by pages: many connections
// and answers are what is tested.
func run(t *testing.T, endpoint string, builds []simulator.Build, env []string, args ...string) result {
	t.Helper()
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append([]string{"run"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LOGGATE_ENDPOINT=" + endpoint, "LOGGATE_ACCESS_KEY=" + accessKey, "LOGGATE_SECRET_KEY=" + secretKey,
		"LOGGATE_RATE_LIMIT=off", "LOGGATE_SOURCE=pages", "LOGGATE_BUILDS=" + simulator.BuildsInput(builds),
	}, env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	_ = cmd.Run() // the exit code tells
	return result{dir: dir, stdout: stdout.String(), stderr: stderr.String(), code: cmd.ProcessState.ExitCode(), took: time.Since(began)}
}

func (r result) report(t *testing.T) *build.Report {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, "loggate-out/report.json"))
	if err != nil {
		t.Fatalf("%v\nstdout:\n%s\nstderr:\n%s", err, r.stdout, r.stderr)
	}
	rep := &build.Report{}
	if err := json.Unmarshal(text, rep); err != nil {
		t.Fatal(err)
	}
	return rep
}

// expectWhole wants the run to have passed, with all logs exactly as served.
func (r result) expectWhole(t *testing.T, builds []simulator.Build) {
	t.Helper()
	if r.code != build.ExitPass {
		t.Fatalf("exit code %d\nstdout:\n%s\nstderr:\n%s", r.code, r.stdout, r.stderr)
	}
	rep := r.report(t)
	for i, b := range builds {
		hash := sha256.New()
		if _, err := io.Copy(hash, io.NewSectionReader(b.Log, 0, b.Log.Size())); err != nil {
			t.Fatal(err)
		}
		want := hex.EncodeToString(hash.Sum(nil))
		if got := rep.Builds[i].Log; !got.Complete || got.SHA256 == nil || *got.SHA256 != want {
			t.Errorf("%s: %+v, want SHA-256 %s", b.Name, got, want)
		}
	}
}

// expectRefused wants the run to end as incomplete, every build for this reason.
func (r result) expectRefused(t *testing.T, reason string) {
	t.Helper()
	if r.code != build.ExitIncomplete {
		t.Fatalf("exit code %d\nstdout:\n%s\nstderr:\n%s", r.code, r.stdout, r.stderr)
	}
	for _, b := range r.report(t).Builds {
		if b.Log.Complete || len(b.Incomplete) == 0 || !strings.Contains(b.Incomplete[0].Reason, reason) {
			t.Errorf("%s: lacks %+v, want its log for %q", b.Name, b.Incomplete, reason)
		}
	}
}

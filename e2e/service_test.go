package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// The keys that the simulated service lets in.
const (
	accessKey = "E2EACCESSKEY00000000"
	secretKey = "e2e-secret-key/with+odd=characters"
)

// serve starts a simulated service for the time of the test. Without other
// credentials it lets the keys above in.
func serve(t *testing.T, o simulator.Options) *simulator.Server {
	t.Helper()
	if o.Auth.Keys == nil && o.Auth.Tokens == nil && o.Auth.OIDC == nil {
		o.Auth.Keys = []simulator.Key{{Access: accessKey, Secret: secretKey}}
	}
	server, err := simulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// serveBuilds serves builds as they are.
func serveBuilds(t *testing.T, builds ...simulator.Build) *simulator.Server {
	t.Helper()
	return serve(t, simulator.Options{Builds: builds})
}

// access is the environment of a run against a server: where it is, the keys,
// and no limit of requests, which would only make tests slow.
func access(server *simulator.Server) []string {
	return []string{
		"LOGGATE_ENDPOINT=" + server.URL(), "LOGGATE_ACCESS_KEY=" + accessKey, "LOGGATE_SECRET_KEY=" + secretKey,
		"LOGGATE_RATE_LIMIT=off",
	}
}

// against is a run on builds of a server.
func against(server *simulator.Server, builds []simulator.Build, args ...string) invocation {
	return invocation{args: append([]string{"run"}, args...), env: append(access(server), "LOGGATE_BUILDS="+input(builds...))}
}

// input names builds as the input `builds` does.
func input(builds ...simulator.Build) string {
	var lines []string
	for _, b := range builds {
		lines = append(lines, fmt.Sprintf("%s=%s:%d", b.Name, b.JobID, b.Number))
	}
	return strings.Join(lines, "\n")
}

// newBuild is an ended, successful build whose job id follows from its name.
func newBuild(name, log string) simulator.Build {
	return simulator.Build{Name: name, JobID: simulator.JobID(name), Number: 7, Log: strings.NewReader(log)}
}

// failed is a build that ended in failure, in its second stage.
func failed(name, log string) simulator.Build {
	b := newBuild(name, log)
	b.Result = "FAILURE"
	b.Stages = []simulator.Stage{
		{Name: "代码检出", Execution: "external_pre_checkout", Status: "SUCCESS", Took: 2 * time.Second},
		{Name: "Go构建", Execution: "official_shell_go", Status: "FAILURE", Took: 7 * time.Second},
	}
	return b
}

// running is a build that takes so long.
func running(name, log string, takes time.Duration) simulator.Build {
	b := newBuild(name, log)
	b.Grow = &simulator.Growth{Duration: takes}
	return b
}

// The logs of a build that passes and of one that doesn't compile.
var (
	goodLog = codearts("INFO", "mvn -B package", "BUILD SUCCESS", "Finished: SUCCESS")
	badLog  = codearts("INFO", "[代码检出:external_pre_checkout] : 该步骤开始执行", "HEAD is now at 3353e48",
		"[代码检出:external_pre_checkout] : 该步骤执行完成", "[Go构建:official_shell_go] : 该步骤开始执行", "+ go build ./...",
		"# example.com/shop/orders", "orders/orders.go:12:9: undefined: totl", "Finished: FAILURE")
)

// codearts are lines as the service writes them.
func codearts(level string, lines ...string) string {
	var out strings.Builder
	for i, line := range lines {
		fmt.Fprintf(&out, "[2026/03/02 09:00:%02d.%03d GMT+08:00] [%s] %s\n", i/1000%60, i%1000, level, line)
	}
	return out.String()
}

// sum is the SHA-256 of a source.
func sum(t *testing.T, log simulator.Source) string {
	t.Helper()
	hash := sha256.New()
	if _, err := io.Copy(hash, io.NewSectionReader(log, 0, log.Size())); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// sumOfFile is the SHA-256 of a file.
func sumOfFile(t *testing.T, path string) string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// report is the report.json of a run in the default output directory.
func (r result) report(t *testing.T) *build.Report {
	t.Helper()
	return decode(t, r.read(t, "loggate-out/report.json"))
}

func decode(t *testing.T, text string) *build.Report {
	t.Helper()
	rep := &build.Report{}
	if err := json.Unmarshal([]byte(text), rep); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return rep
}

// expectWhole wants the log of a build, in the report, on disk and by its
// checksum, to be exactly what the service has.
func (r result) expectWhole(t *testing.T, rep *build.Report, b simulator.Build) {
	t.Helper()
	got := named(t, rep, b.Name)
	want := sum(t, b.Log)
	if !got.Log.Complete || got.Log.SHA256 == nil || *got.Log.SHA256 != want || len(got.Incomplete) > 0 {
		t.Errorf("%s: log %+v, lacking %+v; want it whole with SHA-256 %s", b.Name, got.Log, got.Incomplete, want)
		return
	}
	if onDisk := sumOfFile(t, filepath.Join(r.dir, "loggate-out", *got.Log.Path)); onDisk != want {
		t.Errorf("%s: SHA-256 %s on disk, want %s", b.Name, onDisk, want)
	}
}

// named is the report's build of a name.
func named(t *testing.T, rep *build.Report, name string) *build.Build {
	t.Helper()
	for _, b := range rep.Builds {
		if b.Name == name {
			return b
		}
	}
	t.Fatalf("no build %s in the report", name)
	return nil
}

// expectVerdict wants a report to say what was decided and returned.
func expectVerdict(t *testing.T, rep *build.Report, verdict build.Verdict, code int) {
	t.Helper()
	if rep.Verdict != verdict || rep.ExitCode != code {
		t.Errorf("the report says %s and %d, want %s and %d", rep.Verdict, rep.ExitCode, verdict, code)
	}
}

// requests is how many requests a server has got.
func requests(server *simulator.Server) int64 {
	var all int64
	for _, n := range server.Stats().Requests {
		all += n
	}
	return all
}

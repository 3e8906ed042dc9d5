package e2e

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// maxMemory is what loggate may take, whatever the size of the logs, in bytes.
const maxMemory = 64 << 20

// idToken is shaped like a JSON Web Token.
const idToken = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvOmFjbWUvc2hvcCJ9.c2lnbmF0dXJlLW9mLXRoZS1lMmUtdGVzdHM"

// survivable are all faults of the simulator but one, each in 1 % of the
// requests: `hang` costs a minute, the time of an attempt, each time it strikes.
func survivable() []simulator.Fault {
	var faults []simulator.Fault
	for _, kind := range simulator.KnownFaults() {
		if kind == "hang" {
			continue
		}
		f := simulator.Fault{Kind: kind, Chance: 0.01}
		if kind == "slow" {
			f.Delay = 300 * time.Millisecond
		}
		faults = append(faults, f)
	}
	return faults
}

// largeBuilds are 20 builds of 1 to 8 MB.
func largeBuilds() []simulator.Build {
	var builds []simulator.Build
	for i := range 20 {
		b := newBuild(fmt.Sprintf("build-%02d", i), "")
		b.Log = simulator.Generate(int64(i), 1_000_000+int64(i)*7_000_000/19)
		builds = append(builds, b)
	}
	return builds
}

func TestLargeLogsThroughFaults(t *testing.T) {
	stats := largeLogs(t, "pages")
	for _, f := range survivable() {
		if stats.Faults[f.Kind] == 0 {
			t.Errorf("no request had the fault %s: the test shows nothing of it", f.Kind)
		}
	}
}

func TestLargeDownloadsThroughFaults(t *testing.T) {
	stats := largeLogs(t, "auto")
	if len(stats.Downloads) < len(largeBuilds())/2 {
		t.Errorf("of %d builds only %d were downloaded", len(largeBuilds()), len(stats.Downloads))
	}
}

// largeLogs runs loggate on large logs with many faults and a source. OIDC is
// used, since that is how a token that expires can be renewed.
func largeLogs(t *testing.T, source string) simulator.Stats {
	builds := largeBuilds()
	server := serve(t, simulator.Options{
		Builds: builds, Faults: survivable(), Seed: 10,
		Auth: simulator.Auth{OIDC: &simulator.OIDC{Provider: "ci", IDTokens: []string{idToken}}},
	})
	p := start(t, invocation{args: []string{"run", "--source", source, "--rate-limit", "off", "--concurrency", "8"}, env: []string{
		"LOGGATE_ENDPOINT=" + server.URL(), "LOGGATE_IAM_ENDPOINT=" + server.URL(),
		"LOGGATE_OIDC_PROVIDER=ci", "LOGGATE_ID_TOKEN=" + idToken, "LOGGATE_BUILDS=" + input(builds...),
	}})
	peak := peakMemory(p.cmd.Process.Pid)
	r := p.wait()
	r.expectCode(t, build.ExitPass)
	rep := r.report(t)
	expectVerdict(t, rep, build.Pass, build.ExitPass)
	for _, b := range builds {
		r.expectWhole(t, rep, b)
	}
	stats := server.Stats()
	used := peak()
	t.Logf("took %v, peak memory %.1f MiB, faults %v", r.took.Round(time.Millisecond), float64(used)/(1<<20), stats.Faults)
	if used >= maxMemory || used == 0 && runtime.GOOS == "linux" {
		t.Errorf("peak memory is %d bytes, want less than %d", used, maxMemory)
	}
	for _, name := range files(t, r.dir) {
		if strings.Contains(name, "partial") {
			t.Errorf("%s is left", name)
		}
	}
	return stats
}

// peakMemory watches a process and returns what tells, once it has ended, the
// most memory that it had in use (resident), in bytes; 0 where that can't be
// had, as anywhere but on Linux. The kernel keeps that
// peak, so that looking now and then misses only what grew in the last moment.
// What wait(2) tells won't do: it counts the process that forked, too, which is
// this test with the race detector.
func peakMemory(pid int) func() int64 {
	status := fmt.Sprintf("/proc/%d/status", pid)
	result := make(chan int64, 1)
	go func() {
		var peak int64
		for {
			text, err := os.ReadFile(status)
			_, rest, found := strings.Cut(string(text), "VmHWM:")
			if err != nil || !found { // it has ended, perhaps nobody has waited for it yet
				result <- peak
				return
			}
			var kib int64
			if _, err := fmt.Sscan(rest, &kib); err == nil {
				peak = max(peak, kib<<10)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	return func() int64 { return <-result }
}

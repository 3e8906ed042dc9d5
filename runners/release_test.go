package runners

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// maxBinary is what a released program may have, in bytes: 15 MB, as file
// managers count them.
const maxBinary = 15 << 20

// systems are what there are archives for: GOOS_GOARCH.
func systems() []string {
	return []string{"darwin_amd64", "darwin_arm64", "linux_amd64", "linux_arm64", "windows_amd64", "windows_arm64"}
}

// archiveOf is the path of the archive for a system that .ci/package has built.
func archiveOf(t *testing.T, system string) string {
	t.Helper()
	return filepath.Join(runner(t, "DIST"), "loggate_"+runner(t, "VERSION")+"_"+system+".tar.gz")
}

func programOf(system string) string {
	if strings.HasPrefix(system, "windows") {
		return "loggate.exe"
	}
	return "loggate"
}

// unpacked are the files in an archive, and the programs among them.
func unpacked(t *testing.T, archive string) (files map[string][]byte, programs []string) {
	t.Helper()
	zipped, err := gzip.NewReader(strings.NewReader(read(t, archive)))
	if err != nil {
		t.Fatal(err)
	}
	files = map[string][]byte{}
	for in := tar.NewReader(zipped); ; {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return files, programs
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(in); err != nil {
			t.Fatal(err)
		}
		if header.Mode&0o111 != 0 {
			programs = append(programs, header.Name)
		}
	}
}

func TestReleaseHasEverySystem(t *testing.T) {
	runner(t, "DIST")
	head := strings.TrimSpace(command(t, exec.Command("git", "rev-parse", "HEAD")))
	for _, system := range systems() {
		files, programs := unpacked(t, archiveOf(t, system))
		if !slices.Equal(programs, []string{programOf(system)}) || len(files) != 4 {
			t.Errorf("%s has %d files, the programs among them are %q", system, len(files), programs)
		}
		for _, name := range []string{"LICENSE", "README.md", "CHANGELOG.md"} {
			if len(files[name]) == 0 {
				t.Errorf("%s lacks %s", system, name)
			}
		}
		program := files[programOf(system)]
		t.Logf("%s: %d bytes", system, len(program))
		if len(program) > maxBinary {
			t.Errorf("%s: the program has %d bytes, at most %d are allowed", system, len(program), maxBinary)
		}
		info, err := buildinfo.Read(bytes.NewReader(program))
		if err != nil {
			t.Fatal(err)
		}
		noted := map[string]string{}
		for _, setting := range info.Settings {
			noted[setting.Key] = setting.Value
		}
		if info.Main.Version != "v"+os.Getenv("VERSION") || noted["vcs.revision"] != head || noted["GOOS"]+"_"+noted["GOARCH"] != system || noted["CGO_ENABLED"] != "0" {
			t.Errorf("%s: version %s, %v; want the commit %s", system, info.Main.Version, noted, head)
		}
	}
}

func TestReleasedProgramRuns(t *testing.T) {
	program := extracted(t)
	head := strings.TrimSpace(command(t, exec.Command("git", "rev-parse", "HEAD")))
	want := fmt.Sprintf("loggate %s (commit %s, %s)\n", os.Getenv("VERSION"), head, runtime.Version())
	if got := command(t, exec.Command(program, "version")); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// The same commit gives the same bytes, elsewhere and with nothing cached.
func TestReleaseIsReproducible(t *testing.T) {
	files, _ := unpacked(t, archiveOf(t, runtime.GOOS+"_"+runtime.GOARCH))
	again := read(t, runner(t, "AGAIN"))
	if sha256.Sum256([]byte(again)) != sha256.Sum256(files["loggate"]) {
		t.Error("two builds have two checksums")
	}
}

func TestReleaseChecksums(t *testing.T) {
	sums := read(t, filepath.Join(runner(t, "DIST"), "checksums.txt"))
	for _, system := range systems() {
		path := archiveOf(t, system)
		sum := sha256.Sum256([]byte(read(t, path)))
		if line := hex.EncodeToString(sum[:]) + "  " + filepath.Base(path) + "\n"; !strings.Contains(sums, line) {
			t.Errorf("checksums.txt lacks %q", line)
		}
	}
}

// The whole way of a release: .release made of the checksums, the action's
// download from a server that stands in for GitHub, and the program.
func TestReleaseIsWhatTheActionGets(t *testing.T) {
	dist, version := runner(t, "DIST"), runner(t, "VERSION")
	server := httptest.NewServer(http.StripPrefix("/acme/fork/releases/download/v"+version+"/", http.FileServer(http.Dir(dist))))
	defer server.Close()
	file := command(t, exec.Command("../.ci/release-file", "v"+version, server.URL+"/acme/fork", filepath.Join(dist, "checksums.txt")))
	if n := strings.Count(file, ".tar.gz\n"); n != len(systems()) {
		t.Errorf(".release names %d archives:\n%s", n, file)
	}
	s := newSite(t)
	s.commit(t, file)
	s.args = []string{"version"}
	s.get(t).expect(t, 0, strings.TrimSpace(command(t, exec.Command(extracted(t), "version"))), "loggate: v"+version+", checksum verified\n")
}

// extracted is the released program for this machine.
func extracted(t *testing.T) string {
	t.Helper()
	files, _ := unpacked(t, archiveOf(t, runtime.GOOS+"_"+runtime.GOARCH))
	program := filepath.Join(t.TempDir(), "loggate")
	write(t, program, string(files["loggate"]), 0o755)
	return program
}

func TestReleaseFileWantsAVersion(t *testing.T) {
	t.Parallel()
	sums := filepath.Join(t.TempDir(), "checksums.txt")
	write(t, sums, strings.Repeat("0", 64)+"  loggate_1.2.3_linux_amd64.tar.gz\n", 0o644)
	for tag, right := range map[string]bool{"v1.2.3": true, "v1.2.3-rc.1": true, "1.2.3": false, "v1.2": false, "v1.2.3;x": false, "": false} {
		err := exec.Command("../.ci/release-file", tag, "https://example.com/a/b", sums).Run()
		if (err == nil) != right {
			t.Errorf("%q: %v", tag, err)
		}
	}
}

func TestReleaseNotesAreOfTheVersion(t *testing.T) {
	t.Parallel()
	if notes := command(t, exec.Command("../.ci/release-notes", "vUnreleased")); !strings.Contains(notes, "loggate run") || strings.Contains(notes, "\n## ") {
		t.Errorf("notes are %q", notes)
	}
	if err := exec.Command("../.ci/release-notes", "v999.0.0").Run(); err == nil {
		t.Error("there are notes of a version that the changelog doesn't know")
	}
}

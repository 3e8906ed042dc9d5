package runners

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// site is an action in a directory of its own, with a source that is quickly
// built, and a runner with its directories.
type site struct {
	action, temp, tools string
	env                 []string // beside the runner's own
	path                string   // PATH, "" is this process's
	args                []string // that the program it got is run with
}

func newSite(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	s := &site{action: made(t, dir, "action of ours"), temp: made(t, dir, "temp"), tools: made(t, dir, "tools")}
	write(t, filepath.Join(s.action, "action/get"), read(t, "../action/get"), 0o755)
	write(t, filepath.Join(s.action, "go.mod"), "module source\n\ngo 1.26\n", 0o644)
	write(t, filepath.Join(s.action, "main.go"), "package main\n\nfunc main() { println(\"from source\") }\n", 0o644)
	return s
}

// got is what one run of action/get has left.
type got struct {
	code   int
	said   string
	binary string // what the program it got says; "" without one
}

// get runs action/get as the runner would.
func (s *site) get(t *testing.T) got {
	t.Helper()
	output, path := filepath.Join(s.temp, "output"), filepath.Join(s.temp, "path")
	os.Remove(output)
	os.Remove(path)
	cmd := exec.CommandContext(t.Context(), "bash", filepath.Join(s.action, "action/get"))
	cmd.Env = append(goEnvironment(t), "RUNNER_TEMP="+s.temp, "RUNNER_TOOL_CACHE="+s.tools, "RUNNER_OS=Linux", "RUNNER_ARCH=X64",
		"GITHUB_OUTPUT="+output, "GITHUB_PATH="+path)
	cmd.Env = append(cmd.Env, s.env...)
	if s.path != "" {
		cmd.Env = append(cmd.Env, "PATH="+s.path)
	}
	said, _ := cmd.CombinedOutput()
	g := got{code: cmd.ProcessState.ExitCode(), said: string(said)}
	named, err := os.ReadFile(output)
	if err != nil {
		return g
	}
	binary := strings.TrimSpace(strings.TrimPrefix(string(named), "binary="))
	if added := strings.TrimSpace(read(t, path)); added != filepath.Dir(binary) {
		t.Errorf("%s is on the PATH, the program is %s", added, binary)
	}
	printed, err := exec.Command(binary, s.args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v", binary, err)
	}
	g.binary = strings.TrimSpace(string(printed))
	return g
}

// release stands in for a release: it serves an archive, and the action's
// .release names it.
type release struct {
	*httptest.Server
	asked   atomic.Int64
	archive []byte
	answer  atomic.Pointer[answer]
}

// answer is how the release answers for its archive.
type answer func(w http.ResponseWriter, archive []byte)

func whole(w http.ResponseWriter, archive []byte) { w.Write(archive) }

func (r *release) setAnswer(a answer) { r.answer.Store(&a) }

const released = "loggate_1.2.3_linux_amd64.tar.gz"

func (s *site) release(t *testing.T) *release {
	t.Helper()
	r := &release{archive: packed(t, "#!/bin/sh\necho from the release\n")}
	r.setAnswer(whole)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.asked.Add(1)
		if q.URL.Path != "/loggate/loggate/releases/download/v1.2.3/"+released {
			http.NotFound(w, q)
			return
		}
		(*r.answer.Load())(w, r.archive)
	}))
	t.Cleanup(r.Close)
	sum := sha256.Sum256(r.archive)
	s.commit(t, fmt.Sprintf("repository %s/loggate/loggate\ntag v1.2.3\n%s  loggate_1.2.3_darwin_arm64.tar.gz\n%s  %s\n",
		r.URL, strings.Repeat("0", 64), hex.EncodeToString(sum[:]), released))
	return r
}

// commit writes the action's .release.
func (s *site) commit(t *testing.T, text string) {
	t.Helper()
	write(t, filepath.Join(s.action, ".release"), text, 0o644)
}

// packed is an archive with a program.
func packed(t *testing.T, program string) []byte {
	t.Helper()
	var data bytes.Buffer
	zipped := gzip.NewWriter(&data)
	archive := tar.NewWriter(zipped)
	if err := archive.WriteHeader(&tar.Header{Name: "loggate", Mode: 0o755, Size: int64(len(program))}); err != nil {
		t.Fatal(err)
	}
	archive.Write([]byte(program))
	archive.Close()
	zipped.Close()
	return data.Bytes()
}

func (g got) expect(t *testing.T, code int, binary, said string) {
	t.Helper()
	if g.code != code || g.binary != binary || !strings.Contains(g.said, said) {
		t.Errorf("exit code %d, the program says %q; want %d, %q and the words %q. It said:\n%s", g.code, g.binary, code, binary, said, g.said)
	}
}

func TestReleaseIsDownloadedOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.release(t)
	for range 2 {
		s.get(t).expect(t, 0, "from the release", "loggate: v1.2.3, checksum verified\n")
	}
	if n := r.asked.Load(); n != 1 {
		t.Errorf("asked %d times for the archive", n)
	}
}

// Without sha256sum, as on macOS, shasum does.
func TestReleaseIsVerifiedOnMacOS(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.release(t)
	s.path = only(t, "bash", "curl", "cut", "dirname", "gzip", "mkdir", "mktemp", "mv", "shasum", "tar", "perl")
	s.get(t).expect(t, 0, "from the release", "checksum verified")
}

func TestWrongChecksumIsAnError(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.release(t)
	r.setAnswer(func(w http.ResponseWriter, _ []byte) { w.Write(packed(t, "#!/bin/sh\necho from somebody else\n")) })
	g := s.get(t)
	g.expect(t, 2, "", "::error title=loggate::"+r.URL+"/loggate/loggate/releases/download/v1.2.3/"+released+" has the SHA-256 ")
	if strings.Contains(g.said, "building the source") {
		t.Errorf("fell back:\n%s", g.said)
	}
	r.setAnswer(whole)
	s.get(t).expect(t, 0, "from the release", "") // nothing wrong was kept
}

// An archive in the tool cache is no better than a download.
func TestToolCacheIsNotTrusted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.release(t)
	write(t, filepath.Join(s.tools, "loggate/v1.2.3", released), string(packed(t, "#!/bin/sh\necho from somebody else\n")), 0o644)
	s.get(t).expect(t, 0, "from the release", "checksum verified")
	if r.asked.Load() != 1 {
		t.Error("the archive was not downloaded again")
	}
}

func TestRefusedDownloadBuildsTheSource(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]func(*release){
		"404": func(r *release) {
			r.setAnswer(func(w http.ResponseWriter, _ []byte) { w.WriteHeader(http.StatusNotFound) })
		},
		"403": func(r *release) {
			r.setAnswer(func(w http.ResponseWriter, _ []byte) { w.WriteHeader(http.StatusForbidden) })
		},
		"nobody is there":  func(r *release) { r.Close() },
		"it breaks off":    func(r *release) { r.setAnswer(breakOff) },
		"another scheme":   func(r *release) { r.setAnswer(redirect("file:///etc/passwd")) },
		"a huge answer":    func(r *release) { r.setAnswer(huge) },
		"no such redirect": func(r *release) { r.setAnswer(redirect("/elsewhere")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			r := s.release(t)
			refuse(r)
			g := s.get(t)
			g.expect(t, 0, "from source", "could not be downloaded: building the source with go version ")
			if n := strings.Count(g.said, "loggate: "); n != 1 {
				t.Errorf("said so in %d lines:\n%s", n, g.said)
			}
		})
	}
}

func breakOff(w http.ResponseWriter, archive []byte) {
	w.Header().Set("Content-Length", fmt.Sprint(len(archive)))
	w.Write(archive[:len(archive)/2])
}

// huge answers more than an archive can have, in bytes.
func huge(w http.ResponseWriter, _ []byte) {
	w.Header().Set("Content-Length", fmt.Sprint(65<<20))
	for range 65 {
		w.Write(make([]byte, 1<<20))
	}
}

func redirect(to string) func(http.ResponseWriter, []byte) {
	return func(w http.ResponseWriter, _ []byte) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
	}
}

func TestBranchBuildsTheSource(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	// What the job has set for its own builds is none of this one.
	s.env = []string{"GOOS=plan9", "GOARCH=mips", "GOFLAGS=-mod=vendor", "GOWORK=/nowhere/go.work", "CGO_ENABLED=1"}
	s.get(t).expect(t, 0, "from source", "loggate: this commit of the action is no release: building the source with go version ")
}

func TestOtherSystemBuildsTheSource(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.release(t)
	s.env = []string{"RUNNER_ARCH=ARM"}
	s.get(t).expect(t, 0, "from source", "the release has no archive for Linux ARM: building the source")
}

func TestWithoutGoThereIsNothingToBuildWith(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.path = only(t, "bash", "cut", "dirname", "mktemp")
	s.get(t).expect(t, 2, "", "::error title=loggate::this commit of the action is no release, and there is no Go to build the source with: add actions/setup-go")
}

func TestBrokenSourceIsAnError(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	write(t, filepath.Join(s.action, "main.go"), "package main\n\nfunc main() { undefined() }\n", 0o644)
	s.get(t).expect(t, 2, "", "::error title=loggate::the source could not be built")
}

func TestDamagedReleaseFileIsAnError(t *testing.T) {
	t.Parallel()
	sum := strings.Repeat("0", 64)
	for _, text := range []string{
		"", "tag v1.2.3\n" + sum + "  " + released + "\n", "repository https://example.com\n" + sum + "  " + released + "\n",
		"repository https://example.com\ntag v1.2.3\n1234  " + released + "\n",
		"repository https://example.com\ntag v1/../../x\n" + sum + "  " + released + "\n",
		"repository file:///etc\ntag v1.2.3\n" + sum + "  " + released + "\n",
		"repository https://example.com\ntag v1.2.3\n" + sum + "  ../../x_linux_amd64.tar.gz\n",
	} {
		s := newSite(t)
		s.commit(t, text)
		s.get(t).expect(t, 2, "", "the file .release of this commit is damaged")
	}
}

// only is a directory for PATH that has these programs and no other.
func only(t *testing.T, programs ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, program := range programs {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(dir, program)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

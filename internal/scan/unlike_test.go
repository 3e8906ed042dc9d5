package scan

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/loggate/loggate/internal/build"
)

var digit = regexp.MustCompile(`[0-9]`)

// another is a log as another build writes it: with other numbers.
func another(rnd *rand.Rand, lines []string) string {
	text := strings.Join(lines, "\n")
	return digit.ReplaceAllStringFunc(text, func(string) string { return fmt.Sprint(rnd.IntN(10)) })
}

func unlikeIn(t *testing.T, passing, failing string, stage *build.Stage) []build.Finding {
	t.Helper()
	known, err := ReadPassing("api #6", strings.NewReader(passing), int64(len(passing)))
	if err != nil {
		t.Fatal(err)
	}
	found, err := known.Unlike(strings.NewReader(failing), stage)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestUnlikeNamesTheCause takes the cause out of real logs: what is left is as a
// log that passed, and the cause must be among what is unlike it.
func TestUnlikeNamesTheCause(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	logs, found := 0, 0
	for _, dir := range []string{"../../testdata/logs", "/work/shared/corpus/logs"} {
		labels, err := os.Open(filepath.Join(dir, "labels.jsonl"))
		if err != nil {
			continue // the corpus isn't everywhere
		}
		defer labels.Close()
		rows := bufio.NewScanner(labels)
		rows.Buffer(nil, 1<<20)
		for rows.Scan() {
			var row struct {
				Log   string  `json:"log"`
				Root  []int64 `json:"root_lines"`
				Clean bool    `json:"clean"`
			}
			if err := json.Unmarshal(rows.Bytes(), &row); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(dir, row.Log))
			lines := strings.Split(string(text), "\n")
			if err != nil || row.Clean || len(row.Root) == 0 || strings.HasSuffix(row.Log, ".gz") || len(lines) < 40 {
				continue
			}
			var passing []string
			for i, line := range lines {
				if no := int64(i + 1); !near(no, row.Root, 3, 10) {
					passing = append(passing, line)
				}
			}
			logs++
			hit := false
			for _, f := range unlikeIn(t, another(rnd, passing), string(text), nil) {
				hit = hit || near(f.Line, row.Root, 5, 12)
				if text := build.Printable(f.Message, 0); text != f.Message || f.Counted(false) || f.Kind != build.Summary {
					t.Errorf("%s: %+v", row.Log, f)
				}
			}
			if hit {
				found++
			}
		}
	}
	t.Logf("the cause is among the lines in %d of %d logs", found, logs)
	if logs < 10 || found*100 < logs*90 {
		t.Errorf("the cause is among the lines in %d of %d logs", found, logs)
	}
}

func near(no int64, lines []int64, before, after int64) bool {
	for _, line := range lines {
		if line-before <= no && no <= line+after {
			return true
		}
	}
	return false
}

// The same log with other numbers has nothing that is unlike it.
func TestNothingIsUnlikeItself(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	names, err := filepath.Glob("../../testdata/demo/*.log")
	if err != nil || len(names) == 0 {
		t.Fatal(err, "no logs")
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if found := unlikeIn(t, string(text), string(text), nil); len(found) > 0 {
			t.Errorf("%s: %+v", name, found)
		}
		for _, f := range unlikeIn(t, string(text), another(rnd, strings.Split(string(text), "\n")), nil) {
			t.Errorf("%s: numbers alone make %q unlike: %v", name, f.Message, f.Why)
		}
	}
}

func TestUnlike(t *testing.T) {
	passing := "step one of 3\nstep two of 3\nuploading artefact 0123abcd in 12ms\nall done\n"
	failing := "step one of 4\nquota of tenant exceeded\nwidget broke in the first place\nstep two of 4\nuploading artefact fedc9876 in 7s\n" +
		"quota of tenant exceeded\nplease call the helpdesk\nFinished: FAILURE\n"
	lines := func(stage *build.Stage) string {
		var out []string
		for _, f := range unlikeIn(t, passing, failing, stage) {
			out = append(out, fmt.Sprintf("%d-%d:%s", f.ExcerptLine, f.ExcerptLine+int64(len(f.Excerpt))-1, f.Message))
		}
		return strings.Join(out, " | ")
	}
	// Lines that follow each other are one finding; of two that say the same the first is told.
	if got, want := lines(nil), "2-3:widget broke in the first place | 6-7:please call the helpdesk"; got != want {
		t.Errorf("unlike are %q, want %q", got, want)
	}
	stage := func(first, last int64) *build.Stage { return &build.Stage{FirstLine: &first, LastLine: &last} }
	if got, want := lines(stage(4, 8)), "6-7:please call the helpdesk"; got != want {
		t.Errorf("in the failing stage, unlike are %q, want %q", got, want)
	}
	if got := lines(stage(4, 5)); !strings.HasPrefix(got, "2-3:") {
		t.Errorf("where the failing stage has none, unlike are %q", got)
	}
	if got := lines(&build.Stage{}); !strings.HasPrefix(got, "2-3:") {
		t.Errorf("of a stage without lines, unlike are %q", got)
	}
}

func TestWordsThatDifferFromBuildToBuild(t *testing.T) {
	passing := "pulled image shop@sha256:0a1b2c3d4e5f6071 as pod web-7f9c6bdd4x2 in 3s\nTS2322 in src/a.ts\n"
	if found := unlikeIn(t, passing, "pulled image shop@sha256:ffe1c2d3a4b5c6d7 as pod web-6d8b9xkq2z in 12ms\nTS9999 in src/a.ts\n", nil); len(found) > 0 {
		t.Errorf("numbers and hashes make %q unlike", found[0].Message)
	}
	if found := unlikeIn(t, passing, "TX2322 in src/a.ts\n", nil); len(found) != 1 {
		t.Errorf("another code is like the one before: %v", found)
	}
}

// A line that comes again, with other numbers, is told where it comes first.
func TestUnlikeTellsALineOnce(t *testing.T) {
	found := unlikeIn(t, "step 1\n", "step 1\nnode 7 lost its lease\nstep 2\nnode 8 lost its lease\nstep 3\n", nil)
	if len(found) != 1 || found[0].Line != 2 {
		t.Errorf("unlike are %+v", found)
	}
}

// What is hardly unlike isn't told beside what is.
func TestUnlikeLeavesOutTheWeak(t *testing.T) {
	passing := "compiling the first module of the shop in the usual way\ndone\n"
	failing := "compiling the first module of the store in the usual way\ndone\nquota of tenant exceeded while rolling everything back again\n"
	found := unlikeIn(t, passing, failing, nil)
	if len(found) != 1 || found[0].Line != 3 {
		t.Errorf("unlike are %+v", found)
	}
}

func TestUnlikeTellsOfErrors(t *testing.T) {
	broken := errors.New("broken")
	if _, err := ReadPassing("api", io.MultiReader(strings.NewReader("a"), iotest.ErrReader(broken)), 1); !errors.Is(err, broken) {
		t.Errorf("reading the log that passed: %v", err)
	}
	known, err := ReadPassing("api", strings.NewReader(""), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := known.Unlike(iotest.ErrReader(broken), nil); !errors.Is(err, broken) {
		t.Errorf("reading the log: %v", err)
	}
}

// The comparison is as small with huge logs, long lines and lines that are all
// unlike.
func TestUnlikeIsBounded(t *testing.T) {
	const size = 8 << 20
	known, err := ReadPassing("api", io.LimitReader(&noise{}, size), 1<<40)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(known.bits) * 64; n > mostFilter {
		t.Errorf("%d bits", n)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	found, err := known.Unlike(io.MultiReader(io.LimitReader(&noise{7}, size), strings.NewReader(strings.Repeat("x ", 1<<20))), nil)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if err != nil || len(found) > mostUnlike {
		t.Errorf("%d findings, %v", len(found), err)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
	for _, f := range found {
		if len(f.Excerpt) > mostUnlikeRun || len(f.Message) > 4*build.MaxMessage {
			t.Errorf("%+v", f)
		}
	}
}

// noise is an endless log of words that hardly come twice.
type noise struct{ state uint64 }

func (n *noise) Read(p []byte) (int, error) {
	for i := range p {
		n.state = n.state*6364136223846793005 + 1442695040888963407
		p[i] = "abcdefghijklmnopqrstuvwxyz   \n"[n.state>>33%30]
	}
	return len(p), nil
}

func FuzzUnlike(f *testing.F) {
	f.Add("a b c\n1 2 3\n", "a b d\n\x1b[31mx\xff\r\ny\n")
	f.Fuzz(func(t *testing.T, passing, failing string) {
		found := unlikeIn(t, passing, failing, nil)
		lines := int64(strings.Count(failing, "\n") + 1)
		for _, finding := range found {
			if finding.Line < finding.ExcerptLine || finding.Line > finding.ExcerptLine+int64(len(finding.Excerpt))-1 || finding.Line > lines {
				t.Fatalf("%+v in %q", finding, failing)
			}
			if text := build.Printable(finding.Message, build.MaxMessage); text != finding.Message {
				t.Fatalf("the message is %q", finding.Message)
			}
		}
		if len(unlikeIn(t, failing, failing, nil)) > 0 {
			t.Fatalf("%q is unlike itself", failing)
		}
	})
}

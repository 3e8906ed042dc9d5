package scan_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/scan"
)

var update = flag.Bool("update", false, "write expected.jsonl and scores.txt of testdata/logs anew; read what changed before you commit it")

const (
	samples = "../../testdata/logs"
	// corpus is beside the checkout on development machines, see its README.
	corpus = "../../../shared/corpus/logs"
)

// label is a row of labels.jsonl: the lines that name the cause.
type label struct {
	ID, Source, Tool, Log string
	RootLines             []int64 `json:"root_lines"`
	Clean                 bool
}

// promise is what the scores of real and scenario logs must reach, whatever they
// were before: how many causes in a hundred are named first, or among the first three, and
// how many passing logs in a hundred have no error.
var promise = map[string]struct{ first, three, clean float64 }{
	"scenario": {92, 98, 95},
	"REAL":     {80, 92, 95},
	"ALL":      {80, 92, 95},
}

// TestQualityOfSamples wants the root cause of the project's own logs named first, and each
// log's first findings to be those that were read and found right.
func TestQualityOfSamples(t *testing.T) {
	labels, findings := scanLabelled(t, samples)
	compareScores(t, tabulate(t, "", labels, findings))
	compareExpected(t, labels, findings)
}

// TestQualityOfCorpus wants the root cause of real logs named first.
func TestQualityOfCorpus(t *testing.T) {
	if _, err := os.Stat(corpus); errors.Is(err, fs.ErrNotExist) {
		t.Skip("no corpus beside the checkout")
	}
	labels, findings := scanLabelled(t, corpus)
	compareScores(t, tabulate(t, "corpus/", labels, findings))
}

// scanLabelled scans the logs in dir; of what it finds, errors are scored.
func scanLabelled(t *testing.T, dir string) ([]label, [][]build.Finding) {
	t.Helper()
	labels, err := readRows[label](filepath.Join(dir, "labels.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	logs := make([][]byte, len(labels))
	for i, l := range labels {
		if logs[i], err = readLog(filepath.Join(dir, l.Log)); err != nil {
			t.Fatal(err)
		}
	}
	return labels, scanErrors(t, logs)
}

// scanErrors are the errors in the logs. It uses all processors: under the race
// detector, regular expressions are slow.
func scanErrors(t *testing.T, logs [][]byte) [][]build.Finding {
	t.Helper()
	set := builtin(t)
	found := make([][]build.Finding, len(logs))
	workers := runtime.GOMAXPROCS(0)
	var wait sync.WaitGroup
	for worker := range workers {
		wait.Go(func() {
			for i := worker; i < len(logs); i += workers {
				s := scan.New(set, scan.Options{})
				_, _ = s.Write(logs[i])
				found[i] = slices.DeleteFunc(s.Finish(scan.Outcome{}).Findings, func(f build.Finding) bool { return f.Severity != build.Error })
			}
		})
	}
	wait.Wait()
	return found
}

// tabulate scores the logs by tool, by source and together, and reports those that
// could be better.
func tabulate(t *testing.T, prefix string, labels []label, findings [][]build.Finding) []score {
	scores := map[string]*score{}
	for i, l := range labels {
		groups := []string{"ALL", "source " + l.Source, "tool " + l.Tool}
		if l.Source == "scenario" {
			groups[1] = "scenario"
		} else {
			groups = append(groups, "REAL")
		}
		for _, group := range groups {
			if scores[group] == nil {
				scores[group] = &score{group: prefix + group}
			}
			scores[group].add(l, findings[i])
		}
		report(t, l, findings[i])
	}
	var rows []score
	for _, group := range slices.Sorted(maps.Keys(scores)) {
		s := scores[group]
		rows = append(rows, *s)
		want, promised := promise[group]
		if promised && (s.percent(s.first) < want.first || s.percent(s.three) < want.three || percent(s.cleanOK, s.clean) < want.clean) {
			t.Errorf("%s, want at least %.0f %%, %.0f %% and %.0f %% clean", s, want.first, want.three, want.clean)
		}
	}
	return rows
}

// report says what could be better in a log.
func report(t *testing.T, l label, findings []build.Finding) {
	rank := hit(l, findings)
	if rank == 1 || l.Clean && len(findings) == 0 {
		return
	}
	what := fmt.Sprintf("hit at %d, want %v", rank, l.RootLines[:min(len(l.RootLines), 8)])
	if l.Clean {
		what = fmt.Sprintf("%d false alarms", len(findings))
	}
	t.Logf("%s: %s", l.ID, what)
	for i, f := range findings[:min(len(findings), 4)] {
		t.Logf("    %d. %d-%d %s: %s", i+1, f.Line, f.EndLine, f.Rule, f.Message)
	}
}

// score counts what the corpus's score.py counts.
type score struct {
	group                    string
	logs, first, three, some int // failing logs, and where the cause is found first, among the first three, at all
	noise                    int // errors beside the cause
	clean, cleanOK           int // passing logs, and those without errors
}

func (s *score) add(l label, findings []build.Finding) {
	if l.Clean {
		s.clean++
		s.cleanOK += count(len(findings) == 0)
		return
	}
	rank := hit(l, findings)
	s.logs++
	s.first += count(rank == 1)
	s.three += count(1 <= rank && rank <= 3)
	s.some += count(rank >= 1)
	for _, f := range findings {
		s.noise += count(!touches(l, f))
	}
}

func (s *score) percent(part int) float64 { return percent(part, s.logs) }

// scoreFormat is a row of scores.txt, which begins with the group's name.
const (
	groupWidth  = 32
	scoreFormat = "%-32s %3d failing  hit@1 %5.1f  hit@3 %5.1f  recall %5.1f  noise %5.2f a log  %3d passing, clean %5.1f"
)

func (s *score) String() string {
	return fmt.Sprintf(scoreFormat, s.group, s.logs, s.percent(s.first), s.percent(s.three), s.percent(s.some),
		float64(s.noise)/float64(max(s.logs, 1)), s.clean, percent(s.cleanOK, s.clean))
}

var number = regexp.MustCompile(`[0-9.]+`)

// worse says whether a row of scores.txt is worse than the one before in any column, or
// of other logs.
func worse(now, before string) bool {
	n, b := number.FindAllString(now[groupWidth:], -1), number.FindAllString(before[groupWidth:], -1)
	if len(n) != len(b) {
		return true
	}
	for i := range n {
		score, _ := strconv.ParseFloat(n[i], 64)
		least, _ := strconv.ParseFloat(b[i], 64)
		switch i {
		case 0, 7: // how many fail and pass
			if score != least {
				return true
			}
		case 6: // noise
			if score > least {
				return true
			}
		default:
			if score < least {
				return true
			}
		}
	}
	return false
}

// compareScores prints the table and fails where it is worse than scores.txt.
func compareScores(t *testing.T, scores []score) {
	t.Helper()
	path := filepath.Join(samples, "scores.txt")
	text, err := os.ReadFile(path)
	if err != nil && !*update {
		t.Fatal(err)
	}
	known := map[string]string{}
	for line := range strings.Lines(string(text)) {
		known[strings.TrimSpace(line[:groupWidth])] = strings.TrimRight(line, "\n")
	}
	for _, s := range scores {
		t.Log(s.String())
		if *update {
			known[s.group] = s.String()
		} else if before, ok := known[s.group]; !ok || worse(s.String(), before) {
			t.Errorf("%s: worse than in scores.txt, or not there:\n%s\n%s", s.group, before, s.String())
		}
	}
	if !*update {
		return
	}
	var table strings.Builder
	for _, group := range slices.Sorted(maps.Keys(known)) {
		table.WriteString(known[group] + "\n")
	}
	if err := os.WriteFile(path, []byte(table.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// expected is a row of expected.jsonl: the first errors of a log, as they were
// read and found right.
type expected struct {
	ID     string   `json:"id"`
	Errors []string `json:"errors"` // "lines rule: message"
}

// compareExpected fails where the first three errors are others than in expected.jsonl.
func compareExpected(t *testing.T, labels []label, findings [][]build.Finding) {
	t.Helper()
	path := filepath.Join(samples, "expected.jsonl")
	rows, err := readRows[expected](path)
	if err != nil && !*update {
		t.Fatal(err)
	}
	known := map[string][]string{}
	for _, row := range rows {
		known[row.ID] = row.Errors
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	for i, l := range labels {
		got := []string{}
		for _, f := range findings[i][:min(len(findings[i]), 3)] {
			got = append(got, fmt.Sprintf("%d-%d %s: %s", f.Line, f.EndLine, f.Rule, f.Message))
		}
		_ = encoder.Encode(expected{l.ID, got})
		if want, ok := known[l.ID]; !*update && (!ok || !slices.Equal(got, want)) {
			t.Errorf("%s: the first errors are\n\t%s\nnot\n\t%s\n(-update writes them anew)", l.ID, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
	if !*update {
		return
	}
	if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// hit is the place of the first finding that touches a root line, 0 when none does.
func hit(l label, findings []build.Finding) int {
	return 1 + slices.IndexFunc(findings, func(f build.Finding) bool { return touches(l, f) })
}

// touches says whether the finding spans a root line, give or take two.
func touches(l label, f build.Finding) bool {
	return slices.ContainsFunc(l.RootLines, func(root int64) bool { return f.Line-2 <= root && root <= f.EndLine+2 })
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func percent(part, whole int) float64 {
	if whole == 0 {
		return 100
	}
	return 100 * float64(part) / float64(whole)
}

func readLog(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil || !strings.HasSuffix(path, ".gz") {
		return text, err
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(unzipped)
}

// readRows reads a file of JSON values, one a line.
func readRows[T any](path string) ([]T, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var rows []T
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row T
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		rows = append(rows, row)
	}
	return rows, lines.Err()
}

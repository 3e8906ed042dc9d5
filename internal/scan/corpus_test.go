package scan_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/scan"
)

// corpus is beside the checkout on development machines, see its README.
const corpus = "../../../shared/corpus/logs"

// label is a row of the corpus: the lines that name the cause.
type label struct {
	ID, Source, Log string
	RootLines       []int64 `json:"root_lines"`
	Clean           bool
}

// score counts what the corpus's score.py counts.
type score struct {
	logs, first, three, ten, found, clean, cleanOK int
}

func (s *score) add(l label, findings []build.Finding) (rank int) {
	if l.Clean {
		s.clean++
		if len(findings) == 0 {
			s.cleanOK++
		}
		return 0
	}
	rank = hit(l, findings)
	s.logs++
	s.found += len(findings)
	s.first += count(rank == 1)
	s.three += count(rank >= 1 && rank <= 3)
	s.ten += count(rank >= 1 && rank <= 10)
	return rank
}

// want fails the test where the scores are below what is promised.
func (s *score) want(t *testing.T, group string) {
	first, three := map[string]float64{"scenario": 92, "REAL": 80}[group], map[string]float64{"scenario": 98, "REAL": 92}[group]
	if got := percent(s.first, s.logs); got < first {
		t.Errorf("%s: the cause is named first in %.1f %% of the logs, want %.0f %%", group, got, first)
	}
	if got := percent(s.three, s.logs); got < three {
		t.Errorf("%s: the cause is among the first three in %.1f %% of the logs, want %.0f %%", group, got, three)
	}
	if got := percent(s.cleanOK, s.clean); group == "ALL" && got < 95 {
		t.Errorf("%.1f %% of the passing logs have no error, want 95 %%", got)
	}
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// hit is the place of the first finding that touches a root line, give or take two.
func hit(l label, findings []build.Finding) int {
	for i, f := range findings {
		for _, root := range l.RootLines {
			if f.Line-2 <= root && root <= f.EndLine+2 {
				return i + 1
			}
		}
	}
	return 0
}

func percent(part, whole int) float64 {
	if whole == 0 {
		return 100
	}
	return 100 * float64(part) / float64(whole)
}

// TestSampleLogs wants the root cause of the project's own logs named first.
func TestSampleLogs(t *testing.T) { scoreLogs(t, "../../testdata/logs") }

// TestCorpus wants the root cause of real logs named first. What it wants is
// the product's promise, see the issue on the catalogue.
func TestCorpus(t *testing.T) {
	if _, err := os.Stat(corpus); errors.Is(err, fs.ErrNotExist) {
		t.Skip("no corpus beside the checkout")
	}
	scoreLogs(t, corpus)
}

// scoreLogs scans the labelled logs in dir and prints the scores of each source.
func scoreLogs(t *testing.T, dir string) {
	labels, err := readLabels(filepath.Join(dir, "labels.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	scores := map[string]*score{"ALL": {}}
	results := scanAll(t, dir, labels)
	for i, l := range labels {
		found := slices.DeleteFunc(results[i].Findings, func(f build.Finding) bool { return f.Severity != build.Error })
		groups := []string{"ALL", l.Source}
		if l.Source != "scenario" {
			groups = append(groups, "REAL")
		}
		for _, group := range groups {
			if scores[group] == nil {
				scores[group] = &score{}
			}
			rank := scores[group].add(l, found)
			if group == "ALL" {
				report(t, l, rank, found)
			}
		}
	}
	for _, group := range slices.Sorted(maps.Keys(scores)) {
		s := scores[group]
		s.want(t, group)
		t.Logf("%-16s %4d logs  hit@1 %5.1f %%  hit@3 %5.1f %%  hit@10 %5.1f %%  %5.1f found a log  %3d clean, %5.1f %% ok", group, s.logs,
			percent(s.first, s.logs), percent(s.three, s.logs), percent(s.ten, s.logs), percent(s.found, s.logs)/100, s.clean, percent(s.cleanOK, s.clean))
	}
}

// report says what went wrong with a log.
func report(t *testing.T, l label, rank int, findings []build.Finding) {
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

// scanAll scans the logs on all processors: under the race detector, regular
// expressions are slow.
func scanAll(t *testing.T, dir string, labels []label) []scan.Result {
	t.Helper()
	set := builtin(t)
	results := make([]scan.Result, len(labels))
	workers := runtime.GOMAXPROCS(0)
	var wait sync.WaitGroup
	for worker := range workers {
		wait.Go(func() {
			for i := worker; i < len(labels); i += workers {
				text, err := readLog(filepath.Join(dir, labels[i].Log))
				if err != nil {
					t.Error(err)
				}
				s := scan.New(set, scan.Options{})
				_, _ = s.Write(text)
				results[i] = s.Finish(scan.Outcome{})
			}
		})
	}
	wait.Wait()
	return results
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

func readLabels(path string) ([]label, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var labels []label
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var l label
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, err
		}
		labels = append(labels, l)
	}
	return labels, lines.Err()
}

// Command bench measures loggate against other programs and against bounds, and
// prints a table. Run it in its own directory: go run .
//
// Each row is a ratio, so that it says the same on other machines. Both sides of it are
// measured in turn, A B A B …, on one core each; the table shows the median of the
// pairs' ratios and their spread. What is compared is processor time, which
// hardly depends on what else the machine does, unless the row says otherwise.
// docs/performance.md explains the rows and their limits.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s := settings{}
	flag.StringVar(&s.logs, "logs", "../testdata/logs/*.log", "`glob` of the logs that are scanned; .gz is read too")
	flag.IntVar(&s.megabytes, "mb", 300, "size of the large log that is made of them, in MB")
	flag.IntVar(&s.sample, "sample", 500, "size of the log for slow programs, in kB")
	flag.IntVar(&s.runs, "runs", 5, "pairs of runs")
	only := flag.String("only", "", "measure only the rows whose first two columns contain this")
	check := flag.Bool("check", false, "fail where a row doesn't reach half of its goal")
	flag.Parse()

	dir, err := os.MkdirTemp("", "loggate-bench-")
	if err != nil {
		return failed(err)
	}
	defer os.RemoveAll(dir)
	p, err := prepare(ctx, s, dir)
	if err != nil {
		return failed(err)
	}
	fmt.Printf("%s; %d pairs of runs a row.\n\n", machine(), s.runs)
	fmt.Println("| what | against | ratio, median (least to most) | goal | |")
	fmt.Println("|---|---|---|---|---|")
	code := 0
	for _, r := range rows {
		if !strings.Contains(r.name+", "+r.against, *only) {
			continue
		}
		result, err := r.measure(ctx, p)
		if err != nil {
			fmt.Printf("| %s | %s | not measured: %s | %s | |\n", r.name, r.against, strings.ReplaceAll(err.Error(), "\n", " "), r.goalText())
			code = max(code, failing(err))
			continue
		}
		fmt.Printf("| %s | %s | %s | %s | %s |\n", r.name, r.against, result.spread(), r.goalText(), result.note)
		if *check && result.median() < r.goal/2 {
			fmt.Fprintf(os.Stderr, "bench: %s against %s: %.3g is under half of the goal, %.3g\n", r.name, r.against, result.median(), r.goal)
			code = 1
		}
	}
	return code
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, "bench:", err)
	return 1
}

// row is one comparison.
type row struct {
	name, against string
	goal          float64 // 0 when there is none
	measure       func(context.Context, *prepared) (result, error)
}

// rows are all comparisons, in the order of the table.
var rows = slices.Concat(scanRows, programRows)

func (r row) goalText() string {
	if r.goal == 0 {
		return "–"
	}
	return fmt.Sprintf("≥ %.3g", r.goal)
}

// result is the ratios of some pairs of runs; more is better.
type result struct {
	ratios []float64
	note   string // what was measured, in absolute figures
}

func (r result) median() float64 { return median(r.ratios) }

func (r result) spread() string {
	return fmt.Sprintf("**%.3g** (%.3g to %.3g)", r.median(), slices.Min(r.ratios), slices.Max(r.ratios))
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// machine names the machine by cores and model.
func machine() string {
	model := "processor unknown"
	if info, err := os.Open("/proc/cpuinfo"); err == nil {
		defer info.Close()
		for lines := bufio.NewScanner(info); lines.Scan(); {
			if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%d cores of %s, %s/%s, %s", runtime.NumCPU(), model, runtime.GOOS, runtime.GOARCH, runtime.Version())
}

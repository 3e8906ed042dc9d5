package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"time"
)

// Bounds that the program is to keep.
const (
	mostMemory = 64 << 20
	mostStart  = 15 * time.Millisecond
	mostBytes  = 15_000_000
)

var programRows = []row{
	{"scan of several files, all cores", "one core, by the clock", 0, cores},
	{"scan, memory", "64 MB", 1, memory},
	{"loggate version, from start to end", "15 ms", 1, start},
	{"the program's size", "15 MB", 1, size},
}

// cores compares by the clock what several cores and one need for several files.
func cores(ctx context.Context, p *prepared) (result, error) {
	args := []string{"scan", "--format", "json"}
	for range 2 * runtime.NumCPU() {
		args = append(args, p.large)
	}
	on := func(cores int) func(context.Context) (time.Duration, error) {
		return func(ctx context.Context) (time.Duration, error) {
			used, err := executeOn(ctx, cores, p.loggate, args...)
			return used.wall, err
		}
	}
	ratios, as, _, err := pairs(ctx, p.runs, on(runtime.NumCPU()), on(1))
	if err != nil {
		return result{}, err
	}
	mb := float64(2 * runtime.NumCPU() * p.megabytes)
	return result{ratios, fmt.Sprintf("%d cores, %.3g MB/s", runtime.NumCPU(), mb/median(as))}, nil
}

// memory is the most that a scan of the large log has at a time.
func memory(ctx context.Context, p *prepared) (result, error) {
	var r result
	for range p.runs {
		used, err := execute(ctx, p.loggate, "scan", "--format", "json", p.large)
		if err != nil {
			return result{}, err
		}
		r.ratios = append(r.ratios, mostMemory/float64(used.memory))
	}
	r.note = fmt.Sprintf("%.3g MB for a log of %d MB", mostMemory/r.median()/(1<<20), p.megabytes)
	return r, nil
}

// start is on the clock, not in processor time.
func start(ctx context.Context, p *prepared) (result, error) {
	var r result
	for range 10 * p.runs {
		used, err := execute(ctx, p.loggate, "version")
		if err != nil {
			return result{}, err
		}
		r.ratios = append(r.ratios, mostStart.Seconds()/used.wall.Seconds())
	}
	r.note = fmt.Sprintf("%.3g ms by the clock", 1000*mostStart.Seconds()/r.median())
	return r, nil
}

func size(_ context.Context, p *prepared) (result, error) {
	info, err := os.Stat(p.loggate)
	if err != nil {
		return result{}, err
	}
	return result{[]float64{mostBytes / float64(info.Size())}, fmt.Sprintf("%.3g MB", float64(info.Size())/1e6)}, nil
}

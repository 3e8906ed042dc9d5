package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// errMissing says that a program to compare with is not there.
var errMissing = errors.New("is not installed")

// failing is the exit code for a row that could not be measured.
func failing(err error) int {
	if errors.Is(err, errMissing) {
		return 0
	}
	return 1
}

// pairs measures a and b in turn and returns b's times by a's: how many times as
// long b takes.
func pairs(ctx context.Context, runs int, a, b func(context.Context) (time.Duration, error)) (ratios []float64, as, bs []float64, err error) {
	for i := range runs + 1 {
		x, err := a(ctx)
		if err != nil {
			return nil, nil, nil, err
		}
		y, err := b(ctx)
		if err != nil {
			return nil, nil, nil, err
		}
		if i == 0 { // to warm up
			continue
		}
		as, bs = append(as, x.Seconds()), append(bs, y.Seconds())
		ratios = append(ratios, y.Seconds()/x.Seconds())
	}
	return ratios, as, bs, nil
}

// usage is what a program has used.
type usage struct {
	processor, wall time.Duration
	memory          int64 // at most, in bytes
	out             string
}

// execute runs a program, on one core if it is written in Go. It may exit with 1, as
// those do that find something, or nothing.
func execute(ctx context.Context, name string, args ...string) (usage, error) {
	return executeOn(ctx, 1, name, args...)
}

func executeOn(ctx context.Context, cores int, name string, args ...string) (usage, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return usage{}, fmt.Errorf("%s %w", name, errMissing)
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", cores), "LC_ALL=C")
	var out, complaints strings.Builder
	cmd.Stdout, cmd.Stderr = &limited{w: &out}, &limited{w: &complaints}
	began := time.Now()
	err = cmd.Run()
	wall := time.Since(began)
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != 1) {
		return usage{}, fmt.Errorf("%s: %w: %s", name, err, complaints.String())
	}
	used := cmd.ProcessState
	return usage{
		processor: used.UserTime() + used.SystemTime(), wall: wall,
		memory: used.SysUsage().(*syscall.Rusage).Maxrss * 1024, out: strings.TrimSpace(out.String()),
	}, nil
}

// limited passes on the first bytes only.
type limited struct {
	w io.Writer
	n int
}

func (l *limited) Write(p []byte) (int, error) {
	const most = 10_000
	if room := most - l.n; room > 0 {
		n, err := l.w.Write(p[:min(room, len(p))])
		l.n += n
		if err != nil {
			return n, err
		}
	}
	return len(p), nil
}

// processor is the time of a program's run.
func processor(name string, args ...string) func(context.Context) (time.Duration, error) {
	return func(ctx context.Context) (time.Duration, error) {
		used, err := execute(ctx, name, args...)
		return used.processor, err
	}
}

// inside is the processor time of a function of this program, a round.
func inside(rounds int, do func() error) func(context.Context) (time.Duration, error) {
	return func(context.Context) (time.Duration, error) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		runtime.GC()
		began, err := processTime()
		if err != nil {
			return 0, err
		}
		for range rounds {
			if err := do(); err != nil {
				return 0, err
			}
		}
		ended, err := processTime()
		return (ended - began) / time.Duration(rounds), err
	}
}

func processTime() (time.Duration, error) {
	var t unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t)
	return time.Duration(t.Nano()), err
}

// Command loggate fetches the logs of builds of Huawei Cloud CodeArts Build,
// says why they failed and lets or stops a release. README.md shows how.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/loggate/loggate/internal/cli"
)

// heapLimit is what the garbage collector works harder at, in bytes: pages come
// and go quickly, and loggate promises to stay under 64 MiB whatever the logs.
const heapLimit = 40 << 20

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(heapLimit)
	}
	os.Exit(run())
}

func run() int {
	// Package net/http writes what a broken server sends to the standard logger:
	// past everything that keeps secrets from showing.
	log.SetOutput(io.Discard)
	// The first signal ends the run in order, with what there is; a second one
	// kills, since the handler is taken off then.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	return cli.Run(ctx, cli.Process{
		Args: os.Args[1:], Env: os.Environ(), Dir: dir,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	})
}

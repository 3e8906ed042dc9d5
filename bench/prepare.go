package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/loggate/loggate/internal/rules"
)

type settings struct {
	logs              string
	megabytes, sample int
	runs              int
}

// prepared is what the rows measure with.
type prepared struct {
	settings
	dir     string // temporary
	loggate string // the program, built as it is released
	set     *rules.Set
	large   string // a log of settings.megabytes
	small   string // one of settings.sample
	lines   [][]byte
}

func prepare(ctx context.Context, s settings, dir string) (*prepared, error) {
	p := &prepared{
		settings: s, dir: dir,
		loggate: filepath.Join(dir, "loggate"), large: filepath.Join(dir, "large.log"), small: filepath.Join(dir, "small.log"),
	}
	build := exec.CommandContext(ctx, "go", "build", "-C", "..", "-trimpath", "-ldflags", "-s -w", "-o", p.loggate, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build loggate: %w: %s", err, out)
	}
	set, err := rules.Builtin()
	if err != nil {
		return nil, err
	}
	p.set = set
	logs, err := readLogs(s.logs)
	if err != nil {
		return nil, err
	}
	if err := p.writeLarge(logs); err != nil {
		return nil, err
	}
	small := beginnings(logs, s.sample*1000)
	p.lines = bytes.Split(bytes.TrimSuffix(small, []byte{'\n'}), []byte{'\n'})
	return p, os.WriteFile(p.small, small, 0o600)
}

// readLogs reads the logs, each of which ends with a line's end then.
func readLogs(glob string) ([][]byte, error) {
	names, err := filepath.Glob(glob)
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("-logs %s: there are none (%w)", glob, err)
	}
	var logs [][]byte
	for _, name := range names {
		log, err := readLog(name)
		if err != nil {
			return nil, err
		}
		logs = append(logs, append(bytes.TrimSuffix(log, []byte{'\n'}), '\n'))
	}
	return logs, nil
}

func readLog(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if filepath.Ext(name) != ".gz" {
		return io.ReadAll(file)
	}
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", name, err)
	}
	return io.ReadAll(unpacked)
}

// writeLarge writes the logs one after the other, again and again.
func (p *prepared) writeLarge(logs [][]byte) error {
	file, err := os.Create(p.large)
	if err != nil {
		return err
	}
	for written := 0; written < p.megabytes*1_000_000; {
		for _, log := range logs {
			n, err := file.Write(log)
			if err != nil {
				return err
			}
			written += n
		}
	}
	return file.Close()
}

// beginnings has the same share of each log, cut after a line, some size bytes in all.
func beginnings(logs [][]byte, size int) []byte {
	total := 0
	for _, log := range logs {
		total += len(log)
	}
	var all []byte
	for _, log := range logs {
		share := min(len(log), len(log)*size/total)
		end := share + bytes.IndexByte(log[share:], '\n') + 1
		if share == len(log) {
			end = share
		}
		all = append(all, log[:end]...)
	}
	return all
}

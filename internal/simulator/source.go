package simulator

import (
	"fmt"
	"io"
	"os"
)

// Source is a log that is read where it is needed and never held in memory.
// bytes.Reader and strings.Reader are ones, and so are File and Generate.
type Source interface {
	io.ReaderAt
	Size() int64 // in bytes, and always the same
}

// file is a log on disk. It is opened for each read, so that a thousand logs
// cost no file descriptors and nobody has to close them.
type file struct {
	path string
	size int64
}

// File is the log in a file, which must stay as it is while it is served.
func File(path string) (Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("log %s is not a regular file", path)
	}
	return file{path, info.Size()}, nil
}

func (f file) Size() int64 { return f.size }

func (f file) ReadAt(p []byte, off int64) (int, error) {
	opened, err := os.Open(f.path)
	if err != nil {
		return 0, err
	}
	defer opened.Close()
	return opened.ReadAt(p, off)
}

// readRange reads a source's bytes from from to to, all of them.
func readRange(src Source, from, to int64) ([]byte, error) {
	buf := make([]byte, to-from)
	n, err := src.ReadAt(buf, from)
	if n == len(buf) {
		return buf, nil
	}
	return nil, fmt.Errorf("read log at byte %d: %w", from+int64(n), err)
}

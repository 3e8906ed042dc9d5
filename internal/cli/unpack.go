package cli

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// zstdWindow bounds the memory that a .zst file may ask for, in bytes: what
// `zstd` itself writes at its highest levels without --long.
const zstdWindow = 8 << 20

// unpacked reads a gzip (RFC 1952) or Zstandard (RFC 8878) file as what is in
// it, and anything else as it is: what a file is shows in its first bytes, not
// in its name.
func unpacked(in io.ReadCloser) (io.ReadCloser, error) {
	buffered := bufio.NewReaderSize(in, 256<<10)
	start, err := buffered.Peek(4)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("reading its first bytes: %w", err)
	}
	switch {
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}):
		unzipped, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, fmt.Errorf("reading it as gzip: %w", err)
		}
		return readCloser{unzipped, in}, nil
	case bytes.Equal(start, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		decoder, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return nil, fmt.Errorf("reading it as zstd: %w", err)
		}
		return readCloser{decoder, closers{decoder.IOReadCloser(), in}}, nil
	}
	return readCloser{buffered, in}, nil
}

type readCloser struct {
	io.Reader
	io.Closer
}

type closers []io.Closer

func (c closers) Close() error {
	for _, one := range c {
		if err := one.Close(); err != nil {
			return err
		}
	}
	return nil
}

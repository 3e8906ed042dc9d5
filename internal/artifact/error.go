package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// WriteError is a file of the output directory that could not be written: a
// full disk, a directory that is gone, a file that somebody else has put in
// the place. What was written before is kept. Whoever gets it has to report
// missing evidence.
type WriteError struct {
	Path string // with the output directory
	Err  error  // the system's reason, without the path
}

// Error is one line that names the file and the cause.
func (e *WriteError) Error() string { return fmt.Sprintf("writing %q: %v", e.Path, e.Err) }

// Unwrap gives the system's error, such as syscall.ENOSPC.
func (e *WriteError) Unwrap() error { return e.Err }

// cause takes off what package os says of operation and path: the message that
// it goes into names them better.
func cause(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return link.Err
	}
	return err
}

// Package artifact writes what a run leaves behind: logs as they were served,
// with only secrets replaced, and reports; whole files under safe names, and
// their checksums. What it wrote of a log it passes on to the scanner.
//
// Nothing is written outside the output directory, whatever names builds have
// and whatever links lie in it.
package artifact

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/loggate/loggate/internal/build"
)

// The modes of what is written, less the umask. Others may read it, since in
// most CI systems another user than the job's collects the artifacts.
const (
	dirMode  fs.FileMode = 0o755
	fileMode fs.FileMode = 0o644

	scratchMode fs.FileMode = 0o600
)

// logsDir is the directory of the logs, below the output directory.
const logsDir = "logs"

// Dir is an output directory. Its methods may be called from several
// goroutines at once.
type Dir struct {
	root *os.Root

	mu    sync.Mutex
	stems *stems
	logs  map[string]bool   // stems with numbers of the logs of this run
	sums  map[string]string // SHA-256 of the files of this run by path

	scratches atomic.Int64
}

// Open makes the directory and its logs/ where they aren't there yet, and
// makes sure that both can be written to. Its errors are one line for the user:
// what, where and how to mend it. Close gives the directory free.
//
// A symbolic link as the directory or as logs/ is refused, and so is one in a
// relative path: what is checked out into the workspace could lead elsewhere
// with it.
func Open(dir string) (*Dir, error) {
	if err := refuseLinks(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, unusable(dir, "can't be made", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, unusable(dir, "can't be opened", err)
	}
	d := &Dir{root: root, stems: newStems(), logs: map[string]bool{}, sums: map[string]string{}}
	if err := d.prepare(); err != nil {
		_ = root.Close() // what went wrong is said by err
		return nil, err
	}
	return d, nil
}

// Close gives the directory free. Files that are being written stay partial.
func (d *Dir) Close() error { return d.root.Close() }

// FS is the directory for reading, which links in it do not lead out of.
func (d *Dir) FS() fs.FS { return d.root.FS() }

func (d *Dir) prepare() error {
	if err := d.root.Mkdir(logsDir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return unusable(d.join(logsDir), "can't be made", err)
	}
	info, err := d.root.Lstat(logsDir)
	if err != nil {
		return unusable(d.join(logsDir), "can't be read", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("output directory: %q is no directory but a link or a file: remove it or choose another output-dir",
			d.join(logsDir))
	}
	for _, in := range []string{".", logsDir} {
		if err := d.probe(in); err != nil {
			return unusable(d.join(in), "can't be written to", err)
		}
	}
	return nil
}

// probe writes a byte into a directory and removes it again: permissions alone
// don't tell of full disks and read-only mounts.
func (d *Dir) probe(in string) error {
	name := path.Join(in, ".probe.partial")
	f, err := d.create(name)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte{'\n'})
	return errors.Join(err, f.Close(), d.root.Remove(name))
}

// create opens a new file for writing, in the place of whatever had its name.
// It never opens what is there: that could be a link or a pipe.
func (d *Dir) create(name string) (*os.File, error) {
	if err := d.remove(name); err != nil {
		return nil, err
	}
	return d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
}

// Scratch is a file that nobody else sees, to put something aside in.
type Scratch struct {
	*os.File
	dir  *Dir
	name string
}

// CreateScratch makes an empty file where the logs will be, so that there is
// room, and takes its name away at once: what is in it isn't redacted, so it
// mustn't outlive the run. Where a file can't lose its name while it is open
// (Windows), it does when it is closed.
func (d *Dir) CreateScratch() (*Scratch, error) {
	name := path.Join(logsDir, fmt.Sprintf(".scratch-%d.partial", d.scratches.Add(1)))
	if err := d.remove(name); err != nil {
		return nil, d.failed(name, err)
	}
	f, err := d.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, scratchMode)
	if err != nil {
		return nil, d.failed(name, err)
	}
	s := &Scratch{File: f, dir: d, name: name}
	if d.root.Remove(name) == nil {
		s.name = ""
	}
	return s, nil
}

// Truncate cuts the file; what is written next is appended to what is left.
func (s *Scratch) Truncate(size int64) error {
	if err := s.File.Truncate(size); err != nil {
		return err
	}
	_, err := s.Seek(size, io.SeekStart)
	return err
}

// Close gives the file's space free.
func (s *Scratch) Close() error {
	err := s.File.Close()
	if s.name != "" {
		err = errors.Join(err, s.dir.remove(s.name))
	}
	return err
}

func (d *Dir) remove(name string) error {
	if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// publish gives the file that was written as temp its final name, when its
// bytes are on the disk, and closes it.
func (d *Dir) publish(f *os.File, temp, final string) error {
	written, err := f.Stat()
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return d.failed(temp, err)
	}
	there, err := d.root.Lstat(temp)
	if err != nil {
		return d.failed(temp, err)
	}
	if !os.SameFile(written, there) {
		return d.failed(temp, errors.New("another process has replaced the file: give each run its own output-dir"))
	}
	if err := d.root.Rename(temp, final); err != nil {
		return d.failed(final, err)
	}
	d.sync(path.Dir(final))
	return nil
}

// sync makes the names in a directory outlast a power cut, where the system
// can: not all of them sync directories, and the file itself is safe already,
// so an error changes nothing.
func (d *Dir) sync(name string) {
	f, err := d.root.Open(name)
	if err != nil {
		return
	}
	_ = f.Sync()
	_ = f.Close()
}

// WriteFile writes a file below the directory, making directories on the way:
// under its final name it appears only when write has returned without error
// and every byte is on the disk; an older one stays until then. name has
// slashes and stays below the directory. The error is write's own or a
// *WriteError.
func (d *Dir) WriteFile(name string, write func(io.Writer) error) error {
	if !filepath.IsLocal(filepath.FromSlash(name)) || path.Clean(name) == "." {
		return fmt.Errorf("writing %q: not a file below the output directory", name)
	}
	name = path.Clean(name)
	if err := d.root.MkdirAll(path.Dir(name), dirMode); err != nil {
		return d.failed(path.Dir(name), err)
	}
	temp := tempOf(name)
	f, err := d.create(temp)
	if err != nil {
		return d.failed(temp, err)
	}
	out := newSink(f, d.join(temp), io.Discard)
	buffered := bufio.NewWriter(out)
	err = write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err != nil {
		_, _ = f.Close(), d.remove(temp) // the first error is the one to tell
		return err
	}
	if err := d.publish(f, temp, name); err != nil {
		return err
	}
	d.wrote(name, out.sum())
	return nil
}

// tempOf is the name of a file while it is written: hidden, so that no artifact
// pattern collects it, and the same each time, so that killed runs don't pile
// them up.
func tempOf(name string) string { return path.Join(path.Dir(name), "."+path.Base(name)+".partial") }

// Reserve gives the logs of these builds their names. CreateLog does the same
// for those that have none yet; calling Reserve with all builds in the order of
// the input makes names that only differ in what file systems don't tell apart
// come out the same in each run.
func (d *Dir) Reserve(refs []build.Ref) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, ref := range refs {
		d.stems.of(ref.Name)
	}
}

func (d *Dir) wrote(name, sum string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sums[name] = sum
}

func (d *Dir) failed(name string, err error) error {
	return &WriteError{Path: d.join(name), Err: cause(err)}
}

func (d *Dir) join(name string) string {
	return filepath.Join(d.root.Name(), filepath.FromSlash(name))
}

// refuseLinks looks at each part of a relative path and at the last of an
// absolute one: /tmp and the like may be links of the system's own.
func refuseLinks(dir string) error {
	clean := filepath.Clean(dir)
	parts := []string{clean}
	if !filepath.IsAbs(clean) {
		parts = parts[:0]
		for i, r := range clean {
			if r == filepath.Separator {
				parts = append(parts, clean[:i])
			}
		}
		parts = append(parts, clean)
	}
	for _, part := range parts {
		info, err := os.Lstat(part)
		if err != nil {
			return nil // MkdirAll makes it, or says why it can't
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return fmt.Errorf("output directory: %q is a symbolic link: name the directory that it leads to as output-dir", part)
		}
	}
	return nil
}

// unusable is the one line that an input error of output-dir needs.
func unusable(dir, what string, err error) error {
	reason := strings.ReplaceAll(cause(err).Error(), "\n", "; ")
	return fmt.Errorf("output directory: %q %s (%s): mend that or choose another output-dir", dir, what, reason)
}

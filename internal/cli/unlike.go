package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/scan"
)

// unlike adds to each failed build that no rule explains the lines of its log
// that are most unlike the log of its counterpart in the baseline, where that one
// lies beside the baseline's report, in dir. open opens a build's own log, or
// returns nil where it can't be read again. The error joins what couldn't be
// compared, which changes nothing else.
func unlike(ctx context.Context, baseline *build.Report, dir string, outcomes []outcome, open openLogOf) error {
	if baseline == nil {
		return nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("comparing with the baseline's logs: %w", err)
	}
	defer root.Close()
	good := map[string]*build.Build{}
	for _, b := range baseline.Builds {
		good[b.Name] = b
	}
	var errs []error
	for _, o := range outcomes {
		passed, cause := good[o.build.Name], o.build.RootCause()
		if passed == nil || passed.Status.Failed() || passed.Log.Path == nil || cause == nil || cause.Rule != build.LastLines {
			continue
		}
		found, err := compareLogs(ctx, root, passed, o.build, open)
		if err != nil {
			errs = append(errs, fmt.Errorf("comparing build %q with the baseline's log: %w", build.Printable(o.build.Name, 100), err))
			continue
		}
		addBehindFirst(o.build, found)
	}
	return errors.Join(errs...)
}

// openLogOf opens the log of a build of this run.
type openLogOf func(*build.Build) (io.ReadCloser, error)

// maxCompared bounds a log that is compared, in bytes.
const maxCompared = 1 << 30

// compareLogs reads both logs once. A log of the baseline that isn't there is no
// error: reports are often kept without them.
func compareLogs(ctx context.Context, root *os.Root, passed, b *build.Build, open openLogOf) ([]build.Finding, error) {
	path := filepath.FromSlash(*passed.Log.Path)
	info, err := root.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxCompared || b.Log.Bytes > maxCompared {
		return nil, nil
	}
	log, err := root.Open(path)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	name := passed.Name
	if passed.BuildNo > 0 {
		name = fmt.Sprintf("%s #%d", name, passed.BuildNo)
	}
	known, err := scan.ReadPassing(build.Printable(name, 100), contextReader{ctx, log}, info.Size())
	if err != nil {
		return nil, err
	}
	own, err := open(b)
	if err != nil || own == nil {
		return nil, err
	}
	defer own.Close()
	return known.Unlike(contextReader{ctx, own}, b.FailingStage())
}

// addBehindFirst adds findings behind the root cause.
func addBehindFirst(b *build.Build, found []build.Finding) {
	b.Findings = slices.Concat(b.Findings[:1], found, b.Findings[1:])
	for i := range b.Findings {
		b.Findings[i].Rank = i + 1
	}
}

package artifact

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// sumsFile has the checksums of all other files.
const sumsFile = "SHA256SUMS"

// WriteSums writes SHA256SUMS, as `sha256sum -c` reads it: every file that was
// written through this Dir, sorted, but itself. What an earlier run has left in
// the directory is not in it. The sums are those of the bytes as they were
// written, so a file that was changed since then shows.
func (d *Dir) WriteSums() error {
	d.mu.Lock()
	sums := maps.Clone(d.sums)
	d.mu.Unlock()
	delete(sums, sumsFile)
	return d.WriteFile(sumsFile, func(w io.Writer) error {
		for _, name := range slices.Sorted(maps.Keys(sums)) {
			if _, err := fmt.Fprintf(w, "%s  %s\n", sums[name], name); err != nil {
				return err
			}
		}
		return nil
	})
}

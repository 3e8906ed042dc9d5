package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/loggate/loggate/internal/build"
)

// Format is one of the formats that the input formats chooses from.
type Format struct {
	Name  string // in the input
	File  string // in the output directory
	Write func(io.Writer, *build.Report, FormatOptions) error
}

// FormatOptions says how a format is written.
type FormatOptions struct {
	Repository Repository // whose files findings may be placed in
	Files      fs.FS      // the output directory, where the logs are; nil when there is none
}

// Formats lists every format that the input formats chooses from.
func Formats() []Format {
	return []Format{
		{"html", "report.html", WriteHTML},
		{"sarif", "loggate.sarif", WriteSARIF},
		{"junit", "junit.xml", WriteJUnit},
		{"codequality", "gl-code-quality-report.json", WriteCodeQuality},
	}
}

// maxResults bounds the findings of a file for a program: GitHub shows no more
// than 5,000 of a SARIF file.
const maxResults = 5000

// occurrence is a finding as a program is told of it: once for all the builds
// that have it.
type occurrence struct {
	*build.Finding              // as the first of the builds has it
	id             string       // unique in a report, the same in every run
	build          *build.Build // the first of the builds
	more           int          // how many other builds have it
	times          int          // how often it occurs in all of them
	isNew          *bool        // in any of them; nil without a baseline
}

// occurrences are the findings of r that aren't ignored, those with the best
// ranks of all builds first.
func occurrences(r *build.Report) []*occurrence {
	var all []*occurrence
	for _, b := range r.Builds {
		for i := range b.Findings {
			if f := &b.Findings[i]; f.Ignored == nil {
				all = append(all, &occurrence{Finding: f, id: identity(b, f), build: b, times: max(1, f.Count), isNew: f.New})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y *occurrence) int { return x.Rank - y.Rank })
	first := map[string]*occurrence{}
	return slices.DeleteFunc(all, func(o *occurrence) bool {
		known, ok := first[o.id]
		if !ok {
			first[o.id] = o
			return false
		}
		known.join(o)
		return true
	})
}

// join counts an occurrence of the same finding.
func (o *occurrence) join(other *occurrence) {
	if other.build != o.build {
		o.more++
	}
	o.times += other.times
	if other.isNew != nil && *other.isNew {
		o.isNew = other.isNew
	}
}

// plainFingerprint is the form of a fingerprint that every format takes.
var plainFingerprint = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)

// identity tells findings apart: by their fingerprint, which is the same for
// the same cause in several builds. The last lines of a stage that no rule
// explains have nothing in common with those of another build.
func identity(b *build.Build, f *build.Finding) string {
	if f.Rule != build.LastLines && plainFingerprint.MatchString(f.Fingerprint) {
		return f.Fingerprint
	}
	parts := []string{f.Rule, f.Fingerprint}
	if f.Rule == build.LastLines || f.Fingerprint == "" {
		parts = append(parts, b.Name, f.Message, place(f))
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// source is where the finding is in the repository; file is "" when it isn't
// known to be there.
func (o *occurrence) source(repo Repository) (file string, line, column int) {
	if o.File == nil {
		return "", 0, 0
	}
	file, ok := repo.inside(*o.File)
	if !ok {
		return "", 0, 0
	}
	line = positive(o.FileLine)
	if line > 0 {
		column = positive(o.Column)
	}
	return file, line, column
}

// text is what the occurrence says, where in the log, and in how many builds.
// placed says that its file is told elsewhere.
func (o *occurrence) text(placed bool) string {
	text := clip(o.Message, maxMessage)
	if o.File != nil && !placed {
		text = clip(place(o.Finding), maxMessage) + ": " + text
	}
	where := fmt.Sprintf("line %s of the log of %s", thousands(o.Line), clip(o.build.Name, maxName))
	if o.more > 0 {
		where += ", and in " + plural(o.more, "more build")
	}
	return text + " (" + where + ")"
}

// noPath are the characters that no path has which every file system takes;
// compilers write <stdin> and webpack://… where there is no file.
const noPath = `<>:"|?*\`

// maxPath bounds a path that isn't looked for, in bytes.
const maxPath = 1000

// inside is where file lies in the repository, with slashes. Where there is a
// checkout it must be there, see Path; otherwise its form must be that of a
// path inside.
func (repo Repository) inside(file string) (string, bool) {
	if repo.Root != "" {
		return repo.Path(file)
	}
	file = repo.stripped(file)
	local := file != "." && filepath.IsLocal(file)
	return file, local && len(file) <= maxPath && !strings.ContainsAny(file, noPath) && build.Printable(file, 0) == file
}

package config

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/loggate/loggate/internal/build"
)

// The bounds of the input builds, from DESIGN section 2.
const (
	maxBuilds      = 1000
	maxBuildNumber = 1<<31 - 1
	maxBuildName   = 100     // characters
	maxBuildsBytes = 1 << 20 // of the input, or of the file it names
	maxBuildErrors = 10      // that are told one by one
)

// entry is one build as it was written.
type entry struct {
	where               string // such as "line 3", or "item 2" of a JSON array
	text                string // as errors show it
	name, jobID, number string // "" where it was not given
	named               bool
}

// entryError says what is wrong with one entry.
type entryError struct {
	where, text, problem, mend string
}

func (r *reader) builds(v value) {
	text := v.text
	if name, isFile := strings.CutPrefix(text, "@"); isFile {
		data, err := readBounded(r.file(name), maxBuildsBytes)
		if err != nil {
			r.wrong(v, "names a file that can't be read: "+reason(err), "write @FILE with a path from the working directory, and nothing beside it")
			return
		}
		text = string(data)
	}
	refs, wrong := parseBuilds(text)
	for i, e := range wrong {
		if i == maxBuildErrors {
			r.report(&InputError{Input: v.Name, Source: v.source, Problem: fmt.Sprintf("has %d more mistakes", len(wrong)-i), Mend: "mend the ones above first"})
			break
		}
		problem := e.problem
		if e.where != "" {
			problem = e.where + " " + problem
		}
		r.report(&InputError{Input: v.Name, Source: v.source, Value: e.text, Problem: problem, Mend: e.mend})
	}
	r.config.Builds = refs
}

// parseBuilds reads a list of builds in any of its forms but @FILE, and says
// what is wrong with each entry.
func parseBuilds(text string) ([]build.Ref, []entryError) {
	text = strings.TrimPrefix(text, "\ufeff") // some editors on Windows write it
	if !utf8.ValidString(text) {
		return nil, []entryError{{problem: "is not UTF-8", mend: "save it as UTF-8"}}
	}
	if len(text) > maxBuildsBytes {
		return nil, []entryError{{problem: "is larger than 1 MiB", mend: "split the run: at most 1,000 builds"}}
	}
	entries, wrong := parseEntries(text)
	if len(wrong) > 0 {
		return nil, wrong
	}
	if len(entries) == 0 {
		return nil, []entryError{{problem: "names no build", mend: "write JOB_ID:BUILD_NO, one per line"}}
	}
	if len(entries) > maxBuilds {
		return nil, []entryError{{problem: fmt.Sprintf("names %d builds, more than 1,000", len(entries)), mend: "split the run, for example over a matrix with rate-limit 1/N"}}
	}
	var refs []build.Ref
	for _, e := range entries {
		ref, problem := e.ref()
		if problem != nil {
			wrong = append(wrong, *problem)
			continue
		}
		refs = append(refs, ref)
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	nameRefs(refs, entries)
	if wrong = duplicates(refs, entries); len(wrong) > 0 {
		return nil, wrong
	}
	return refs, nil
}

// parseEntries takes the list apart. A JSON array may follow comments.
func parseEntries(text string) ([]entry, []entryError) {
	var entries []entry
	rest, line := text, 0
	for rest != "" {
		line++
		if strings.HasPrefix(strings.TrimSpace(rest), "[") && len(entries) == 0 {
			return parseJSONBuilds(rest)
		}
		var current string
		current, rest, _ = strings.Cut(rest, "\n")
		current, _, _ = strings.Cut(current, "#")
		for part := range strings.SplitSeq(current, ",") {
			if part = strings.TrimSpace(part); part != "" {
				entries = append(entries, parseEntry(part, line))
			}
		}
	}
	return entries, nil
}

// parseEntry takes [NAME=]JOB_ID:BUILD_NO apart. Neither id nor number can
// have a "=", so that the last one ends the name.
func parseEntry(text string, line int) entry {
	e := entry{where: fmt.Sprintf("line %d", line), text: text}
	build := text
	if i := strings.LastIndex(text, "="); i >= 0 {
		e.named, e.name, build = true, strings.TrimSpace(text[:i]), strings.TrimSpace(text[i+1:])
	}
	e.jobID, e.number, _ = strings.Cut(build, ":")
	return e
}

var jobID = regexp.MustCompile(`^[0-9A-Za-z]{32}$`)

// ref checks the entry by itself. The name stays empty where none was given.
func (e entry) ref() (build.Ref, *entryError) {
	wrong := func(problem, mend string) (build.Ref, *entryError) {
		return build.Ref{}, &entryError{e.where, e.text, problem, mend}
	}
	if problem := e.nameProblem(); problem != "" {
		return wrong(problem, "give a name of 1 to 100 characters without =, comma and control characters")
	}
	if strings.HasPrefix(e.jobID, "@") {
		return wrong("has @FILE beside other entries", "make @FILE the whole input")
	}
	if !jobID.MatchString(e.jobID) {
		return wrong("has no job id of 32 letters and digits", "write [NAME=]JOB_ID:BUILD_NO; the job id is in the address of the build task's page")
	}
	if e.number == "" {
		return wrong("has no build number", "add :BUILD_NO or :latest behind the job id")
	}
	if e.number == "latest" {
		return build.Ref{Name: e.name, JobID: e.jobID, Latest: true}, nil
	}
	n, ok := buildNumber(e.number)
	if !ok {
		return wrong("has no build number from 1 to 2147483647", "write digits only, or latest")
	}
	return build.Ref{Name: e.name, JobID: e.jobID, Number: n}, nil
}

// nameProblem is what is wrong with the name, or "".
func (e entry) nameProblem() string {
	switch {
	case !e.named:
		return ""
	case e.name == "":
		return "has an empty name"
	case utf8.RuneCountInString(e.name) > maxBuildName:
		return "has a name of more than 100 characters"
	case strings.ContainsAny(e.name, "=,"):
		return "has = or a comma in its name"
	case strings.ContainsFunc(e.name, unicode.IsControl):
		return "has a control character in its name"
	}
	return ""
}

// nameRefs gives a name to the builds without one: the job id, and the number
// behind it where the job appears more than once.
func nameRefs(refs []build.Ref, entries []entry) {
	times := map[string]int{}
	for _, ref := range refs {
		times[ref.JobID]++
	}
	for i := range refs {
		ref := &refs[i]
		switch {
		case entries[i].named:
		case times[ref.JobID] > 1:
			ref.Name = ref.JobID + "-" + ref.Requested()
		default:
			ref.Name = ref.JobID
		}
	}
}

// duplicates are the builds and names that are there twice.
func duplicates(refs []build.Ref, entries []entry) []entryError {
	var wrong []entryError
	builds, names := map[string]string{}, map[string]string{}
	for i, ref := range refs {
		e := entries[i]
		if first, twice := builds[ref.String()]; twice {
			wrong = append(wrong, entryError{e.where, e.text, "is the same build as " + first, "name each build once"})
			continue
		}
		builds[ref.String()] = e.where
		if first, twice := names[ref.Name]; twice {
			wrong = append(wrong, entryError{e.where, e.text, fmt.Sprintf("has the name %s, as has %s", quote(ref.Name), first), "give each build a name of its own, as NAME=JOB_ID:BUILD_NO"})
			continue
		}
		names[ref.Name] = e.where
	}
	return wrong
}

package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agext/levenshtein"
)

// Readings choose between the ways in which the reference can be read, and
// between what it leaves open. The zero value is the likeliest service: the
// first word of each choice and none of the oddities.
type Readings struct {
	Offsets    string // start_offset and end_offset are "strings" or "numbers"
	OffsetUnit string // they count "bytes", "utf16" units or "characters"
	Origin     int64  // offset of the log's first unit, may pass int32
	// EndZero is what end_offset=0 means: "open", no upper end; "empty-later",
	// nothing when start_offset is beyond 0; "refused-later", 400 then; "empty",
	// always the literal range, so that only a large number gets the log.
	EndZero  string
	Size     string // the parameter size may be "any" number, or "1000" only
	SizeUnit string // it counts "lines" or "bytes" of a page, or pages are "fixed" whatever it says

	PageLines int // pages hold at most so many lines; 0: what size says
	PageBytes int // pages hold at most so many bytes; 0: 1 MiB
	// Cut is where a page ends that is cut before its lines are full, and where
	// a running build's log ends: at the end of a "line", after a "character",
	// or between two "unit"s, inside a character where one is near. Without
	// PageBytes, the latter two cut pages of 100,003 bytes.
	Cut string

	Overlap int64  // pages after the first start so many units too early
	Repeat  int    // before every Repeat-th page, the one before it is served again
	Empty   Glitch // empty pages with has_more=true
	Gap     Glitch // pages after the first that start later than asked
	Stuck   Glitch // pages whose end_offset is their start_offset
	HasMore string // "exact"; "flap": false on every other page of a running build; "late": true on the last page too

	Newline string // newlines are sent as "real" ones or as the two characters \ and n ("literal")
	Sort    string // the ascending order is called "aes" only, or "asc" too
	Errors  string // the service's errors: "flat", "nested", or with HTTP 200 as "fail-string" or "fail-object"
	Missing string // a build that doesn't exist gets "404" or "400"
	Times   string // "2022-10-11T08:28:42.000+00:00" ("colon") or "2024-08-12T02:31:01+0800" ("compact")
	// SignedHost: the signing guide has clients sign the header host, and the
	// official SDK for Go doesn't, so that this is "optional" or "required".
	SignedHost string
	Compressed string        // download-log with compress=true is a "zip" or a "gzip" file
	LateLog    time.Duration // for so long after a build's end, pages are empty
}

// Glitch is an oddity that pages show when they are asked for: the first Times
// requests of every Every-th page have it, and later ones don't.
type Glitch struct {
	Times int // 0: never
	Every int // 0 and 1: every page
}

// hits says whether the visit-th request (from 0) of the page-th page (from 0)
// has the oddity.
func (g Glitch) hits(page, visit int) bool {
	return visit < g.Times && page%max(1, g.Every) == max(1, g.Every)-1
}

// reading is a switch as the command line knows it.
type reading struct {
	name, values string
	set          func(r *Readings, value string) error
	word         func(*Readings) *string // of a choice: the field it sets
}

// choice is a reading with a few words as values; the first is the default.
func choice(name string, field func(*Readings) *string, words ...string) reading {
	set := func(r *Readings, value string) error {
		if !slices.Contains(words, value) {
			return fmt.Errorf("is not one of %s", strings.Join(words, ", "))
		}
		*field(r) = value
		return nil
	}
	return reading{name: name, values: strings.Join(words, "|"), set: set, word: field}
}

// number is a reading that is a whole number from 0.
func number(name string, set func(*Readings, int64)) reading {
	return reading{name: name, values: "N", set: func(r *Readings, value string) error {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 || n > maxNumber {
			return fmt.Errorf("is not a whole number from 0 to %d", int64(maxNumber))
		}
		set(r, n)
		return nil
	}}
}

// maxNumber bounds numbers so that offsets computed with them don't overflow.
const maxNumber = 1 << 52

// glitch is a reading of the form TIMES or TIMES/EVERY.
func glitch(name string, field func(*Readings) *Glitch) reading {
	return reading{name: name, values: "TIMES[/EVERY]", set: func(r *Readings, value string) error {
		times, every, found := strings.Cut(value, "/")
		n, err := strconv.Atoi(times)
		k, everyErr := 1, error(nil)
		if found {
			k, everyErr = strconv.Atoi(every)
		}
		if err != nil || everyErr != nil || n < 0 || k < 1 {
			return fmt.Errorf("is not TIMES or TIMES/EVERY, such as 2 or 2/10")
		}
		*field(r) = Glitch{Times: n, Every: k}
		return nil
	}}
}

// readings is the list of all switches.
func readings() []reading {
	return []reading{
		choice("offsets", func(r *Readings) *string { return &r.Offsets }, "strings", "numbers"),
		choice("offset-unit", func(r *Readings) *string { return &r.OffsetUnit }, "bytes", "utf16", "characters"),
		number("origin", func(r *Readings, n int64) { r.Origin = n }),
		choice("end-zero", func(r *Readings) *string { return &r.EndZero }, "open", "empty-later", "refused-later", "empty"),
		choice("size", func(r *Readings) *string { return &r.Size }, "any", "1000"),
		choice("size-unit", func(r *Readings) *string { return &r.SizeUnit }, "lines", "bytes", "fixed"),
		number("page-lines", func(r *Readings, n int64) { r.PageLines = int(n) }),
		number("page-bytes", func(r *Readings, n int64) { r.PageBytes = int(n) }),
		choice("cut", func(r *Readings) *string { return &r.Cut }, "line", "character", "unit"),
		number("overlap", func(r *Readings, n int64) { r.Overlap = n }),
		number("repeat", func(r *Readings, n int64) { r.Repeat = int(n) }),
		glitch("empty", func(r *Readings) *Glitch { return &r.Empty }),
		glitch("gap", func(r *Readings) *Glitch { return &r.Gap }),
		glitch("stuck", func(r *Readings) *Glitch { return &r.Stuck }),
		choice("has-more", func(r *Readings) *string { return &r.HasMore }, "exact", "flap", "late"),
		choice("newline", func(r *Readings) *string { return &r.Newline }, "real", "literal"),
		choice("sort", func(r *Readings) *string { return &r.Sort }, "aes", "asc"),
		choice("errors", func(r *Readings) *string { return &r.Errors }, "flat", "nested", "fail-string", "fail-object"),
		choice("missing", func(r *Readings) *string { return &r.Missing }, "404", "400"),
		choice("times", func(r *Readings) *string { return &r.Times }, "colon", "compact"),
		choice("signed-host", func(r *Readings) *string { return &r.SignedHost }, "optional", "required"),
		choice("compressed", func(r *Readings) *string { return &r.Compressed }, "zip", "gzip"),
		{name: "late-log", values: "DURATION", set: func(r *Readings, value string) (err error) {
			if r.LateLog, err = time.ParseDuration(value); err != nil || r.LateLog < 0 {
				return fmt.Errorf("is not a duration such as 3s")
			}
			return nil
		}},
	}
}

// KnownReadings lists the switches with their values, as NAME=VALUE|VALUE; the
// first of several words is the default.
func KnownReadings() []string {
	var list []string
	for _, known := range readings() {
		list = append(list, known.name+"="+known.values)
	}
	return list
}

// ParseReading sets the reading that text, NAME=VALUE, names. Its error is one
// sentence that names the nearest known reading or the values there are.
func ParseReading(text string, into *Readings) error {
	name, value, found := strings.Cut(strings.TrimSpace(text), "=")
	var names []string
	for _, known := range readings() {
		names = append(names, known.name)
		if known.name != name {
			continue
		}
		if !found {
			return fmt.Errorf("reading %q has no value: write %s=%s", text, name, known.values)
		}
		if err := known.set(into, value); err != nil {
			return fmt.Errorf("reading %s: %q %w", name, value, err)
		}
		return nil
	}
	return fmt.Errorf("reading %q is unknown, the nearest is %s", name, nearest(name, names))
}

// nearest is the word of words that takes the fewest changes to become word.
func nearest(word string, words []string) string {
	return slices.MinFunc(words, func(a, b string) int {
		return levenshtein.Distance(word, a, nil) - levenshtein.Distance(word, b, nil)
	})
}

// complete fills in the defaults and checks what was set by hand.
func (r *Readings) complete() error {
	for _, known := range readings() {
		if known.word == nil {
			continue
		}
		value := *known.word(r)
		if value == "" {
			value, _, _ = strings.Cut(known.values, "|")
		}
		if err := known.set(r, value); err != nil {
			return fmt.Errorf("simulator: reading %s: %q %w", known.name, value, err)
		}
	}
	if min(r.Origin, int64(r.PageLines), int64(r.PageBytes), r.Overlap, int64(r.Repeat), int64(r.LateLog)) < 0 ||
		max(r.Origin, r.Overlap) > maxNumber {
		return fmt.Errorf("simulator: readings: numbers must be from 0 to %d", int64(maxNumber))
	}
	if r.PageBytes == 0 && r.Cut != "line" {
		r.PageBytes = 100_003
	}
	if r.PageBytes == 0 || r.PageBytes > maxPage {
		r.PageBytes = maxPage
	}
	return nil
}

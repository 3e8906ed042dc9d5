package rules

import (
	"regexp"
	"sync"
)

// lazyRegexp is a regular expression that is compiled when it is first tried,
// since most rules of the catalogue are never tried on a log.
type lazyRegexp struct {
	compile func() *regexp.Regexp
}

// newLazyRegexp is for a text that is right, see Rule.check.
func newLazyRegexp(text string) *lazyRegexp {
	return &lazyRegexp{sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })}
}

// in says whether the expression, which may be nil, is found in either reading of a line.
func (e *lazyRegexp) in(text, alt string) bool {
	return e != nil && (e.compile().MatchString(text) || alt != "" && e.compile().MatchString(alt))
}

// groups are the places of what the expression and its groups read in the line, as
// regexp has them, nil where it isn't found.
func (e *lazyRegexp) groups(line string) []int {
	return e.compile().FindStringSubmatchIndex(line)
}

// names are those of the groups.
func (e *lazyRegexp) names() []string { return e.compile().SubexpNames() }

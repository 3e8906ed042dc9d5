package rules

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"sync"

	"github.com/sourcegraph/conc/iter"

	"github.com/loggate/loggate/internal/build"
)

//go:embed catalog/*.yml
var catalog embed.FS

// Set is a compiled collection of rules. It never changes and may be shared.
type Set struct {
	rules  []*Rule        // in the order in which they are tried
	heads  []string       // what they have in after, each once
	headOf []int          // by rule, the place in heads, -1 when it has none
	filter func() *filter // made when a log is there to be read
}

// builtin reads the embedded catalogue, at its first use.
var builtin = sync.OnceValues(func() (*Set, error) {
	names, err := fs.Glob(catalog, "catalog/*.yml")
	if err != nil {
		return nil, fmt.Errorf("list the rule catalogue: %w", err)
	}
	families, err := iter.MapErr(names, func(name *string) ([]Rule, error) {
		text, err := catalog.ReadFile(*name)
		if err != nil {
			return nil, err
		}
		return parse(path.Base(*name), text, (*Rule).complete) // its patterns are checked by tests
	})
	if err != nil {
		return nil, fmt.Errorf("read the rule catalogue: %w", err)
	}
	var all []*Rule
	for _, family := range families {
		for i := range family {
			all = append(all, &family[i])
		}
	}
	return newSet(all)
})

// Builtin is the built-in catalogue.
func Builtin() (*Set, error) { return builtin() }

// New is a set of these rules alone.
func New(list []Rule) (*Set, error) {
	return (&Set{}).With(list, nil)
}

// With is the set without the rules whose ids are in disable, and with extra
// rules, which replace those of the same id and go before the others. A rule
// that is not right and an id to disable that doesn't exist are errors.
func (s *Set) With(extra []Rule, disable []string) (*Set, error) {
	byID := map[string]*Rule{}
	for _, r := range s.rules {
		byID[r.ID] = r
	}
	ids := slices.Sorted(maps.Keys(byID))
	added := map[string]bool{}
	for _, r := range extra {
		if err := r.prepare(); err != nil {
			return nil, err
		}
		if added[r.ID] {
			return nil, r.wrong("id", "occurs twice")
		}
		added[r.ID] = true
		r.user = true
		byID[r.ID] = &r
	}
	for _, id := range disable {
		if _, ok := byID[id]; !ok {
			if len(ids) == 0 {
				return nil, fmt.Errorf("disable: there is no rule %q", id)
			}
			return nil, fmt.Errorf("disable: there is no rule %q, did you mean %q?", id, nearest(id, ids))
		}
	}
	for _, id := range disable {
		delete(byID, id)
	}
	return newSet(slices.Collect(maps.Values(byID)))
}

// Rules lists the set's rules by id.
func (s *Set) Rules() []Rule {
	list := make([]Rule, len(s.rules))
	for i, r := range s.rules {
		list[i] = *r
	}
	slices.SortFunc(list, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// newSet orders the rules, which are prepared and differ in their ids.
func newSet(list []*Rule) (*Set, error) {
	ids := map[string]bool{}
	for _, r := range list {
		if ids[r.ID] {
			return nil, fmt.Errorf("the rule %s is in two files", r.ID)
		}
		ids[r.ID] = true
	}
	slices.SortFunc(list, func(a, b *Rule) int {
		return cmp.Or(
			cmp.Compare(a.precedence(), b.precedence()),
			cmp.Compare(len(b.Pattern), len(a.Pattern)),
			cmp.Compare(a.ID, b.ID))
	})
	s := &Set{rules: list}
	for _, r := range list {
		at := -1
		if r.After != "" {
			if at = slices.Index(s.heads, r.After); at < 0 {
				at = len(s.heads)
				s.heads = append(s.heads, r.After)
			}
		}
		s.headOf = append(s.headOf, at)
	}
	s.filter = sync.OnceValue(func() *filter { return newFilter(s.rules, s.heads) })
	return s, nil
}

// lastResort is the family of the rules that are tried after all others.
const lastResort = "generic"

// precedence orders rules that find the same line: the lowest is tried first.
func (r *Rule) precedence() int {
	rank := map[Confidence]int{High: 0, Normal: 2, Low: 4}[r.Confidence]
	if !r.user {
		rank += 6
	}
	if r.Family() == lastResort {
		rank += 12
	}
	if r.Severity != build.Error {
		rank++
	}
	return rank
}

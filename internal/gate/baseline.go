package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/loggate/loggate/internal/build"
)

// Compare marks which findings of a report are new against a baseline, the
// report of a good run, and lists those that are gone; of a log that isn't
// whole nothing is known to be. Builds are counterparts by name, findings by
// fingerprint. What was there when the build passed isn't why it failed now: of
// the findings of a severity the new ones get the better ranks. A build without a counterpart is all new, which the remarks say,
// as they do when the run wasn't a good one.
func Compare(r, baseline *build.Report) []build.Remark {
	good := map[string]*build.Build{}
	for _, b := range baseline.Builds {
		good[b.Name] = b
	}
	var alone []string
	for _, b := range r.Builds {
		if good[b.Name] == nil {
			alone = append(alone, b.Name)
		}
		compare(b, good[b.Name])
	}
	remarks := []build.Remark{}
	if len(alone) > 0 {
		remarks = append(remarks, build.Remark{
			Policy: "baseline", Message: "not in the baseline, so that all of their findings are new: " + someNames(alone),
			Remedy: "take the report of a later good run as baseline, or name the builds as they are named there",
		})
	}
	if baseline.Verdict != build.Pass {
		remarks = append(remarks, build.Remark{
			Policy: "baseline", Message: fmt.Sprintf("the verdict of the baseline's run is %s: what made it so counts as known", build.Printable(string(baseline.Verdict), 20)),
			Remedy: "take the report of a run that passed",
		})
	}
	return remarks
}

// mostNames bounds the names that a remark lists.
const mostNames = 10

func someNames(names []string) string {
	more := ""
	if len(names) > mostNames {
		more = fmt.Sprintf(" and %d more", len(names)-mostNames)
		names = names[:mostNames]
	}
	shown := make([]string, len(names))
	for i, name := range names {
		shown[i] = build.Printable(name, 100)
	}
	return strings.Join(shown, ", ") + more
}

func compare(b, good *build.Build) {
	var known []build.Finding
	if good != nil {
		known = good.Findings
	}
	there := prints(b.Findings)
	before := prints(known)
	for i := range b.Findings {
		isNew := !before[b.Findings[i].Fingerprint]
		b.Findings[i].New = &isNew
	}
	if good != nil && !good.Status.Failed() {
		newFirst(b)
	}
	b.Gone = []build.Finding{}
	if !b.Log.Complete || b.FindingsDropped > 0 {
		return
	}
	for _, f := range known {
		if !there[f.Fingerprint] && !f.Own() {
			b.Gone = append(b.Gone, f)
		}
	}
}

// knownBefore is why a finding has no better rank.
const knownBefore = "was there when the build passed: behind new ones"

// newFirst gives the ranks that findings of a severity have to the new ones of
// them first.
func newFirst(b *build.Build) {
	for _, severity := range []build.Severity{build.Error, build.Warning, build.Notice} {
		var slots []int
		var fresh, known []build.Finding
		for i, f := range b.Findings {
			if f.Severity != severity {
				continue
			}
			slots = append(slots, i)
			if *f.New {
				fresh = append(fresh, f)
				continue
			}
			if !slices.Contains(f.Why, knownBefore) {
				f.Why = append(slices.Clone(f.Why), knownBefore)
			}
			known = append(known, f)
		}
		for i, f := range append(fresh, known...) {
			b.Findings[slots[i]] = f
		}
	}
	for i := range b.Findings {
		b.Findings[i].Rank = i + 1
	}
}

func prints(findings []build.Finding) map[string]bool {
	set := make(map[string]bool, len(findings))
	for _, f := range findings {
		set[f.Fingerprint] = true
	}
	return set
}

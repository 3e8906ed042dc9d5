package gate

import "github.com/loggate/loggate/internal/build"

// Compare marks which findings of a report are new against a baseline, the
// report of a good run, and lists those that are gone. Builds are counterparts
// by name, findings by fingerprint. A build without a counterpart is all new.
func Compare(r, baseline *build.Report) {
	good := map[string]*build.Build{}
	for _, b := range baseline.Builds {
		good[b.Name] = b
	}
	for _, b := range r.Builds {
		compare(b, good[b.Name])
	}
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
	b.Gone = []build.Finding{}
	for _, f := range known {
		if !there[f.Fingerprint] {
			b.Gone = append(b.Gone, f)
		}
	}
}

func prints(findings []build.Finding) map[string]bool {
	set := make(map[string]bool, len(findings))
	for _, f := range findings {
		set[f.Fingerprint] = true
	}
	return set
}

package report

import (
	"github.com/loggate/loggate/internal/build"
)

// htmlMissing is a piece of missing evidence.
type htmlMissing struct{ Build, Text string }

// htmlReason is a violation of the gate's policy, or a remark on the policy.
type htmlReason struct {
	Policy, Source, Build, Line, Link string
	Message                           string
	Remedy                            []htmlWords
}

// htmlGone are a build's findings that the baseline has and the build hasn't.
type htmlGone struct {
	Build, Title string
	List         []htmlGoneFinding
	LeftOut      int
}

type htmlGoneFinding struct {
	Severity      build.Severity
	Message, Rule string
}

func (p *pageBuilder) missing() (all []htmlMissing, leftOut int) {
	for _, b := range p.r.Builds {
		for _, m := range b.Incomplete {
			if len(all) == maxPageReasons {
				leftOut++
				continue
			}
			all = append(all, htmlMissing{clip(titled(b), maxName), clip(missingText(m), maxReason)})
		}
	}
	return all, leftOut
}

func (p *pageBuilder) reasons() (all []htmlReason, leftOut int) {
	byName := map[string]*build.Build{}
	for _, b := range p.r.Builds {
		byName[b.Name] = b
	}
	violations := p.r.Gate.Violations
	for _, v := range violations[:min(len(violations), maxPageReasons)] {
		reason := newHTMLReason(v.Policy, v.Source, v.Message, v.Remedy)
		if v.Build != nil {
			reason.Build = clip(*v.Build, maxName)
		}
		if v.Line != nil {
			reason.Line = thousands(*v.Line)
			if v.Build != nil && byName[*v.Build] != nil {
				reason.Link = lineLink(p.anchors[p.index[byName[*v.Build]]], *v.Line)
			}
		}
		all = append(all, reason)
	}
	return all, len(violations) - len(all)
}

// notices are the gate's remarks.
func (p *pageBuilder) notices() (all []htmlReason, leftOut int) {
	notices := p.r.Gate.Notices
	for _, n := range notices[:min(len(notices), maxPageReasons)] {
		all = append(all, newHTMLReason(n.Policy, n.Source, n.Message, n.Remedy))
	}
	return all, len(notices) - len(all)
}

func newHTMLReason(policy string, source *string, message, remedy string) htmlReason {
	reason := htmlReason{Policy: clip(policy, maxName), Message: clip(message, maxReason), Remedy: htmlWordsOf(remedy)}
	if source != nil {
		reason.Source = clip(*source, maxName)
	}
	return reason
}

// gone are the findings that are gone since the baseline, as far as there is space.
func (p *pageBuilder) gone() []htmlGone {
	var all []htmlGone
	for _, b := range p.r.Builds {
		if len(b.Gone) == 0 {
			continue
		}
		shown := min(len(b.Gone), maxGone, max(0, maxPageFindings-p.listed))
		p.listed += shown
		one := htmlGone{Build: clip(titled(b), maxName), Title: plural(len(b.Gone), "finding"), LeftOut: len(b.Gone) - shown}
		for i := range b.Gone[:shown] {
			f := &b.Gone[i]
			one.List = append(one.List, htmlGoneFinding{f.Severity, clip(f.Message, maxCell), clip(f.Rule, maxName)})
		}
		all = append(all, one)
	}
	return all
}

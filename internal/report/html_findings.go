package report

import (
	"regexp"
	"strings"

	"github.com/loggate/loggate/internal/build"
)

// htmlFailure is one cause of failures, and the builds that have it.
type htmlFailure struct {
	Names    []string
	More     int    // names left out
	All      string // "6 builds", of the run
	Status   string
	Stage    string
	Cause    *htmlFinding // nil when nothing was found
	Findings []htmlFindings
}

// htmlFindings are findings of one build.
type htmlFindings struct {
	Build, Title, Counts string
	List                 []htmlFinding
	LeftOut              int
}

// htmlFinding is a finding with its context.
type htmlFinding struct {
	Rank            int
	Severity        build.Severity
	Message, Rule   string
	Place, PlaceURL string
	Stage           string
	Line, Link      string
	Count           int
	New, Known      bool // against the baseline, where there is one
	Ignored         string
	Hint            []htmlWords
	Why             []string
	Excerpt         []htmlLine
}

// htmlLine is a line of an excerpt.
type htmlLine struct {
	Number, Link string
	ID           string // "" where another excerpt has the line
	Time, Text   string // Time is the prefix that CodeArts gives each line
	Own          bool   // of the finding itself
}

// htmlWords are a part of a sentence that is all code or all not.
type htmlWords struct {
	Text string
	Code bool
}

// htmlWordsOf tells apart what a sentence's author has marked as code.
func htmlWordsOf(s string) []htmlWords {
	s = clip(s, maxReason)
	var out []htmlWords
	at := 0
	for _, m := range quoted.FindAllStringIndex(s, -1) {
		out = append(out, htmlWords{Text: s[at:m[0]]}, htmlWords{Text: s[m[0]+1 : m[1]-1], Code: true})
		at = m[1]
	}
	if at < len(s) {
		out = append(out, htmlWords{Text: s[at:]})
	}
	return out
}

// failures are the causes of the builds that failed, each told once.
func (p *pageBuilder) failures() []htmlFailure {
	var all []htmlFailure
	for _, g := range failures(p.r) {
		first := g.builds[0]
		one := htmlFailure{All: plural(len(p.r.Builds), "build"), Status: clip(ending(first), maxName),
			Stage: clip(stageOf(first, g.cause), maxName), More: max(0, len(g.builds)-maxNames)}
		for _, b := range g.builds[:min(len(g.builds), maxNames)] {
			one.Names = append(one.Names, clip(titled(b), maxName))
		}
		if g.cause != nil {
			cause := p.finding(first, g.cause)
			one.Cause = &cause
		}
		for _, b := range g.builds {
			if rest := b.Findings[min(1, len(b.Findings)):]; len(rest)+b.FindingsDropped > 0 {
				one.Findings = append(one.Findings, p.list(b, rest, "other finding"))
			}
		}
		all = append(all, one)
	}
	return all
}

// others are the findings of the builds that failures doesn't tell of.
func (p *pageBuilder) others() []htmlFindings {
	told := told(p.r)
	var all []htmlFindings
	for _, b := range p.r.Builds {
		if !told[b] && len(b.Findings)+b.FindingsDropped > 0 {
			all = append(all, p.list(b, b.Findings, "finding"))
		}
	}
	return all
}

// list shows findings of a build, as far as there is space; noun is what one
// of them is called.
func (p *pageBuilder) list(b *build.Build, findings []build.Finding, noun string) htmlFindings {
	shown := min(len(findings), maxBuildFindings, max(0, maxPageFindings-p.listed))
	p.listed += shown
	_, counts, _ := strings.Cut(othersTitle(findings, b.FindingsDropped), ": ")
	out := htmlFindings{Build: clip(titled(b), maxName), Title: plural(len(findings)+b.FindingsDropped, noun), Counts: counts,
		LeftOut: len(findings) - shown + b.FindingsDropped}
	for i := range findings[:shown] {
		out.List = append(out.List, p.finding(b, &findings[i]))
	}
	return out
}

func (p *pageBuilder) finding(b *build.Build, f *build.Finding) htmlFinding {
	anchor := p.anchors[p.index[b]]
	out := htmlFinding{
		Rank: f.Rank, Severity: f.Severity, Message: clip(f.Message, maxMessage), Count: f.Count,
		Line: thousands(f.Line), Link: lineLink(anchor, f.Line), New: f.New != nil && *f.New, Known: f.New != nil && !*f.New, Excerpt: p.excerpt(anchor, f),
	}
	if f.Rule != build.LastLines {
		out.Rule = clip(f.Rule, maxName)
	}
	if f.File != nil {
		out.Place, out.PlaceURL = clip(place(f), maxReason), httpsAddress(p.repo.FileURL(*f.File, f.FileLine))
	}
	if f.Stage != nil {
		out.Stage = clip(*f.Stage, maxName)
	}
	if f.Ignored != nil {
		out.Ignored = clip(*f.Ignored, maxReason)
	}
	if f.Hint != nil {
		out.Hint = htmlWordsOf(*f.Hint)
	}
	for _, why := range f.Why[:min(len(f.Why), maxExplained)] {
		out.Why = append(out.Why, clip(why, maxReason))
	}
	return out
}

// codeArtsTime is what CodeArts puts before each line.
var codeArtsTime = regexp.MustCompile(`^\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: GMT[+-]\d\d:\d\d)?\] ?`)

// excerpt are the lines around a finding, as long as there is space.
func (p *pageBuilder) excerpt(anchor string, f *build.Finding) []htmlLine {
	var lines []htmlLine
	for i, text := range f.Excerpt {
		if p.context > maxPageContext {
			return nil
		}
		n := f.ExcerptLine + int64(i)
		line := htmlLine{Number: thousands(n), Link: lineLink(anchor, n), Text: clip(text, maxContext), Own: n >= f.Line && n <= max(f.Line, f.EndLine)}
		line.Time = codeArtsTime.FindString(line.Text)
		line.Text = line.Text[len(line.Time):]
		if id := lineID(anchor, n); !p.ids[id] {
			p.ids[id] = true
			line.ID = id
		}
		p.context += len(line.Text) + 100 // and the markup around it
		lines = append(lines, line)
	}
	return lines
}

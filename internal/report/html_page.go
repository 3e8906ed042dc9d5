package report

import (
	"fmt"
	"io/fs"
	"net/url"
	"strconv"
	"strings"

	"github.com/loggate/loggate/internal/build"
)

// The bounds of a page's plain part.
const (
	maxOpenBuilds    = 25      // in the table; of more, those that passed are folded away
	maxPageFindings  = 2_000   // listed in all
	maxBuildFindings = 200     // listed of a build
	maxPageContext   = 2 << 20 // bytes of excerpts in all
	maxPageReasons   = 1_000   // of the gate, and pieces of missing evidence
	maxViewerStages  = 200     // of a build, that can be folded
	maxViewerStops   = 5_000   // findings that the viewer goes to, of all builds
)

// htmlPage is what the template shows. All its text is harmless: clip's.
type htmlPage struct {
	htmlDress
	Title, Verdict, Tally, Lenient string
	Started, Took, Version         string
	Builds                         []htmlBuild
	Passed                         []htmlBuild // those that are folded away
	Failures                       []htmlFailure
	Missing                        []htmlMissing
	MissingLeftOut                 int
	Reasons                        []htmlReason
	ReasonsLeftOut                 int
	Notices                        []htmlReason
	NoticesLeftOut                 int
	Compared                       string // with the baseline; "" without one
	Gone                           []htmlGone
	Timeline                       *htmlTimeline
	Others                         []htmlFindings // of builds that didn't fail
	Viewer                         []viewerBuild
}

// htmlBuild is a row of the table of builds.
type htmlBuild struct {
	Name, URL                   string
	Class, Status, Result       string
	FromLog                     bool
	ExitStatus, Duration        string
	Errors, Warnings            string
	Cause, CauseLink            string
	LogPath, LogHref            string
	Partial                     bool
	LogLines, LogShown, LeftOut string // LeftOut is "" where nothing is
	NotHere                     bool   // the log isn't in the page at all
}

// viewerBuild is what the viewer is told of a build, as JSON.
type viewerBuild struct {
	Name     string          `json:"name"`
	Anchor   string          `json:"anchor"`
	Log      string          `json:"log"` // the file's address, "" without one
	Lines    int64           `json:"lines"`
	Failed   bool            `json:"failed"`
	Stages   []viewerStage   `json:"stages"`
	Findings []viewerFinding `json:"findings"` // by rank
}

type viewerStage struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	First  int64  `json:"first"`
	Last   int64  `json:"last"`
}

type viewerFinding struct {
	Rank     int            `json:"rank"`
	Line     int64          `json:"line"`
	End      int64          `json:"end"`
	Severity build.Severity `json:"severity"`
	Message  string         `json:"message"`
}

// pageBuilder makes an htmlPage of a report.
type pageBuilder struct {
	r       *build.Report
	repo    Repository
	anchors []string // of the builds
	index   map[*build.Build]int
	ids     map[string]bool // of lines that are in an excerpt
	listed  int
	context int // bytes of excerpts
	stops   int // findings that the viewer knows
}

// newHTMLPage prepares r for the template; logs are what the page holds of the
// builds' logs.
func newHTMLPage(r *build.Report, logs []pageLog, repo Repository) *htmlPage {
	p := &pageBuilder{r: r, repo: repo, anchors: anchorsOf(r.Builds), index: map[*build.Build]int{}, ids: map[string]bool{}}
	for i, b := range r.Builds {
		p.index[b] = i
	}
	page := &htmlPage{
		Title:   "loggate: " + clip(string(r.Verdict), maxName) + ", " + tally(r),
		Verdict: clip(string(r.Verdict), maxName), Tally: tally(r), Lenient: lenient(r),
		Version: clip(r.Tool.Version, maxName), Timeline: newHTMLTimeline(r, p.anchors),
	}
	if !r.StartedAt.IsZero() {
		page.Started, page.Took = clock(r.StartedAt), durationText(r.FinishedAt.Sub(r.StartedAt))
	}
	page.Failures = p.failures()
	page.Others = p.others()
	for i, b := range r.Builds {
		if row := p.build(b, &logs[i]); passed(b) && len(r.Builds) > maxOpenBuilds {
			page.Passed = append(page.Passed, row)
		} else {
			page.Builds = append(page.Builds, row)
		}
		page.Viewer = append(page.Viewer, p.viewer(b, &logs[i]))
	}
	page.Missing, page.MissingLeftOut = p.missing()
	page.Reasons, page.ReasonsLeftOut = p.reasons()
	page.Notices, page.NoticesLeftOut = p.notices()
	if sum, ok := comparedRun(r); ok {
		page.Compared, page.Gone = sum.String(), p.gone()
	}
	return page
}

// anchorsOf are the front parts of the builds' lines' ids: NAME-NO, or NAME
// where there is no number; no two are the same.
func anchorsOf(builds []*build.Build) []string {
	anchors := make([]string, len(builds))
	taken := map[string]bool{}
	for i, b := range builds {
		name := clip(b.Name, maxName)
		if b.BuildNo > 0 {
			name += "-" + strconv.Itoa(b.BuildNo)
		}
		anchors[i] = name
		for n := 2; taken[anchors[i]]; n++ {
			anchors[i] = fmt.Sprintf("%s.%d", name, n)
		}
		taken[anchors[i]] = true
	}
	return anchors
}

// lineID is the id of a line, and what follows # in its address.
func lineID(anchor string, line int64) string { return fmt.Sprintf("%s-L%d", anchor, line) }

func lineLink(anchor string, line int64) string { return "#" + url.PathEscape(lineID(anchor, line)) }

func (p *pageBuilder) build(b *build.Build, log *pageLog) htmlBuild {
	row := htmlBuild{
		Name: clip(titled(b), maxName), Class: statusClass(b), Status: clip(string(b.Status), maxName),
		FromLog: b.StatusSource == build.FromLog, ExitStatus: exitStatus(b), Duration: milliseconds(b.DurationMS),
		Errors: thousands(int64(b.Counts.Error)), Warnings: thousands(int64(b.Counts.Warning)),
	}
	if b.URL != nil {
		row.URL = httpsAddress(*b.URL)
	}
	if b.Result != "" && !strings.EqualFold(b.Result, string(b.Status)) {
		row.Result = clip(b.Result, maxName)
	}
	if f := b.RootCause(); f != nil && b.Status != build.Success {
		row.Cause, row.CauseLink = clip(f.Message, maxCell), lineLink(p.anchors[p.index[b]], f.Line)
	}
	if b.Log.Path != nil {
		row.LogPath, row.LogHref, row.Partial = clip(*b.Log.Path, maxReason), fileHref(*b.Log.Path), !b.Log.Complete
	}
	if log.path == "" {
		row.NotHere = b.Log.Path != nil
	} else if log.leftOut() > 0 {
		row.LogLines, row.LogShown, row.LeftOut = thousands(log.lines), thousands(log.shown), thousands(log.leftOut())
	}
	return row
}

// statusClass is the status for the style sheet, which shows whatever isn't
// certain alike.
func statusClass(b *build.Build) string {
	switch {
	case passed(b):
		return "good"
	case b.Status.Failed():
		return "bad"
	default:
		return "unsure"
	}
}

// fileHref is the address of a file of the output directory, relative to the
// page; "" for what is no path in it.
func fileHref(path string) string {
	if len(path) > maxPath || !fs.ValidPath(path) {
		return ""
	}
	segments := strings.Split(path, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	return "./" + strings.Join(segments, "/")
}

// httpsAddress is an address that may be linked to, else "".
func httpsAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}

func (p *pageBuilder) viewer(b *build.Build, log *pageLog) viewerBuild {
	v := viewerBuild{Name: clip(titled(b), maxName), Anchor: p.anchors[p.index[b]], Lines: log.lines, Failed: b.Status.Failed(),
		Stages: []viewerStage{}, Findings: []viewerFinding{}}
	if b.Log.Path != nil {
		v.Log = fileHref(*b.Log.Path)
	}
	for _, s := range b.Stages {
		if s.FirstLine == nil || s.LastLine == nil || len(v.Stages) == maxViewerStages {
			continue
		}
		stage := viewerStage{Name: clip(s.Name, maxName), First: *s.FirstLine, Last: *s.LastLine}
		if s.Status != nil {
			stage.Status = clip(*s.Status, maxName)
		}
		v.Stages = append(v.Stages, stage)
	}
	for i := range b.Findings[:min(len(b.Findings), maxViewerStops-p.stops)] {
		p.stops++
		f := &b.Findings[i]
		v.Findings = append(v.Findings, viewerFinding{f.Rank, f.Line, max(f.Line, f.EndLine), f.Severity, clip(f.Message, maxCell)})
	}
	return v
}

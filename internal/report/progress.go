package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// State is how far a build is.
type State struct {
	Phase   string // "queued", "waiting", "fetching", "following", …
	Pages   int64
	Bytes   int64
	Lines   int64
	Elapsed time.Duration
	Ended   bool // nothing more will come; Phase then says how it ended
}

// Queued is the phase of a build that isn't begun; it has no line of its own.
const Queued = "queued"

// The pace of progress: how often a terminal is painted; elsewhere, after how
// long a build has a line, twice as long each time up to a bound, and how long
// after the last one a new phase has one. Most builds have ended before that,
// and a job's log isn't filled by those that run for an hour.
const (
	paintEvery = 200 * time.Millisecond
	firstLine  = 10 * time.Second
	rarest     = 5 * time.Minute
	phaseLine  = 2 * time.Second
	maxPainted = 10 // builds on a terminal at a time
)

// Progress shows how far the builds of a run are. On a terminal it paints a
// line per build under way and a bar of the builds that have ended, in place;
// elsewhere it prints a line when a build ends, and less and less often before.
// It may be used by several goroutines at once. Errors of
// its writer are of no consequence.
//
// On a terminal it owns one goroutine, from NewProgress to Done. It is our own
// painter, since it must clear its block before others write to the terminal,
// also through other streams, see Around.
type Progress struct {
	w        io.Writer
	terminal bool
	width    int

	mu      sync.Mutex
	order   []string
	states  map[string]shown
	label   int  // columns of the longest name
	painted int  // lines of the block on the terminal
	midline bool // others have left the cursor inside a line
	stop    chan struct{}
	stopped chan struct{}
}

// shown is a build's state, when it was printed or else first heard of, and how
// long after that it is printed again.
type shown struct {
	State
	at   time.Time
	wait time.Duration
}

// NewProgress shows progress on w, the process's standard error. Terminal says
// whether it is one, and width how many columns it has (0 means 80).
func NewProgress(w io.Writer, terminal bool, width int) *Progress {
	if width <= 0 {
		width = 80
	}
	p := &Progress{w: w, terminal: terminal, width: width, states: map[string]shown{}}
	if terminal {
		p.stop, p.stopped = make(chan struct{}), make(chan struct{})
		go p.repaint(p.stop)
	}
	return p
}

// Update says how far the build of that name is. Builds have their place in
// the order in which they are first heard of.
func (p *Progress) Update(name string, state State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	was, known := p.states[name]
	if !known {
		p.order = append(p.order, name)
		p.label = max(p.label, columns(fit(Line(name, maxName), maxLabel)))
		was.at, was.wait = time.Now(), firstLine
	}
	now := shown{State: state, at: was.at, wait: was.wait}
	if p.due(was, state) {
		p.clear()
		fmt.Fprintln(p.w, p.line(name, state))
		now.at, now.wait = time.Now(), min(2*was.wait, rarest)
	}
	p.states[name] = now
}

// due says whether a state gets a line of its own.
func (p *Progress) due(was shown, now State) bool {
	switch since := time.Since(was.at); {
	case now.Phase == Queued:
		return false
	case now.Ended:
		return !was.Ended || was.Phase != now.Phase
	case p.terminal:
		return false
	default:
		return since >= was.wait || was.Phase != now.Phase && since >= phaseLine
	}
}

// Done ends the progress and removes what is painted. Nothing is shown
// afterwards but further Updates' last lines. It may be called twice.
func (p *Progress) Done() {
	p.mu.Lock()
	stop := p.stop
	p.stop = nil
	p.mu.Unlock()
	if stop == nil {
		return
	}
	close(stop)
	<-p.stopped
}

// Around is w for others to write to while progress is painted, for each
// stream that ends on the same terminal: the block makes room for what is
// written.
func (p *Progress) Around(w io.Writer) io.Writer {
	if !p.terminal {
		return w
	}
	return &around{p: p, w: w}
}

type around struct {
	p *Progress
	w io.Writer
}

func (a *around) Write(b []byte) (int, error) {
	a.p.mu.Lock()
	defer a.p.mu.Unlock()
	a.p.clear()
	if len(b) > 0 {
		a.p.midline = b[len(b)-1] != '\n'
	}
	return a.w.Write(b)
}

// repaint paints until stop is closed; it is Progress's one goroutine.
func (p *Progress) repaint(stop <-chan struct{}) {
	defer close(p.stopped)
	tick := time.NewTicker(paintEvery)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			p.mu.Lock()
			p.clear()
			p.mu.Unlock()
			return
		case <-tick.C:
			p.mu.Lock()
			p.paint()
			p.mu.Unlock()
		}
	}
}

// clear takes the block off the terminal.
func (p *Progress) clear() {
	if p.painted > 0 {
		fmt.Fprintf(p.w, "\x1b[%dA\r\x1b[J", p.painted)
		p.painted = 0
	}
}

// paint draws the block in place of the one before, in one write.
func (p *Progress) paint() {
	if p.midline || len(p.order) == 0 {
		return
	}
	var active []string
	ended := 0
	for _, name := range p.order {
		switch s := p.states[name]; {
		case s.Ended:
			ended++
		case s.Phase != Queued:
			active = append(active, name)
		}
	}
	var block bytes.Buffer
	if p.painted > 0 {
		fmt.Fprintf(&block, "\x1b[%dA\r\x1b[J", p.painted)
	}
	drawn := active[:min(len(active), maxPainted)]
	for _, name := range drawn {
		fmt.Fprintln(&block, p.line(name, p.states[name].State))
	}
	fmt.Fprintln(&block, p.bar(ended, len(active)-len(drawn)))
	p.painted = len(drawn) + 1
	p.w.Write(block.Bytes())
}

// bar is the line of all builds: how many have ended.
func (p *Progress) bar(ended, undrawn int) string {
	text := fmt.Sprintf(" %d of %s", ended, plural(len(p.order), "build"))
	if undrawn > 0 {
		text += fmt.Sprintf(", %d more under way", undrawn)
	}
	width := max(0, min(40, p.width-1-columns(text)))
	full := width * ended / len(p.order)
	return fit(strings.Repeat("█", full)+strings.Repeat("░", width-full)+text, p.width-1)
}

// line is a build's line: "api  fetching   12 pages   1.2 MiB   10,230 lines   4s".
func (p *Progress) line(name string, s State) string {
	lines := ""
	if s.Lines > 0 || s.Ended { // unknown before
		lines = plural(int(s.Lines), "line")
	}
	text := fmt.Sprintf("%s  %s  %s  %s  %s  %s",
		pad(fit(Line(name, maxName), maxLabel), p.label), pad(fit(Line(s.Phase, maxName), maxLabel), 10),
		padLeft(plural(int(s.Pages), "page"), 9), padLeft(bytesText(s.Bytes), 9),
		padLeft(lines, 13), padLeft(durationText(s.Elapsed), 6))
	if p.terminal {
		return fit(text, p.width-1)
	}
	return text
}

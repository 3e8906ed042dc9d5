package report_test

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loggate/loggate/internal/report"
)

// syncBuffer is a stream that several goroutines write to.
type syncBuffer struct {
	mu     sync.Mutex
	Buffer bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

func TestProgressInLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out syncBuffer
		p := report.NewProgress(&out, false, 0)
		if p.Around(&out) != io.Writer(&out) {
			t.Error("lines need no room to be made")
		}
		p.Update("api", report.State{Phase: report.Queued})
		p.Update("网站", report.State{Phase: report.Queued})
		for i := range 25 {
			p.Update("api", report.State{Phase: "fetching", Pages: int64(i), Bytes: int64(i) << 20, Lines: int64(i) * 1000, Elapsed: time.Duration(i) * time.Second})
			time.Sleep(time.Second)
		}
		p.Update("网站", report.State{Phase: "fetching"})
		p.Update("api", report.State{Phase: "failure", Pages: 25, Bytes: 25 << 20, Lines: 25_000, Elapsed: 25 * time.Second, Ended: true})
		p.Done()
		golden(t, "progress.txt", []byte(out.String()))
	})
}

// A job's log isn't filled: a build of an hour has some twenty lines, one that
// is done soon has one.
func TestProgressIsSparing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out syncBuffer
		p := report.NewProgress(&out, false, 0)
		for _, phase := range []string{"asking", "waiting", "fetching"} {
			p.Update("short", report.State{Phase: phase})
			time.Sleep(300 * time.Millisecond)
		}
		p.Update("short", report.State{Phase: "success", Ended: true})
		for range 3600 {
			p.Update("long", report.State{Phase: "following"})
			time.Sleep(time.Second)
		}
		p.Update("long", report.State{Phase: "success", Ended: true})
		if n := strings.Count(out.String(), "short "); n != 1 {
			t.Errorf("%d lines of the short build", n)
		}
		if n := strings.Count(out.String(), "long "); n < 10 || n > 20 {
			t.Errorf("%d lines of the long build:\n%s", n, out.String())
		}
	})
}

// screen is what a terminal shows of out.
func screen(t *testing.T, out string) []string {
	t.Helper()
	lines := []string{""}
	up := regexp.MustCompile(`^\x1b\[(\d+)A\r\x1b\[J`)
	for len(out) > 0 {
		if m := up.FindStringSubmatch(out); m != nil {
			var n int
			fmt.Sscan(m[1], &n)
			if n >= len(lines) {
				t.Fatalf("the cursor goes up %d of %d lines", n, len(lines))
			}
			lines = append(lines[:len(lines)-1-n], "")
			out = out[len(m[0]):]
			continue
		}
		switch out[0] {
		case '\n':
			lines = append(lines, "")
		case '\x1b', '\r':
			t.Fatalf("unexpected sequence %q", out[:min(len(out), 12)])
		default:
			lines[len(lines)-1] += out[:1]
		}
		out = out[1:]
	}
	return lines
}

func TestProgressOnATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out syncBuffer
		p := report.NewProgress(&out, true, 72)
		stdout := p.Around(&out)
		for i := range 14 {
			p.Update(fmt.Sprintf("build-%d", i), report.State{Phase: "fetching", Pages: 1, Bytes: 2048, Lines: 30})
		}
		p.Update("later", report.State{Phase: report.Queued})
		time.Sleep(time.Second)
		shown := screen(t, out.String())
		if len(shown) != 12 || !strings.Contains(shown[10], "0 of 15 builds, 4 more under way") {
			t.Errorf("a block of %d lines:\n%s", len(shown), strings.Join(shown, "\n"))
		}
		p.Update("build-0", report.State{Phase: "success", Ended: true})
		io.WriteString(stdout, "a message\nand the half of a")
		time.Sleep(time.Second)
		shown = screen(t, out.String())
		if want := "a message|and the half of a"; strings.Join(shown[1:], "|") != want {
			t.Errorf("a line that isn't ended was painted over: %q", shown)
		}
		io.WriteString(stdout, "nother\n")
		time.Sleep(time.Second)
		golden(t, "progress-terminal.txt", []byte(strings.Join(screen(t, out.String()), "\n")))
		p.Done()
		p.Done()
		shown = screen(t, out.String())
		if len(shown) != 4 || !strings.HasPrefix(shown[0], "build-0") || shown[2] != "and the half of another" || shown[3] != "" {
			t.Errorf("after the end: %q", shown)
		}
	})
}

func TestProgressIsHarmless(t *testing.T) {
	for _, c := range hostile {
		for _, terminal := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				var out syncBuffer
				p := report.NewProgress(&out, terminal, 40)
				var group sync.WaitGroup
				for i := range 4 {
					group.Go(func() {
						p.Update(fmt.Sprint(c.text, i), report.State{Phase: c.text})
						time.Sleep(300 * time.Millisecond)
						p.Update(fmt.Sprint(c.text, i), report.State{Phase: c.text, Ended: true})
					})
				}
				group.Wait()
				p.Done()
				shown := regexp.MustCompile(`\x1b\[\d+A\r\x1b\[J`).ReplaceAllString(out.String(), "")
				if found := unprintable.FindString(shown); found != "" {
					t.Errorf("%s: it has %q", c.name, found)
				}
				if ran := new(runner).run(shown); len(ran) > 0 {
					t.Errorf("%s: it runs %q", c.name, ran)
				}
			})
		}
	}
}

package e2e

import (
	"encoding/json"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// longBuild takes as long as a test lets it: its log comes in small pages, each
// of them a little late.
func longBuild() simulator.Build {
	b := newBuild("long", "")
	b.Log = simulator.Generate(15, 3_000_000)
	return b
}

func slowPages() simulator.Options {
	return simulator.Options{
		Readings: simulator.Readings{PageBytes: 20_000},
		Faults:   []simulator.Fault{{Kind: "latency", Delay: 30 * time.Millisecond, Endpoint: simulator.RealTimeLog}},
	}
}

// serveAt is serve on an address where another service was before.
func serveAt(t *testing.T, address string, o simulator.Options) *simulator.Server {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	// A connection of another test may have got the port meanwhile, for a while.
	waitFor(t, "the port to be free", func() bool {
		l, err := net.Listen("tcp", u.Host)
		return err == nil && l.Close() == nil
	})
	o.Listen = u.Host
	return serve(t, o)
}

// interrupted fetches the long build and a short one until a part of the long
// one's log is there, and then ends loggate with a signal. Its directory is returned.
func interrupted(t *testing.T, server *simulator.Server, builds []simulator.Build, signal os.Signal) string {
	t.Helper()
	p := start(t, against(server, builds, "--source", "pages"))
	key := longBuild().JobID + ":7"
	waitFor(t, "pages of the long log", func() bool { return server.Stats().Pages[key] > 40 })
	if signal == syscall.SIGKILL {
		// The note is written now and then.
		waitFor(t, "a note of half a megabyte", func() bool {
			var note struct{ Bytes int64 }
			text, err := os.ReadFile(filepath.Join(p.cmd.Dir, "loggate-out/logs/long-7.resume.json"))
			return err == nil && json.Unmarshal(text, &note) == nil && note.Bytes > 500_000
		})
	}
	p.signal(signal)
	r := p.wait()
	if _, err := os.Stat(filepath.Join(r.dir, "loggate-out/logs/long-7.partial.log")); err != nil {
		t.Fatalf("exit code %d: %v", r.code, err)
	}
	return r.dir
}

// A run that was ended, in order or not, is continued by the next one: the
// bytes are the same as if it had never been ended, and what was there isn't
// asked for again.
func TestResume(t *testing.T) {
	for _, test := range []struct {
		signal syscall.Signal
		source string
	}{{syscall.SIGTERM, "pages"}, {syscall.SIGKILL, "pages"}, {syscall.SIGTERM, "auto"}} {
		t.Run(test.signal.String()+" "+test.source, func(t *testing.T) {
			t.Parallel()
			builds := []simulator.Build{newBuild("other", ""), longBuild()}
			builds[0].Log = simulator.Generate(3, 200_000)
			o := slowPages()
			o.Builds = builds
			server := serve(t, o)
			in := against(server, builds, "--resume", "--source", test.source)
			in.dir = interrupted(t, server, builds, test.signal)
			key := longBuild().JobID + ":7"
			before, others := server.Stats().Pages[key], server.Stats().Pages[builds[0].JobID+":7"]
			r := run(t, in)
			r.expectCode(t, build.ExitPass)
			rep := r.report(t)
			for _, b := range builds {
				r.expectWhole(t, rep, b)
			}
			all := longBuild().Log.Size() / 20_000
			if asked := server.Stats().Pages[key] - before; asked > all-20 || asked < 2 {
				t.Errorf("%d pages were asked for after the restart, of %d", asked, all)
			}
			if asked := server.Stats().Pages[builds[0].JobID+":7"] - others; asked > 4 {
				t.Errorf("%d pages were asked for of a log that was whole", asked)
			}
			expectText(t, "source_reason", *named(t, rep, "long").Log.SourceReason, "continued at offset")
			if source := *named(t, rep, "long").Log.Source; (source == "download") != (test.source == "auto") {
				t.Errorf("the source is %s: %s", source, *named(t, rep, "long").Log.SourceReason)
			}
			for _, name := range files(t, r.dir) {
				if strings.Contains(name, "partial") || strings.Contains(name, "resume") {
					t.Errorf("%s is left", name)
				}
			}
		})
	}
}

// What isn't a part of the log that the service has now is not continued, but
// fetched again, and loggate says so.
func TestResumeOfSomethingElse(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(o *simulator.Options)
		spoil  func(t *testing.T, dir string)
		reason string
	}{
		{name: "another log", change: func(o *simulator.Options) { o.Builds[0].Log = simulator.Generate(16, 3_000_000) }, reason: "differs"},
		{name: "a shorter log", change: func(o *simulator.Options) { o.Builds[0].Log = simulator.Generate(15, 50_000) }, reason: "can't be continued"},
		{name: "another unit", change: func(o *simulator.Options) { o.Readings.OffsetUnit = "characters" }, reason: "can't be continued"},
		{name: "a changed part", spoil: func(t *testing.T, dir string) {
			path := filepath.Join(dir, "loggate-out/logs/long-7.partial.log")
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text[50] ^= 1
			if err := os.WriteFile(path, text, 0o644); err != nil {
				t.Fatal(err)
			}
		}, reason: "checksum differs"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := slowPages()
			o.Builds = []simulator.Build{longBuild()}
			server := serve(t, o)
			in := against(server, o.Builds, "--resume", "--source", "pages")
			in.dir = interrupted(t, server, o.Builds, syscall.SIGTERM)
			if err := server.Close(); err != nil {
				t.Fatal(err)
			}
			o.Builds = []simulator.Build{longBuild()}
			o.Faults = nil
			if test.change != nil {
				test.change(&o)
			}
			if test.spoil != nil {
				test.spoil(t, in.dir)
			}
			serveAt(t, server.URL(), o)
			r := run(t, in)
			r.expectCode(t, build.ExitPass)
			rep := r.report(t)
			r.expectWhole(t, rep, o.Builds[0])
			expectText(t, "stderr", r.stderr, "fetched from its start", test.reason)
			expectText(t, "source_reason", *named(t, rep, "long").Log.SourceReason, "fetched from its start", test.reason)
		})
	}
	t.Run("another endpoint", func(t *testing.T) {
		t.Parallel()
		o := slowPages()
		o.Builds = []simulator.Build{longBuild()}
		dir := interrupted(t, serve(t, o), o.Builds, syscall.SIGTERM)
		in := against(serve(t, o), o.Builds, "--resume", "--source", "pages")
		in.dir = dir
		r := run(t, in)
		r.expectCode(t, build.ExitPass)
		r.expectWhole(t, r.report(t), o.Builds[0])
		expectText(t, "stderr", r.stderr, "fetched from its start", "another endpoint")
	})
}

// A service that can't be asked costs nothing of what is there.
func TestResumeWithoutService(t *testing.T) {
	t.Parallel()
	o := slowPages()
	o.Builds = []simulator.Build{longBuild()}
	server := serve(t, o)
	in := against(server, o.Builds, "--resume", "--source", "pages", "--timeout", "3s")
	in.dir = interrupted(t, server, o.Builds, syscall.SIGTERM)
	before, err := os.ReadFile(filepath.Join(in.dir, "loggate-out/logs/long-7.partial.log"))
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	r := run(t, in)
	r.expectCode(t, build.ExitIncomplete)
	left := r.read(t, "loggate-out/logs/long-7.partial.log")
	if !strings.HasPrefix(string(before), left) || len(left) < len(before)-60_000 {
		t.Errorf("of %d bytes, %d are left", len(before), len(left))
	}
	if got := named(t, r.report(t), "long").Log; got.Bytes != int64(len(left)) || got.Complete {
		t.Errorf("the report says %+v of %d bytes", got, len(left))
	}
	serveAt(t, server.URL(), o)
	in.args = in.args[:len(in.args)-2] // no timeout
	r = run(t, in)
	r.expectCode(t, build.ExitPass)
	r.expectWhole(t, r.report(t), o.Builds[0])
	expectText(t, "source_reason", *named(t, r.report(t), "long").Log.SourceReason, "continued at offset")
}

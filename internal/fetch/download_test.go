package fetch

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/simulator"
)

// testScratch is a Scratch in a temporary directory.
type testScratch struct{ *os.File }

func (s testScratch) Truncate(size int64) error {
	if err := s.File.Truncate(size); err != nil {
		return err
	}
	_, err := s.Seek(size, 0)
	return err
}

func newScratch(t testing.TB) func() (Scratch, error) {
	return func() (Scratch, error) {
		f, err := os.CreateTemp(t.TempDir(), "")
		return testScratch{f}, err
	}
}

// downloads is a service with a log of one ended build, by pages of 1,000
// bytes, and a download that a test chooses.
type downloads struct {
	service
	log  string
	file func(compress bool) (status int, body []byte)
	got  []string // the queries of downloads
	tail int      // pages asked for beyond the first
}

func newDownloads(log string) *downloads {
	d := &downloads{log: log}
	d.info, d.record = always(infoSuccess), always(oldRecord)
	d.page = func(n int, asked pageAsked) string {
		end := min(asked.start+1000, int64(len(log)))
		if n > 0 {
			d.tail++
		}
		return servedPage(asked.start, end, end < int64(len(log)), log[asked.start:end])
	}
	return d
}

func (d *downloads) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/download-log") {
		d.service.ServeHTTP(w, r)
		return
	}
	d.got = append(d.got, r.URL.RawQuery)
	status, body := d.file(r.URL.Query().Get("compress") == "true")
	if status == 200 && len(body) > 4 && string(body[:4]) == "CUT:" {
		body = body[4:]
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+100))
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func (d *downloads) visit(t *testing.T, source Source) followed {
	t.Helper()
	d.asked = map[string]int{}
	d.stages = always(noStages)
	f := NewFollower(newTestClient(t, d.ServeHTTP, func(o *Options) { o.Attempts = 2 }), true, testPatience())
	var text bytes.Buffer
	w := watchInto(&text)
	w.Source, w.Scratch = source, newScratch(t)
	var marks []marked
	w.From, w.Marked = d.from, func(m Mark) { marks = append(marks, marked{m, text.Len()}) }
	got := f.Follow(t.Context(), testRef, w)
	return followed{got, text.String(), d.asked, d.pages, marks}
}

func zipped(t *testing.T, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i, text := range files {
		w, err := z.Create(fmt.Sprintf("%d.log", i))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte(text))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func gzipped(text string) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return out.Bytes()
}

// linesOf is a log with a few characters of more than one byte.
func linesOf(n int) string {
	var log strings.Builder
	for i := range n {
		fmt.Fprintf(&log, "[2025/06/26 14:23:32.169 GMT+08:00] [INFO] line %d\n", i)
	}
	return log.String() + "Finished: SUCCESS\n"
}

func TestADownloadIsTakenOnlyWhereItIsTheLog(t *testing.T) {
	log := linesOf(400)
	changed := strings.Replace(log, "line 0\n", "line O\n", 1)
	shorter := strings.Replace(log, "line 200\n", "", 1)
	otherEnd := strings.Replace(log, "SUCCESS", "FAILURE", 1)
	plain := func(text string) func(bool) (int, []byte) {
		return func(bool) (int, []byte) { return 200, []byte(text) }
	}
	packed := func(file []byte) func(bool) (int, []byte) {
		return func(compress bool) (int, []byte) {
			if !compress {
				return 400, nil
			}
			return 200, file
		}
	}
	for name, tt := range map[string]struct {
		file func(bool) (int, []byte)
		why  string // "": the download is used
	}{
		"plain":     {plain(log), ""},
		"gzip":      {packed(gzipped(log)), ""},
		"zip":       {packed(zipped(t, log)), ""},
		"two files": {packed(zipped(t, log[:5000], log[5000:])), "zip file of 2 files"},
		"not compressed": {func(compress bool) (int, []byte) {
			if compress {
				return 400, []byte(`{"error_code":"CB.00060200","error_msg":"compress"}`)
			}
			return 200, []byte(log)
		}, ""},
		"another start":        {plain(changed), "doesn't begin with"},
		"a line is missing":    {plain(shorter), "its last"},
		"another end":          {plain(otherEnd), "its last"},
		"longer":               {plain(log + "more\n"), ""},
		"broken gzip":          {packed(gzipped(log)[:200]), "breaks off"},
		"cut at the page":      {plain(log[:1000]), "ends where the pages"},
		"cut before":           {plain(log[:500]), "breaks off after 500 bytes"},
		"empty":                {plain(""), "it is empty"},
		"broken off":           {plain("CUT:" + log), "broke off"},
		"forbidden":            {func(bool) (int, []byte) { return 403, []byte(`{"error_code":"CB.7","error_msg":"no"}`) }, "HTTP 403 CB.7"},
		"the service's own":    {func(bool) (int, []byte) { return 500, nil }, "HTTP 500"},
		"a refusal with a 200": {plain(`{"error":{"code":"CB.7","message":"no"},"status":"failed"}`), "before the text of the pages"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDownloads(log)
			d.file = tt.file
			got := d.visit(t, SourceAuto)
			got.wantWhole(t, log)
			source, reason := *got.Build.Log.Source, *got.Build.Log.SourceReason
			if used := source == "download"; used != (tt.why == "" && name != "longer") || !strings.Contains(reason, tt.why) {
				t.Errorf("source %s: %s; want %q", source, reason, tt.why)
			}
			if len(d.got) > 2 {
				t.Errorf("%d downloads were asked for", len(d.got))
			}
		})
	}
}

func TestWhenADownloadIsTried(t *testing.T) {
	log := linesOf(400)
	for name, tt := range map[string]struct {
		source Source
		change func(d *downloads)
		asked  int
		reason string
	}{
		"auto":      {SourceAuto, func(*downloads) {}, 1, reasonDownloaded},
		"download":  {SourceDownload, func(*downloads) {}, 1, reasonDownloaded},
		"pages":     {SourcePages, func(*downloads) {}, 0, reasonAsked},
		"no record": {SourceAuto, func(d *downloads) { d.record = always(refusal(403, "CB.1")) }, 0, "no record id"},
		"one page":  {SourceAuto, func(d *downloads) { *d = *newDownloads(log[:900]) }, 0, reasonOnePage},
		"was running": {SourceAuto, func(d *downloads) {
			d.info = func(n int) string { return []string{infoRunning, infoSuccess}[min(n, 1)] }
		}, 0, reasonRunning},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDownloads(log)
			tt.change(d)
			d.file = func(bool) (int, []byte) { return 200, []byte(log) }
			got := d.visit(t, tt.source)
			got.wantWhole(t, d.log)
			if reason := *got.Build.Log.SourceReason; len(d.got) != tt.asked || !strings.Contains(reason, tt.reason) {
				t.Errorf("%d downloads: %s", len(d.got), reason)
			}
			if tt.asked == 1 && d.tail > 1 {
				t.Errorf("%d more pages were asked for", d.tail)
			}
		})
	}
}

// TestDownloadsKeepWithinTheirLimit: once the limit is used up, auto goes on
// with pages and doesn't wait.
func TestDownloadsKeepWithinTheirLimit(t *testing.T) {
	log := simulator.Generate(5, 40_000)
	var builds []simulator.Build
	for n := range 6 {
		builds = append(builds, simulator.Build{JobID: testJob, Number: n + 1, Log: log})
	}
	s, err := simulator.New(simulator.Options{Builds: builds, Readings: simulator.Readings{PageBytes: 20_000}, Auth: simulator.Auth{Tokens: []string{"TOKEN"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	endpoint, _ := url.Parse(s.URL())
	c := newTestClient(t, nil, func(o *Options) {
		o.Endpoint, o.Credentials, o.RateLimit = endpoint, Credentials{AuthToken: "TOKEN"}, 1
	})
	f := NewFollower(c, true, testPatience())
	sources := map[string]int{}
	for n := range builds {
		var text bytes.Buffer
		w := watchInto(&text)
		w.Source, w.Scratch = SourceAuto, newScratch(t)
		ref := testRef
		ref.Number = n + 1
		got := f.Follow(t.Context(), ref, w).Build
		sources[*got.Log.Source]++
		if !got.Log.Complete {
			t.Errorf("build %d: %+v", n+1, got.Incomplete)
		}
	}
	if sources["download"] < 2 || sources["pages"] < 1 {
		t.Errorf("sources are %v", sources)
	}
}

// A log that is read on is downloaded, too; and not where the download holds
// something else there.
func TestDownloadOfALogThatIsReadOn(t *testing.T) {
	log := strings.Repeat("[2026/03/02 09:00:00.000 GMT+08:00] [INFO] a line\n", 300) + "end\n"
	log = strings.ReplaceAll(log, "a line", "中文") // so that offsets and bytes differ
	for name, change := range map[string]func(string) string{
		"the same":      func(s string) string { return s },
		"another start": func(s string) string { return "x" + s[1:] }, // which isn't compared again
		"a shifted end": func(s string) string { return "x" + s },
		"another end":   func(s string) string { return s[:len(s)-5] + "X" + s[len(s)-4:] },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDownloads(log)
			d.file = func(bool) (int, []byte) { return 404, nil }
			first := d.visit(t, SourceAuto)
			first.wantWhole(t, log)
			m := first.marks[4]
			d.from, d.pages, d.got = &m.Mark, nil, nil
			d.file = func(bool) (int, []byte) { return 200, []byte(change(log)) }
			got := d.visit(t, SourceAuto)
			got.wantWhole(t, log[m.before:])
			if want := strings.HasSuffix(name, "start") || name == "the same"; (*got.Build.Log.Source == "download") != want {
				t.Errorf("the source is %s: %s", *got.Build.Log.Source, *got.Build.Log.SourceReason)
			}
			if m.Bytes != int64(m.before) {
				t.Errorf("the mark is behind %d bytes, not %d", m.Bytes, m.before)
			}
		})
	}
}

// A build of which it is only known that it has ended is downloaded like others.
func TestDownloadWithoutAResult(t *testing.T) {
	log := strings.Repeat("[2026/03/02 09:00:00.000 GMT+08:00] [INFO] a line\n", 300) + "Finished: SUCCESS\n"
	d := newDownloads(log)
	d.info = always(refusal(403, "CB.00060203"))
	d.running = always(`{"last_job_id":"x","last_build_no":"7","last_build_status":"Finished","is_running":false}`)
	d.file = func(bool) (int, []byte) { return 200, []byte(log) }
	got := d.visit(t, SourceAuto)
	got.wantWhole(t, log)
	if *got.Build.Log.Source != "download" {
		t.Errorf("the source is %s: %s", *got.Build.Log.Source, *got.Build.Log.SourceReason)
	}
}

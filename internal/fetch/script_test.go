package fetch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/build"
)

// testPatience waits as the default does, a hundred times faster.
func testPatience() Patience {
	return Patience{
		JustTriggered: 300 * time.Millisecond, Idle: 120 * time.Millisecond,
		AskAgain: 4 * time.Millisecond, AskTimes: 5, Settle: 2 * time.Millisecond,
		PollMin: 2 * time.Millisecond, PollMax: 20 * time.Millisecond,
		BodyTries: 3, BodyWait: time.Millisecond,
	}
}

// service is a CodeArts Build that answers by the script of a test: each kind
// of request has a function that gets how often it was asked before.
type service struct {
	mu    sync.Mutex
	asked map[string]int // by kind
	pages []pageAsked
	from  *Mark // where to read on

	page    func(n int, q pageAsked) string
	info    func(n int) string
	record  func(n int) string
	running func(n int) string
	stages  func(n int) string
}

type pageAsked struct{ start, end int64 }

// refusal is how a script says that a request is refused.
func refusal(status int, code string) string {
	return fmt.Sprintf("%d %s", status, code)
}

func always(body string) func(int) string { return func(int) string { return body } }

// servedPage is a page's result.
func servedPage(start, end int64, more bool, text string) string {
	log, _ := json.Marshal(text)
	return fmt.Sprintf(`{"has_more":%v,"start_offset":"%d","end_offset":%d,"log":%s,"location":"jenkins"}`, more, start, end, log)
}

const (
	infoRunning = `{"building":true,"build_result":null}`
	infoSuccess = `{"building":false,"build_result":"SUCCESS"}`
	infoFailure = `{"building":false,"build_result":"FAILURE"}`
	oldRecord   = `{"build_record_id":"rrrrrrrr-1111-2222-3333-444444444444","finish_time":"2023-10-11T08:28:42.000+00:00"}`
	noStages    = `{"build_stages":{}}`
)

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	n := s.asked[kind]
	s.asked[kind]++
	body := refusal(404, "CB.00060299")
	script := map[string]func(int) string{"build-info": s.info, "record-info": s.record, "running-status": s.running, "full-stages": s.stages}[kind]
	switch {
	case kind == "real-time-log":
		start, _ := strconv.ParseInt(r.URL.Query().Get("start_offset"), 10, 64)
		end, _ := strconv.ParseInt(r.URL.Query().Get("end_offset"), 10, 64)
		s.pages = append(s.pages, pageAsked{start, end})
		if s.page != nil {
			body = s.page(n, pageAsked{start, end})
		}
	case script != nil:
		body = script(n)
	}
	var status int
	var code string
	if n, _ := fmt.Sscanf(body, "%d %s", &status, &code); n == 2 {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error_code":%q,"error_msg":"no"}`, code)
		return
	}
	fmt.Fprintf(w, `{"result":%s,"error":null,"status":"success"}`, body)
}

// followed is what came of a visit.
type followed struct {
	Followed
	text  string
	asked map[string]int
	pages []pageAsked
	marks []marked
}

// marked is a place from which reading can go on.
type marked struct {
	Mark
	before int // so much of the text comes before it
}

// follower sets up a Follower of a service.
func (s *service) follower(t *testing.T, wait bool, change func(*Patience)) *Follower {
	t.Helper()
	s.asked = map[string]int{}
	if s.stages == nil {
		s.stages = always(noStages)
	}
	p := testPatience()
	if change != nil {
		change(&p)
	}
	return NewFollower(newTestClient(t, s.ServeHTTP, func(o *Options) { o.Attempts = 2 }), wait, p)
}

func (s *service) follow(t *testing.T, wait bool) followed {
	t.Helper()
	return s.visit(t, s.follower(t, wait, nil))
}

// visit follows the build with a scanner's idea of an end mark.
func (s *service) visit(t *testing.T, f *Follower) followed {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second, errors.New("the test took too long"))
	defer cancel()
	var text bytes.Buffer
	var marks []marked
	w := watchInto(&text)
	w.From, w.Marked = s.from, func(m Mark) { marks = append(marks, marked{m, text.Len()}) }
	got := f.Follow(ctx, testRef, w)
	s.mu.Lock()
	defer s.mu.Unlock()
	return followed{got, text.String(), s.asked, s.pages, marks}
}

func watchInto(text *bytes.Buffer) Watch {
	return Watch{Sink: text, LogEnded: func() bool {
		return bytes.Contains(text.Bytes()[max(0, text.Len()-40):], []byte("Finished: "))
	}}
}

// wantWhole fails unless the log is complete and as it should be.
func (f followed) wantWhole(t *testing.T, text string) {
	t.Helper()
	if !f.Build.Log.Complete || f.text != text {
		t.Errorf("complete %v with %q, want all of %q; lacks %+v; asked %v", f.Build.Log.Complete, f.text, text, f.Build.Incomplete, f.pages)
	}
}

// wantBroken fails unless the log is said to be incomplete for a reason, and is
// kept as far as it goes.
func (f followed) wantBroken(t *testing.T, text, reason string) {
	t.Helper()
	var why string
	for _, m := range f.Build.Incomplete {
		if m.What == build.MissingLog {
			why = m.Reason
		}
	}
	if f.Build.Log.Complete || why == "" || !strings.Contains(why, reason) || f.text != text {
		t.Errorf("complete %v with %q because of %q; want %q because of %q; asked %v", f.Build.Log.Complete, f.text, why, text, reason, f.pages)
	}
}

// oneLog serves a text of ASCII by pages of some bytes, as far as it is visible.
func oneLog(text string, size int, visible func() int) func(int, pageAsked) string {
	return func(_ int, q pageAsked) string {
		seen := int64(min(visible(), len(text)))
		start := min(q.start, seen)
		end := min(start+int64(size), seen)
		return servedPage(start, end, end < seen, text[start:end])
	}
}

func whole(text string) func(int, pageAsked) string {
	return oneLog(text, len(text), func() int { return len(text) })
}

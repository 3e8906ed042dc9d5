package fetch

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/build"
)

func TestAnEndedBuildCostsWhatItMust(t *testing.T) {
	text := strings.Repeat("0123456789", 10)
	for _, tt := range []struct{ size, pages int }{{100, 1}, {25, 4}, {30, 4}} {
		s := &service{info: always(infoSuccess), record: always(oldRecord), page: oneLog(text, tt.size, func() int { return 100 })}
		got := s.follow(t, true)
		got.wantWhole(t, text)
		want := map[string]int{"build-info": 1, "record-info": 1, "full-stages": 1, "real-time-log": tt.pages}
		if fmt.Sprint(got.asked) != fmt.Sprint(want) {
			t.Errorf("%d pages: asked %v, want %v", tt.pages, got.asked, want)
		}
		if b := got.Build; b.Log.Pages != int64(tt.pages) || b.Log.Requests != int64(tt.pages+3) || b.Log.Retries != 0 ||
			b.Status != build.Success || b.StatusSource != build.FromAPI || b.Result != "SUCCESS" || len(b.Incomplete) != 0 || *b.Log.OffsetUnit != "bytes" {
			t.Errorf("%+v", b)
		}
	}
}

func TestOddPagesOfAnEndedBuild(t *testing.T) {
	const big = 5_000_000_000
	for name, tt := range map[string]struct {
		pages  []string // the last one ever after
		want   string
		broken string // the reason, "" when it is to be complete
	}{
		"origin is not 0":                  {pages: []string{servedPage(big, big+2, true, "ab"), servedPage(big+2, big+3, false, "c")}, want: "abc"},
		"gap that mends":                   {pages: []string{servedPage(0, 2, true, "ab"), servedPage(3, 4, false, "d"), servedPage(2, 4, false, "cd")}, want: "abcd"},
		"gap that stays":                   {pages: []string{servedPage(0, 2, true, "ab"), servedPage(3, 4, false, "d")}, want: "ab", broken: "a gap"},
		"gap behind an empty first page":   {pages: []string{servedPage(9, 9, true, ""), servedPage(12, 14, false, "ab")}, broken: "a gap"},
		"earlier than an empty first page": {pages: []string{servedPage(9, 9, true, ""), servedPage(7, 9, false, "ab")}, want: "ab"},
		"origin behind an empty 0 to 0":    {pages: []string{servedPage(0, 0, true, ""), servedPage(1024, 1026, false, "ab")}, want: "ab"},
		"empty though there is more":       {pages: []string{servedPage(0, 2, true, "ab"), servedPage(2, 2, true, ""), servedPage(2, 4, false, "cd")}, want: "abcd"},
		"empty for ever":                   {pages: []string{servedPage(0, 2, true, "ab"), servedPage(2, 2, true, "")}, want: "ab", broken: "is empty, though"},
		"empty last page":                  {pages: []string{servedPage(0, 2, true, "ab"), servedPage(2, 2, false, "")}, want: "ab"},
		"empty last page, elsewhere":       {pages: []string{servedPage(0, 2, true, "ab"), servedPage(0, 0, false, "")}, want: "ab", broken: "starts at 0"},
		"empty page that claims text":      {pages: []string{servedPage(0, 2, true, "ab"), servedPage(2, 4, false, "")}, want: "ab", broken: "claims 2 to 4"},
		"does not advance":                 {pages: []string{servedPage(0, 2, true, "ab"), servedPage(2, 2, true, "cd")}, want: "ab", broken: "has text, but ends at 2"},
		"goes back":                        {pages: []string{servedPage(0, 2, true, "ab"), servedPage(2, 1, true, "cd")}, want: "ab", broken: "has text, but ends at 1"},
		"first page does not advance":      {pages: []string{servedPage(0, 0, true, "ab")}, broken: "has text, but ends at 0"},
		"repeated":                         {pages: []string{servedPage(0, 2, true, "ab"), servedPage(0, 2, true, "ab"), servedPage(2, 3, false, "c")}, want: "abc"},
		"repeated as if it were the last":  {pages: []string{servedPage(0, 2, true, "ab"), servedPage(0, 2, false, "ab"), servedPage(2, 3, false, "c")}, want: "abc"},
		"repeated for ever":                {pages: []string{servedPage(0, 2, true, "ab"), servedPage(0, 2, true, "ab")}, want: "ab", broken: "repeats 0 to 2"},
		"overlap":                          {pages: []string{servedPage(0, 4, true, "añb"), servedPage(1, 6, false, "ñbcd")}, want: "añbcd"},
		"overlap and nothing new":          {pages: []string{servedPage(0, 4, true, "abcd"), servedPage(1, 4, false, "bcd")}, want: "abcd"},
		"overlap in UTF-16":                {pages: []string{servedPage(0, 3, true, "a😀"), servedPage(1, 4, false, "😀b")}, want: "a😀b"},
		"overlap in characters":            {pages: []string{servedPage(0, 2, true, "a😀"), servedPage(1, 3, false, "😀b")}, want: "a😀b"},
		"overlap in no known unit, mended": {pages: []string{servedPage(0, 70, true, "abc"), servedPage(10, 80, false, "bcd"), servedPage(70, 80, false, "d")}, want: "abcd"},
		"overlap in no known unit":         {pages: []string{servedPage(0, 70, true, "abc"), servedPage(10, 80, false, "bcd")}, want: "abc", broken: "in no known unit"},
		"empty":                            {pages: []string{servedPage(0, 0, false, "")}, broken: "the log is empty"},
		"empty with more":                  {pages: []string{servedPage(0, 0, true, "")}, broken: "the log is empty: "},
		"late":                             {pages: []string{servedPage(0, 0, false, ""), servedPage(0, 0, true, ""), servedPage(0, 0, false, ""), servedPage(0, 2, false, "ab")}, want: "ab"},
		"null where there is nothing":      {pages: []string{`{"has_more":true,"start_offset":null,"end_offset":null,"log":null}`, servedPage(3, 4, false, "a")}, want: "a"},
		"not understood once":              {pages: []string{`{"has_more":1}`, servedPage(0, 1, false, "a")}, want: "a"},
		"never understood":                 {pages: []string{servedPage(0, 1, true, "a"), `{"has_more":1}`}, want: "a", broken: "can't be used"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{info: always(infoSuccess), record: always(oldRecord), page: func(n int, _ pageAsked) string {
				return tt.pages[min(n, len(tt.pages)-1)]
			}}
			got := s.follow(t, true)
			if tt.broken == "" {
				got.wantWhole(t, tt.want)
			} else {
				got.wantBroken(t, tt.want, tt.broken)
			}
			most := 40
			if strings.Contains(tt.broken, "empty") && tt.want == "" {
				most = 400 // it is waited for
			}
			if n := got.asked["real-time-log"]; n > most {
				t.Errorf("%d pages were asked for", n)
			}
			if got.Build.Status != build.Success {
				t.Errorf("status %s", got.Build.Status)
			}
		})
	}
}

// literalEnd is a service that takes end_offset by its word.
func literalEnd(text string, size int64, refuses func(pageAsked) string) func(int, pageAsked) string {
	return func(_ int, q pageAsked) string {
		if body := refuses(q); body != "" {
			return body
		}
		start := min(q.start, int64(len(text)))
		end := max(start, min(start+size, int64(len(text)), q.end))
		return servedPage(start, end, end < int64(len(text)), text[start:end])
	}
}

func TestReadingsOfEndOffset(t *testing.T) {
	const text = "first page second page third page"
	open := whole(text)
	for name, tt := range map[string]struct {
		page   func(int, pageAsked) string
		want   string
		broken string
	}{
		"0 is taken literally": {page: literalEnd(text, 11, func(pageAsked) string { return "" }), want: text},
		"0 is empty beyond the start": {page: literalEnd(text, 11, func(q pageAsked) string {
			if q.end == 0 && q.start == 0 {
				return servedPage(0, 11, true, text[:11])
			}
			return ""
		}), want: text},
		"0 is empty beyond the start, and says so": {page: func(_ int, q pageAsked) string {
			if q.end == 0 && q.start > 0 {
				return servedPage(q.start, q.start, false, "")
			}
			return servedPage(q.start, min(q.start+11, 33), q.start+11 < 33, text[q.start:min(q.start+11, 33)])
		}, want: text},
		"0 is refused": {page: literalEnd(text, 11, func(q pageAsked) string {
			if q.end == 0 {
				return refusal(400, "CB.00060200")
			}
			return ""
		}), want: text},
		"0 is refused beyond the start": {page: func(n int, q pageAsked) string {
			if q.end == 0 && q.start > 0 {
				return refusal(400, "CB.00060200")
			}
			return oneLog(text, 11, func() int { return 33 })(n, q)
		}, want: text},
		"both are refused": {page: func(int, pageAsked) string { return refusal(400, "CB.00060200") }, broken: "CB.00060200"},
		"both are empty":   {page: func(_ int, q pageAsked) string { return servedPage(q.start, q.start, false, "") }, broken: "the log is empty"},
		"only 0 is known": {page: func(n int, q pageAsked) string {
			if q.end != 0 {
				return refusal(400, "CB.00060200")
			}
			if n == 0 {
				return servedPage(0, 0, false, "")
			}
			return open(n, q)
		}, want: text},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{info: always(infoSuccess), record: always(oldRecord), page: tt.page}
			got := s.follow(t, true)
			if tt.broken == "" {
				got.wantWhole(t, tt.want)
			} else {
				got.wantBroken(t, tt.want, tt.broken)
			}
			for i, q := range got.pages {
				if q.end != 0 && q.end != farEnd || i == 0 && q.end != 0 {
					t.Errorf("request %d had end_offset %d", i, q.end)
				}
			}
		})
	}
}

// The end of a log that is longer than any int32 must not be taken for the end
// of what was asked for.
func TestLogBeyondTheFarEnd(t *testing.T) {
	s := &service{info: always(infoSuccess), record: always(oldRecord), page: func(_ int, q pageAsked) string {
		if q.end == 0 {
			return refusal(400, "CB.00060200")
		}
		const origin, size = farEnd - 3, 6
		start := max(q.start, origin)
		end := min(start+2, q.end, origin+size)
		return servedPage(start, end, end < min(q.end, origin+size), "abcdef"[start-origin:end-origin])
	}}
	s.follow(t, true).wantWhole(t, "abcdef")
}

func TestRefusalsAreFinalAtOnce(t *testing.T) {
	for _, tt := range []struct {
		status int
		code   string
	}{{400, "CB.00060201"}, {400, "CB.00060200"}, {403, "CB.00060203"}, {401, "APIGW.0301"}, {404, "CB.00060214"}} {
		no := always(refusal(tt.status, tt.code))
		s := &service{info: no, record: no, running: no, page: func(n int, _ pageAsked) string { return no(n) }}
		began := time.Now()
		got := s.follow(t, true)
		got.wantBroken(t, "", tt.code)
		missing := got.Build.Incomplete[0]
		if *missing.HTTPStatus != tt.status || *missing.Code != tt.code {
			t.Errorf("%+v", missing)
		}
		if got.StatusErr == nil || got.Build.Status != build.Unknown || got.Build.StatusSource != build.FromNone {
			t.Errorf("status %s, error %v", got.Build.Status, got.StatusErr)
		}
		total := 0
		for _, n := range got.asked {
			total += n
		}
		if total > 5 || time.Since(began) > time.Second {
			t.Errorf("%d %s: asked %v in %s", tt.status, tt.code, got.asked, time.Since(began))
		}
	}
}

func TestBuildThatWasJustTriggered(t *testing.T) {
	text := "log\nFinished: SUCCESS\n"
	for _, missing := range []string{refusal(404, "CB.00060299"), refusal(400, "CB.00060299")} {
		begun := time.Now()
		late := func(then string) func(int) string {
			return func(int) string {
				if time.Since(begun) < 60*time.Millisecond {
					return missing
				}
				return then
			}
		}
		s := &service{info: late(infoSuccess), record: late(oldRecord), running: late(`{}`),
			page: func(n int, q pageAsked) string {
				if answer := late(""); answer(n) != "" {
					return missing
				}
				return whole(text)(n, q)
			}}
		got := s.follow(t, true)
		got.wantWhole(t, text)
		if got.Build.Status != build.Success || got.Build.StatusSource != build.FromAPI {
			t.Errorf("%s: status %s from %s", missing, got.Build.Status, got.Build.StatusSource)
		}
		got = (&service{info: always(missing), page: func(int, pageAsked) string { return missing }}).follow(t, true)
		got.wantBroken(t, "", "not found")
		before := time.Now()
		got = (&service{info: always(missing), page: func(int, pageAsked) string { return missing }}).follow(t, false)
		got.wantBroken(t, "", "CB.00060299")
		if time.Since(before) > testPatience().JustTriggered || got.asked["real-time-log"] != 1 {
			t.Errorf("with wait: false it took %s and %v", time.Since(before), got.asked)
		}
	}
}

// The build comes to be known between the look at its status and that at its log.
func TestStatusIsAskedForAgainAtTheLogsEndMark(t *testing.T) {
	text := "log\nFinished: SUCCESS\n"
	missing := refusal(404, "CB.00060299")
	s := &service{page: whole(text), info: func(n int) string {
		if n == 0 {
			return missing
		}
		return infoSuccess
	}}
	got := s.follow(t, true)
	got.wantWhole(t, text)
	if got.Build.Status != build.Success || got.Build.StatusSource != build.FromAPI || len(got.Build.Incomplete) > 0 {
		t.Errorf("status %s from %s, lacks %+v", got.Build.Status, got.Build.StatusSource, got.Build.Incomplete)
	}
}

func TestEmptyLogOfAnEndedBuild(t *testing.T) {
	empty := func(_ int, q pageAsked) string { return servedPage(q.start, q.start, false, "") }
	now := func(int) string {
		return fmt.Sprintf(`{"finish_time":%q}`, time.Now().UTC().Format("2006-01-02T15:04:05.000-07:00"))
	}
	longest := testPatience().JustTriggered
	for name, tt := range map[string]struct {
		wait      bool
		record    func(int) string
		from, to  time.Duration
		mostAsked int
	}{
		"ended long ago": {true, always(oldRecord), longest, 10 * longest, 400},
		"ended just now": {true, now, longest, 10 * longest, 400},
		"no record":      {true, nil, longest, 10 * longest, 400},
		"wait is false":  {false, now, 0, longest, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{info: always(infoSuccess), record: tt.record, page: empty}
			began := time.Now()
			got := s.follow(t, tt.wait)
			took := time.Since(began)
			got.wantBroken(t, "", "the log is empty")
			if took < tt.from || took > tt.to || got.asked["real-time-log"] > tt.mostAsked || got.asked["record-info"] > 2 || got.asked["build-info"] != 1 {
				t.Errorf("took %s and asked %v", took, got.asked)
			}
		})
	}
}

func TestPollingPace(t *testing.T) {
	c := newTestClient(t, func(http.ResponseWriter, *http.Request) {}, func(o *Options) { o.RateLimit = 1 })
	f := NewFollower(c, true, DefaultPatience())
	f.active.Store(20)
	for _, age := range []time.Duration{0, time.Minute, time.Hour} {
		v := &visit{Follower: f, begun: time.Now().Add(-age)}
		if perMinute := 20 * float64(time.Minute) / float64(v.pause()); perMinute > 180 {
			t.Errorf("at %s, 20 builds ask for %.0f pages a minute", age, perMinute)
		}
		if perMinute := 20 * float64(time.Minute) / float64(v.statusPause()); perMinute > 50 {
			t.Errorf("at %s, 20 builds ask %.0f times a minute for the status", age, perMinute)
		}
	}
	f.active.Store(1)
	if v := (&visit{Follower: f, begun: time.Now()}); v.pause() > 2*time.Second || v.statusPause() > 3*time.Second {
		t.Errorf("one build waits %s and %s", v.pause(), v.statusPause())
	}
}

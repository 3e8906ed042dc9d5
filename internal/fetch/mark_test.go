package fetch

import (
	"errors"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
)

func TestCheckMark(t *testing.T) {
	c := newTestClient(t, nil, nil)
	good := Mark{Endpoint: c.opts.Endpoint.String(), Build: testRef.String(), Bytes: 4, Next: 9, Last: 5, Units: uint8(allUnits)}
	if err := c.CheckMark(testRef, &good); err != nil {
		t.Fatal(err)
	}
	for reason, change := range map[string]func(*Mark){
		"another endpoint": func(m *Mark) { m.Endpoint += "x" },
		"another build":    func(m *Mark) { m.Build = build.Ref{JobID: testJob, Number: 99}.String() },
		"makes no sense":   func(m *Mark) { m.Next = m.Last },
		"no sense":         func(m *Mark) { m.Last = -1 },
		"sense":            func(m *Mark) { m.Units = 64 },
	} {
		m := good
		change(&m)
		if err := c.CheckMark(testRef, &m); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%v, want %q", err, reason)
		}
	}
}

// A mark whose unit isn't the service's any more is refuted, and so is one
// behind the log's end.
func TestMarkIsRefuted(t *testing.T) {
	for name, m := range map[string]Mark{
		"another unit": {Next: 4, Last: 1, Units: 1 << 2, Real: true}, // characters; the page counts bytes
		"a gap":        {Next: 1, Last: 0, Units: uint8(allUnits)},
	} {
		s := &service{info: always(infoSuccess), record: always(oldRecord)}
		s.page = func(int, pageAsked) string { return servedPage(4, 4+int64(len("日志\n")), false, "日志\n") }
		s.from = &m
		got := s.follow(t, true)
		if !RefutesMark(got.LogErr) || got.Build.Log.Complete {
			t.Errorf("%s: complete %v, %v", name, got.Build.Log.Complete, got.LogErr)
		}
	}
	for _, err := range []error{nil, errors.New("no route to host"), &APIError{HTTPStatus: 503}, &SinkError{errors.New("full")}} {
		if RefutesMark(err) {
			t.Errorf("%v refutes a mark", err)
		}
	}
}

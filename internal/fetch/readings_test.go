package fetch

import (
	"bytes"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// TestEveryReading follows an ended and a running build of the simulator in
// every reading of what the API's reference leaves open, and in mixtures.
func TestEveryReading(t *testing.T) {
	log := simulator.Generate(3, 60_000)
	want := make([]byte, log.Size())
	if _, err := log.ReadAt(want, 0); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	builds := []simulator.Build{
		{JobID: testJob, Number: 1, Log: log},
		{JobID: testJob, Number: 2, Log: log, Grow: &simulator.Growth{Duration: 120 * time.Millisecond}, VisibleAfter: 30 * time.Millisecond},
	}
	for _, words := range []string{
		"", "offsets=numbers", "offset-unit=utf16 cut=unit", "offset-unit=characters cut=character", "offset-unit=bytes cut=unit",
		"origin=1024", "origin=5000000000", "end-zero=empty-later", "end-zero=refused-later", "end-zero=empty",
		"end-zero=empty origin=5000000000", "end-zero=empty-later overlap=700", "end-zero=refused-later origin=5000000000 overlap=700",
		"size=1000", "size-unit=bytes", "overlap=700", "overlap=700 offset-unit=utf16 cut=unit", "overlap=700 offset-unit=characters",
		"overlap=700 origin=1024 has-more=late", "repeat=3", "empty=2/3", "gap=2/3", "stuck=2/3",
		"has-more=flap", "has-more=late", "newline=literal", "newline=literal cut=unit page-bytes=97", "missing=400",
		"compressed=gzip", "compressed=gzip offset-unit=utf16 cut=unit", "times=compact", "late-log=15ms", "late-log=15ms origin=7 cut=unit", "errors=fail-object end-zero=refused-later",
		"overlap=50 repeat=4 empty=1/2 gap=1/5 stuck=1/7 offset-unit=utf16 cut=unit has-more=late",
		"end-zero=empty repeat=2 overlap=20 origin=9 has-more=flap late-log=10ms",
	} {
		t.Run(words, func(t *testing.T) {
			t.Parallel()
			readings := simulator.Readings{PageBytes: 7001}
			for _, word := range strings.Fields(words) {
				if err := simulator.ParseReading(word, &readings); err != nil {
					t.Fatal(err)
				}
			}
			s, err := simulator.New(simulator.Options{Builds: builds, Readings: readings, Auth: simulator.Auth{Tokens: []string{"TOKEN"}}})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Start(); err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			followReadings(t, s.URL(), want)
		})
	}
}

func followReadings(t *testing.T, base string, want []byte) {
	endpoint, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	c := newTestClient(t, nil, func(o *Options) { o.Endpoint, o.Credentials = endpoint, Credentials{AuthToken: "TOKEN"} })
	patience := testPatience()
	patience.AskAgain, patience.Settle = 20*time.Millisecond, 10*time.Millisecond
	for visit := range 4 {
		number := visit%2 + 1
		var text bytes.Buffer
		w := watchInto(&text)
		if visit >= 2 {
			w.Source, w.Scratch = SourceAuto, newScratch(t)
		}
		got := NewFollower(c, true, patience).Follow(t.Context(), build.Ref{JobID: testJob, Number: number}, w).Build
		if !got.Log.Complete || !bytes.Equal(text.Bytes(), want) {
			t.Errorf("build %d: complete %v with %d of %d bytes: %+v", number, got.Log.Complete, text.Len(), len(want), got.Incomplete)
		}
		if got.Status != build.Success || len(got.Incomplete) != 0 {
			t.Errorf("build %d: status %s, lacks %+v", number, got.Status, got.Incomplete)
		}
	}
}

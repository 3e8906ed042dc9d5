package gate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/gate"
)

func TestCompare(t *testing.T) {
	baseline := &build.Report{Verdict: build.Pass, Builds: []*build.Build{
		whole("api", build.Success, finding(build.Warning), finding(build.Notice)),
		whole("left", build.Success, finding(build.Error)),
	}}
	moved := finding(build.Warning)
	moved.Line, moved.Count = 99, 1 // lines don't tell findings apart
	api := whole("api", build.Success, moved, finding(build.Error))
	added := whole("added", build.Success, finding(build.Warning))
	r := &build.Report{Builds: []*build.Build{api, added}}
	for range 2 { // comparing again changes nothing
		remarks := gate.Compare(r, baseline)
		if len(remarks) != 1 || !strings.HasSuffix(remarks[0].Message, "all of their findings are new: added") {
			t.Errorf("remarks: %+v", remarks)
		}
		gate.Decide(r, gate.Policy{FailOn: gate.FailOn{Build: true}, NewOnly: true})
		if *api.Findings[0].New || !*api.Findings[1].New || !*added.Findings[0].New {
			t.Errorf("new: %v %v, %v; want false true, true", *api.Findings[0].New, *api.Findings[1].New, *added.Findings[0].New)
		}
		if len(api.Gone) != 1 || api.Gone[0].Severity != build.Notice || len(added.Gone) != 0 {
			t.Errorf("gone: %v, %v", api.Gone, added.Gone)
		}
		if api.Counts != (build.Counts{Error: 1}) || added.Counts != (build.Counts{Warning: 1}) {
			t.Errorf("counts: %+v, %+v", api.Counts, added.Counts)
		}
	}
}

// What isn't in a log that isn't whole may be in the part that is missing.
func TestNothingIsGoneFromAPartOfALog(t *testing.T) {
	baseline := &build.Report{Verdict: build.Pass, Builds: []*build.Build{whole("api", build.Success, finding(build.Warning))}}
	for name, b := range map[string]*build.Build{
		"partial": cut(whole("api", build.Success)),
		"dropped": dropping(whole("api", build.Success), 1),
	} {
		gate.Compare(&build.Report{Builds: []*build.Build{b}}, baseline)
		if b.Gone == nil || len(b.Gone) != 0 {
			t.Errorf("%s: gone is %v, want an empty list", name, b.Gone)
		}
	}
}

// The last lines of a build that nobody could explain are no finding to miss.
func TestLastLinesAreNeverGone(t *testing.T) {
	last := finding(build.Error)
	last.Rule = build.LastLines
	baseline := &build.Report{Verdict: build.Fail, Builds: []*build.Build{whole("api", build.Failure, last)}}
	b := whole("api", build.Success)
	remarks := gate.Compare(&build.Report{Builds: []*build.Build{b}}, baseline)
	if len(b.Gone) != 0 {
		t.Errorf("gone is %v", b.Gone)
	}
	if len(remarks) != 1 || !strings.Contains(remarks[0].Message, "the verdict of the baseline's run is fail") {
		t.Errorf("remarks: %+v", remarks)
	}
}

// What was there when the build passed isn't why it fails now, but an error is
// no warning for that.
func TestNewFindingsRankBeforeKnownOnes(t *testing.T) {
	named := func(severity build.Severity, print string) build.Finding {
		f := finding(severity)
		f.Fingerprint, f.Message = print, print
		return f
	}
	known := []build.Finding{named(build.Error, "flaky"), named(build.Warning, "old")}
	found := []build.Finding{named(build.Error, "flaky"), named(build.Warning, "old"), named(build.Error, "broken"), named(build.Warning, "fresh"), named(build.Error, "more")}
	for _, test := range []struct {
		status build.Status // of the baseline's build
		want   string
	}{
		{build.Success, "1 broken, 2 fresh, 3 more, 4 old, 5 flaky"},
		{build.Failure, "1 flaky, 2 old, 3 broken, 4 fresh, 5 more"},
	} {
		b := whole("api", build.Failure, found...)
		for range 2 { // comparing again changes nothing
			gate.Compare(&build.Report{Builds: []*build.Build{b}}, &build.Report{Builds: []*build.Build{whole("api", test.status, known...)}})
		}
		var got []string
		for i, f := range b.Findings {
			got = append(got, fmt.Sprintf("%d %s", i+1, f.Message))
			if test.status == build.Success && (f.Rank != i+1 || len(f.Why) > 1 || (len(f.Why) == 1) == *f.New) {
				t.Errorf("%s has rank %d for %q", f.Message, f.Rank, f.Why)
			}
		}
		if text := strings.Join(got, ", "); text != test.want {
			t.Errorf("against a build that ended with %s: %s, want %s", test.status, text, test.want)
		}
	}
}

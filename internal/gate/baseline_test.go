package gate_test

import (
	"testing"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/gate"
)

func TestCompare(t *testing.T) {
	baseline := &build.Report{Builds: []*build.Build{
		whole("api", build.Success, finding(build.Warning), finding(build.Notice)),
		whole("left", build.Success, finding(build.Error)),
	}}
	moved := finding(build.Warning)
	moved.Line, moved.Count = 99, 1 // lines don't tell findings apart
	api := whole("api", build.Success, moved, finding(build.Error))
	added := whole("added", build.Success, finding(build.Warning))
	r := &build.Report{Builds: []*build.Build{api, added}}
	for range 2 { // comparing again changes nothing
		gate.Compare(r, baseline)
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

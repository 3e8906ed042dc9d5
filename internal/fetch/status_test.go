package fetch

import (
	"fmt"
	"testing"

	"github.com/loggate/loggate/internal/build"
)

func infoOf(word string) func(int) string {
	return always(fmt.Sprintf(`{"building":false,"build_result":%q}`, word))
}

// runningStatus names a build of the job and its word.
func runningStatus(no int, running bool, word string) func(int) string {
	return always(fmt.Sprintf(`{"last_build_no":"%d","last_build_status":%q,"is_running":%v}`, no, word, running))
}

func TestWhereTheStatusComesFrom(t *testing.T) {
	forbidden := always(refusal(403, "CB.00060203"))
	silent := always(`{"building":false,"build_result":null}`)
	recordOf := func(status, recordStatus string) func(int) string {
		return always(fmt.Sprintf(`{"status":%q,"record_status":%q,"finish_time":"2023-10-11T08:28:42.000+00:00"}`, status, recordStatus))
	}
	for name, tt := range map[string]struct {
		info, record, running func(int) string
		status                build.Status
		result                string
	}{
		"success":                 {info: infoOf("SUCCESS"), status: build.Success, result: "SUCCESS"},
		"aborted":                 {info: infoOf("ABORTED"), status: build.Aborted, result: "ABORTED"},
		"timeout":                 {info: infoOf("TIMEOUT"), status: build.Timeout, result: "TIMEOUT"},
		"unheard of":              {info: infoOf("SUCCESSFUL-ISH"), status: build.Failure, result: "SUCCESSFUL-ISH"},
		"any other word":          {info: infoOf("FINISHED"), status: build.Failure, result: "FINISHED"},
		"no result":               {info: silent, record: recordOf("ABORTED", "finished"), status: build.Aborted, result: "ABORTED"},
		"a blank result":          {info: infoOf(" "), record: recordOf("SUCCESS", "finished"), status: build.Success, result: "SUCCESS"},
		"record-info":             {info: forbidden, record: recordOf("SUCCESS", "finished"), status: build.Success, result: "SUCCESS"},
		"record-info, other way":  {info: forbidden, record: recordOf("finished", "FAILURE"), status: build.Failure, result: "FAILURE"},
		"record-info contradicts": {info: forbidden, record: recordOf("SUCCESS", "FAILURE"), status: build.Failure, result: "FAILURE"},
		"record-info, unheard of": {info: forbidden, record: recordOf("finished", "ODD"), status: build.Failure, result: "ODD"},
		"running-status":          {info: forbidden, record: forbidden, running: runningStatus(7, false, "FAILURE"), status: build.Failure, result: "FAILURE"},
		"of another build":        {info: forbidden, record: forbidden, running: runningStatus(8, false, "SUCCESS"), status: build.Unknown},
		"only that it ended":      {info: forbidden, record: forbidden, running: runningStatus(7, false, "Finished"), status: build.Unknown, result: "Finished"},
		"nowhere":                 {info: forbidden, record: forbidden, running: forbidden, status: build.Unknown},
		"trouble":                 {info: always(refusal(500, "CB.00060101")), record: recordOf("SUCCESS", ""), status: build.Success, result: "SUCCESS"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{info: tt.info, record: tt.record, running: tt.running, page: whole("log\n")}
			got := s.follow(t, true)
			got.wantWhole(t, "log\n")
			b := got.Build
			if b.Status != tt.status || b.Result != tt.result || (b.StatusSource == build.FromAPI) != (tt.status != build.Unknown) {
				t.Errorf("status %s (%q) from %s, want %s (%q)", b.Status, b.Result, b.StatusSource, tt.status, tt.result)
			}
			if (got.StatusErr != nil) != (tt.status == build.Unknown) {
				t.Errorf("status error %v", got.StatusErr)
			}
		})
	}
}

func TestRefusedSourcesAreNotAskedAgain(t *testing.T) {
	seen := 0
	s := &service{
		info: always(refusal(403, "CB.00060203")), record: always(refusal(404, "CB.00060214")), running: runningStatus(7, true, "Running"),
		page: oneLog("log\nFinished: SUCCESS\n", 99, func() int { seen++; return seen }),
	}
	f := s.follower(t, true, nil)
	s.running = func(n int) string {
		if n < 3 {
			return runningStatus(7, true, "Running")(n)
		}
		return runningStatus(7, false, "SUCCESS")(n)
	}
	got := s.visit(t, f)
	if got.Build.Status != build.Success || got.asked["build-info"] != 1 || got.asked["record-info"] != 1 || got.asked["running-status"] != 4 {
		t.Errorf("status %s, asked %v", got.Build.Status, got.asked)
	}
}

func TestLatest(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		want int
	}{
		"a string": {`{"last_build_no":"9"}`, 9}, "a number": {`{"last_build_no":2147483647}`, 2147483647},
		"no builds": {`{"last_build_no":null}`, 0}, "none": {`{"last_build_no":"0"}`, 0}, "too many": {`{"last_build_no":2147483648}`, 0},
		"unknown": {refusal(404, "CB.00060299"), 0},
	} {
		s := &service{running: always(tt.body)}
		f := s.follower(t, true, nil)
		got, err := f.client.Latest(t.Context(), testJob)
		if got != tt.want || (err == nil) != (tt.want > 0) {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
}

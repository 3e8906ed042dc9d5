package simulator

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"
)

// statusBuilds are two builds of a job: one has ended, one runs for 10 s.
func statusBuilds() []Build {
	return []Build{
		{
			JobID: testJob, Number: 7, Log: strings.NewReader("a\nb\n"), Result: "FAILURE", Repo: "shop", Branch: "main",
			Commit: "4f0c1d2", CommitMessage: "Fix", StartedAt: time.Date(2022, 10, 11, 8, 28, 42, 0, time.UTC), Took: 100068 * time.Millisecond,
			Stages: []Stage{
				{Name: "代码检出", Execution: "external_pre_checkout", Status: "SUCCESS", Took: 2 * time.Second},
				{Name: "Maven构建", Took: 98 * time.Second},
				{Name: "上传", Status: "ABORTED"},
			},
		},
		{
			JobID: testJob, Number: 9, Log: strings.NewReader("a\nb\n"), Grow: &Growth{Duration: 10 * time.Second},
			Stages: []Stage{{Name: "one", Took: 4 * time.Second}, {Name: "two", Took: 6 * time.Second}},
		},
	}
}

// result reads the result of a successful answer.
func result(t *testing.T, r reply) map[string]any {
	t.Helper()
	v := decode(t, r)
	if r.status != 200 || v["status"] != "success" || v["error"] != nil {
		t.Fatalf("got %d %s", r.status, r.body)
	}
	return v["result"].(map[string]any)
}

// expect compares some of an object's entries.
func expect(t *testing.T, what string, got map[string]any, want map[string]any) {
	t.Helper()
	for key, value := range want {
		if g, ok := got[key]; !ok || g != value {
			t.Errorf("%s: %s is %v, want %v", what, key, got[key], value)
		}
	}
}

func TestStatus(t *testing.T) {
	now := newClock()
	s := start(t, Options{Builds: statusBuilds(), Now: now.Now, Region: "cn-south-1"})
	job := "/v1/job/" + testJob
	expect(t, "ended", result(t, get(s, job+"/7/build-info")), map[string]any{"building": false, "build_result": "FAILURE", "region": "cn-south-1"})
	expect(t, "running", result(t, get(s, job+"/9/build-info")), map[string]any{"building": true, "build_result": nil})
	expect(t, "latest", result(t, get(s, job+"/running-status")), map[string]any{
		"last_job_id": testJob, "last_build_no": "9", "last_build_status": "Running", "is_running": true})
	now.add(10 * time.Second)
	expect(t, "has ended", result(t, get(s, job+"/9/build-info")), map[string]any{"building": false, "build_result": "SUCCESS"})
	expect(t, "latest", result(t, get(s, job+"/running-status")), map[string]any{"last_build_status": "Finished", "is_running": false})
}

func TestRecord(t *testing.T) {
	now := newClock()
	s := start(t, Options{Builds: statusBuilds(), Now: now.Now})
	record := "/v1/record/" + testJob
	ended := result(t, get(s, record+"/7/record-info"))
	expect(t, "ended", ended, map[string]any{
		"build_no": 7.0, "repo_name": "shop", "branch": "main", "tag": nil, "commit": "4f0c1d2", "commit_message": "Fix",
		"status": "FAILURE", "start_time": "2022-10-11T08:28:42.000+00:00", "finish_time": "2022-10-11T08:30:22.068+00:00",
		"duration": 100068.0, "id": ended["build_record_id"],
	})
	running := result(t, get(s, record+"/9/record-info"))
	expect(t, "running", running, map[string]any{"status": nil, "finish_time": nil, "duration": nil, "branch": nil})
	if id := ended["id"].(string); !recordIDForm.MatchString(id) || id == running["id"] {
		t.Errorf("record ids are %v and %v", id, running["id"])
	}

	compact := start(t, Options{Builds: statusBuilds(), Readings: Readings{Times: "compact"}})
	expect(t, "compact", result(t, get(compact, record+"/7/record-info")), map[string]any{"start_time": "2022-10-11T16:28:42+0800"})
}

func TestStages(t *testing.T) {
	now := newClock()
	s := start(t, Options{Builds: statusBuilds(), Now: now.Now})
	stages := func(number string) map[string]any {
		id := result(t, get(s, "/v1/record/"+testJob+"/"+number+"/record-info"))["id"].(string)
		return result(t, get(s, "/v1/record/"+id+"/full-stages?cascade=true"))["build_stages"].(map[string]any)
	}
	ended := stages("7")
	if len(ended) != 5 {
		t.Errorf("got stages %v", ended)
	}
	expect(t, "checkout", ended["external_pre_checkout"].(map[string]any), map[string]any{
		"display_name": "代码检出", "status": "SUCCESS", "status_code": 5.0, "sequence": 1.0, "duration": 2000.0})
	expect(t, "maven", ended["stage2"].(map[string]any), map[string]any{
		"display_name": "Maven构建", "status": "FAILURE", "start_time": "2022-10-11T08:28:44.000+00:00", "finish_time": "2022-10-11T08:30:22.000+00:00"})
	expect(t, "upload", ended["stage3"].(map[string]any), map[string]any{"status": "ABORTED", "status_code": 8.0})

	now.add(time.Second)
	running := stages("9")
	if len(running) != 2 {
		t.Errorf("after a second: stages %v", running)
	}
	expect(t, "first", running["stage1"].(map[string]any), map[string]any{"status": nil, "finish_time": nil, "log_status": "running"})
	now.add(4 * time.Second)
	if running := stages("9"); len(running) != 3 || running["stage1"].(map[string]any)["status"] != "SUCCESS" {
		t.Errorf("after five seconds: stages %v", running)
	}
}

func TestDownload(t *testing.T) {
	log := strings.Repeat("日本 🎉 line \xff\n", 30_000)
	unzip := func(data []byte) (io.Reader, error) {
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return nil, err
		}
		return z.File[0].Open()
	}
	tests := []struct {
		compressed, query string
		open              func([]byte) (io.Reader, error)
	}{
		{"", "", func(data []byte) (io.Reader, error) { return bytes.NewReader(data), nil }},
		{"", "?log_level=DEBUG&compress=false", func(data []byte) (io.Reader, error) { return bytes.NewReader(data), nil }},
		{"zip", "?log_level=INFO&compress=true", unzip},
		{"gzip", "?compress=true", func(data []byte) (io.Reader, error) { return gzip.NewReader(bytes.NewReader(data)) }},
	}
	for _, test := range tests {
		s := start(t, Options{Builds: one(log), Readings: Readings{Compressed: test.compressed}})
		path := "/v1/log/" + s.jobs[testJob][0].record + "/download-log"
		r := get(s, path+test.query)
		if r.status != 200 || r.err != nil {
			t.Fatalf("%s: %d %v", test.query, r.status, r.err)
		}
		opened, err := test.open(r.body)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(opened); err != nil || string(got) != log {
			t.Errorf("%s: got %d bytes, %v", test.query, len(got), err)
		}
		if n := s.Stats().Downloads[testJob+":1"]; n != 1 {
			t.Errorf("Stats counts %d downloads", n)
		}
	}
}

func TestDownloadFaults(t *testing.T) {
	for _, fault := range []string{"cut", "cut-chunked"} {
		for _, query := range []string{"", "?compress=true"} {
			s := start(t, Options{Builds: []Build{{JobID: testJob, Number: 1, Log: Generate(1, 1<<20)}}, Faults: []Fault{{Kind: fault, Endpoint: DownloadLog}}})
			if r := get(s, "/v1/log/"+s.jobs[testJob][0].record+"/download-log"+query); r.err == nil || r.status != 200 {
				t.Errorf("%s %s: got %d and %d bytes without an error", fault, query, r.status, len(r.body))
			}
		}
	}
}

func TestDownloadOfARunningBuild(t *testing.T) {
	now := newClock()
	builds := one(strings.Repeat("line\n", 1000))
	builds[0].Grow = &Growth{Duration: 10 * time.Second}
	s := start(t, Options{Builds: builds, Now: now.Now, Readings: Readings{LateLog: time.Second}})
	path := "/v1/log/" + s.jobs[testJob][0].record + "/download-log"
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{5 * time.Second, 2500}, {5500 * time.Millisecond, 0}, {time.Second, 5000}} {
		now.add(step.after)
		if r := get(s, path); len(r.body) != step.want {
			t.Errorf("after %v more: %d bytes, want %d", step.after, len(r.body), step.want)
		}
	}
}

// TestAnswersHaveTheModelsKeys guards the keys that the official SDK decodes.
func TestAnswersHaveTheModelsKeys(t *testing.T) {
	s := start(t, Options{Builds: statusBuilds()})
	r := get(s, "/v1/log/"+testJob+"/7/real-time-log?size=1000&start_offset=0&end_offset=0")
	want := `{"result":{"has_more":false,"start_offset":"0","end_offset":"4","log":"a\nb\n","location":"jenkins"},"error":null,"status":"success"}`
	if string(r.body) != want || !json.Valid(r.body) {
		t.Errorf("got %s, want %s", r.body, want)
	}
	if r.header.Get("X-Request-Id") == "" || r.header.Get("Content-Type") != "application/json;charset=UTF-8" {
		t.Errorf("got header %v", r.header)
	}
}

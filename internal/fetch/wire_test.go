package fetch

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestDecodePage(t *testing.T) {
	tests := []struct{ name, result, want string }{
		{"numbers", `{"has_more":true,"start_offset":0,"end_offset":114360,"log":"a","location":"jenkins"}`, ""},
		{"strings", `{"has_more":"false","start_offset":"0","end_offset":"114360","log":""}`, ""},
		{"beyond int32", `{"has_more":false,"start_offset":"3000000000","end_offset":9000000000000000000,"log":"a"}`, ""},
		{"null log", `{"has_more":false,"start_offset":5,"end_offset":5,"log":null}`, ""},
		{"no log", `{"has_more":false,"start_offset":5,"end_offset":5}`, `no "log"`},
		{"log is an object", `{"has_more":false,"start_offset":5,"end_offset":5,"log":{}}`, "not a string"},
		{"no has_more", `{"start_offset":5,"end_offset":5,"log":""}`, `no "has_more"`},
		{"null has_more", `{"has_more":null,"start_offset":5,"end_offset":5,"log":""}`, `no "has_more"`},
		{"has_more is a word", `{"has_more":"perhaps","start_offset":5,"end_offset":5,"log":""}`, "true or false"},
		{"no start", `{"has_more":false,"end_offset":5,"log":"a"}`, "offset"},
		{"null end", `{"has_more":false,"start_offset":5,"end_offset":null,"log":"a"}`, "offset"},
		{"empty end", `{"has_more":false,"start_offset":5,"end_offset":"","log":"a"}`, "offset"},
		{"nothing in null offsets", `{"has_more":false,"start_offset":null,"end_offset":null,"log":null}`, ""},
		{"nothing without offsets", `{"has_more":true,"log":""}`, ""},
		{"negative", `{"has_more":false,"start_offset":-1,"end_offset":5,"log":""}`, "below 0"},
		{"beyond int64", `{"has_more":false,"start_offset":0,"end_offset":9300000000000000000,"log":""}`, "64 bits"},
		{"a fraction", `{"has_more":false,"start_offset":0.5,"end_offset":5,"log":""}`, "64 bits"},
		{"offset is a list", `{"has_more":false,"start_offset":[],"end_offset":5,"log":""}`, "a list"},
		{"no object", `[]`, "cannot unmarshal"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := decodePage([]byte(tt.result))
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestDecodePageKeepsTheLogsBytes(t *testing.T) {
	log := `"a\u00e9\n\\n\ud83d` + "\xff" + `"`
	page, err := decodePage([]byte(`{"has_more":true,"start_offset":"7","end_offset":3000000000,"log":` + log + `,"location":"jenkins"}`))
	if err != nil {
		t.Fatal(err)
	}
	if string(page.Log) != log || !page.HasMore || page.Start != 7 || page.End != 3000000000 || page.Location != "jenkins" {
		t.Errorf("page = %+v, log %q", page, page.Log)
	}
}

func TestOpenEnvelope(t *testing.T) {
	tests := []struct {
		name, body string
		result     string
		refused    bool
		broken     bool
	}{
		{"success", `{"result":{"a":1},"error":null,"status":"success"}`, `{"a":1}`, false, false},
		{"success without words", `{"result":{"a":1}}`, `{"a":1}`, false, false},
		{"fail with a string", `{"result":null,"error":"no","status":"fail"}`, "", true, false},
		{"fail with a result", `{"result":{"a":1},"error":null,"status":"fail"}`, "", true, false},
		{"failed with an object", `{"error":{"code":"CB.1","message":"m"},"status":"failed"}`, "", true, false},
		{"an error alone", `{"error":"no"}`, "", true, false},
		{"the gateway's", `{"error_code":"APIGW.0308","error_msg":"m"}`, "", true, false},
		{"an unknown word", `{"result":{"a":1},"status":"maybe"}`, "", true, false},
		{"nothing", `{"status":"success"}`, "", false, true},
		{"null", `null`, "", false, true},
		{"cut off", `{"result":{"a":1},"status":"succ`, "", false, true},
		{"two values", `{"result":{"a":1}}{}`, "", false, true},
		{"empty", ``, "", false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			result, refused, err := openEnvelope([]byte(tt.body))
			if string(result) != tt.result || refused != tt.refused || (err != nil) != tt.broken {
				t.Errorf("= %q, %v, %v", result, refused, err)
			}
		})
	}
}

func TestDecodeStages(t *testing.T) {
	const want = "initial stage1 stage2 final"
	for name, result := range map[string]string{
		"a map": `{"build_stages":{
			"z":{"id":"z","display_name":"initial","sequence":0,"status":"SUCCESS","status_code":5},
			"b":{"id":"b","display_name":"stage2","sequence":"2","start_time":"2024-08-12T02:31:01+0800","duration":100068,"node_id":17},
			"a":{"id":"a","display_name":"stage1","sequence":1,"duration":"soon","start_time":null},
			"c":{"id":"c","display_name":"final","sequence":30}}}`,
		"a list": `{"build_stages":[{"display_name":"final","sequence":30},{"display_name":"initial"},
			{"display_name":"stage1","sequence":1},{"display_name":"stage2","sequence":2}]}`,
	} {
		stages, err := decodeStages([]byte(result))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, s := range stages {
			names = append(names, s.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		if s := stages[2]; name == "a map" && (s.Start == nil || s.Start.Hour() != 18 || s.DurationMS == nil || *s.DurationMS != 100068 || s.NodeID != "17") {
			t.Errorf("stage2 = %+v", s)
		}
		if s := stages[1]; s.Start != nil || s.DurationMS != nil {
			t.Errorf("stage1 = %+v", s)
		}
	}
	if _, err := decodeStages([]byte(`{}`)); err == nil {
		t.Error("no build_stages: no error")
	}
}

func TestDecodeTheRest(t *testing.T) {
	info, err := decodeBuildInfo([]byte(`{"building":"false","build_result":"FAILURE","region":"cn-north-4"}`))
	if err != nil || info != (BuildInfo{Result: "FAILURE", Region: "cn-north-4"}) {
		t.Errorf("build-info = %+v, %v", info, err)
	}
	if _, err := decodeBuildInfo([]byte(`{"build_result":"SUCCESS"}`)); err == nil {
		t.Error("build-info that doesn't say whether it is building passes")
	}
	status, err := decodeRunningStatus([]byte(`{"last_build_no":"9","last_build_status":"Finished","is_running":false,"last_job_id":"x"}`))
	if err != nil || status != (RunningStatus{LastBuildNo: 9, LastStatus: "Finished", LastJobID: "x"}) {
		t.Errorf("running-status = %+v, %v", status, err)
	}
	for _, no := range []string{`-1`, `"2147483648"`, `"nine"`} {
		if _, err := decodeRunningStatus([]byte(`{"last_build_no":` + no + `}`)); err == nil {
			t.Errorf("running-status: build number %s passes", no)
		}
	}
	record, err := decodeRecordInfo([]byte(`{"id":12,"build_record_id":"r","build_no":7,"branch":"main","commit":null,
		"start_time":"2022-10-11T08:28:42.000+00:00","finish_time":"never","duration":-1}`))
	if err != nil || record.ID != "12" || record.BuildNo != "7" || record.Commit != "" || record.StartTime == nil || record.FinishTime != nil || record.DurationMS != nil {
		t.Errorf("record-info = %+v, %v", record, err)
	}
}

func FuzzDecodePage(f *testing.F) {
	f.Add([]byte(`{"result":{"has_more":true,"start_offset":"0","end_offset":114360,"log":"[2023/12/21] a\\n","location":"jenkins"},"error":null,"status":"success"}`))
	f.Add([]byte(`{"result":{"has_more":false,"start_offset":-1,"end_offset":null,"log":null},"status":"fail"}`))
	f.Add([]byte(`{"error_code":"CB.00060201","error_msg":"m"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		result, refused, err := openEnvelope(body)
		if refused || err != nil {
			return
		}
		page, err := decodePage(result)
		if err != nil {
			return
		}
		if page.Start < 0 || page.End < 0 {
			t.Errorf("offsets %d to %d", page.Start, page.End)
		}
		var text string
		if err := json.Unmarshal(page.Log, &text); err != nil {
			t.Errorf("log %q: %v", page.Log, err)
		}
		if !bytes.Contains(body, page.Log) && string(page.Log) != `""` {
			t.Errorf("log %q isn't what was sent", page.Log)
		}
	})
}

package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/loggate/loggate/internal/build"
)

// maxBaseline bounds a baseline's size in bytes; findings are bounded per
// build, so a report of 1,000 builds is smaller.
const maxBaseline = 256 << 20

func (r *reader) baseline(v value) {
	r.config.BaselinePath = v.text
	data, err := readBounded(r.file(v.text), maxBaseline)
	if err != nil {
		r.wrong(v, "can't be read: "+reason(err), "give the path of a good run's report.json, or leave it out")
		return
	}
	var report build.Report
	if err := json.Unmarshal(data, &report); err != nil {
		r.wrong(v, "is not JSON of a report: "+build.Printable(err.Error(), 200), "give the report.json that an earlier run has written")
		return
	}
	if report.Schema != build.Schema {
		r.wrong(v, "has the schema "+quote(report.Schema)+" and not "+build.Schema, "give the report.json that this version of loggate has written")
		return
	}
	if slices.Contains(report.Builds, nil) {
		r.wrong(v, "has a build that is null", "give the report.json as loggate has written it")
		return
	}
	r.config.Baseline = &report
}

// readBounded reads a file of at most limit bytes.
func readBounded(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(data)) > limit {
		return nil, fmt.Errorf("it is larger than %d bytes", limit)
	}
	return data, err
}

// reason is why a file can't be read, without its path, which the error's
// line names already.
func reason(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}

package simulator

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// beside is what NAME.json may say about NAME.log.
type beside struct {
	JobID        string `json:"job_id"`
	BuildNo      int    `json:"build_no"`
	Result       string `json:"result"`
	Took         string `json:"took"`
	RunningFor   string `json:"running_for"`
	VisibleAfter string `json:"visible_after"`
	Forbidden    bool   `json:"forbidden"`
	Hang         bool   `json:"hang"`
}

// tailSize is how much of a log's end is looked at for its result.
const tailSize = 4 << 10

// maxBeside bounds a NAME.json.
const maxBeside = 64 << 10

// LoadDir makes a build of each file NAME.log in a directory, in the order of
// their names. Its name is NAME, its job id is made of NAME and is always the
// same, its number is 1, and its result is read from the log's last lines:
// "Finished: WORD", or FAILURE where the last step failed, else SUCCESS.
//
// A file NAME.json beside it can say otherwise:
//
//	{"job_id": "32 letters and digits", "build_no": 7, "result": "ABORTED", "took": "90s",
//	 "running_for": "5s", "visible_after": "2s", "forbidden": false, "hang": false}
//
// where took is how long an ended build has run, running_for lets the build run
// and its log grow for so long, and visible_after hides it at first. Other keys
// are errors, and so is a directory without logs. Errors name the file.
func LoadDir(dir string) ([]Build, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("simulator: logs: %w", err)
	}
	var builds []Build
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) != ".log" {
			continue
		}
		b, err := load(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("simulator: logs: %s: %w", entry.Name(), err)
		}
		builds = append(builds, b)
	}
	if len(builds) == 0 {
		return nil, fmt.Errorf("simulator: logs: %s has no files NAME.log", dir)
	}
	return builds, nil
}

// load makes the build of one file.
func load(path string) (Build, error) {
	name := strings.TrimSuffix(filepath.Base(path), ".log")
	log, err := File(path)
	if err != nil {
		return Build{}, err
	}
	b := Build{Name: inputName(name), JobID: JobID(name), Number: 1, Log: log}
	if b.Result, err = resultOf(log); err != nil {
		return Build{}, err
	}
	data, err := readSmall(strings.TrimSuffix(path, ".log") + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err != nil {
		return Build{}, err
	}
	if err := b.override(data); err != nil {
		return Build{}, fmt.Errorf("%s.json: %w", name, err)
	}
	return b, b.check()
}

// readSmall reads a file that must not be large.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBeside+1))
	if err == nil && len(data) > maxBeside {
		err = fmt.Errorf("%s is larger than %d bytes", path, maxBeside)
	}
	return data, err
}

// override applies a NAME.json.
func (b *Build) override(data []byte) error {
	var said beside
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&said); err != nil {
		return err
	}
	if said.JobID != "" {
		b.JobID = said.JobID
	}
	if said.BuildNo != 0 {
		b.Number = said.BuildNo
	}
	if said.Result != "" {
		b.Result = said.Result
	}
	b.Forbidden, b.Hang = said.Forbidden, said.Hang
	if said.Took != "" {
		d, err := time.ParseDuration(said.Took)
		if err != nil || d < 0 {
			return fmt.Errorf("took %q is not a duration such as 90s", said.Took)
		}
		b.Took = d
	}
	if said.RunningFor != "" {
		d, err := time.ParseDuration(said.RunningFor)
		if err != nil || d <= 0 {
			return fmt.Errorf("running_for %q is not a duration above 0, such as 5s", said.RunningFor)
		}
		b.Grow = &Growth{Duration: d}
	}
	if said.VisibleAfter != "" {
		d, err := time.ParseDuration(said.VisibleAfter)
		if err != nil || d < 0 {
			return fmt.Errorf("visible_after %q is not a duration such as 2s", said.VisibleAfter)
		}
		b.VisibleAfter = d
	}
	return nil
}

// JobID makes a job id of a name: the same for the same name.
func JobID(name string) string {
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("%x", sum[:16])
}

var (
	finishedLine = regexp.MustCompile(`(?m)Finished: ([A-Z_]+)\r?$`)
	failedStep   = regexp.MustCompile(`该步骤执行失败|\bexit code: [1-9]`)
)

// resultOf reads a result from a log's last lines.
func resultOf(log Source) (string, error) {
	tail, err := readRange(log, max(0, log.Size()-tailSize), log.Size())
	if err != nil {
		return "", err
	}
	if all := finishedLine.FindAllSubmatch(tail, -1); len(all) > 0 {
		return string(all[len(all)-1][1]), nil
	}
	lines := bytes.Split(bytes.TrimSpace(tail), []byte("\n"))
	if failedStep.Match(lines[len(lines)-1]) {
		return "FAILURE", nil
	}
	return "SUCCESS", nil
}

// inputName makes a name that the input `builds` takes: no "=", comma, "#" or
// control characters, and at most 100 characters.
func inputName(name string) string {
	runes := []rune(strings.Map(func(r rune) rune {
		if strings.ContainsRune("=,#@ ", r) || unicode.IsControl(r) {
			return '-'
		}
		return r
	}, strings.ToValidUTF8(name, "-")))
	return string(runes[:min(len(runes), 100)])
}

// BuildsInput writes builds in the syntax of the input `builds`, one a line:
// NAME=JOB_ID:BUILD_NO, or JOB_ID:BUILD_NO for a build without a name.
func BuildsInput(builds []Build) string {
	var out strings.Builder
	for _, b := range builds {
		if b.Name != "" {
			out.WriteString(b.Name + "=")
		}
		fmt.Fprintf(&out, "%s:%d\n", b.JobID, b.Number)
	}
	return out.String()
}

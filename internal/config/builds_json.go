package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/loggate/loggate/internal/build"
)

// parseJSONBuilds takes [{"name", "job_id", "build_no"}] apart.
func parseJSONBuilds(text string) ([]entry, []entryError) {
	decoder := json.NewDecoder(strings.NewReader(text))
	var items []json.RawMessage
	err := decoder.Decode(&items)
	if err == nil {
		if _, more := decoder.Token(); more != io.EOF {
			err = fmt.Errorf("there is more after the array")
		}
	}
	if err != nil {
		return nil, []entryError{{problem: "is not a JSON array: " + build.Printable(err.Error(), 200),
			mend: `write [{"name": "api", "job_id": "…", "build_no": 7}], or one build per line`}}
	}
	var entries []entry
	var wrong []entryError
	for i, item := range items {
		e, problem := parseJSONEntry(item)
		e.where = fmt.Sprintf("item %d", i+1)
		e.text = string(item)
		if problem != nil {
			problem.where, problem.text = e.where, e.text
			wrong = append(wrong, *problem)
			continue
		}
		entries = append(entries, e)
	}
	return entries, wrong
}

// parseJSONEntry takes one object apart; name may be missing or null.
func parseJSONEntry(item []byte) (entry, *entryError) {
	var e entry
	var object map[string]json.RawMessage
	if json.Unmarshal(item, &object) != nil || object == nil {
		return e, &entryError{problem: "is not an object", mend: `write {"job_id": "…", "build_no": 7}`}
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		raw := object[key]
		var ok bool
		switch key {
		case "name":
			e.named = !bytes.Equal(raw, []byte("null"))
			e.name, ok = jsonText(raw)
			e.name, ok = strings.TrimSpace(e.name), ok || !e.named
		case "job_id":
			e.jobID, ok = jsonText(raw)
		case "build_no":
			e.number, ok = jsonText(raw)
			if !ok && wholeNumber.Match(raw) {
				e.number, ok = string(raw), true
			}
		default:
			known := []string{"name", "job_id", "build_no"}
			return e, &entryError{problem: "has the unknown key " + quote(key), mend: "the nearest known one is " + Nearest(key, known)}
		}
		if !ok {
			return e, &entryError{problem: "has a wrong " + key, mend: `name and job_id are strings, build_no is a number or "latest"`}
		}
	}
	return e, nil
}

// jsonText is the text of a JSON string.
func jsonText(raw []byte) (string, bool) {
	var text *string
	if json.Unmarshal(raw, &text) != nil || text == nil {
		return "", false
	}
	return *text, true
}

// buildNumber reads a build number in its decimal form.
func buildNumber(text string) (int, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || n > maxBuildNumber || text[0] < '0' || text[0] > '9' {
		return 0, false
	}
	return int(n), true
}

package fetch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The service's documentation and its examples disagree on which fields are
// strings and which are numbers, so each is read in either form.

// text is a JSON string, or a number or boolean as it is written; "" for null.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(raw []byte) error {
	switch {
	case isNull(raw):
		*t = ""
	case raw[0] == '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		*t = text(s)
	case raw[0] == '{' || raw[0] == '[':
		return fmt.Errorf("want a string, not %s", kindOf(raw))
	default:
		*t = text(raw)
	}
	return nil
}

// number is a whole number, written as one or as a string of digits. Set says
// whether there is one: it isn't for null, a missing key and an empty string.
type number struct {
	n   int64
	set bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *number) UnmarshalJSON(raw []byte) error {
	var t text
	if err := t.UnmarshalJSON(raw); err != nil {
		return fmt.Errorf("want a number, not %s", kindOf(raw))
	}
	s := strings.TrimSpace(string(t))
	if s == "" {
		*v = number{}
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return fmt.Errorf("want a number of 64 bits, not %.40q", s)
	}
	*v = number{n: n, set: true}
	return nil
}

// flag is true or false, also as a string. Set is false for null and a
// missing key.
type flag struct{ is, set bool }

// UnmarshalJSON implements json.Unmarshaler.
func (v *flag) UnmarshalJSON(raw []byte) error {
	var t text
	if err := t.UnmarshalJSON(raw); err != nil {
		return fmt.Errorf("want true or false, not %s", kindOf(raw))
	}
	switch strings.ToLower(string(t)) {
	case "":
		*v = flag{}
	case "true":
		*v = flag{is: true, set: true}
	case "false":
		*v = flag{set: true}
	default:
		return fmt.Errorf("want true or false, not %.40q", string(t))
	}
	return nil
}

// envelope is what the service wraps around every answer.
type envelope struct {
	Result json.RawMessage `json:"result"`
	Status text            `json:"status"`
	Error  json.RawMessage `json:"error"`
	Code   text            `json:"error_code"`
}

// refuses says whether the answer is a refusal, although its HTTP status was
// a good one: a status other than success, or an error in place of a result.
func (e *envelope) refuses() bool {
	if e.Status != "" && !strings.EqualFold(string(e.Status), "success") {
		return true
	}
	return isNull(e.Result) && (e.Code != "" || !isNull(e.Error))
}

var errNoResult = errors.New(`no "result" in it`)

// openEnvelope returns the result of an answer, or refused when it is a refusal.
func openEnvelope(body []byte) (result json.RawMessage, refused bool, err error) {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, false, err
	}
	if e.refuses() {
		return nil, true, nil
	}
	if isNull(e.Result) {
		return nil, false, errNoResult
	}
	return e.Result, false, nil
}

// isNull says whether a JSON value is missing or null.
func isNull(raw json.RawMessage) bool {
	return len(raw) == 0 || bytes.Equal(raw, []byte("null"))
}

// kindOf names the kind of a JSON value.
func kindOf(raw []byte) string {
	switch {
	case isNull(raw):
		return "null"
	case raw[0] == '{':
		return "an object"
	case raw[0] == '[':
		return "a list"
	case raw[0] == '"':
		return "a string"
	case raw[0] == 't' || raw[0] == 'f':
		return "true or false"
	default:
		return "a number"
	}
}

// millis is a duration in milliseconds; nil for whatever can't be one.
type millis struct{ ms *int64 }

// UnmarshalJSON implements json.Unmarshaler. It never fails: a build isn't
// unknown because its duration is.
func (v *millis) UnmarshalJSON(raw []byte) error {
	var n number
	if n.UnmarshalJSON(raw) == nil && n.set && n.n >= 0 {
		v.ms = &n.n
	}
	return nil
}

// time reads a text as a time, nil where it is none.
func (t text) time() *time.Time { return parseTime(string(t)) }

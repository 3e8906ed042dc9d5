package fetch

import (
	"bytes"
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"strings"

	"github.com/loggate/loggate/internal/build"
)

// failure is what the body of an error says, as it was sent: hostile text.
type failure struct {
	code, message string
	html          bool
}

// parseFailure reads the bodies of errors in all their known shapes: the
// service's, the gateway's and IAM's JSON, web pages of proxies, plain text.
func parseFailure(body []byte) failure {
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return failure{}
	case body[0] == '{':
		if f, ok := parseJSONFailure(body); ok {
			return f
		}
		if m := codeInJSON.FindSubmatch(body); m != nil { // it isn't whole
			return failure{code: string(m[1]), message: string(body)}
		}
	case body[0] == '<':
		return failure{message: pageText(string(body)), html: true}
	}
	return failure{message: string(body)}
}

// codeInJSON finds the service's code in JSON that can't be parsed.
var codeInJSON = regexp.MustCompile(`"(?:error_)?code"\s*:\s*"((?:CB|APIGW|APIG)\.[0-9]+)"`)

// parseJSONFailure reads {"error_code","error_msg"} and {"error":…}, where the
// error is a string or an object with a code and a message.
func parseJSONFailure(body []byte) (failure, bool) {
	var outer struct {
		ErrorCode text            `json:"error_code"`
		ErrorMsg  text            `json:"error_msg"`
		Code      text            `json:"code"`
		Message   text            `json:"message"`
		Error     json.RawMessage `json:"error"`
		Status    text            `json:"status"`
	}
	if err := json.Unmarshal(body, &outer); err != nil {
		return failure{}, false
	}
	f := failure{
		code:    firstOf(outer.ErrorCode, outer.Code),
		message: firstOf(outer.ErrorMsg, outer.Message),
	}
	inner := parseErrorField(outer.Error)
	f.code = firstOf(text(f.code), text(inner.code))
	f.message = firstOf(text(f.message), text(inner.message))
	return f, f != failure{} || outer.Status != ""
}

// parseErrorField reads the field "error".
func parseErrorField(raw json.RawMessage) failure {
	if isNull(raw) {
		return failure{}
	}
	var object struct {
		Code      text `json:"code"`
		ErrorCode text `json:"error_code"`
		Message   text `json:"message"`
		ErrorMsg  text `json:"error_msg"`
		Title     text `json:"title"`
	}
	if json.Unmarshal(raw, &object) == nil {
		return failure{
			code:    firstOf(object.Code, object.ErrorCode),
			message: firstOf(object.Message, object.ErrorMsg, object.Title),
		}
	}
	var plain string
	if json.Unmarshal(raw, &plain) == nil {
		if m := codedRE.FindStringSubmatch(plain); m != nil {
			return failure{code: m[1], message: m[2]}
		}
		return failure{message: plain}
	}
	return failure{message: string(raw)}
}

// codedRE is a message that begins with its code.
var codedRE = regexp.MustCompile(`(?s)^\s*((?:CB|APIGW|APIG)\.[0-9]+)\b[\s:,]*(.*)$`)

func firstOf(texts ...text) string {
	for _, t := range texts {
		if t != "" {
			return string(t)
		}
	}
	return ""
}

var (
	titleRE  = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title`)
	hiddenRE = regexp.MustCompile(`(?is)<(script|style|head)\b.*?</(script|style|head)\s*>|<!--.*?-->`)
	tagRE    = regexp.MustCompile(`(?s)<[^>]*>?`)
)

// pageText is a web page's title, or else its text.
func pageText(page string) string {
	if m := titleRE.FindStringSubmatch(page); m != nil && strings.TrimSpace(m[1]) != "" {
		page = m[1]
	} else {
		page = hiddenRE.ReplaceAllString(page, " ")
	}
	return html.UnescapeString(tagRE.ReplaceAllString(page, " "))
}

const (
	maxMessage = 300 // characters of a service's message
	maxCode    = 40
)

// codeRE is how codes look; anything else in their place is no code.
var codeRE = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]*$`)

// refusal is the service's answer as an error.
func (c *Client) refusal(resp *http.Response, cl *call, body []byte) *APIError {
	f := parseFailure(body)
	e := &APIError{
		Op: cl.op, Build: cl.build, Offset: cl.offset, elsewhere: cl.plain,
		HTTPStatus: resp.StatusCode,
		Message:    c.redact.line(f.message),
		RetryAfter: retryAfter(resp.Header),
	}
	if len(f.code) <= maxCode && codeRE.MatchString(f.code) {
		e.Code = c.redact.line(f.code)
	}
	if e.Message == "" && resp.StatusCode < 300 {
		e.Message = "refused without a reason"
	}
	if e.Message == "" {
		e.Message = strings.ToLower(http.StatusText(resp.StatusCode))
	}
	e.Advice = c.advice(e, resp.Header, f.html)
	return e
}

// oneLine is a foreign text as one harmless line.
func oneLine(s string) string {
	return build.Printable(strings.Join(strings.Fields(s), " "), maxMessage)
}

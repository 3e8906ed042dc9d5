package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/loggate/loggate/internal/build"
)

// The error codes. Those for a build that is missing or refused are not
// documented: they are of the service's family and mean nothing by themselves.
const (
	codeParameter  = "CB.00060200"
	codeJobID      = "CB.00060201"
	codeNoURL      = "CB.00060214"
	codeTooMany    = "CB.00060211"
	codeBusy       = "CB.00060100"
	codeInternal   = "CB.00060101"
	codeMissing    = "CB.00060202"
	codeForbidden  = "CB.00060203"
	codeAuth       = "APIGW.0301"
	codeThrottling = "APIGW.0308"
)

// answer is a response before faults are applied to it.
type answer struct {
	status int
	header http.Header
	size   int64 // of the body in bytes, -1 when only writing it tells
	write  func(io.Writer) error
	hang   bool // no answer until the client leaves
}

// body makes an answer of bytes that are already there.
func body(status int, contentType string, data []byte) answer {
	return answer{
		status: status,
		header: http.Header{"Content-Type": {contentType}},
		size:   int64(len(data)),
		write:  func(w io.Writer) error { _, err := io.Copy(w, bytes.NewReader(data)); return err },
	}
}

// jsonBody makes an answer of a value, which must be encodable.
func jsonBody(status int, value any) answer {
	data, err := json.Marshal(value)
	if err != nil {
		return body(http.StatusInternalServerError, "text/plain", []byte("simulator: encode answer: "+err.Error()))
	}
	return body(status, "application/json;charset=UTF-8", data)
}

// envelope is the form of every successful answer of the service.
type envelope struct {
	Result any    `json:"result"`
	Error  any    `json:"error"`
	Status string `json:"status"`
}

// success wraps a result.
func success(result any) answer {
	return jsonBody(http.StatusOK, envelope{Result: result, Status: "success"})
}

// flatError is the gateway's form of an error, and one of the service's.
type flatError struct {
	Code    string `json:"error_code"`
	Message string `json:"error_msg"`
}

// nestedError is the service's other form.
type nestedError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// gatewayError is a refusal of the API gateway in front of the service.
func gatewayError(status int, code, message string) answer {
	return jsonBody(status, flatError{Code: code, Message: message})
}

// serviceError is a refusal of the service, in the form that is switched on.
func (s *Server) serviceError(status int, code, message string) answer {
	switch s.opt.Readings.Errors {
	case "nested":
		return jsonBody(status, map[string]any{"error": nestedError{code, message}, "status": "failed"})
	case "fail-string":
		return jsonBody(http.StatusOK, envelope{Error: code + " " + message, Status: "fail"})
	case "fail-object":
		return jsonBody(http.StatusOK, envelope{Error: nestedError{code, message}, Status: "fail"})
	default:
		return gatewayError(status, code, message)
	}
}

// invalid is the answer to a parameter that is wrong.
func (s *Server) invalid(why string) answer {
	return s.serviceError(http.StatusBadRequest, codeParameter, "Invalid parameter: "+why+".")
}

// missing is the answer for a build that does not exist, or not yet.
func (s *Server) missing() answer {
	status := http.StatusNotFound
	if s.opt.Readings.Missing == "400" {
		status = http.StatusBadRequest
	}
	return s.serviceError(status, codeMissing, "The build record does not exist.")
}

// refused is the answer of an endpoint that a build keeps from its callers.
func (s *Server) refused(status int) answer {
	switch status {
	case http.StatusForbidden:
		return s.serviceError(status, codeForbidden, "You have no permission to perform this operation.")
	case http.StatusNotFound:
		return s.missing()
	case http.StatusBadRequest:
		return s.invalid("refused by this build")
	default:
		return s.serviceError(status, codeInternal, "Internal error.")
	}
}

// throttled is the gateway's answer to a client that asks too often. It sends
// no Retry-After, since the gateway is not known to.
func throttled() answer {
	return gatewayError(http.StatusTooManyRequests, codeThrottling, "The throttling threshold has been reached.")
}

// throttledFor is throttled with a Retry-After of whole seconds.
func throttledFor(seconds int) answer {
	a := throttled()
	a.header.Set("Retry-After", strconv.Itoa(seconds))
	return a
}

// badGateway is the page of a proxy that has lost the service.
func badGateway() answer {
	const page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n" +
		"<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
	return body(http.StatusBadGateway, "text/html", []byte(page))
}

// printable quotes what a client sent, so that an answer carries no control characters.
func printable(s string) string { return fmt.Sprintf("%q", build.Printable(s, 80)) }

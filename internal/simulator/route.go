package simulator

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Endpoint names a call by the last word of its path.
type Endpoint string

// The endpoints.
const (
	RealTimeLog   Endpoint = "real-time-log"
	BuildInfo     Endpoint = "build-info"
	RunningStatus Endpoint = "running-status"
	RecordInfo    Endpoint = "record-info"
	FullStages    Endpoint = "full-stages"
	DownloadLog   Endpoint = "download-log"
	IDToken       Endpoint = "id-token" // IAM's POST /v3.0/OS-AUTH/id-token/tokens
)

// Endpoints lists every endpoint.
func Endpoints() []Endpoint {
	return []Endpoint{RealTimeLog, BuildInfo, RunningStatus, RecordInfo, FullStages, DownloadLog, IDToken}
}

// route is one endpoint: how it is called and who answers.
type route struct {
	name   Endpoint
	method string
	path   string   // with {names} for the parts that vary
	query  []string // the keys it knows; any other is refused
	answer func(*call) answer
}

// endpoints is the list of all that is served.
func (s *Server) endpoints() []route {
	return []route{
		{RealTimeLog, "GET", "/v1/log/{job}/{no}/real-time-log", []string{"start_offset", "end_offset", "sort", "size"}, s.realTimeLog},
		{BuildInfo, "GET", "/v1/job/{job}/{no}/build-info", nil, s.buildInfo},
		{RunningStatus, "GET", "/v1/job/{job}/running-status", nil, s.runningStatus},
		{RecordInfo, "GET", "/v1/record/{job}/{no}/record-info", nil, s.recordInfo},
		{FullStages, "GET", "/v1/record/{record}/full-stages", []string{"cascade"}, s.fullStages},
		{DownloadLog, "GET", "/v1/log/{record}/download-log", []string{"log_level", "compress"}, s.downloadLog},
		{IDToken, "POST", "/v3.0/OS-AUTH/id-token/tokens", nil, s.exchange},
	}
}

// call is one request, taken apart.
type call struct {
	*http.Request
	route *route // nil: no such URL
	vars  map[string]string
	query url.Values
	body  []byte
	bad   string // why the request can't be read, "" when it can
	build *served
}

// endpoint is the name of the call's endpoint, "" when there is none.
func (c *call) endpoint() Endpoint {
	if c.route == nil {
		return ""
	}
	return c.route.name
}

// read takes a request apart and finds its route and, where it names a known
// one, its build.
func (s *Server) read(r *http.Request) *call {
	c := &call{Request: r}
	for i := range s.routes {
		if vars, ok := match(s.routes[i].path, r.URL.Path); ok && r.Method == s.routes[i].method {
			c.route, c.vars = &s.routes[i], vars
		}
	}
	c.build = s.find(c.vars)
	var err error
	if c.query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		c.bad = "the query string can't be decoded"
	}
	if c.body, err = io.ReadAll(io.LimitReader(r.Body, maxRequestBody+1)); err != nil || len(c.body) > maxRequestBody {
		c.bad = "the body can't be read or is too long"
	}
	return c
}

// match compares a path with a pattern and returns what its {names} stand for.
func match(pattern, path string) (map[string]string, bool) {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return nil, false
	}
	vars := map[string]string{}
	for i, part := range want {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			vars[strings.TrimSuffix(name, "}")] = have[i]
		} else if part != have[i] {
			return nil, false
		}
	}
	return vars, true
}

// answer decides what a call gets once no fault stands in its way: the gateway
// looks at who calls and how often, the service at the rest.
func (s *Server) answer(c *call) answer {
	if c.endpoint() != IDToken {
		if refusal := s.authority.check(c, s.now()); refusal != "" {
			return gatewayError(http.StatusUnauthorized, codeAuth, "Incorrect IAM authentication information: "+refusal)
		}
		if !s.limits.allow(c.endpoint(), s.now()) {
			s.stats.throttled(c.endpoint())
			return throttled()
		}
	}
	switch {
	case c.route == nil:
		return s.serviceError(http.StatusNotFound, codeNoURL, "The requested URL does not exist.")
	case c.bad != "":
		return s.invalid(c.bad)
	}
	for key, values := range c.query {
		if !slices.Contains(c.route.query, key) {
			return s.invalid("there is no parameter of the name " + printable(key))
		}
		if len(values) != 1 {
			return s.invalid("the parameter " + key + " is given twice")
		}
	}
	return c.route.answer(c)
}

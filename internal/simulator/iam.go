package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// exchangeRequest is the body of IAM's id-token call.
type exchangeRequest struct {
	Auth struct {
		IDToken struct {
			ID string `json:"id"`
		} `json:"id_token"`
		Scope struct {
			Project *scope `json:"project"`
			Domain  *scope `json:"domain"`
		} `json:"scope"`
	} `json:"auth"`
}

// scope names a project or a domain, by id or by name.
type scope struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// exchange answers IAM's POST /v3.0/OS-AUTH/id-token/tokens: an ID token of a
// trusted provider in, a token in the header X-Subject-Token out. Without a
// project as scope the token is one that the service doesn't let in.
func (s *Server) exchange(c *call) answer {
	if kind := c.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		return iamError(http.StatusBadRequest, "the content type must be application/json")
	}
	var request exchangeRequest
	if err := json.Unmarshal(c.body, &request); err != nil {
		return iamError(http.StatusBadRequest, "the request body is invalid")
	}
	oidc, project := s.authority.oidc, request.Auth.Scope.Project
	switch {
	case request.Auth.IDToken.ID == "":
		return iamError(http.StatusBadRequest, "auth.id_token.id is missing")
	case oidc == nil || c.Header.Get("X-Idp-Id") != oidc.Provider:
		return iamError(http.StatusNotFound, "could not find the identity provider")
	case !anyEqual(oidc.IDTokens, request.Auth.IDToken.ID):
		return iamError(http.StatusUnauthorized, "the ID token is invalid")
	case project != nil && request.Auth.Scope.Domain != nil:
		return iamError(http.StatusBadRequest, "the scope is both a project and a domain")
	case project != nil && project.ID == "" && project.Name == "":
		return iamError(http.StatusBadRequest, "the project has no id and no name")
	case project != nil && oidc.Project != "" && project.ID != oidc.Project && project.Name != oidc.Project:
		return iamError(http.StatusUnauthorized, "no such project, or no access to it")
	}
	token, expires := s.authority.issue(s.now(), project != nil)
	const form = "2006-01-02T15:04:05.000000Z"
	a := jsonBody(http.StatusCreated, map[string]any{"token": map[string]any{
		"methods":    []string{"mapped"},
		"issued_at":  expires.Add(-tokenLife).UTC().Format(form),
		"expires_at": expires.UTC().Format(form),
		"user":       map[string]any{"id": zeros, "name": "simulated"},
	}})
	a.header.Set("X-Subject-Token", token)
	a.header.Set("X-Iam-Trace-Id", fmt.Sprintf("token_%s_null_%032x", s.opt.Region, mix(uint64(expires.UnixNano()/int64(time.Microsecond)))))
	return a
}

// iamError has the form of IAM's errors, whose code is a number.
func iamError(status int, message string) answer {
	return jsonBody(status, map[string]any{"error": map[string]any{
		"code": status, "message": message, "title": http.StatusText(status),
	}})
}

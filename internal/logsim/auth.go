package logsim

import (
	"net/http"
	"strings"
)

// authenticate returns the project whose key or session cookie a request carries, or nil.
func (s *Server) authenticate(h http.Header) (p *project, problem string) {
	if keys := h["X-Api-Key"]; len(keys) > 0 {
		if h["X-User-Api-Key"] != nil || h["X-Org-Api-Key"] != nil {
			return nil, "Multiple authentication modes were provided. Provide exactly one authentication mode per request."
		}
		if p = s.byKey[keys[0]]; p == nil || len(keys) > 1 {
			return nil, "Invalid API key"
		}
		return p, ""
	}
	for _, line := range h["Cookie"] {
		for cookie := range strings.SplitSeq(line, ";") {
			if p = s.byCookie[strings.TrimSpace(cookie)]; p != nil {
				return p, ""
			}
		}
	}
	return nil, "No authentication provided. Send a project API key in x-api-key."
}

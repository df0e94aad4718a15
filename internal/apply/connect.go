package apply

import (
	"net/http"

	"logferry/extract"
	"logferry/internal/config"
)

// Connect makes a client of one project for single look-ups. The caller closes it.
func Connect(p *config.Pipeline, project config.Project, version string) (*extract.Client, error) {
	return newClient(p, project, version, newGovernor(p), nil)
}

// newGovernor makes the governor that all clients of the organisation share.
func newGovernor(p *config.Pipeline) *extract.Governor {
	return extract.NewGovernor(extract.GovernorOptions{
		Headroom: p.Extract.Rate.Headroom,
		Limit:    int(p.Extract.Rate.Limit),
	})
}

// newClient makes a client of one project. A nil transport is one of the client's own.
func newClient(p *config.Pipeline, project config.Project, version string, g *extract.Governor, t http.RoundTripper) (*extract.Client, error) {
	o := extract.ClientOptions{
		BaseURL:     p.Source.BaseURL,
		Version:     version,
		Transport:   t,
		Governor:    g,
		Timeout:     p.Extract.Timeout,
		GiveUpAfter: p.Extract.GiveUpAfter,
	}
	switch project.Credential.Method {
	case config.SessionCookie:
		o.SessionCookie = project.Credential.Secret.Reveal()
	default:
		o.APIKey = project.Credential.Secret.Reveal()
	}
	return extract.NewClient(o)
}

func filters(in []config.Filter) []extract.Filter {
	out := make([]extract.Filter, len(in))
	for i, f := range in {
		out[i] = extract.Filter{Field: f.Field, Operator: f.Operator, Value: f.Value}
	}
	return out
}

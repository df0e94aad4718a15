package apply

import (
	"net/http"

	"logferry/extract"
	"logferry/internal/config"
)

// Connect makes a client of one project for single look-ups. The caller closes it.
func Connect(p *config.Pipeline, project config.Project, version string) (*extract.Client, error) {
	return newClient(p, project, version, clientParts{governor: newGovernor(p)})
}

// newGovernor makes the governor that all clients of the organisation share.
func newGovernor(p *config.Pipeline) *extract.Governor {
	return extract.NewGovernor(extract.GovernorOptions{
		Headroom: p.Extract.Rate.Headroom,
		Limit:    int(p.Extract.Rate.Limit),
	})
}

// clientParts is what the clients of one organisation share.
type clientParts struct {
	governor  *extract.Governor
	transport http.RoundTripper // nil is one of the client's own
	progress  *extract.Progress // may be nil
}

// newClient makes a client of one project.
func newClient(p *config.Pipeline, project config.Project, version string, parts clientParts) (*extract.Client, error) {
	o := extract.ClientOptions{
		BaseURL:     p.Source.BaseURL,
		Version:     version,
		Transport:   parts.transport,
		Governor:    parts.governor,
		Progress:    parts.progress,
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

package apply

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"logferry/extract"
	"logferry/internal/config"
)

// Connect makes a client of one project for single look-ups. The caller closes it. retrying may be nil; see Events.
func Connect(p *config.Pipeline, project config.Project, version string, retrying func(err error, pause time.Duration)) (*extract.Client, error) {
	return newClient(p, project, version, clientParts{governor: newGovernor(p), retrying: retrying})
}

// newGovernor makes the governor that all clients of the organisation share.
func newGovernor(p *config.Pipeline) *extract.Governor {
	return extract.NewGovernor(extract.GovernorOptions{
		Headroom: p.Extract.Rate.Headroom,
		Limit:    int(p.Extract.Rate.Limit),
		Lists:    int(p.Extract.Windows), // auto is 0
		Details:  int(p.Extract.DetailsInFlight),
	})
}

// warnOfAssumedLimit says so where the answers did not tell what remains of the limit.
func (s *Session) warnOfAssumedLimit(requests int64) {
	const few = 100 // requests, that any limit allows
	if s.governor.Snapshot().Assumed && requests > few {
		s.opts.Logger.Warn("the API does not say what remains of its rate limit: requests were paced by the documented one, of 2,000 a minute, or by refusals; extract.rate.limit sets another")
	}
}

// clientParts is what the clients of one organisation share.
type clientParts struct {
	governor  *extract.Governor
	transport http.RoundTripper                                   // nil is one of the client's own
	progress  *extract.Progress                                   // may be nil
	answered  func(op extract.Op, status int, took time.Duration) // may be nil
	retrying  func(err error, pause time.Duration)
}

// retryNotice is how long nothing is said of further retries: in an outage there are thousands.
const retryNotice = 5 * time.Second

// notices passes at most one retry in retryNotice on. Throttling is no news: the rate budget shows it.
func notices(retrying func(error, time.Duration)) func(extract.Op, error, time.Duration) {
	if retrying == nil {
		return nil
	}
	var mu sync.Mutex
	var last time.Time
	return func(_ extract.Op, err error, pause time.Duration) {
		var api *extract.APIError
		if errors.As(err, &api) && api.Status == http.StatusTooManyRequests {
			return
		}
		mu.Lock()
		due := time.Since(last) >= retryNotice
		if due {
			last = time.Now()
		}
		mu.Unlock()
		if due {
			retrying(err, pause)
		}
	}
}

// newClient makes a client of one project.
func newClient(p *config.Pipeline, project config.Project, version string, parts clientParts) (*extract.Client, error) {
	o := extract.ClientOptions{
		BaseURL:     p.Source.BaseURL,
		Version:     version,
		Transport:   parts.transport,
		Governor:    parts.governor,
		Progress:    parts.progress,
		OnRetry:     notices(parts.retrying),
		OnAnswer:    parts.answered,
		Timeout:     p.Extract.Timeout,
		GiveUpAfter: p.Extract.GiveUpAfter,
	}
	if by, err := newRedactor(p); err != nil {
		return nil, err
	} else if by != nil && o.Transport != nil { // one without is a look-up's, which shows records as they are
		o.Transport, o.Refusal = &quietTransport{o.Transport}, refusalsBy(by)
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

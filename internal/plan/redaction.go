package plan

import "logferry/internal/config"

// Redaction is what is taken out of every record before anything of it is written. It names no key.
type Redaction struct {
	Rules   []RedactionRule `json:"rules"`
	Secrets bool            `json:"secrets"` // well-known secrets are masked
}

// RedactionRule is one declared redaction.
type RedactionRule struct {
	Path   string              `json:"path"`
	Action config.RedactAction `json:"action"`
}

func redactionOf(p *config.Pipeline) Redaction {
	out := Redaction{Rules: []RedactionRule{}, Secrets: p.Transform.RedactSecrets}
	for _, r := range p.Transform.Redact {
		out.Rules = append(out.Rules, RedactionRule{r.Path, r.Action})
	}
	return out
}

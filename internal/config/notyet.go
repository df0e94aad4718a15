package config

// feature is a part of the vocabulary that is decoded and validated, and that no room carries out yet. A value that asks for it is
// refused at its key; one that asks for nothing is accepted. As long as it is here, its default is what asks for nothing.
type feature struct {
	key     string
	asked   func(*Pipeline) bool
	without func(*Pipeline) // sets what asks for nothing
	hint    string
}

// notYet is every such feature. The release that carries one out deletes its line.
var notYet = []feature{
	{
		"transform.redact", func(p *Pipeline) bool { return len(p.Transform.Redact) > 0 }, func(p *Pipeline) { p.Transform.Redact = nil },
		"remove it, or write []: values are exported as they are",
	},
	{
		"transform.redact_secrets", func(p *Pipeline) bool { return p.Transform.RedactSecrets }, func(p *Pipeline) { p.Transform.RedactSecrets = false },
		"remove it, or write false: values are exported as they are",
	},
}

// refuse reports every feature of the list that the file asks for, and takes back defaults that would.
func (d *decoder) refuse(features []feature, p *Pipeline) {
	for _, f := range features {
		o, written := d.origins[f.key]
		if written && f.asked(p) && !d.failed(f.key) {
			d.report(Error, position{o.Line, o.Column}, f.key, &problem{"not available in this release", f.hint})
		}
		f.without(p)
	}
}

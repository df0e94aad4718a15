package apply

import (
	"time"

	"logferry/internal/config"
	"logferry/internal/ddl"
	"logferry/sinks"
	"logferry/transform"
)

// Exports returns what a pipeline's sinks hold, in their order. Now is what a moving range is counted from. No credential is looked at.
func Exports(p *config.Pipeline, now time.Time) ([]ddl.Export, error) {
	flattener, err := transform.New(transformOptions(p))
	if err != nil {
		return nil, err
	}
	var projects []string
	if p.Source.NamesProjects() {
		for _, project := range p.Source.Projects {
			projects = append(projects, project.Name)
		}
	}
	var out []ddl.Export
	for _, s := range p.Sinks {
		e := ddl.Export{
			Pipeline: p.Name, Sink: s.Name, URL: s.URL, Format: sinks.Format(s.Format), Compression: string(s.Compression),
			Schema: flattener.Schema(), Partition: p.Range.Partition, Projects: projects,
			From: p.Range.From.At(now, p.Range.Settle), FromMoves: p.Range.From.IsRelative(),
		}
		if !p.Range.To.IsRelative() {
			e.To = p.Range.To.At(now, p.Range.Settle)
		}
		out = append(out, e)
	}
	return out, nil
}

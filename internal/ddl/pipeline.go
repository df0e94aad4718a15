package ddl

import (
	"time"

	"logferry/internal/config"
	"logferry/internal/table"
	"logferry/sinks"
	"logferry/transform"
)

// Exports returns what a pipeline's sinks hold, in their order. Now is what a moving range is counted from. No credential is looked at.
func Exports(p *config.Pipeline, now time.Time) ([]Export, error) {
	options := transform.Options{Raw: p.Transform.Raw, Project: p.Source.NamesProjects()}
	for _, c := range p.Transform.Columns {
		options.Columns = append(options.Columns, transform.Column{Name: c.Name, Path: c.Path, Type: columnKinds[c.Type]})
	}
	flattener, err := transform.New(options)
	if err != nil {
		return nil, err
	}
	var projects []string
	if p.Source.NamesProjects() {
		for _, project := range p.Source.Projects {
			projects = append(projects, project.Name)
		}
	}
	var out []Export
	for _, s := range p.Sinks {
		e := Export{
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

var columnKinds = map[config.ColumnType]table.Kind{
	config.ColumnString: table.String, config.ColumnInt64: table.Int64, config.ColumnFloat64: table.Float64,
	config.ColumnBool: table.Bool, config.ColumnTimestamp: table.Timestamp, config.ColumnJSON: table.JSON,
}

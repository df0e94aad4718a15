package ddl_test

import (
	"flag"
	"time"

	"logferry/internal/ddl"
	"logferry/internal/table"
	"logferry/internal/window"
	"logferry/sinks"
)

var update = flag.Bool("update", false, "write the golden files anew")

// columns has one column of each kind, two that are never null, and a name that is a reserved word in most engines.
func columns(project bool) *table.Schema {
	s := &table.Schema{Columns: []table.Column{
		{Name: "log_id", Kind: table.String, Required: true},
		{Name: "timestamp", Kind: table.Timestamp, Required: true},
		{Name: "duration_ms", Kind: table.Int64},
		{Name: "instant_charge", Kind: table.Decimal},
		{Name: "request", Kind: table.JSON},
	}}
	if project {
		s.Columns = append(s.Columns, table.Column{Name: "project", Kind: table.String})
	}
	s.Columns = append(s.Columns, table.Column{Name: "score", Kind: table.Float64}, table.Column{Name: "order", Kind: table.Bool})
	return s
}

// export is a sink where the engine can read it.
func export(engine ddl.Engine) ddl.Export {
	e := ddl.Export{
		Pipeline: "nightly", Sink: "lake", URL: "s3://my-bucket/agents?region=eu-central-1", Format: sinks.Parquet, Schema: columns(false),
		Partition: window.Day, From: time.Date(2026, 1, 31, 22, 0, 0, 0, time.UTC),
	}
	if engine == ddl.BigQuery {
		e.URL = "gs://my-bucket/agents"
	}
	return e
}

// layouts are what a pipeline may declare of its paths.
var layouts = []struct {
	name     string
	size     window.Granularity
	projects []string
}{
	{"day", window.Day, nil},
	{"hour", window.Hour, nil},
	{"month", window.Month, nil},
	{"projects", window.Day, []string{"prod", "staging"}},
	{"projects-hour", window.Hour, []string{"prod"}},
}

// formats are those of NDJSON that every engine can read, and Parquet.
var formats = []struct {
	name        string
	format      sinks.Format
	compression string
}{
	{"parquet", sinks.Parquet, "zstd"},
	{"ndjson", sinks.NDJSON, "gzip"},
}

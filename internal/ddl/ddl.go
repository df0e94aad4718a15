package ddl

import (
	"fmt"
	"slices"
	"time"

	"logferry/internal/table"
	"logferry/internal/window"
	"logferry/sinks"
)

// Engine is a query engine.
type Engine string

// The engines.
const (
	DuckDB     Engine = "duckdb"
	BigQuery   Engine = "bigquery"
	Athena     Engine = "athena"
	Trino      Engine = "trino"
	Spark      Engine = "spark"
	Snowflake  Engine = "snowflake"
	ClickHouse Engine = "clickhouse"
)

// Engines returns all engines.
func Engines() []Engine {
	return []Engine{DuckDB, BigQuery, Athena, Trino, Spark, Snowflake, ClickHouse}
}

// DefaultTable is the name of the table where none is given.
const DefaultTable = "logs"

// Export is what one sink holds.
type Export struct {
	Pipeline string // for the comment
	Sink     string // for the comment and for errors
	// URL is the sink's Go CDK URL. Of its query only the prefix, the region, the endpoint and the storage account are used; nothing else
	// of it is ever shown.
	URL string

	Format      sinks.Format
	Compression string // as in sinks.Options, empty for its default
	Schema      *table.Schema
	Partition   window.Granularity
	Projects    []string // where the pipeline declares any: each has a folder of its own

	// From and To bound the partitions that Athena looks for. A zero To stands for a range that grows.
	From, To time.Time
	// FromMoves says that From is counted from now: there may be older partitions of earlier runs.
	FromMoves bool

	Table string // the name to give, parts separated by dots; empty for DefaultTable
	// Load asks for statements that copy the rows into a table of the engine's own, instead of those that read the files in place.
	Load bool
}

// Statement is one statement in the engine's language, without a semicolon at its end.
type Statement struct {
	Engine Engine `json:"engine"`
	Sink   string `json:"sink"`
	Text   string `json:"text"`
}

// Variable stands in statements as ${Name}: what the pipeline does not know and the user fills in.
type Variable struct {
	Name    string `json:"name"`
	Meaning string `json:"meaning"`
}

// Statements returns the statements for the engine, in the order in which they are to be run. The error is an *UnknownEngineError, or an
// *UnsupportedError where the engine can't read what the sink holds.
func Statements(engine Engine, e Export) ([]Statement, error) {
	s, err := NewScript(engine, e)
	if err != nil {
		return nil, err
	}
	return s.Statements, nil
}

// builder collects what one engine has to say.
type builder struct {
	Export
	engine Engine
	place  place
	levels []level
	data   []table.Column // the files' columns, less those that are levels

	statements []string
	notes      []string
	variables  []Variable
}

// engines write the statements of their engine into a builder.
var engines = map[Engine]func(*builder) error{
	DuckDB: duckDB, BigQuery: bigQuery, Athena: athena, Trino: trino, Spark: spark, Snowflake: snowflake, ClickHouse: clickHouse,
}

func newBuilder(engine Engine, e Export) (*builder, error) {
	if e.Table == "" {
		e.Table = DefaultTable
	}
	if e.Compression == "" {
		e.Compression = map[sinks.Format]string{sinks.Parquet: "zstd", sinks.NDJSON: "none"}[e.Format]
	}
	if e.Partition < window.Hour || e.Partition > window.Month || e.Schema == nil {
		return nil, fmt.Errorf("sink %q: an export has a schema and partitions", e.Sink)
	}
	b := &builder{Export: e, engine: engine, levels: levelsOf(&e)}
	var err error
	if b.place, err = parsePlace(e.URL); err != nil {
		return nil, b.refuse(err.Error(), "write it like s3://bucket/prefix or file://./out")
	}
	for _, c := range e.Schema.Columns {
		if !slices.ContainsFunc(b.levels, func(l level) bool { return l.name == c.Name }) {
			b.data = append(b.data, c)
		}
		if _, err := typeOf(engine, e.Format, c); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (b *builder) add(statement string) { b.statements = append(b.statements, statement) }
func (b *builder) note(text string)     { b.notes = append(b.notes, text) }

// variable returns a reference to what the user fills in.
func (b *builder) variable(name, meaning string) string {
	v := Variable{name, meaning}
	if !slices.Contains(b.variables, v) {
		b.variables = append(b.variables, v)
	}
	return "${" + name + "}"
}

// typ is the column's type in the builder's engine, which newBuilder has made sure of.
func (b *builder) typ(c table.Column) string {
	t, _ := typeOf(b.engine, b.Format, c)
	return t
}

func (b *builder) ndjson() bool { return b.Format == sinks.NDJSON }

// files is the table that reads the files in place, where a load or a view reads from it.
func (b *builder) files() string { return b.Table + "_files" }

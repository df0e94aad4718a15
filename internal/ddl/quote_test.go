package ddl_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/ddl"
	"logferry/internal/table"
	"logferry/internal/window"
	"logferry/sinks"
)

// Each engine's own rules, written out by hand.
func TestNamesAndTextsAreQuotedAsTheEngineReadsThem(t *testing.T) {
	const odd = "a'b\"c`d\\e"
	for engine, want := range map[ddl.Engine]struct{ column, table, path string }{
		ddl.DuckDB:     {"\"a'b\"\"c`d\\e\"", "\"a'b\"\"c`d\\e\"", "'s3://my-bucket/it''s \"here\"/tool_execution/dt=*/*.parquet'"},
		ddl.Trino:      {"\"a'b\"\"c`d\\e\"", "\"a'b\"\"c`d\\e\"", "'s3://my-bucket/it''s \"here\"/tool_execution'"},
		ddl.BigQuery:   {"`a'b\"c\\`d\\\\e`", "`a'b\"c\\`d\\\\e`", `'gs://my-bucket/it\'s "here"/tool_execution/*'`},
		ddl.Athena:     {"`a'b\"c``d\\e`", "`a'b\"c``d\\e`", `'s3://my-bucket/it\'s "here"/tool_execution/'`},
		ddl.Spark:      {"`a'b\"c``d\\e`", "`a'b\"c``d\\e`", `'s3a://my-bucket/it\'s "here"/tool_execution'`},
		ddl.Snowflake:  {"\"a'b\"\"c`d\\e\"", "\"a'b\"\"c`d\\e\"", "'s3://my-bucket/it''s \"here\"/tool_execution/'"},
		ddl.ClickHouse: {"`a'b\"c\\`d\\\\e`", "`a'b\"c\\`d\\\\e`", `'https://my-bucket.s3.amazonaws.com/it%27s%20%22here%22/tool_execution/dt=*/*.parquet'`},
	} {
		t.Run(string(engine), func(t *testing.T) {
			e := export(engine)
			scheme, _, _ := strings.Cut(e.URL, "://")
			e.URL, e.Table = scheme+"://my-bucket/it's%20%22here%22", "db."+odd
			e.Schema = &table.Schema{Columns: []table.Column{{Name: odd, Kind: table.String}}}
			statements, err := ddl.Statements(engine, e)
			require.NoError(t, err)
			var all []string
			for _, s := range statements {
				all = append(all, s.Text)
			}
			text := strings.Join(all, ";\n")
			require.Contains(t, text, want.column)
			require.Contains(t, text, "."+want.table, "a dot parts database and table")
			require.Contains(t, text, want.path)
		})
	}
}

func TestSnowflakeFoldsNamesSoThatQueriesNeedNoQuotes(t *testing.T) {
	e := export(ddl.Snowflake)
	statements, err := ddl.Statements(ddl.Snowflake, e)
	require.NoError(t, err)
	require.Contains(t, statements[1].Text, `EXTERNAL TABLE "LOGS"`)
	require.Contains(t, statements[1].Text, `"TIMESTAMP" TIMESTAMP_NTZ(6) AS (value:"timestamp"::TIMESTAMP_NTZ(6))`, "the file's name keeps its case")
}

func TestCommentsAreOneLineEachWhateverNamesHold(t *testing.T) {
	e := export(ddl.DuckDB)
	e.Pipeline, e.Sink = "a\nDROP TABLE b", "c\r\u2028d"
	script, err := ddl.NewScript(ddl.DuckDB, e)
	require.NoError(t, err)
	head, _, _ := strings.Cut(script.String(), "\n\n")
	for _, line := range strings.FieldsFunc(head, func(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' }) {
		require.True(t, strings.HasPrefix(line, "-- "), line)
	}
}

func TestProjectsThatHiveEscapesAreRefusedWhereTheirValuesAreProjected(t *testing.T) {
	for _, name := range []string{"a'b", "a,b", "a=b"} {
		e := export(ddl.Athena)
		e.Projects, e.Schema = []string{name}, columns(true)
		_, err := ddl.Statements(ddl.Athena, e)
		var unsupported *ddl.UnsupportedError
		require.ErrorAs(t, err, &unsupported, name)
		require.NotEmpty(t, unsupported.Hint())
	}
	e := export(ddl.BigQuery)
	e.Projects, e.Schema = []string{"a'b"}, columns(true)
	statements, err := ddl.Statements(ddl.BigQuery, e)
	require.NoError(t, err)
	require.Contains(t, statements[0].Text, `'gs://my-bucket/agents/tool_execution/project=a%27b/*'`, "the folder as it is written")
	require.Equal(t, "tool_execution/project=a%27b/dt=2026-01-31", sinks.PartitionPrefix("a'b", window.PartitionOf(e.From, window.Day).Path()))
}

package ddl_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/ddl"
	"logferry/internal/window"
	"logferry/sinks"
)

func TestBigQueryNamesACompressionOnlyWhereAnOptionIsDocumented(t *testing.T) {
	for _, load := range []bool{false, true} {
		for _, f := range formats {
			e := export(ddl.BigQuery)
			e.Format, e.Compression, e.Load = f.format, f.compression, load
			text, err := all(t, ddl.BigQuery, e)
			require.NoError(t, err)
			require.Equal(t, f.format == sinks.NDJSON && !load, strings.Contains(text, "compression = 'GZIP'"), text)
		}
	}
}

func TestBigQueryReadsNDJSONInPlaceWithoutColumnsOfTypeJSON(t *testing.T) {
	e := export(ddl.BigQuery)
	e.Format, e.Compression = sinks.NDJSON, "none"
	statements, err := ddl.Statements(ddl.BigQuery, e)
	require.NoError(t, err)
	require.Len(t, statements, 2)
	require.Contains(t, statements[0].Text, "format = 'CSV',\n  field_delimiter = '\\x01',\n  quote = '',\n  uris")
	for _, want := range []string{
		"JSON_VALUE(`line`, '$.log_id') AS `log_id`", "CAST(JSON_VALUE(`line`, '$.timestamp') AS TIMESTAMP) AS `timestamp`",
		"CAST(JSON_VALUE(`line`, '$.instant_charge') AS NUMERIC) AS `instant_charge`", "JSON_QUERY(`line`, '$.request') AS `request`", "`dt`\nFROM",
	} {
		require.Contains(t, statements[1].Text, want)
	}
}

func TestTheCommandThatLoadsIntoBigQueryMakesTheTableOfTheStatement(t *testing.T) {
	for _, c := range []struct {
		table string
		size  window.Granularity
		want  string
	}{
		{"my-project.web.logs", window.Day, "--time_partitioning_field=timestamp --time_partitioning_type=DAY "},
		{"my-project.web.logs", window.Month, "--time_partitioning_field=timestamp --time_partitioning_type=MONTH "},
		{"my-project.web.logs", window.Hour, " 'my-project:web.logs' 'gs://"},
		{"web.logs", window.Hour, " 'web.logs' 'gs://"},
		{"", window.Hour, " '${BIGQUERY_DATASET}.logs' 'gs://"},
	} {
		e := export(ddl.BigQuery)
		e.Table, e.Partition, e.Load = c.table, c.size, true
		script, err := ddl.NewScript(ddl.BigQuery, e)
		require.NoError(t, err)
		require.Contains(t, strings.Join(script.Comments, "\n"), c.want)
	}
}

func TestATableWithoutADatasetIsLeftToTheUserInBigQuery(t *testing.T) {
	for _, load := range []bool{false, true} {
		for _, f := range formats {
			e := export(ddl.BigQuery)
			e.Format, e.Compression, e.Load = f.format, f.compression, load
			script, err := ddl.NewScript(ddl.BigQuery, e)
			require.NoError(t, err)
			require.Len(t, script.Variables, 1)
			for _, s := range script.Statements {
				require.Contains(t, s.Text, "`${BIGQUERY_DATASET}`.`logs")
			}
			e.Table = "web.logs"
			script, err = ddl.NewScript(ddl.BigQuery, e)
			require.NoError(t, err)
			require.Empty(t, script.Variables)
		}
	}
}

package ddl_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/ddl"
	"logferry/sinks"
)

// all is the statements' text.
func all(t *testing.T, engine ddl.Engine, e ddl.Export) (string, error) {
	t.Helper()
	script, err := ddl.NewScript(engine, e)
	if err != nil {
		return "", err
	}
	return script.String(), nil
}

func TestURLsAreTranslatedForEachEngine(t *testing.T) {
	const (
		file  = "file:///srv/lake?create_dir=true"
		s3    = "s3://b/p/q?prefix=pre/&region=eu-west-1"
		minio = "s3://b/p?endpoint=http://minio:9000&s3ForcePathStyle=true"
		gs    = "gs://b"
		az    = "azblob://c/p?storage_account=acct"
		azEnv = "azblob://c/p"
	)
	for _, c := range []struct {
		engine ddl.Engine
		url    string
		want   string // "" is an error
	}{
		{ddl.DuckDB, file, "'/srv/lake/tool_execution/dt=*/*.parquet'"},
		{ddl.DuckDB, s3, "'s3://b/pre/p/q/tool_execution/dt=*/*.parquet'"},
		{ddl.DuckDB, minio, "ENDPOINT 'minio:9000', URL_STYLE 'path', USE_SSL false)"},
		{ddl.DuckDB, gs, "'gs://b/tool_execution/dt=*/*.parquet'"},
		{ddl.DuckDB, az, "'az://c/p/tool_execution/dt=*/*.parquet'"},
		{ddl.BigQuery, file, ""},
		{ddl.BigQuery, s3, "uris = ['s3://b/pre/p/q/tool_execution/*']"},
		{ddl.BigQuery, s3, "WITH CONNECTION `${BIGQUERY_CONNECTION}`"},
		{ddl.BigQuery, minio, ""},
		{ddl.BigQuery, gs, "hive_partition_uri_prefix = 'gs://b/tool_execution'"},
		{ddl.BigQuery, az, "'azure://acct.blob.core.windows.net/c/p/tool_execution/*'"},
		{ddl.Athena, file, ""},
		{ddl.Athena, s3, "'s3://b/pre/p/q/tool_execution/dt=${dt}/'"},
		{ddl.Athena, minio, ""},
		{ddl.Athena, gs, ""},
		{ddl.Athena, az, ""},
		{ddl.Trino, file, ""},
		{ddl.Trino, s3, "external_location = 's3://b/pre/p/q/tool_execution'"},
		{ddl.Trino, minio, "s3.endpoint=http://minio:9000"},
		{ddl.Trino, gs, "'gs://b/tool_execution'"},
		{ddl.Trino, az, "'abfss://c@acct.dfs.core.windows.net/p/tool_execution'"},
		{ddl.Spark, file, "'file:///srv/lake/tool_execution'"},
		{ddl.Spark, s3, "'s3a://b/pre/p/q/tool_execution'"},
		{ddl.Spark, minio, "spark.hadoop.fs.s3a.endpoint=http://minio:9000"},
		{ddl.Spark, gs, "'gs://b/tool_execution'"},
		{ddl.Spark, azEnv, "'abfss://c@${AZURE_STORAGE_ACCOUNT}.dfs.core.windows.net/p/tool_execution'"},
		{ddl.Snowflake, file, ""},
		{ddl.Snowflake, s3, "URL = 's3://b/pre/p/q/tool_execution/'"},
		{ddl.Snowflake, minio, ""},
		{ddl.Snowflake, gs, "URL = 'gcs://b/tool_execution/'"},
		{ddl.Snowflake, azEnv, "fill in ${AZURE_STORAGE_ACCOUNT}: "},
		{ddl.Snowflake, az, "'azure://acct.blob.core.windows.net/c/p/tool_execution/'"},
		{ddl.ClickHouse, file, "FROM file(\n  '/srv/lake/tool_execution/dt=*/*.parquet'"},
		{ddl.ClickHouse, s3, "FROM s3(\n  'https://b.s3.eu-west-1.amazonaws.com/pre/p/q/tool_execution/dt=*/*.parquet'"},
		{ddl.ClickHouse, minio, "'http://minio:9000/b/p/tool_execution/dt=*/*.parquet'"},
		{ddl.ClickHouse, gs, "FROM gcs(\n  'https://storage.googleapis.com/b/tool_execution/dt=*/*.parquet'"},
		{ddl.ClickHouse, az, "container = 'c',\n  blob_path = 'p/tool_execution/dt=*/*.parquet'"},
	} {
		e := export(c.engine)
		e.URL = c.url
		text, err := all(t, c.engine, e)
		if c.want == "" {
			var unsupported *ddl.UnsupportedError
			require.ErrorAs(t, err, &unsupported, "%s: %s", c.engine, c.url)
			require.NotEmpty(t, unsupported.Hint())
			continue
		}
		require.NoError(t, err, "%s: %s", c.engine, c.url)
		require.Contains(t, text, c.want, "%s: %s", c.engine, c.url)
	}
}

func TestARelativeFolderIsNamedFromTheRoot(t *testing.T) {
	e := export(ddl.DuckDB)
	e.URL = "file://./out"
	text, err := all(t, ddl.DuckDB, e)
	require.NoError(t, err)
	here, err := os.Getwd()
	require.NoError(t, err)
	require.Contains(t, text, "'"+filepath.ToSlash(here)+"/out/tool_execution/")
}

func TestWhatAnEngineCantReadIsRefusedWithAHint(t *testing.T) {
	zstd := func(e *ddl.Export) { e.Format, e.Compression = sinks.NDJSON, "zstd" }
	for _, c := range []struct {
		engine  ddl.Engine
		change  func(*ddl.Export)
		problem string // "" where it is read
		advice  string
	}{
		{ddl.BigQuery, zstd, "gzip only", "compression to gzip"},
		{ddl.Spark, zstd, "Hadoop", "compression to gzip"},
		{ddl.DuckDB, zstd, "", ""},
		{ddl.Athena, zstd, "", ""},
		{ddl.Trino, zstd, "", ""},
		{ddl.Snowflake, zstd, "", ""},
		{ddl.ClickHouse, zstd, "", ""},
		{ddl.BigQuery, func(e *ddl.Export) { e.URL = "gs://b/a*b" }, "stands for others", "without *"},
		{ddl.ClickHouse, func(e *ddl.Export) { e.URL = "s3://b/%7Ba%7D" }, "stands for others", "without *"},
		{ddl.Athena, func(e *ddl.Export) { e.URL = "s3://b/$%7Bdt%7D" }, "${", "another path"},
		{ddl.DuckDB, func(e *ddl.Export) { e.URL = "mem://" }, "in memory", "s3://"},
		{ddl.DuckDB, func(e *ddl.Export) { e.URL = "ftp://b" }, "none of a folder or a bucket", "s3://"},
	} {
		e := export(c.engine)
		c.change(&e)
		_, err := ddl.Statements(c.engine, e)
		if c.problem == "" {
			require.NoError(t, err, c.engine)
			continue
		}
		var unsupported *ddl.UnsupportedError
		require.ErrorAs(t, err, &unsupported, "%s: %s", c.engine, c.problem)
		require.ErrorContains(t, err, c.problem)
		require.ErrorContains(t, err, `sink "lake"`)
		require.Contains(t, unsupported.Hint(), c.advice)
	}
}

func TestNothingElseOfAURLIsShown(t *testing.T) {
	for _, engine := range ddl.Engines() {
		for _, url := range []string{
			"s3://b/p?region=r&secret=planted", "gs://b/p?access_id=planted", "azblob://c/p?storage_account=a&sas=planted",
			"ftp://planted/p?planted", "s3://user:planted@b/p", "\x00planted",
		} {
			e := export(engine)
			e.URL = url
			text, err := all(t, engine, e)
			if err != nil {
				text = err.Error()
			}
			require.NotContains(t, text, "planted", "%s: %s", engine, url)
		}
	}
}

func TestPathsWithPatternsAreTakenLiterallyByDuckDB(t *testing.T) {
	e := export(ddl.DuckDB)
	e.URL = "file:///srv/a%5Bb%5D*%3F"
	text, err := all(t, ddl.DuckDB, e)
	require.NoError(t, err)
	require.Contains(t, text, "'/srv/a[[]b][*][?]/tool_execution/dt=*/*.parquet'")
}

func TestAthenaProjectsTheDeclaredRange(t *testing.T) {
	e := export(ddl.Athena)
	text, err := all(t, ddl.Athena, e)
	require.NoError(t, err)
	require.Contains(t, text, "'projection.dt.range' = '2026-01-31,NOW'")
	require.Contains(t, text, "-- partitions outside of the projected range are not seen")
	require.NotContains(t, text, "range.from moves")
	e.FromMoves = true
	text, err = all(t, ddl.Athena, e)
	require.NoError(t, err)
	require.Contains(t, text, "-- range.from moves: ")
	e.To = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	text, err = all(t, ddl.Athena, e)
	require.NoError(t, err)
	require.Contains(t, text, "'projection.dt.range' = '2026-01-31,2026-02-28'", "the end is excluded")
}

func TestAnUnknownEngineIsToldTheKnownOnes(t *testing.T) {
	_, err := ddl.Statements("redshift", export(""))
	var unknown *ddl.UnknownEngineError
	require.ErrorAs(t, err, &unknown)
	require.EqualError(t, err, `unknown engine "redshift"`)
	for _, engine := range ddl.Engines() {
		require.True(t, strings.Contains(unknown.Hint(), string(engine)), engine)
	}
}

func TestVariablesAreNamedInCommentsAndUsed(t *testing.T) {
	e := export(ddl.Trino)
	script, err := ddl.NewScript(ddl.Trino, e)
	require.NoError(t, err)
	require.Len(t, script.Variables, 2)
	for _, v := range script.Variables {
		require.Contains(t, script.String(), "fill in ${"+v.Name+"}: "+v.Meaning)
		require.Contains(t, script.Statements[2].Text, "${"+v.Name+"}")
	}
	e.Table = "hive.web.logs"
	script, err = ddl.NewScript(ddl.Trino, e)
	require.NoError(t, err)
	require.Empty(t, script.Variables)
	require.Equal(t, `CALL "hive".system.sync_partition_metadata('web', 'logs', 'FULL')`, script.Statements[2].Text)
}

func TestWhatAnEngineDoesSilentlyIsSaid(t *testing.T) {
	e := export(ddl.Snowflake)
	text, err := all(t, ddl.Snowflake, e)
	require.NoError(t, err)
	require.Contains(t, text, "-- a query leaves out, without an error, files that it can't read")
	e = export(ddl.Athena)
	e.Format, e.Compression = sinks.NDJSON, "gzip"
	text, err = all(t, ddl.Athena, e)
	require.NoError(t, err)
	require.Contains(t, text, "-- case.insensitive is FALSE so that")
	require.Contains(t, text, "\nWITH SERDEPROPERTIES ('case.insensitive' = 'FALSE')\nLOCATION")
}

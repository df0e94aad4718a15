package ddl_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/ddl"
	"logferry/internal/table"
	"logferry/internal/window"
)

// inText finds the regular expressions that statements take levels out of paths with.
var inText = regexp.MustCompile(`'((?:\(\^\|/\)|/)[a-z]+=[^']*\$)'`)

// A sink may lie below folders that are named like levels of the files' paths.
func TestLevelsAreThoseOfTheFilesNotOfTheSinksOwnPath(t *testing.T) {
	const path = "dt=1/project=x/hour=77/month=y/lake/tool_execution/"
	for _, layout := range layouts {
		for _, engine := range []ddl.Engine{ddl.DuckDB, ddl.Snowflake, ddl.ClickHouse} {
			for _, f := range formats {
				e := export(engine)
				e.URL = "s3://b/dt=1/project=x/hour=77/month=y/lake"
				e.Format, e.Compression, e.Partition, e.Projects = f.format, f.compression, layout.size, layout.projects
				e.Schema = columns(len(layout.projects) > 0)
				text, err := all(t, engine, e)
				require.NoError(t, err)
				want := map[window.Granularity]string{window.Day: "dt=2026-01-31/", window.Hour: "dt=2026-01-31/hour=22/", window.Month: "month=2026-01/"}[layout.size]
				if len(layout.projects) > 0 {
					want = "project=prod/" + want
				}
				found := ""
				patterns := inText.FindAllStringSubmatch(text, -1)
				// DuckDB has project where the files have it, before the other levels; so have the two others, at the end.
				for _, p := range patterns {
					name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(p[1], "(^|/)"), "/"), "=")
					values := regexp.MustCompile(p[1]).FindStringSubmatch("/" + path + want + "part-00000.parquet")
					require.NotNil(t, values, p[1])
					found += name + "=" + values[len(values)-1] + "/"
				}
				require.Equal(t, want, found, "%s\n%s", engine, text)
			}
		}
	}
}

func TestEnginesThatFindLevelsByThemselvesAreKeptFromTheSinksOwnPath(t *testing.T) {
	for url, shadowed := range map[string]bool{
		"s3://b/p": false, "s3://b/env=prod": false, "s3://b/dt": false, "s3://b/hour=1": false, // no level of days
		"s3://b/a/DT=1/c": true, "s3://b/p?prefix=dt=1/": true, "s3://b/log_id=1": true,
	} {
		for engine, want := range map[ddl.Engine]string{ddl.DuckDB: "hive_partitioning = false", ddl.ClickHouse: "use_hive_partitioning = 0"} {
			e := export(engine)
			e.URL = url
			text, err := all(t, engine, e)
			require.NoError(t, err)
			require.Equal(t, shadowed, strings.Contains(text, want), "%s: %s\n%s", engine, url, text)
		}
	}
}

func TestTheColumnOfThePathInDuckDBHasANameOfItsOwn(t *testing.T) {
	e := export(ddl.DuckDB)
	e.URL = "s3://b/dt=1"
	e.Schema = &table.Schema{Columns: []table.Column{{Name: "filename", Kind: table.String}}}
	text, err := all(t, ddl.DuckDB, e)
	require.NoError(t, err)
	require.Contains(t, text, "filename = 'filename_'")
	require.Contains(t, text, `regexp_extract(replace("filename_", `)
}

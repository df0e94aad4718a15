package ddl_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"logferry/internal/ddl"
	"logferry/internal/table"
	"logferry/internal/window"
	"logferry/sinks"
	"logferry/transform"
)

// kinds are all kinds of column: those that have a name.
func kinds() (out []table.Kind) {
	for k := table.Kind(1); !strings.HasPrefix(k.String(), "table.Kind("); k++ {
		out = append(out, k)
	}
	return out
}

func TestEveryKindOfColumnHasATypeInEveryEngine(t *testing.T) {
	require.GreaterOrEqual(t, len(kinds()), 7)
	for _, engine := range ddl.Engines() {
		for _, f := range formats {
			for _, kind := range kinds() {
				e := export(engine)
				e.Format, e.Compression = f.format, f.compression
				e.Schema = &table.Schema{Columns: []table.Column{{Name: "c", Kind: kind}}}
				_, err := ddl.Statements(engine, e)
				require.NoError(t, err, "%s as %s", kind, f.name)
			}
		}
	}
}

func TestAColumnOfAnUnknownKindIsAnError(t *testing.T) {
	for _, engine := range ddl.Engines() {
		e := export(engine)
		e.Schema = &table.Schema{Columns: []table.Column{{Name: "c", Kind: 200}}}
		_, err := ddl.Statements(engine, e)
		require.ErrorContains(t, err, `column "c": table.Kind(200) has no type in `+string(engine))
	}
}

func TestTheColumnsOfAnExportAreAllThere(t *testing.T) {
	for _, project := range []bool{false, true} {
		f, err := transform.New(transform.Options{Raw: true, Project: project, Columns: []transform.Column{{Name: "mine", Path: "$.a", Type: table.JSON}}})
		require.NoError(t, err)
		for _, engine := range ddl.Engines() {
			for _, load := range []bool{false, true} {
				e := export(engine)
				e.Schema, e.Load = f.Schema(), load
				if project {
					e.Projects = []string{"prod"}
				}
				checkLists(t, engine, e)
			}
		}
	}
}

func TestEveryColumnIsThereOnceAndInOrder(t *testing.T) {
	names := rapid.OneOf(
		rapid.StringMatching(`[a-z_][a-z0-9_]{0,8}`),
		rapid.SampledFrom([]string{"select", "from", "timestamp", "it's", `a"b`, "a`b", `a\b`, "é", "a b", "a,b", "a(b"}),
	)
	rapid.Check(t, func(t *rapid.T) {
		engine := rapid.SampledFrom(ddl.Engines()).Draw(t, "engine")
		f := rapid.SampledFrom(formats).Draw(t, "format")
		e := export(engine)
		e.Format, e.Compression = f.format, f.compression
		e.Partition = rapid.SampledFrom([]window.Granularity{window.Hour, window.Day, window.Month}).Draw(t, "size")
		e.Load = rapid.Bool().Draw(t, "load")
		e.Projects = rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z0-9][a-z0-9_-]{0,4}`), 0, 3, rapid.ID).Draw(t, "projects")
		e.Schema = &table.Schema{}
		for i, name := range rapid.SliceOfNDistinct(names, 1, 12, strings.ToUpper).Draw(t, "names") {
			if reserved[strings.ToLower(name)] {
				continue
			}
			kind := rapid.SampledFrom(kinds()).Draw(t, fmt.Sprint("kind ", i))
			e.Schema.Columns = append(e.Schema.Columns, table.Column{Name: name, Kind: kind, Required: rapid.Bool().Draw(t, fmt.Sprint("required ", i))})
		}
		e.Schema.Columns = append(e.Schema.Columns, table.Column{Name: "last", Kind: table.String})
		if len(e.Projects) > 0 {
			at := rapid.IntRange(0, len(e.Schema.Columns)).Draw(t, "place of project")
			e.Schema.Columns = append(e.Schema.Columns[:at:at], append([]table.Column{{Name: "project", Kind: table.String}}, e.Schema.Columns[at:]...)...)
		}
		checkLists(t, engine, e)
	})
}

// reserved are the names that an export's own columns can't have.
var reserved = map[string]bool{"project": true, "dt": true, "hour": true, "month": true, "last": true}

// checkLists looks for the names of the columns and the levels in every list of the statements that has them.
func checkLists(t require.TestingT, engine ddl.Engine, e ddl.Export) {
	statements, err := ddl.Statements(engine, e)
	require.NoError(t, err)
	var all, data []string
	for _, c := range e.Schema.Columns {
		all = append(all, c.Name)
		if c.Name != "project" || len(e.Projects) == 0 {
			data = append(data, c.Name)
		}
	}
	levels := map[window.Granularity][]string{window.Hour: {"dt", "hour"}, window.Day: {"dt"}, window.Month: {"month"}}[e.Partition]
	outer := levels
	if len(e.Projects) > 0 {
		outer = append([]string{"project"}, levels...)
	}
	inner := slices.Concat(data, outer)
	type list struct {
		statement, block int // a negative block counts from the end
		names            []string
	}
	lists := map[ddl.Engine][]list{
		ddl.DuckDB:     {{0, 0, slices.Concat(all, levels)}},
		ddl.BigQuery:   {{0, 0, all}, {0, 1, levels}},
		ddl.Athena:     {{1, 0, data}, {1, 1, outer}},
		ddl.Trino:      {{1, 0, inner}},
		ddl.Spark:      {{1, 0, inner}},
		ddl.Snowflake:  {{1, 0, inner}},
		ddl.ClickHouse: {{0, 0, inner}},
	}[engine]
	switch {
	case engine == ddl.BigQuery && e.Load:
		lists[1].block = -1
	case engine == ddl.BigQuery && e.Format == sinks.NDJSON:
		lists = []list{{0, 0, []string{"line"}}, {0, 1, outer}, {1, 0, inner}}
	case engine == ddl.ClickHouse && e.Load:
		lists = append(lists, list{1, 0, inner})
	case engine == ddl.Athena && e.Load:
		lists = append(lists, list{3, 0, inner})
	case engine == ddl.Athena && e.Format == sinks.NDJSON:
		lists = append(lists, list{2, 0, inner})
	case engine == ddl.Snowflake && e.Load:
		require.Len(t, blocks(strings.ReplaceAll(statements[2].Text, "\n    ", "\n  +"))[0], len(inner)+2, "a value for each column, and SELECT and FROM")
	}
	for _, l := range lists {
		text := statements[l.statement].Text
		got := blocks(text)
		if l.block < 0 {
			l.block += len(got)
		}
		require.Len(t, got[l.block], len(l.names), "%v in\n%s", l.names, text)
		for k, name := range l.names {
			require.True(t, isAbout(engine, l.statement, got[l.block][k], name), "%s in %s", name, got[l.block][k])
		}
	}
}

// isAbout says whether an item of a list is about the column of that name.
func isAbout(engine ddl.Engine, statement int, item, name string) bool {
	if engine == ddl.Athena && statement > 1 {
		engine = ddl.Trino // its queries quote otherwise than its DDL
	}
	quoted := map[ddl.Engine]string{
		ddl.DuckDB: `"` + strings.ReplaceAll(name, `"`, `""`) + `"`, ddl.Trino: `"` + strings.ReplaceAll(name, `"`, `""`) + `"`,
		ddl.Athena: "`" + strings.ReplaceAll(name, "`", "``") + "`", ddl.Spark: "`" + strings.ReplaceAll(name, "`", "``") + "`",
		ddl.BigQuery:   "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(name) + "`",
		ddl.ClickHouse: "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(name) + "`",
		ddl.Snowflake:  `"` + strings.ReplaceAll(name, `"`, `""`) + `"`,
	}[engine]
	if engine == ddl.Snowflake {
		return strings.HasPrefix(strings.ToLower(item), strings.ToLower(quoted)+" ")
	}
	return item == quoted || strings.HasPrefix(item, quoted+" ") || strings.HasSuffix(item, " AS "+quoted)
}

// blocks returns the lists of a statement, each as its items: lines with two spaces before them.
func blocks(statement string) (out [][]string) {
	inside := false
	for _, line := range strings.Split(statement, "\n") {
		item, indented := strings.CutPrefix(line, "  ")
		switch {
		case !indented:
			inside = false
			continue
		case strings.HasPrefix(item, " "):
			continue
		case !inside:
			out, inside = append(out, nil), true
		}
		last := &out[len(out)-1]
		*last = append(*last, strings.TrimSuffix(item, ","))
	}
	return out
}

func TestNDJSONInDuckDBNamesNoLevelAmongTheFilesColumns(t *testing.T) {
	e := export(ddl.DuckDB)
	e.Format, e.Compression, e.Projects, e.Schema = sinks.NDJSON, "gzip", []string{"prod"}, columns(true)
	statements, err := ddl.Statements(ddl.DuckDB, e)
	require.NoError(t, err)
	_, inFiles, _ := strings.Cut(statements[0].Text, "columns = {")
	inFiles, _, _ = strings.Cut(inFiles, "\n  }")
	require.Contains(t, inFiles, "'order': 'BOOLEAN'")
	require.NotContains(t, inFiles, "'project'")
}

package ddl_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/ddl"
)

// created finds the table or the view that a statement makes, and whether it replaces one of that name by itself.
var (
	created = regexp.MustCompile(`^CREATE (OR REPLACE )?(?:EXTERNAL TABLE|TABLE|VIEW|STAGE) (\S+)`)
	dropped = regexp.MustCompile(`^DROP TABLE IF EXISTS (\S+)$`)
	// Finding partitions, and filling a table that was just made or is overwritten.
	repeatable = regexp.MustCompile("^(MSCK REPAIR TABLE|CALL|INSERT INTO|COPY INTO|LOAD DATA OVERWRITE|LOAD DATA INTO) ")
	quotes     = regexp.MustCompile("[\"`]")
)

func TestStatementsCanBeRunAgain(t *testing.T) {
	for _, engine := range ddl.Engines() {
		for _, f := range formats {
			for _, layout := range layouts {
				for _, load := range []bool{false, true} {
					e := export(engine)
					e.Format, e.Compression, e.Load, e.Table = f.format, f.compression, load, "cat.web.logs"
					e.Partition, e.Projects, e.Schema = layout.size, layout.projects, columns(len(layout.projects) > 0)
					statements, err := ddl.Statements(engine, e)
					require.NoError(t, err)
					gone, made := "", 0
					for i, s := range statements {
						drop, create := dropped.FindStringSubmatch(s.Text), created.FindStringSubmatch(s.Text)
						switch {
						case drop != nil:
							gone = quotes.ReplaceAllString(drop[1], "")
						case create != nil:
							made++
							if create[1] == "" {
								require.Equal(t, gone, quotes.ReplaceAllString(create[2], ""), "%s %s %s: it is dropped before\n%s", engine, f.name, layout.name, s.Text)
							}
							gone = ""
						default:
							require.Regexp(t, repeatable, s.Text)
							require.False(t, i == 0 && strings.HasPrefix(s.Text, "LOAD DATA INTO"), "the first load empties the table")
						}
					}
					require.True(t, made > 0 || engine == ddl.BigQuery && load)
				}
			}
		}
	}
}

// What DROP TABLE takes away, and what it leaves, is said where it is used.
func TestCommentsSayWhatIsDropped(t *testing.T) {
	for _, engine := range []ddl.Engine{ddl.Athena, ddl.Trino, ddl.Spark} {
		e := export(engine)
		text, err := all(t, engine, e)
		require.NoError(t, err)
		require.Equal(t, engine == ddl.Athena, strings.Contains(text, "Athena leaves their files"))
		require.Contains(t, text, "-- a table of the same name is dropped first: that removes none of the export's files")
		require.Equal(t, engine != ddl.Athena, strings.Contains(text, "external.table.purge"))
		if engine == ddl.Athena {
			lines := export(engine)
			lines.Format, lines.Compression = "ndjson", "gzip"
			text, err := all(t, engine, lines)
			require.NoError(t, err)
			require.Contains(t, text, "-- logs_files is dropped first")
			require.Contains(t, text, "has to be dropped by hand")
			require.NotContains(t, text, "a table of the same name is dropped first")
		}
		e.Load = true
		text, err = all(t, engine, e)
		require.NoError(t, err)
		require.Contains(t, text, "-- a table of the same name is dropped first, with the rows of an earlier load")
		require.Contains(t, text, "logs_files is there for the load only")
		require.Equal(t, engine == ddl.Athena, strings.Contains(text, "Athena leaves their files"))
	}
}

// A table that reads in place and one that was loaded are different kinds of things.
func TestCommentsSayWhatDoesNotReplaceWhat(t *testing.T) {
	for _, engine := range []ddl.Engine{ddl.BigQuery, ddl.Snowflake} {
		for _, f := range formats {
			for _, load := range []bool{false, true} {
				e := export(engine)
				e.Format, e.Compression, e.Load = f.format, f.compression, load
				text, err := all(t, engine, e)
				require.NoError(t, err)
				require.Equal(t, 1, strings.Count(text, "do not replace one another"), "%s %s", engine, f.name)
			}
		}
	}
}

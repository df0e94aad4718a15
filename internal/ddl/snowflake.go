package ddl

import (
	"fmt"
	"strings"

	"logferry/internal/table"
)

// snowflake writes a stage and an external table over it, or a copy. Sources, all of the Snowflake documentation: "CREATE STAGE" (s3://,
// gcs://, azure://, STORAGE_INTEGRATION), "CREATE EXTERNAL TABLE" (columns as expressions of VALUE, partitions as expressions of
// METADATA$FILENAME), "Introduction to external tables" (a file with an error is skipped, or read in part), "CREATE FILE FORMAT" (gzip and zstd
// of JSON; zstd of Parquet is detected; Parquet's UTC times are TIMESTAMP_NTZ where USE_LOGICAL_TYPE is false), "COPY INTO <table>" (it skips
// files that it knows, and ends at an error), "Querying metadata for staged files" (METADATA$FILENAME has the full path), "Transforming data
// during a load" (casts), "REGEXP_SUBSTR" (groups), "Identifier requirements" (names are folded to upper case), "String constants"
// (backslashes).
func snowflake(b *builder) error {
	if err := b.remote(); err != nil {
		return err
	}
	if err := b.amazon(); err != nil {
		return err
	}
	stage := b.Table + "_stage"
	b.note("times are those of UTC")
	b.noteKinds()
	b.add("CREATE OR REPLACE STAGE " + qualified(stage, snowflakeName) + "\n  URL = " + snowflakeText(b.snowflakeURI()) +
		"\n  STORAGE_INTEGRATION = " + b.variable("SNOWFLAKE_STORAGE_INTEGRATION", "the storage integration that may read the bucket"))
	if b.Load {
		b.snowflakeCopy(stage)
		return nil
	}
	var items, levels []string
	for _, c := range b.data {
		items = append(items, snowflakeName(c.Name)+" "+b.typ(c)+" AS ("+b.snowflakeValue("value", c)+")")
	}
	for _, l := range b.levels {
		items = append(items, snowflakeName(l.name)+" "+b.levelType(l)+" AS ("+b.snowflakeLevel(l)+")")
		levels = append(levels, snowflakeName(l.name))
	}
	b.add("CREATE OR REPLACE EXTERNAL TABLE " + qualified(b.Table, snowflakeName) + " " + list(items) + "\nPARTITION BY (" + strings.Join(levels, ", ") +
		")\n" + "LOCATION = @" + qualified(stage, snowflakeName) + "\nREFRESH_ON_CREATE = TRUE\nAUTO_REFRESH = FALSE\n" + b.snowflakeFiles())
	b.note("a query leaves out, without an error, files that it can't read or the rest of them: a load (--load) ends with an error there")
	b.note("ALTER EXTERNAL TABLE " + qualified(b.Table, snowflakeName) + " REFRESH after each apply, or set AUTO_REFRESH up with the bucket's notifications")
	return nil
}

// snowflakeCopy loads all files into a new table: COPY skips files that it knows, but would take the rows of a rewritten one again.
func (b *builder) snowflakeCopy(stage string) {
	var columns, items []string
	for _, c := range b.data {
		columns = append(columns, snowflakeName(c.Name)+" "+b.typ(c))
		items = append(items, b.snowflakeValue("$1", c))
	}
	for _, l := range b.levels {
		columns = append(columns, snowflakeName(l.name)+" "+b.levelType(l))
		items = append(items, b.snowflakeLevel(l))
	}
	name := qualified(b.Table, snowflakeName)
	b.add("CREATE OR REPLACE TABLE " + name + " " + list(columns))
	b.add("COPY INTO " + name + "\nFROM (\n  SELECT\n    " + strings.Join(items, ",\n    ") + "\n  FROM @" + qualified(stage, snowflakeName) + "\n)\n" + b.snowflakeFiles())
}

// snowflakeFiles says which files of the stage are meant, and how they are read.
func (b *builder) snowflakeFiles() string {
	format := "TYPE = PARQUET"
	switch {
	case b.ndjson():
		format = "TYPE = JSON COMPRESSION = " + strings.ToUpper(b.Compression)
	case b.Load:
		// As in external tables, which have no such options: times come as those of UTC, whatever the session's time zone.
		format += " USE_LOGICAL_TYPE = FALSE USE_VECTORIZED_SCANNER = FALSE"
	}
	pattern := ".*" + strings.ReplaceAll(b.extension(), ".", "[.]")
	return "PATTERN = " + snowflakeText(pattern) + "\nFILE_FORMAT = (" + format + ")"
}

// snowflakeValue takes a column out of a row, which is a VARIANT.
func (b *builder) snowflakeValue(row string, c table.Column) string {
	return row + ":" + sqlName(c.Name) + "::" + b.typ(c)
}

// snowflakeLevel takes a level out of the file's path.
func (b *builder) snowflakeLevel(l level) string {
	value := fmt.Sprintf("REGEXP_SUBSTR(METADATA$FILENAME, %s, 1, 1, 'e', 2)", snowflakeText("(^|/)"+b.levelPattern(l)))
	if l.kind == text {
		return value
	}
	return value + "::" + b.levelType(l)
}

func (b *builder) snowflakeURI() string {
	switch b.place.store {
	case s3:
		return "s3://" + b.place.bucket + "/" + b.place.table + "/"
	case gcs:
		return "gcs://" + b.place.bucket + "/" + b.place.table + "/"
	}
	return "azure://" + b.account() + ".blob.core.windows.net/" + b.place.bucket + "/" + b.place.table + "/"
}

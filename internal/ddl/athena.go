package ddl

import (
	"strings"
	"time"

	"logferry/internal/table"
)

// athena writes an external table whose partitions are projected: none has to be registered. Sources, all of the Athena User Guide:
// "CREATE TABLE", "Supported types for partition projection" (ranges, digits, enum), "How to choose partition keys" (day as text with type
// date, hour as int with digits), "Specify custom S3 storage locations" (storage.location.template), "Use Hive table compression" (text files
// and Parquet: gzip, zstd), "OpenX JSON SerDe" (case.insensitive), "DROP TABLE" (files stay), "Escape reserved keywords" (backticks in DDL,
// double quotes in queries), "Create a table from query results (CTAS)" (its files have a place of their own where none is given).
//
// The OpenX SerDe's page names no form of times that it reads. Times and decimals of NDJSON are declared as text, and a view casts them.
func athena(b *builder) error {
	if err := b.athenaReads(); err != nil {
		return err
	}
	name := b.Table
	if b.ndjson() || b.Load {
		name = b.files()
	}
	b.athenaTable(name)
	switch {
	case b.Load:
		b.add("DROP TABLE IF EXISTS " + qualified(b.Table, hiveName))
		b.add("CREATE TABLE " + qualified(b.Table, sqlName) + "\nWITH (format = 'PARQUET', write_compression = 'ZSTD') AS\n" + b.athenaSelect(name))
	case b.ndjson():
		b.add("CREATE OR REPLACE VIEW " + qualified(b.Table, sqlName) + " AS\n" + b.athenaSelect(name))
	}
	b.athenaNotes()
	return nil
}

func (b *builder) athenaNotes() {
	b.note("Athena's timestamps have milliseconds")
	if b.ndjson() {
		b.note("case.insensitive is FALSE so that a row whose nested JSON has keys that differ in case alone can be read; Parquet is read more exactly than JSON")
	}
	b.note("partitions outside of the projected range are not seen, even where there are files: let the range begin earlier where older ones were exported")
	if b.FromMoves {
		b.note("range.from moves: the range begins where it stood when this was printed")
	}
	if b.ndjson() && !b.Load {
		b.note(b.files() + " is dropped first, which removes none of the export's files; a table that a load has made under the view's name has to be dropped by hand")
	} else {
		b.noteDrop(" (Athena leaves their files below the location of query results: delete them there)")
	}
	b.noteProjects()
}

func (b *builder) athenaReads() error {
	if err := b.remote(); err != nil {
		return err
	}
	if err := b.amazon(); err != nil {
		return err
	}
	if b.place.store != s3 {
		return b.refuse("its bucket is not in Amazon S3", "give the pipeline a sink in S3, or use --engine trino or bigquery")
	}
	if strings.Contains(b.place.bucket+b.place.table, "${") {
		return b.refuse("its path holds ${, which begins a partition's value in a location template", "give the sink another path")
	}
	for _, p := range b.Projects {
		if projectFolder(p) != "project="+p || strings.Contains(p, ",") {
			return b.refuse("the name of project "+p+" can't be a projected value", "name it with letters, digits, _ and -")
		}
	}
	return nil
}

func (b *builder) athenaTable(name string) {
	var columns, levels []string
	for _, c := range b.data {
		t := b.typ(c)
		if b.athenaText(c) {
			t = "string"
		}
		columns = append(columns, hiveName(c.Name)+" "+t)
	}
	template := "s3://" + b.place.bucket + "/" + b.place.table + "/"
	for _, l := range b.levels {
		levels = append(levels, hiveName(l.name)+" "+b.levelType(l))
		template += l.name + "=${" + l.name + "}/"
	}
	stored := "STORED AS PARQUET"
	if b.ndjson() {
		stored = "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'\nWITH SERDEPROPERTIES ('case.insensitive' = 'FALSE')"
	}
	properties := append([]string{"'projection.enabled' = 'true'"}, b.athenaProjection()...)
	properties = append(properties, "'storage.location.template' = "+backslashText(template))
	b.add("DROP TABLE IF EXISTS " + qualified(name, hiveName))
	b.add("CREATE EXTERNAL TABLE " + qualified(name, hiveName) + " " + list(columns) + "\nPARTITIONED BY " + list(levels) + "\n" + stored +
		"\nLOCATION " + backslashText("s3://"+b.place.bucket+"/"+b.place.table+"/") + "\nTBLPROPERTIES " + list(properties))
}

// athenaProjection says which values the levels have.
func (b *builder) athenaProjection() []string {
	var out []string
	set := func(l level, name, value string) {
		out = append(out, "'projection."+l.name+"."+name+"' = "+backslashText(value))
	}
	dates := func(l level, format, layout, unit string) {
		end := "NOW"
		if !b.To.IsZero() {
			end = b.To.Add(-time.Microsecond).UTC().Format(layout)
		}
		set(l, "type", "date")
		set(l, "format", format)
		set(l, "range", b.From.UTC().Format(layout)+","+end)
		set(l, "interval", "1")
		set(l, "interval.unit", unit)
	}
	for _, l := range b.levels {
		switch l.name {
		case "project":
			set(l, "type", "enum")
			set(l, "values", strings.Join(b.Projects, ","))
		case "dt":
			dates(l, "yyyy-MM-dd", "2006-01-02", "DAYS")
		case "month":
			dates(l, "yyyy-MM", "2006-01", "MONTHS")
		case "hour":
			set(l, "type", "integer")
			set(l, "range", "0,23")
			set(l, "digits", "2")
		}
	}
	return out
}

// athenaText says whether the column is declared as text and cast by the query.
func (b *builder) athenaText(c table.Column) bool {
	return b.ndjson() && (c.Kind == table.Timestamp || c.Kind == table.Decimal)
}

func (b *builder) athenaSelect(from string) string {
	var items []string
	for _, c := range b.data {
		name := sqlName(c.Name)
		switch {
		case b.athenaText(c) && c.Kind == table.Timestamp:
			items = append(items, "CAST(from_iso8601_timestamp("+name+") AT TIME ZONE 'UTC' AS timestamp) AS "+name)
		case b.athenaText(c):
			items = append(items, "CAST("+name+" AS "+b.typ(c)+") AS "+name)
		default:
			items = append(items, name)
		}
	}
	for _, l := range b.levels {
		items = append(items, sqlName(l.name))
	}
	return "SELECT\n  " + strings.Join(items, ",\n  ") + "\nFROM " + qualified(from, sqlName)
}

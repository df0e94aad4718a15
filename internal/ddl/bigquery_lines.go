package ddl

import (
	"strings"

	"logferry/internal/table"
	"logferry/sinks"
)

// lineColumn holds a whole line of a file.
const lineColumn = "line"

// bigQueryLines reads NDJSON in place: a table of lines, as text, and a view that takes the columns out of them. A column of type JSON is
// documented for loads alone, and a STRING refuses nested values. Sources, all of the BigQuery documentation: "CREATE EXTERNAL TABLE" (quote;
// compression, of CSV and JSON alone), "REST: CsvOptions" (delimiters from U+0001 on, an empty quote where nothing is quoted), "JSON functions"
// (JSON_VALUE and JSON_QUERY of text; null is NULL), "Conversion functions".
func (b *builder) bigQueryLines() {
	// JSON escapes control characters, so that a line has no field but one.
	options := []string{"format = 'CSV'", `field_delimiter = '\x01'`, "quote = ''"}
	if b.Compression == "gzip" {
		options = append(options, "compression = 'GZIP'")
	}
	b.bigQueryExternal(b.files(), []string{backslashName(lineColumn) + " STRING"}, b.levels, b.bigQueryURI(), options...)
	var items []string
	for _, c := range b.data {
		items = append(items, b.bigQueryItem(c)+" AS "+backslashName(c.Name))
	}
	for _, l := range b.levels {
		items = append(items, backslashName(l.name))
	}
	b.add("CREATE OR REPLACE VIEW " + qualified(b.Table, backslashName) + " AS\nSELECT\n  " + strings.Join(items, ",\n  ") +
		"\nFROM " + qualified(b.files(), backslashName))
	b.note("JSON columns are text: PARSE_JSON makes the type JSON of it")
}

// bigQueryItem takes a column out of a line, as the type that it has in Parquet.
func (b *builder) bigQueryItem(c table.Column) string {
	arguments := "(" + backslashName(lineColumn) + ", " + backslashText("$."+c.Name) + ")"
	switch c.Kind {
	case table.JSON:
		return "JSON_QUERY" + arguments
	case table.String:
		return "JSON_VALUE" + arguments
	}
	t, _ := typeOf(b.engine, sinks.Parquet, c) // newBuilder made sure that the kind has one
	return "CAST(JSON_VALUE" + arguments + " AS " + t + ")"
}

package ddl

import (
	"slices"
	"strconv"
	"strings"
)

// duckDB writes a view over the files. Sources, all of the DuckDB documentation: "Parquet: Reading Parquet Files", "Loading JSON"
// (columns, maximum_object_size), "Hive Partitioning" (hive_types, filename), "Combining Schemas" (union_by_name), "Regular Expressions"
// (regexp_extract), "S3 API Support", "Azure Extension" (az://container/path), "Secrets Manager".
func duckDB(b *builder) error {
	var items []string
	for _, c := range b.Schema.Columns {
		items = append(items, b.duckDBItem(c.Name))
	}
	for _, l := range b.levels {
		if b.Schema.Index(l.name) < 0 {
			items = append(items, b.duckDBItem(l.name))
		}
	}
	kind := "VIEW"
	if b.Load {
		kind = "TABLE"
	}
	b.add("CREATE OR REPLACE " + kind + " " + qualified(b.Table, sqlName) + " AS\nSELECT\n  " + strings.Join(items, ",\n  ") +
		"\nFROM " + b.duckDBFiles())
	b.duckDBNotes()
	return nil
}

// duckDBItem is a column, or a level. Where the sink's own path shadows the files', levels are taken out of the file's path: DuckDB leaves out
// files by such a condition, too, if the path's column is named filename.
func (b *builder) duckDBItem(name string) string {
	at := slices.IndexFunc(b.levels, func(l level) bool { return l.name == name })
	if at < 0 || !b.shadowed() {
		return sqlName(name)
	}
	value := "regexp_extract(replace(" + sqlName(b.duckDBPath()) + `, '\', '/'), ` + sqlText("/"+b.levelPattern(b.levels[at])) + ", 1)"
	return "CAST(" + value + " AS " + b.levelType(b.levels[at]) + ") AS " + sqlName(name)
}

// duckDBPath is the name of the column for the file's path, which no other column has.
func (b *builder) duckDBPath() string {
	name := "filename"
	for b.Schema.Index(name) >= 0 {
		name += "_"
	}
	return name
}

// duckDBFiles calls the function that reads the files.
func (b *builder) duckDBFiles() string {
	options := []string{sqlText(b.duckDBGlob())}
	read := "read_parquet"
	if b.ndjson() {
		read = "read_ndjson"
		var columns []string
		for _, c := range b.data {
			columns = append(columns, sqlText(c.Name)+": "+sqlText(b.typ(c)))
		}
		options = append(options, "columns = {\n    "+strings.Join(columns, ",\n    ")+"\n  }", "maximum_object_size = 16777216")
	} else {
		options = append(options, "union_by_name = true")
	}
	return read + list(append(options, b.duckDBLevels()...))
}

// duckDBLevels are the options that make columns of the path.
func (b *builder) duckDBLevels() []string {
	if b.shadowed() {
		return []string{"hive_partitioning = false", "filename = " + sqlText(b.duckDBPath())}
	}
	var levels []string
	for _, l := range b.levels {
		levels = append(levels, sqlText(l.name)+": "+b.levelType(l))
	}
	return []string{"hive_partitioning = true", "hive_types = {" + strings.Join(levels, ", ") + "}"}
}

// duckDBGlob is the files' path, in which brackets stand around what is no pattern.
func (b *builder) duckDBGlob() string {
	scheme := map[store]string{s3: "s3://", gcs: "gs://", azure: "az://"}[b.place.store]
	root := b.place.table
	if scheme != "" {
		root = scheme + b.place.bucket + "/" + root
	}
	return strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]").Replace(root) + "/" + b.pattern()
}

func (b *builder) duckDBNotes() {
	switch b.place.store {
	case s3:
		secret := "a secret gives access: CREATE SECRET (TYPE s3, PROVIDER credential_chain"
		if b.place.region != "" {
			secret += ", REGION " + sqlText(b.place.region)
		}
		if scheme, host, ok := strings.Cut(b.place.endpoint, "://"); ok {
			secret += ", ENDPOINT " + sqlText(host) + ", URL_STYLE 'path', USE_SSL " + strconv.FormatBool(scheme == "https")
		}
		b.note(secret + ")")
	case gcs:
		b.note("a secret gives access: CREATE SECRET (TYPE gcs, KEY_ID …, SECRET …), with an HMAC key of the bucket's project")
	case azure:
		b.note("a secret gives access: CREATE SECRET (TYPE azure, PROVIDER credential_chain, ACCOUNT_NAME …)")
	}
	if !b.ndjson() && !b.Load {
		b.note("union_by_name opens every file to plan a query; without that line only those that the query is about are opened, which needs files with the same columns in all of them: none declared or removed since the first apply")
	}
	if b.ndjson() {
		b.note("a row of more than 16 MiB needs a larger maximum_object_size; a payload that is no JSON to DuckDB, such as half a surrogate pair, ends the query: Parquet keeps it as text")
	}
}

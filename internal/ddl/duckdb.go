package ddl

import (
	"strconv"
	"strings"
)

// duckDB writes a view over the files. Sources, all of the DuckDB documentation: "Parquet: Reading Parquet Files", "Loading JSON"
// (columns, maximum_object_size), "Hive Partitioning" (hive_types), "Combining Schemas" (union_by_name), "S3 API Support", "Azure
// Extension" (az://container/path), "Secrets Manager".
func duckDB(b *builder) error {
	var items []string
	for _, c := range b.Schema.Columns {
		items = append(items, sqlName(c.Name))
	}
	for _, l := range b.levels {
		if b.Schema.Index(l.name) < 0 {
			items = append(items, sqlName(l.name))
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
	var levels []string
	for _, l := range b.levels {
		levels = append(levels, sqlText(l.name)+": "+b.levelType(l))
	}
	options = append(options, "hive_partitioning = true", "hive_types = {"+strings.Join(levels, ", ")+"}")
	return read + list(options)
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
	if b.ndjson() {
		b.note("a row of more than 16 MiB needs a larger maximum_object_size; a payload that is no JSON to DuckDB, such as half a surrogate pair, ends the query: Parquet keeps it as text")
	}
}

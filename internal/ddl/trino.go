package ddl

import (
	"strings"
)

// trino writes an external table of the Hive connector and registers its partitions. Sources, all of the Trino documentation: "Hive
// connector" (external_location, partitioned_by and that its columns come last, format, sync_partition_metadata with a catalog before it,
// hive.timestamp-precision), "Object storage file formats" (OPENX_JSON, and compression by the files' extension), "CREATE TABLE AS",
// "DROP TABLE". That OPENX_JSON takes nested values as text, and times in RFC 3339, is in its reader, OpenXJsonDeserializer. That the files of
// a table with an external_location stay when it is dropped is Hive's rule for external tables. Partition projection is off by default and has
// no months there, so that it is not used.
func trino(b *builder) error {
	if err := b.remote(); err != nil {
		return err
	}
	name := b.Table
	if b.Load {
		name = b.files()
	}
	var columns, levels []string
	for _, c := range b.data {
		columns = append(columns, sqlName(c.Name)+" "+b.typ(c))
	}
	for _, l := range b.levels {
		columns = append(columns, sqlName(l.name)+" "+b.levelType(l))
		levels = append(levels, sqlText(l.name))
	}
	format := "PARQUET"
	if b.ndjson() {
		format = "OPENX_JSON"
	}
	b.add("DROP TABLE IF EXISTS " + qualified(name, sqlName))
	b.add("CREATE TABLE " + qualified(name, sqlName) + " " + list(columns) + "\nWITH " + list([]string{
		"format = " + sqlText(format),
		"external_location = " + sqlText(b.trinoURI()),
		"partitioned_by = ARRAY[" + strings.Join(levels, ", ") + "]",
	}))
	b.add(b.trinoSync(name))
	if b.Load {
		b.add("DROP TABLE IF EXISTS " + qualified(b.Table, sqlName))
		b.add("CREATE TABLE " + qualified(b.Table, sqlName) + " AS\nSELECT * FROM " + qualified(name, sqlName))
	}
	b.noteDrop("")
	b.notePurge()
	if b.place.endpoint != "" {
		b.note("the catalog needs s3.endpoint=" + b.place.endpoint)
	}
	b.note("the catalog needs hive.timestamp-precision=MICROSECONDS; run CALL again after an apply that made partitions")
	return nil
}

// trinoSync finds partitions. A procedure is named with its catalog and is told the schema.
func (b *builder) trinoSync(name string) string {
	parts := strings.Split(name, ".")
	tableName := parts[len(parts)-1]
	schema, catalog := "", ""
	if len(parts) > 1 {
		schema = parts[len(parts)-2]
	} else {
		schema = b.variable("TRINO_SCHEMA", "the schema of the table")
	}
	if len(parts) > 2 {
		catalog = parts[len(parts)-3]
	} else {
		catalog = b.variable("TRINO_CATALOG", "the catalog of the table")
	}
	return "CALL " + sqlName(catalog) + ".system.sync_partition_metadata(" + sqlText(schema) + ", " + sqlText(tableName) + ", 'FULL')"
}

func (b *builder) trinoURI() string {
	switch b.place.store {
	case s3:
		return "s3://" + b.place.bucket + "/" + b.place.table
	case gcs:
		return "gs://" + b.place.bucket + "/" + b.place.table
	}
	return b.abfss()
}

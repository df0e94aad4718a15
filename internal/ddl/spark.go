package ddl

import "strings"

// spark writes a data source table over the files and registers its partitions. Sources, all of the Spark SQL documentation: "CREATE
// DATASOURCE TABLE", "JSON Files" (timestampFormat, mode; zstd is none of its compressions), "Datetime Patterns", "REPAIR TABLE" (SYNC
// PARTITIONS), "DROP TABLE" (the files of an external table stay), "Literals" (backslashes), "Identifiers" (backticks). That nested values are taken as text, and decimals from strings, is in its
// reader, JacksonParser. Zstandard needs a Hadoop with native libraries: Spark's pull request 51182.
func spark(b *builder) error {
	if b.ndjson() && b.Compression == "zstd" {
		return b.refuse("NDJSON compressed with zstd needs a Hadoop that was built with it", "set the sink's compression to gzip, or its format to parquet")
	}
	name := b.Table
	if b.Load {
		name = b.files()
	}
	var columns, levels []string
	for _, c := range b.data {
		columns = append(columns, hiveName(c.Name)+" "+b.typ(c))
	}
	for _, l := range b.levels {
		columns = append(columns, hiveName(l.name)+" "+b.levelType(l))
		levels = append(levels, hiveName(l.name))
	}
	using := "USING PARQUET"
	if b.ndjson() {
		// A line that can't be read is an error; by default its values would be null.
		using = "USING JSON\nOPTIONS (timestampFormat " + backslashText("yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX") + ", mode 'FAILFAST')"
	}
	b.add("DROP TABLE IF EXISTS " + qualified(name, hiveName))
	b.add("CREATE TABLE " + qualified(name, hiveName) + " " + list(columns) + "\n" + using +
		"\nPARTITIONED BY (" + strings.Join(levels, ", ") + ")\nLOCATION " + backslashText(b.sparkURI()))
	b.add("MSCK REPAIR TABLE " + qualified(name, hiveName) + " SYNC PARTITIONS")
	if b.Load {
		b.add("DROP TABLE IF EXISTS " + qualified(b.Table, hiveName))
		b.add("CREATE TABLE " + qualified(b.Table, hiveName) + "\nUSING PARQUET AS\nSELECT * FROM " + qualified(name, hiveName))
	}
	b.noteDrop("")
	b.notePurge()
	if b.place.endpoint != "" {
		b.note("Spark needs spark.hadoop.fs.s3a.endpoint=" + b.place.endpoint)
	}
	b.note("run MSCK REPAIR TABLE again after an apply that made partitions")
	return nil
}

func (b *builder) sparkURI() string {
	switch b.place.store {
	case folder:
		return "file://" + slashed(b.place.table)
	case s3:
		return "s3a://" + b.place.bucket + "/" + b.place.table
	case gcs:
		return "gs://" + b.place.bucket + "/" + b.place.table
	}
	return b.abfss()
}

// slashed puts a slash before a path that begins with a drive.
func slashed(path string) string {
	if !strings.HasPrefix(path, "/") {
		return "/" + path
	}
	return path
}

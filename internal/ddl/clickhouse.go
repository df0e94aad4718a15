package ddl

import (
	"net/url"
	"strings"
)

// clickHouse writes a view over a table function, or a table and what fills it. Sources, all of the ClickHouse documentation: the table
// functions "s3", "gcs", "azureBlobStorage" (named collections), "file" (globs, structure, the virtual column _path), "Formats: JSONEachRow"
// (objects, arrays and numbers are read into String by default), "date_time_input_format" (best_effort reads RFC 3339), "use_hive_partitioning",
// "MergeTree". That a path with two values of one name is an error while use_hive_partitioning is on is in its HivePartitioningUtils.
func clickHouse(b *builder) error {
	if strings.ContainsAny(b.place.table, "*?{}") {
		return b.refuse("its path holds a character that stands for others in a table function", "give the sink a path without * ? { }")
	}
	var items, columns []string
	for _, c := range b.data {
		items = append(items, backslashName(c.Name))
		columns = append(columns, backslashName(c.Name)+" "+b.typ(c))
	}
	for _, l := range b.levels {
		items = append(items, b.clickHouseLevel(l)+" AS "+backslashName(l.name))
		columns = append(columns, backslashName(l.name)+" "+b.levelType(l))
	}
	query := "SELECT\n  " + strings.Join(items, ",\n  ") + "\nFROM " + b.clickHouseFiles()
	query += b.clickHouseSettings()
	name := qualified(b.Table, backslashName)
	if !b.Load {
		b.add("CREATE OR REPLACE VIEW " + name + " AS\n" + query)
		return nil
	}
	b.add("CREATE OR REPLACE TABLE " + name + " " + list(columns) + "\nENGINE = MergeTree\nPARTITION BY toYYYYMM(`timestamp`)\nORDER BY (`timestamp`, `log_id`)")
	b.add("INSERT INTO " + name + "\n" + query)
	return nil
}

func (b *builder) clickHouseSettings() string {
	var settings []string
	if b.ndjson() {
		settings = append(settings, "date_time_input_format = 'best_effort'")
	}
	if b.shadowed() {
		settings = append(settings, "use_hive_partitioning = 0")
	}
	if settings == nil {
		return ""
	}
	return "\nSETTINGS " + strings.Join(settings, ", ")
}

// clickHouseLevel takes a level out of the file's path: the type that ClickHouse would find for it may drop an hour's zero.
func (b *builder) clickHouseLevel(l level) string {
	value := "extract(_path, " + backslashText("/"+b.levelPattern(l)) + ")"
	switch l.kind {
	case date:
		return "toDate(" + value + ")"
	case integer:
		return "toUInt8(" + value + ")"
	}
	return value
}

// clickHouseFiles calls the function that reads the files.
func (b *builder) clickHouseFiles() string {
	var columns []string
	for _, c := range b.data {
		columns = append(columns, backslashName(c.Name)+" "+b.typ(c))
	}
	structure := backslashText(strings.Join(columns, ", "))
	format := "'Parquet'"
	if b.ndjson() {
		format = "'JSONEachRow'"
	}
	path := b.place.table + "/" + b.pattern()
	arguments := func(place string) string { return list([]string{place, format, structure}) }
	switch b.place.store {
	case folder:
		b.note("a server reads files below its user_files_path only; clickhouse local reads any")
		return "file" + arguments(backslashText(path))
	case s3:
		b.note("the server's own S3 configuration gives access")
		return "s3" + arguments(backslashText(b.clickHouseS3()+"/"+escapedPath(path)))
	case gcs:
		b.note("the server's own S3 configuration gives access, with an HMAC key of the bucket's project")
		return "gcs" + arguments(backslashText("https://storage.googleapis.com/"+b.place.bucket+"/"+escapedPath(path)))
	}
	return "azureBlobStorage" + list([]string{
		b.variable("CLICKHOUSE_NAMED_COLLECTION", "a named collection with the connection string, or the account's URL, name and key"),
		"container = " + backslashText(b.place.bucket), "blob_path = " + backslashText(path), "format = " + format, "structure = " + structure,
	})
}

func (b *builder) clickHouseS3() string {
	switch {
	case b.place.endpoint != "":
		return b.place.endpoint + "/" + b.place.bucket
	case b.place.region != "":
		return "https://" + b.place.bucket + ".s3." + b.place.region + ".amazonaws.com"
	}
	return "https://" + b.place.bucket + ".s3.amazonaws.com"
}

// escapedPath writes a key as a URL has it, and leaves stars.
func escapedPath(key string) string {
	return strings.ReplaceAll((&url.URL{Path: key}).EscapedPath(), "%2A", "*")
}

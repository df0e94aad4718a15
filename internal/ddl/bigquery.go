package ddl

import (
	"fmt"
	"strings"
)

// bigQuery writes an external table, or a load. Sources, all of the BigQuery documentation: "Data definition language: CREATE EXTERNAL
// TABLE", "Manage external Hive partitioned data" (prefix, required filter; partition keys and the files' columns must not overlap),
// "Load statements in GoogleSQL" (the column list goes without the partition columns), "Load JSON data from Cloud Storage" and "CREATE
// EXTERNAL TABLE: compression" (gzip and none), "Work with JSON data", "Load Parquet data" (DECIMAL as NUMERIC), "Create Amazon S3
// BigLake tables", "Create Azure Blob Storage BigLake tables".
//
// The files have a column `project`, so that project=P can't be a partition column: each project gets a table of its own, and a view
// has them all.
func bigQuery(b *builder) error {
	if err := b.bigQueryReads(); err != nil {
		return err
	}
	if len(b.Projects) == 0 {
		b.bigQueryTable(b.Table, "", true)
		return nil
	}
	b.noteProjects()
	var tables []string
	for i, p := range b.Projects {
		name := b.Table + "_" + p
		if b.Load {
			name = b.Table
		}
		tables = append(tables, "SELECT * FROM "+qualified(name, backslashName))
		b.bigQueryTable(name, p, i == 0)
	}
	if !b.Load {
		b.add("CREATE OR REPLACE VIEW " + qualified(b.Table, backslashName) + " AS\n" + strings.Join(tables, "\nUNION ALL\n"))
	}
	return nil
}

func (b *builder) bigQueryReads() error {
	if err := b.remote(); err != nil {
		return err
	}
	if err := b.amazon(); err != nil {
		return err
	}
	switch {
	case b.ndjson() && b.Compression == "zstd":
		return b.refuse("NDJSON may be compressed with gzip only", "set the sink's compression to gzip, or its format to parquet")
	case strings.ContainsAny(b.place.table, "*?["):
		return b.refuse("its path holds a character that stands for others in a URI", "give the sink a path without * ? [")
	}
	return nil
}

// bigQueryTable writes the table of a project, of all where it is empty.
func (b *builder) bigQueryTable(name, project string, first bool) {
	var columns []string
	for _, c := range b.Schema.Columns {
		columns = append(columns, backslashName(c.Name)+" "+b.typ(c))
	}
	var levels []string
	for _, l := range b.levels {
		if l.name != "project" {
			levels = append(levels, backslashName(l.name)+" "+b.levelType(l))
		}
	}
	prefix := b.bigQueryURI()
	if project != "" {
		prefix += "/" + projectFolder(project)
	}
	options := []string{
		"format = " + map[bool]string{false: "'PARQUET'", true: "'NEWLINE_DELIMITED_JSON'"}[b.ndjson()],
		"uris = [" + backslashText(prefix+"/*") + "]",
		"hive_partition_uri_prefix = " + backslashText(prefix),
	}
	if b.ndjson() && b.Compression == "gzip" {
		options = append(options, "compression = 'GZIP'")
	}
	with := "WITH PARTITION COLUMNS " + list(levels)
	if !b.Load {
		options = append(options, "require_hive_partition_filter = true")
		b.add("CREATE OR REPLACE EXTERNAL TABLE " + qualified(name, backslashName) + " " + list(columns) + "\n" + with + b.bigQueryConnection() +
			"\nOPTIONS " + list(options))
		return
	}
	b.bigQueryCommand(name, prefix, first)
	b.add("LOAD DATA " + map[bool]string{true: "OVERWRITE", false: "INTO"}[first] + " " + qualified(name, backslashName) + " " + list(columns) +
		"\nPARTITION BY " + b.bigQueryPartition() + "\nFROM FILES " + list(options) + "\n" + with + b.bigQueryConnection())
}

// bigQueryPartition divides the loaded table by days: hours would soon be more partitions than a table may have.
func (b *builder) bigQueryPartition() string {
	unit := "DAY"
	if b.levels[len(b.levels)-1].name == "month" {
		unit = "MONTH"
	}
	return "TIMESTAMP_TRUNC(" + backslashName("timestamp") + ", " + unit + ")"
}

func (b *builder) bigQueryURI() string {
	switch b.place.store {
	case s3:
		return "s3://" + b.place.bucket + "/" + b.place.table
	case azure:
		return "azure://" + b.account() + ".blob.core.windows.net/" + b.place.bucket + "/" + b.place.table
	}
	return "gs://" + b.place.bucket + "/" + b.place.table
}

func (b *builder) bigQueryConnection() string {
	if b.place.store == gcs {
		return ""
	}
	return "\nWITH CONNECTION `" + b.variable("BIGQUERY_CONNECTION", "a BigLake connection, such as project.aws-us-east-1.name, in the dataset's region") + "`"
}

// bigQueryCommand notes the load as a command. Source: "Load externally partitioned data" (CUSTOM, and the types in the prefix).
func (b *builder) bigQueryCommand(name, prefix string, first bool) {
	if b.place.store != gcs {
		return
	}
	typed := prefix
	for _, l := range b.levels {
		if l.name != "project" {
			typed += fmt.Sprintf("/{%s:%s}", l.name, b.levelType(l))
		}
	}
	command := []string{"bq load"}
	if first {
		command = append(command, "--replace")
	}
	format := "PARQUET"
	if b.ndjson() {
		format = "NEWLINE_DELIMITED_JSON"
	}
	command = append(command, "--source_format="+format, "--hive_partitioning_mode=CUSTOM", "--hive_partitioning_source_uri_prefix="+shellWord(typed),
		shellWord(name), shellWord(prefix+"/*"))
	if b.ndjson() {
		var schema []string
		for _, c := range b.Schema.Columns {
			schema = append(schema, c.Name+":"+b.typ(c))
		}
		command = append(command, shellWord(strings.Join(schema, ",")))
	}
	b.note("as a command: " + strings.Join(command, " "))
}

// shellWord quotes a word for a POSIX shell.
func shellWord(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

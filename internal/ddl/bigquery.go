package ddl

import "strings"

// bigQuery writes an external table, or a load. Sources, all of the BigQuery documentation: "Data definition language: CREATE EXTERNAL
// TABLE", "Manage external Hive partitioned data" (prefix, required filter; partition keys and the files' columns must not overlap),
// "Load statements in GoogleSQL" (the column list goes without the partition columns), "Load JSON data from Cloud Storage" (gzip and none; a
// column of type JSON takes any value), "REST: JobConfigurationLoad" (a load has no setting for a compression), "Load Parquet data" (DECIMAL
// as NUMERIC), "Create Amazon S3 BigLake tables", "Create Azure Blob Storage BigLake tables".
//
// Parquet has a column `project`, so that project=P can't be a partition column: each project gets a table of its own, and a view
// has them all. A load of NDJSON has it, too; NDJSON that is read in place has not (see bigQueryLines).
func bigQuery(b *builder) error {
	if err := b.bigQueryReads(); err != nil {
		return err
	}
	if !strings.Contains(b.Table, ".") {
		b.Table = b.variable("BIGQUERY_DATASET", "the dataset of the table; --table dataset.name says it, too") + "." + b.Table
	}
	b.noteKinds()
	if b.ndjson() && !b.Load {
		b.bigQueryLines()
		return nil
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
	var levels []level
	for _, l := range b.levels {
		if l.name != "project" {
			levels = append(levels, l)
		}
	}
	prefix := b.bigQueryURI()
	if project != "" {
		prefix += "/" + projectFolder(project)
	}
	format := b.bigQueryFormat()
	if !b.Load {
		b.bigQueryExternal(name, columns, levels, prefix, "format = '"+format+"'")
		return
	}
	options := append([]string{"format = '" + format + "'"}, bigQueryFiles(prefix)...)
	b.bigQueryCommand(name, prefix, first)
	b.add("LOAD DATA " + map[bool]string{true: "OVERWRITE", false: "INTO"}[first] + " " + qualified(name, backslashName) + " " + list(columns) +
		"\nPARTITION BY " + b.bigQueryPartition() + "\nFROM FILES " + list(options) + "\n" + b.bigQueryLevels(levels) + b.bigQueryConnection())
}

// bigQueryExternal writes an external table over the files below the prefix, with options of their format.
func (b *builder) bigQueryExternal(name string, columns []string, levels []level, prefix string, format ...string) {
	options := append(format, bigQueryFiles(prefix)...)
	options = append(options, "require_hive_partition_filter = true")
	b.add("CREATE OR REPLACE EXTERNAL TABLE " + qualified(name, backslashName) + " " + list(columns) + "\n" + b.bigQueryLevels(levels) +
		b.bigQueryConnection() + "\nOPTIONS " + list(options))
}

func (b *builder) bigQueryLevels(levels []level) string {
	var columns []string
	for _, l := range levels {
		columns = append(columns, backslashName(l.name)+" "+b.levelType(l))
	}
	return "WITH PARTITION COLUMNS " + list(columns)
}

// bigQueryFiles are the options that say where the files are.
func bigQueryFiles(prefix string) []string {
	return []string{"uris = [" + backslashText(prefix+"/*") + "]", "hive_partition_uri_prefix = " + backslashText(prefix)}
}

func (b *builder) bigQueryFormat() string {
	if b.ndjson() {
		return "NEWLINE_DELIMITED_JSON"
	}
	return "PARQUET"
}

// bigQueryPartition divides the loaded table.
func (b *builder) bigQueryPartition() string {
	return "TIMESTAMP_TRUNC(" + backslashName("timestamp") + ", " + b.bigQueryUnit() + ")"
}

// bigQueryUnit is at least a day: hours would soon be more partitions than a table may have.
func (b *builder) bigQueryUnit() string {
	if b.levels[len(b.levels)-1].name == "month" {
		return "MONTH"
	}
	return "DAY"
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

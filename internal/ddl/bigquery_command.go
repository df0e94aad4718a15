package ddl

import (
	"fmt"
	"strings"
)

// bigQueryCommand notes the load as a command. Sources, all of the BigQuery documentation: "Load externally partitioned data" (CUSTOM, and the
// types in the prefix), "bq command-line tool reference: bq load" (time_partitioning_field, time_partitioning_type, replace; tables are
// project:dataset.table).
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
	command = append(command, "--source_format="+b.bigQueryFormat(), "--time_partitioning_field=timestamp", "--time_partitioning_type="+b.bigQueryUnit(),
		"--hive_partitioning_mode=CUSTOM", "--hive_partitioning_source_uri_prefix="+shellWord(typed), shellWord(bqTable(name)), shellWord(prefix+"/*"))
	if b.ndjson() {
		var schema []string
		for _, c := range b.Schema.Columns {
			schema = append(schema, c.Name+":"+b.typ(c))
		}
		command = append(command, shellWord(strings.Join(schema, ",")))
	}
	b.note("as a command: " + strings.Join(command, " "))
}

// bqTable is a table's name as bq has it: a colon follows the project.
func bqTable(name string) string {
	parts := strings.Split(name, ".")
	if len(parts) < 3 {
		return name
	}
	at := len(parts) - 2
	return strings.Join(parts[:at], ".") + ":" + strings.Join(parts[at:], ".")
}

// shellWord quotes a word for a POSIX shell.
func shellWord(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// Package ddl writes the statements that make an export a table in a query engine: where the files lie, which columns they have, how
// their folders name partitions. It makes no request and reads no file.
//
// Columns and their types come from the table.Schema that the files are written with. The paths' levels (project, dt, hour, month) are
// columns too: dt is a date and hour an integer (Athena: dt is text), month is text such as 2026-04. The column `project` of the files
// equals the level of that name, and is there once.
//
// In NDJSON, JSON columns are nested. DuckDB and BigQuery's loads read them as JSON; BigQuery's view over the lines as the text of that JSON;
// the others as text, in which a value that is a JSON string has no quotes.
//
// Statements can be run again: what they make replaces what has its name.
//
// Each engine's file names the vendor's pages that its clauses come from. DuckDB's statements are run by test/engines; those of the
// others were not run against the engine.
package ddl

// Package reread reads data files with implementations that did not write them: Parquet with Apache Arrow, NDJSON with
// the standard library. What both read alike is in the file, whatever bugs either has. It shares no code with the
// packages that write.
//
// Memory is bounded by a page of each of a few columns, or a line, and not by the file.
package reread

// Package parquetfile encodes rows as Parquet files and checks finished ones.
//
// The columns of a file are those of the table.Schema, in its order. Pages are of version 1, which every reader knows.
// Encodings are dictionary (Column.Repeats), delta binary packed (integers, timestamps, decimals) and plain.
//
// A dictionary is bounded by its row group, which ends after 131,072 rows, after 32,768 large ones, or when it has used up the writer's memory, and
// by nothing else: the library can also give a dictionary up at a size (DictionaryMaxBytes), but then leaves the values
// that follow out of the column's bloom filter, and readers that trust the filter miss rows.
//
// Format: https://parquet.apache.org/docs/file-format/
package parquetfile

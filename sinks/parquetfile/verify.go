package parquetfile

import (
	"fmt"
	"io"

	"logferry/internal/table"
)

// Verify reads a finished file's footer and says whether it has the schema's columns and this many rows.
func Verify(r io.ReaderAt, size int64, schema *table.Schema, rows int64) error {
	file, err := open(r, size)
	if err != nil {
		return fmt.Errorf("read footer: %w", err)
	}
	fields := file.Schema().Fields()
	if len(fields) != len(schema.Columns) {
		return fmt.Errorf("the file has %d columns, not %d", len(fields), len(schema.Columns))
	}
	for i, field := range fields {
		if field.Name() != schema.Columns[i].Name {
			return fmt.Errorf("column %d of the file is %q, not %q", i, field.Name(), schema.Columns[i].Name)
		}
	}
	var inGroups int64
	for _, group := range file.RowGroups() {
		inGroups += group.NumRows()
	}
	if file.NumRows() != rows || inGroups != rows {
		return fmt.Errorf("the file has %d rows, %d in its row groups, not %d", file.NumRows(), inGroups, rows)
	}
	return nil
}

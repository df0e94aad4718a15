package reread

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"logferry/internal/table"
)

// readBuffer is how many bytes of each open column are read at once.
const readBuffer = 64 << 10

func readParquet(f *source, take func(*rowGroup, []Column) error) ([]Column, int64, error) {
	properties := parquet.NewReaderProperties(memory.DefaultAllocator)
	// Otherwise each column chunk is read into memory whole.
	properties.BufferedStreamEnabled, properties.BufferSize = true, readBuffer
	reader, err := file.NewParquetReader(f, file.WithReadProps(properties))
	if err != nil {
		return nil, 0, fmt.Errorf("read footer: %w", err)
	}
	defer func() { _ = reader.Close() }()
	columns, err := declaredColumns(reader)
	if err != nil {
		return nil, 0, err
	}
	var rows int64
	for g := range reader.NumRowGroups() {
		group, err := newRowGroup(reader.RowGroup(g), properties, f.size)
		if err == nil {
			err = take(group, columns)
		}
		if err != nil {
			return columns, rows, fmt.Errorf("row group %d: %w", g, err)
		}
		rows += group.NumRows()
	}
	if rows != reader.NumRows() {
		return columns, rows, fmt.Errorf("the footer says %d rows, the row groups have %d", reader.NumRows(), rows)
	}
	return columns, rows, nil
}

func declaredColumns(reader *file.Reader) ([]Column, error) {
	schema, err := pqarrow.FromParquet(reader.MetaData().Schema, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	if leaves := reader.MetaData().Schema.NumColumns(); leaves != schema.NumFields() {
		return nil, fmt.Errorf("the schema is nested: %d columns of %d values", schema.NumFields(), leaves)
	}
	columns := make([]Column, schema.NumFields())
	for i, field := range schema.Fields() {
		columns[i] = Column{Name: field.Name, Type: typeName(field.Type), Required: !field.Nullable}
	}
	return columns, nil
}

func typeName(t arrow.DataType) string {
	for _, known := range []struct {
		arrow arrow.DataType
		kind  table.Kind
	}{
		{arrow.BinaryTypes.String, table.String},
		{arrow.PrimitiveTypes.Int64, table.Int64},
		{arrow.PrimitiveTypes.Float64, table.Float64},
		{arrow.FixedWidthTypes.Boolean, table.Bool},
		{&arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, table.Timestamp},
		{&arrow.Decimal128Type{Precision: table.DecimalPrecision, Scale: table.DecimalScale}, table.Decimal},
	} {
		if arrow.TypeEqual(t, known.arrow) {
			return known.kind.String()
		}
	}
	return t.String()
}

// readGroup reads the columns that a Row has side by side, and all others one after the other.
func readGroup(group *rowGroup, columns []Column, row Row) error {
	var keys keyColumns
	for i, c := range columns {
		chunk, err := group.Column(i)
		if err != nil {
			return fmt.Errorf("column %q: %w", c.Name, err)
		}
		taken, err := keys.take(c, chunk)
		if err == nil && !taken {
			err = readToEnd(chunk, group.NumRows())
		}
		if err != nil {
			return fmt.Errorf("column %q: %w", c.Name, err)
		}
	}
	return keys.read(group.NumRows(), row)
}

// readToEnd decodes all values of a column chunk.
func readToEnd(chunk file.ColumnChunkReader, rows int64) error {
	switch chunk := chunk.(type) {
	case *file.ByteArrayColumnChunkReader:
		return newPuller(chunk, chunk.ReadBatchInPage, validText).readToEnd(rows)
	case *file.Int64ColumnChunkReader:
		return newPuller(chunk, chunk.ReadBatchInPage, nil).readToEnd(rows)
	case *file.Int32ColumnChunkReader:
		return newPuller(chunk, chunk.ReadBatchInPage, nil).readToEnd(rows)
	case *file.Float64ColumnChunkReader:
		return newPuller(chunk, chunk.ReadBatchInPage, nil).readToEnd(rows)
	case *file.BooleanColumnChunkReader:
		return newPuller(chunk, chunk.ReadBatchInPage, nil).readToEnd(rows)
	}
	return fmt.Errorf("%v is no physical type that this program writes", chunk.Type())
}

package sinktest

import (
	"bytes"
	"context"
	"math"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/stretchr/testify/require"

	"logferry/internal/table"
)

// ReadParquet reads a file's rows with Arrow.
func ReadParquet(t testing.TB, content []byte) []table.Row {
	t.Helper()
	reader, err := file.NewParquetReader(bytes.NewReader(content))
	require.NoError(t, err)
	defer reader.Close()
	arrowReader, err := pqarrow.NewFileReader(reader, pqarrow.ArrowReadProperties{BatchSize: 1000}, memory.DefaultAllocator)
	require.NoError(t, err)
	records, err := arrowReader.GetRecordReader(context.Background(), nil, nil)
	require.NoError(t, err)
	defer records.Release()
	var rows []table.Row
	for records.Next() {
		batch := records.RecordBatch()
		first := len(rows)
		for range batch.NumRows() {
			rows = append(rows, make(table.Row, batch.NumCols()))
		}
		for c, column := range batch.Columns() {
			for r := range column.Len() {
				if column.IsValid(r) {
					rows[first+r][c] = arrowValue(t, column, r)
				}
			}
		}
	}
	require.NoError(t, records.Err())
	return rows
}

func arrowValue(t testing.TB, column arrow.Array, row int) table.Value {
	t.Helper()
	v := table.Value{Valid: true}
	switch column := column.(type) {
	case *array.String:
		v.Bytes = []byte(column.Value(row))
	case *array.Int64:
		v.Int = column.Value(row)
	case *array.Timestamp:
		require.Equal(t, &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, column.DataType())
		v.Int = int64(column.Value(row))
	case *array.Decimal128:
		require.Equal(t, &arrow.Decimal128Type{Precision: table.DecimalPrecision, Scale: table.DecimalScale}, column.DataType())
		n := column.Value(row)
		require.True(t, n.FitsInPrecision(table.DecimalPrecision))
		v.Int = n.BigInt().Int64()
	case *array.Float64:
		v.Int = int64(math.Float64bits(column.Value(row)))
	case *array.Boolean:
		if column.Value(row) {
			v.Int = 1
		}
	default:
		require.Failf(t, "unexpected type", "column of %v", column.DataType())
	}
	return v
}

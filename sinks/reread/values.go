package reread

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"logferry/internal/table"
)

// valueColumn is one column of a row group, read value by value.
type valueColumn struct {
	name string
	at   int // in the row
	next func() (table.Value, error)
	end  func() error // says whether the last value was taken
}

// readGroupValues reads the schema's columns of a row group side by side, and all others one after the other.
func readGroupValues(group *rowGroup, columns []Column, schema *table.Schema, call func(table.Row) error) error {
	var wanted []valueColumn
	for i, c := range columns {
		chunk, err := group.Column(i)
		if err != nil {
			return fmt.Errorf("column %q: %w", c.Name, err)
		}
		at := schema.Index(c.Name)
		if at < 0 {
			err = readToEnd(chunk, group.NumRows())
		} else {
			var v valueColumn
			v, err = valuesOf(c, chunk, schema.Columns[at])
			v.at = at
			wanted = append(wanted, v)
		}
		if err != nil {
			return fmt.Errorf("column %q: %w", c.Name, err)
		}
	}
	row := make(table.Row, len(schema.Columns))
	for range group.NumRows() {
		for i := range wanted {
			v, err := wanted[i].next()
			if err != nil {
				return fmt.Errorf("column %q: %w", wanted[i].name, err)
			}
			row[wanted[i].at] = v
		}
		if err := call(row); err != nil {
			return err
		}
	}
	for _, v := range wanted {
		if err := v.end(); err != nil {
			return err
		}
	}
	return nil
}

// valuesOf reads a column whose declared type must be the one that the schema's column has in Parquet.
func valuesOf(found Column, chunk file.ColumnChunkReader, want table.Column) (valueColumn, error) {
	kind := want.Kind
	if kind == table.JSON {
		kind = table.String
	}
	if found.Type != kind.String() {
		return valueColumn{}, fmt.Errorf("it is of type %s, not %v", found.Type, want.Kind)
	}
	switch chunk := chunk.(type) {
	case *file.ByteArrayColumnChunkReader:
		return pulled(found.Name, newPuller(chunk, chunk.ReadBatchInPage, validText), func(v *table.Value, text parquet.ByteArray) { v.Bytes = text }), nil
	case *file.Int64ColumnChunkReader:
		return pulled(found.Name, newPuller(chunk, chunk.ReadBatchInPage, nil), func(v *table.Value, n int64) { v.Int = n }), nil
	case *file.Float64ColumnChunkReader:
		return pulled(found.Name, newPuller(chunk, chunk.ReadBatchInPage, nil), func(v *table.Value, f float64) { v.Int = int64(math.Float64bits(f)) }), nil
	case *file.BooleanColumnChunkReader:
		return pulled(found.Name, newPuller(chunk, chunk.ReadBatchInPage, nil), func(v *table.Value, yes bool) {
			if yes {
				v.Int = 1
			}
		}), nil
	}
	return valueColumn{}, fmt.Errorf("%v is no physical type that this program writes for it", chunk.Type())
}

func pulled[T any](name string, p *puller[T], set func(*table.Value, T)) valueColumn {
	next := func() (v table.Value, err error) {
		found, valid, err := p.next()
		if err == nil && valid {
			v.Valid = true
			set(&v, found)
		}
		return v, err
	}
	return valueColumn{name: name, next: next, end: p.readNothing}
}

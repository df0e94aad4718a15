package parquetfile

import (
	"fmt"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"

	"logferry/internal/table"
)

// schemaOf translates a schema column by column.
func schemaOf(schema *table.Schema) (*parquet.Schema, error) {
	group := make(parquet.Group, len(schema.Columns))
	for _, column := range schema.Columns {
		node, err := nodeOf(column)
		if err != nil {
			return nil, err
		}
		if _, twice := group[column.Name]; twice {
			return nil, fmt.Errorf("column %q is declared twice", column.Name)
		}
		group[column.Name] = node
	}
	return parquet.NewSchema("row", inOrder(group, schema)), nil
}

func nodeOf(column table.Column) (parquet.Node, error) {
	var node parquet.Node
	enc := encoding.Encoding(&parquet.Plain)
	switch column.Kind {
	case table.String, table.JSON:
		// JSON columns are strings too: engines disagree on what the JSON type is.
		node = parquet.String()
		if !hasBounds(column) {
			node = parquet.Leaf(unboundedType{node.Type()})
		}
	case table.Int64:
		node, enc = parquet.Leaf(parquet.Int64Type), &parquet.DeltaBinaryPacked
	case table.Timestamp:
		node, enc = parquet.Timestamp(parquet.Microsecond), &parquet.DeltaBinaryPacked
	case table.Decimal:
		node, enc = parquet.Decimal(table.DecimalScale, table.DecimalPrecision, parquet.Int64Type), &parquet.DeltaBinaryPacked
	case table.Float64:
		node = parquet.Leaf(parquet.DoubleType)
	case table.Bool:
		node = parquet.Leaf(parquet.BooleanType)
	default:
		return nil, fmt.Errorf("column %q: %v has no Parquet type", column.Name, column.Kind)
	}
	if column.Repeats && column.Kind != table.Bool {
		enc = &parquet.RLEDictionary
	}
	if !column.Required {
		node = parquet.Optional(node)
	}
	return parquet.Encoded(node, enc), nil
}

// isText says whether the column's values are in Value.Bytes.
func isText(kind table.Kind) bool { return kind == table.String || kind == table.JSON }

// hasBounds says whether the smallest and largest value of a column's pages and chunks are written. They are written in
// full, so that a column of long texts would repeat megabytes of them in the footer, where they help nobody to skip
// anything.
func hasBounds(column table.Column) bool {
	return !isText(column.Kind) || column.Kind == table.String && (column.Required || column.Repeats)
}

// orderedGroup is a parquet.Group, which sorts its fields by name, with the fields in an order of their own.
type orderedGroup struct {
	parquet.Group
	fields []parquet.Field
}

func (g orderedGroup) Fields() []parquet.Field { return g.fields }

func inOrder(group parquet.Group, schema *table.Schema) orderedGroup {
	g := orderedGroup{Group: group, fields: make([]parquet.Field, len(schema.Columns))}
	for _, field := range group.Fields() {
		g.fields[schema.Index(field.Name())] = field
	}
	return g
}

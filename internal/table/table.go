// Package table holds what a row of the export is: a schema of typed columns and the values of one row.
//
// transform produces rows, sinks write them; neither knows the other. The schema is the one source of the columns'
// names, types and order: file schemas and everything derived from them come from it.
package table

import "fmt"

// Kind is a column's type.
type Kind uint8

// The kinds of column. How a Value holds each is said at the kind.
const (
	String    Kind = iota + 1 // UTF-8 text, in Bytes
	JSON                      // one JSON value as UTF-8 text, in Bytes
	Int64                     // in Int
	Float64                   // IEEE 754 bits of a float64, in Int
	Bool                      // 0 or 1, in Int
	Timestamp                 // µs since 1970-01-01T00:00:00Z, in Int
	Decimal                   // decimal(18,9): the value times 10^9, in Int
)

var kindNames = [...]string{String: "string", JSON: "json", Int64: "int64", Float64: "float64", Bool: "bool", Timestamp: "timestamp", Decimal: "decimal(18,9)"}

func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return fmt.Sprintf("table.Kind(%d)", uint8(k))
}

// Precision and scale of every Decimal column.
const (
	DecimalPrecision = 18
	DecimalScale     = 9
)

// Column is one column of a Schema.
type Column struct {
	Name     string
	Kind     Kind
	Required bool // never null
	// Repeats says that few distinct values are expected: worth a dictionary.
	Repeats bool
	// Lookup says that readers search for single values: worth a bloom filter.
	Lookup bool
}

// Schema is an ordered list of columns. It is not changed after it was made and may be shared.
type Schema struct {
	Columns []Column
}

// Index returns the position of the named column, or -1.
func (s *Schema) Index(name string) int {
	for i := range s.Columns {
		if s.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// Value is one field of a row. The zero Value is null. Which of Int and Bytes counts follows from the column's Kind.
type Value struct {
	Int   int64
	Bytes []byte // aliases the producer's buffer: valid until the producer's next row
	Valid bool
}

// Row holds one Value a column, in the schema's order. The producer reuses it: a consumer copies what it keeps.
type Row []Value

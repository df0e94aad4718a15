package sinktest

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"logferry/internal/table"
)

// AnySchema draws a schema of one to eight columns of all kinds.
func AnySchema(rt *rapid.T) *table.Schema {
	kinds := []table.Kind{table.String, table.JSON, table.JSON, table.Int64, table.Float64, table.Bool, table.Timestamp, table.Decimal}
	schema := &table.Schema{}
	for i := range rapid.IntRange(1, 8).Draw(rt, "columns") {
		schema.Columns = append(schema.Columns, table.Column{
			Name:     fmt.Sprintf("%s%d", rapid.SampledFrom([]string{"z", "a", `"`, "\\", "ü", "\u2028", ","}).Draw(rt, "name"), i),
			Kind:     rapid.SampledFrom(kinds).Draw(rt, "kind"),
			Required: rapid.Bool().Draw(rt, "required"),
			Repeats:  rapid.Bool().Draw(rt, "repeats"),
			Lookup:   rapid.Bool().Draw(rt, "lookup"),
		})
	}
	return schema
}

// AnyRow draws a row that a writer accepts: numbers from their whole range, texts with control characters and bytes that
// are no UTF-8, and JSON as odd as it may be.
func AnyRow(rt *rapid.T, schema *table.Schema) table.Row {
	row := make(table.Row, len(schema.Columns))
	for i, c := range schema.Columns {
		if !c.Required && rapid.IntRange(0, 3).Draw(rt, "null") == 0 {
			continue
		}
		row[i] = table.Value{Valid: true}
		switch c.Kind {
		case table.String:
			row[i].Bytes = []byte(anyText.Draw(rt, "text"))
		case table.JSON:
			row[i].Bytes = []byte(anyJSON(rt, 3))
		case table.Bool:
			row[i].Int = rapid.Int64Range(0, 1).Draw(rt, "bool")
		case table.Float64:
			row[i].Int = int64(rapid.OneOf(rapid.Uint64(), rapid.Map(rapid.Float64(), math.Float64bits)).Draw(rt, "float"))
		default:
			row[i].Int = rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, -1, math.MinInt64, math.MaxInt64})).Draw(rt, "number")
		}
	}
	return row
}

var anyText = rapid.OneOf(
	rapid.String(),
	rapid.SampledFrom([]string{"", "null", "\x00\x1f\x7f\u0085\r\n\t", "\u2028\u2029\ufeff", `\u0041"\`, "a\xff\xc3", "\U0010ffff"}),
)

// anyJSON draws a JSON text with spaces and line breaks wherever they may be.
func anyJSON(rt *rapid.T, depth int) string {
	space := func() string {
		return rapid.SampledFrom([]string{"", "", "", "", " ", "\t", "\n", "\r\n", " \n "}).Draw(rt, "space")
	}
	var text string
	switch kind := rapid.IntRange(0, 5).Draw(rt, "JSON"); {
	case kind == 0 && depth > 0:
		var members []string
		for range rapid.IntRange(0, 3).Draw(rt, "members") { // names may be there twice
			members = append(members, space()+rapid.SampledFrom(oddStrings).Draw(rt, "name")+space()+":"+anyJSON(rt, depth-1))
		}
		text = "{" + space() + strings.Join(members, ",") + "}"
	case kind == 1 && depth > 0:
		var elements []string
		for range rapid.IntRange(0, 3).Draw(rt, "elements") {
			elements = append(elements, anyJSON(rt, depth-1))
		}
		text = "[" + space() + strings.Join(elements, ",") + "]"
	case kind == 2:
		text = rapid.SampledFrom([]string{"true", "false", "null"}).Draw(rt, "literal")
	case kind == 3:
		text = rapid.StringMatching(`-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,4})?`).Draw(rt, "number")
	default:
		text = rapid.SampledFrom(oddStrings).Draw(rt, "string")
	}
	return space() + text + space()
}

var oddStrings = []string{
	`""`, `"a"`, `"a,b}c:d"`, `"\ud800"`, `"\udc00\ud800"`, `"\ud83d\ude80"`, `"\u00e9\/\b\f"`, `"\\\""`, `"\u0000"`, "\"\u2028\x7f\"", "\"\xff\"", `"null"`,
}

// AsParquet returns rows as Parquet holds them: with one U+FFFD for each run of bytes that are no UTF-8.
func AsParquet(schema *table.Schema, rows []table.Row) []table.Row {
	return mapValues(schema, rows, func(kind table.Kind, v table.Value) table.Value {
		if kind == table.String || kind == table.JSON {
			v.Bytes = bytes.ToValidUTF8(v.Bytes, []byte("\uFFFD"))
		}
		return v
	})
}

// AsNDJSON returns rows as NDJSON holds them: with U+FFFD for what is no UTF-8 (each byte of a text, each run of JSON), with
// spaces for line breaks in JSON, and with null for JSON that is empty or null and for floats that JSON hasn't got.
func AsNDJSON(schema *table.Schema, rows []table.Row) []table.Row {
	return mapValues(schema, rows, func(kind table.Kind, v table.Value) table.Value {
		switch kind {
		case table.String:
			v.Bytes = []byte(string([]rune(string(v.Bytes))))
		case table.JSON:
			v.Bytes = bytes.ToValidUTF8(v.Bytes, []byte("\uFFFD"))
			v.Bytes = bytes.Map(func(r rune) rune {
				if r == '\n' || r == '\r' {
					return ' '
				}
				return r
			}, v.Bytes)
			if len(v.Bytes) == 0 || string(v.Bytes) == "null" {
				return table.Value{}
			}
		case table.Float64:
			if f := math.Float64frombits(uint64(v.Int)); math.IsNaN(f) || math.IsInf(f, 0) {
				return table.Value{}
			}
		}
		return v
	})
}

func mapValues(schema *table.Schema, rows []table.Row, change func(table.Kind, table.Value) table.Value) []table.Row {
	changed := make([]table.Row, len(rows))
	for i, row := range rows {
		changed[i] = slices.Clone(row)
		for c, v := range row {
			if v.Valid {
				changed[i][c] = change(schema.Columns[c].Kind, v)
			}
		}
	}
	return changed
}

package reread

import (
	"fmt"

	"logferry/internal/table"
)

// Expected returns what File finds in a Parquet file of the schema, in its order.
func Expected(schema *table.Schema) []Column {
	columns := make([]Column, len(schema.Columns))
	for i, c := range schema.Columns {
		kind := c.Kind
		if kind == table.JSON {
			kind = table.String
		}
		columns[i] = Column{Name: c.Name, Type: kind.String(), Required: c.Required}
	}
	return columns
}

// Check says what keeps the columns that File found from being those of a file of the schema: of Parquet by what it
// declares, of NDJSON by what its values are. A file of NDJSON without rows has no columns, which is right.
func Check(schema *table.Schema, key string, found []Column) error {
	if !isParquet(key) && len(found) == 0 {
		return nil
	}
	want := Expected(schema)
	if len(found) != len(want) {
		return fmt.Errorf("the file has %d columns, not %d", len(found), len(want))
	}
	for i, c := range found {
		if c.Name != want[i].Name {
			return fmt.Errorf("column %d of the file is %q, not %q", i+1, c.Name, want[i].Name)
		}
		if isParquet(key) && c != want[i] {
			return fmt.Errorf("column %q of the file is %s, not %s", c.Name, c.describe(), want[i].describe())
		}
		if !isParquet(key) && !fits(c, schema.Columns[i]) {
			return fmt.Errorf("column %q of the file is %s, which is no %v", c.Name, c.describe(), schema.Columns[i].Kind)
		}
	}
	return nil
}

func (c Column) describe() string {
	if c.Required {
		return c.Type + " and never null"
	}
	return c.Type + " or null"
}

// fits says whether a column's values may stand in a line of NDJSON for values of a schema's column.
func fits(found Column, want table.Column) bool {
	if want.Required && !found.Required {
		return false
	}
	switch want.Kind {
	case table.JSON:
		return true
	case table.Int64, table.Float64:
		return found.Type == "number" || found.Type == ""
	case table.Bool:
		return found.Type == "bool" || found.Type == ""
	default: // times and decimals too
		return found.Type == "string" || found.Type == ""
	}
}

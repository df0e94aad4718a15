package verify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"logferry/internal/state"
	"logferry/internal/table"
	"logferry/sinks/reread"
)

// kinds are all kinds of columns by their names.
var kinds = func() map[string]table.Kind {
	out := map[string]table.Kind{}
	for k := table.String; k <= table.Decimal; k++ {
		out[k.String()] = k
	}
	return out
}()

// SchemaOf is the schema of the columns that a manifest names, in the order of their names.
func SchemaOf(m *state.Manifest) (*table.Schema, error) {
	s := &table.Schema{}
	for _, name := range slices.Sorted(maps.Keys(m.Columns)) {
		kind, known := kinds[m.Columns[name]]
		if !known {
			return nil, fmt.Errorf("the manifest says that column %q is of the kind %q, which there is not", name, m.Columns[name])
		}
		s.Columns = append(s.Columns, table.Column{Name: name, Kind: kind})
	}
	if s.Index("timestamp") < 0 || s.Index("log_id") < 0 {
		return nil, fmt.Errorf("the manifest names no columns timestamp and log_id")
	}
	return s, nil
}

// read reads a file back: all of its values where the manifest has a root over them, and otherwise those that a Row has.
func (c *checker) read(ctx context.Context, path, key string, t *tally, row reread.Row) ([]reread.Column, int64, error) {
	if t.tree == nil {
		return reread.File(ctx, path, key, row)
	}
	schema, err := SchemaOf(c.manifest)
	if err != nil {
		return nil, 0, &reread.FileError{Key: key, Err: err}
	}
	canonical := table.NewCanonical(schema)
	at, id, status, detail := schema.Index("timestamp"), schema.Index("log_id"), schema.Index("status"), schema.Index("detail")
	text := func(values table.Row, i int) string {
		if i < 0 {
			return ""
		}
		return string(values[i].Bytes)
	}
	return reread.Rows(ctx, path, key, schema, func(values table.Row) error {
		if err := canonical.Write(t.tree, values); err != nil {
			return err
		}
		t.tree.End()
		return row(values[at].Int, values[id].Bytes, text(values, status), text(values, detail))
	})
}

// otherColumns says in which way the columns of a file are not those that its manifest names, by their names and kinds; with the
// pipeline's schema also by their order, and by which of them may be null. No key is needed for it, which the shape of hashed rows does.
func (c *checker) otherColumns(key string, found []reread.Column) string {
	if c.manifest.Columns == nil {
		if c.Schema == nil || c.manifest.Shape != c.Shape {
			return ""
		}
		return problemOf(reread.Check(c.Schema, key, found))
	}
	if len(found) == 0 && !strings.HasSuffix(key, ".parquet") {
		return "" // NDJSON without rows
	}
	committed := &table.Schema{}
	for _, f := range found {
		name, named := c.manifest.Columns[f.Name]
		if !named {
			return fmt.Sprintf("has a column %q, which was not committed", f.Name)
		}
		kind, known := kinds[name]
		if !known {
			return fmt.Sprintf("the manifest says that column %q is of the kind %q, which there is not", f.Name, name)
		}
		committed.Columns = append(committed.Columns, table.Column{Name: f.Name, Kind: kind, Required: f.Required})
	}
	if len(found) != len(c.manifest.Columns) {
		return fmt.Sprintf("has %d columns, and %d were committed", len(found), len(c.manifest.Columns))
	}
	if c.Schema != nil && maps.Equal(c.manifest.Columns, kindsOf(c.Schema)) {
		committed = c.Schema
	}
	return problemOf(reread.Check(committed, key, found))
}

func problemOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// kindsOf are the columns of a schema as a manifest names them.
func kindsOf(s *table.Schema) map[string]string {
	out := make(map[string]string, len(s.Columns))
	for i := range s.Columns {
		out[s.Columns[i].Name] = s.Columns[i].Kind.String()
	}
	return out
}

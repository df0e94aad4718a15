package verify

import (
	"context"
	"fmt"
	"maps"
	"slices"

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

// schemaOf is the schema of the columns that a manifest names, in the order of their names.
func schemaOf(m *state.Manifest) (*table.Schema, error) {
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
	schema, err := schemaOf(c.manifest)
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

// otherColumns says in which way the columns of a file are not those that its manifest names.
func (c *checker) otherColumns(found []reread.Column) string {
	if c.manifest.Columns == nil || len(found) == 0 {
		return ""
	}
	for _, f := range found {
		if _, named := c.manifest.Columns[f.Name]; !named {
			return fmt.Sprintf("has a column %q, which was not committed", f.Name)
		}
	}
	if len(found) != len(c.manifest.Columns) {
		return fmt.Sprintf("has %d columns, and %d were committed", len(found), len(c.manifest.Columns))
	}
	return ""
}

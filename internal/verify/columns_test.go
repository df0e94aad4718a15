package verify

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/state"
	"logferry/internal/table"
	"logferry/sinks/reread"
)

// TestColumnsAreComparedWithWhatTheManifestNames is so whatever the shape is: that of hashed rows is not known without a key.
func TestColumnsAreComparedWithWhatTheManifestNames(t *testing.T) {
	schema := &table.Schema{Columns: []table.Column{
		{Name: "timestamp", Kind: table.Timestamp, Required: true},
		{Name: "log_id", Kind: table.String, Required: true},
		{Name: "user", Kind: table.String},
		{Name: "data", Kind: table.JSON},
		{Name: "took", Kind: table.Int64},
	}}
	right := reread.Expected(schema)
	lines := []reread.Column{
		{Name: "timestamp", Type: "string", Required: true},
		{Name: "log_id", Type: "string", Required: true},
		{Name: "user", Type: "string"},
		{Name: "data", Type: "object|array"},
		{Name: "took", Type: "number"},
	}
	with := func(columns []reread.Column, at int, c reread.Column) []reread.Column {
		out := slices.Clone(columns)
		out[at] = c
		return out
	}
	swapped := slices.Clone(right)
	swapped[2], swapped[4] = swapped[4], swapped[2]
	other := func(s *table.Schema) *table.Schema {
		return &table.Schema{Columns: append(slices.Clone(s.Columns), table.Column{Name: "more", Kind: table.Bool})}
	}
	for name, c := range map[string]struct {
		key     string
		found   []reread.Column
		schema  *table.Schema
		problem string
	}{
		"as committed":                    {"x.parquet", right, nil, ""},
		"as committed, and by the schema": {"x.parquet", right, schema, ""},
		"lines":                           {"x.ndjson.zst", lines, schema, ""},
		"no line":                         {"x.ndjson", nil, schema, ""},
		"no column":                       {"x.parquet", nil, nil, "has 0 columns, and 5 were committed"},
		"one too few":                     {"x.parquet", right[:4], nil, "has 4 columns, and 5 were committed"},
		"another name":                    {"x.parquet", with(right, 2, reread.Column{Name: "whose", Type: "string"}), nil, `has a column "whose", which was not committed`},
		"another kind":                    {"x.parquet", with(right, 4, reread.Column{Name: "took", Type: "float64"}), nil, `column "took" of the file is float64 or null, not int64 or null`},
		"another kind of values":          {"x.ndjson", with(lines, 4, reread.Column{Name: "took", Type: "bool"}), nil, `column "took" of the file is bool or null, which is no int64`},
		"another order, which only the schema says": {"x.parquet", swapped, nil, ""},
		"another order":                  {"x.parquet", swapped, schema, `column 3 of the file is "took", not "user"`},
		"nulls where none may be":        {"x.parquet", with(right, 1, reread.Column{Name: "log_id", Type: "string"}), schema, "never null"},
		"by the schema of other columns": {"x.parquet", swapped, other(schema), ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := &state.Manifest{Shape: "with a key", Columns: kindsOf(schema)}
			v := &checker{verifier: &verifier{Options: Options{Schema: c.schema, Shape: "without"}}, manifest: m}
			problem := v.otherColumns(c.key, c.found)
			if c.problem == "" {
				require.Empty(t, problem)
			} else {
				require.Contains(t, problem, c.problem)
			}
		})
	}

	m := &state.Manifest{Shape: "of before"}
	v := &checker{verifier: &verifier{Options: Options{Schema: schema, Shape: "another"}}, manifest: m}
	require.Empty(t, v.otherColumns("x.parquet", swapped), "nothing is known of them")
	m.Shape = "another"
	require.NotEmpty(t, v.otherColumns("x.parquet", swapped))
}

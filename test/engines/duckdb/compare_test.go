package duckdb_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"
)

// requireTruth says that a table has each record once, with every value as it should be. It returns how many rows have each column.
func requireTruth(t testing.TB, table string, all []column, want map[string]*record, f format) (found map[string]int) {
	t.Helper()
	rows := query(t, "SELECT "+values(all)+" FROM "+table)
	require.Len(t, rows, len(want), "%s", table)
	seen := map[string]bool{}
	found = map[string]int{}
	for _, row := range rows {
		id, _ := row[0].(string)
		r := want[id]
		require.NotNil(t, r, "row %q is of no record", id)
		require.False(t, seen[id], "record %s has two rows", id)
		seen[id] = true
		for i, c := range all {
			if err := r.holds(c, row[i], f); err != nil {
				require.NoError(t, err, "record %s, column %s:\nwant %.2000q\ngot  %.2000q", id, c.name, r.row[c.name], row[i])
			}
			if row[i] != nil {
				found[c.name]++
			}
		}
	}
	return found
}

// holds compares a value that was read with the record's.
func (r *record) holds(c column, got any, f format) error {
	want := r.row[c.name]
	switch c.name {
	case "project":
		want = r.project
	case "extra":
		return r.holdsExtra(got)
	}
	switch w := want.(type) {
	case nil:
		if got != nil {
			return fmt.Errorf("it should be null")
		}
		return nil
	case *big.Int:
		d, ok := got.(duckdb.Decimal)
		if !ok || d.Width != 18 || d.Scale != 9 || d.Value.Cmp(w) != 0 {
			return fmt.Errorf("want %v billionths", w)
		}
		return nil
	case jsonText:
		return sameJSON(w, got, f == parquet && c.name != "data")
	}
	if want != got {
		return fmt.Errorf("%T is not %T of the same value", got, want)
	}
	return nil
}

// holdsExtra looks for what must be there; of a record that is not odd, nothing else may.
func (r *record) holdsExtra(got any) error {
	if len(r.extra) == 0 && r.fact.Odd == 0 {
		if got != nil {
			return fmt.Errorf("extra should be null")
		}
		return nil
	}
	s, _ := got.(string)
	has := members([]byte(s))
	for name, raw := range r.extra {
		kept, ok := has[name]
		if !ok {
			return fmt.Errorf("extra has no %s", name)
		}
		if err := sameJSON(jsonText(valid(raw)), string(kept), false); err != nil {
			return fmt.Errorf("extra has another %s: %w", name, err)
		}
	}
	return nil
}

// sameJSON compares JSON text with what was read: byte for byte, or by what it says.
func sameJSON(want jsonText, got any, exact bool) error {
	s, ok := got.(string)
	if !ok || exact && s != string(want) {
		return fmt.Errorf("it is not the text that was received")
	}
	if exact || s == string(want) {
		return nil
	}
	a, b := decode(string(want)), decode(s)
	if a == nil || !reflect.DeepEqual(a, b) {
		return fmt.Errorf("it says something else")
	}
	return nil
}

// decode reads JSON as far as DuckDB's own JSON goes, into which it puts what is nested in NDJSON: integers are kept digit for digit
// but the sign of a zero, other numbers as a float64. What is no JSON is nil.
func decode(text string) (out any) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if d.Decode(&out) != nil || d.More() {
		return nil
	}
	return simplify(out)
}

func simplify(v any) any {
	switch v := v.(type) {
	case json.Number:
		if strings.ContainsAny(string(v), ".eE") {
			f, _ := v.Float64()
			return f
		}
		if v == "-0" {
			return json.Number("0")
		}
	case []any:
		for i := range v {
			v[i] = simplify(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = simplify(v[name])
		}
	}
	return v
}

// partitionOf is the text of a level of the path of the record's partition.
func (r *record) partitionOf(level string) string {
	at := r.at()
	switch level {
	case "dt":
		return at.Format("2006-01-02")
	case "hour":
		return strconv.Itoa(at.Hour())
	}
	return at.Format("2006-01")
}

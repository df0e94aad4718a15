package duckdb_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
)

// declared are columns of every type that a pipeline can declare, what DuckDB must make of them, and where their values come from.
var declared = []struct{ name, typ, path, engine, from string }{
	{"payload_limit", "int64", "$.data.request.payload.limit", "BIGINT", "request payload.limit"},
	{"successful", "bool", "$.data.response.body.successful", "BOOLEAN", "response body.successful"},
	{"first_score", "float64", "$.data.response.body.data.items[0].score", "DOUBLE", "response body.data.items.0.score"},
	{"query", "string", "$.data.request.payload.query", "VARCHAR", "request payload.query"},
	{"started", "timestamp", "$.timings.start_time", "TIMESTAMP WITH TIME ZONE", ""},
	{"include", "json", "$.data.request.payload.include", "VARCHAR", "request payload.include"},
}

// aNightLater declares the columns and exports the date after aDay: the first two dates stay as they are.
func aNightLater(e export) export {
	var list []any
	for _, d := range declared {
		list = append(list, map[string]any{"name": d.name, "type": d.typ, "path": d.path})
	}
	e.from, e.to = date(2), date(3)
	e.transform = map[string]any{"columns": list}
	return e
}

// date is midnight, so many days after the date of begin.
func date(days int) time.Time { return begin.Truncate(24*time.Hour).AddDate(0, 0, days) }

func TestFilesOfTwoSchemasAreReadTogetherByName(t *testing.T) {
	first := export{partition: "day", from: date(0), to: date(2), formats: []format{parquet, gzip, zstd}}
	w := newWorld(t, logsim.Options{Seed: 21, Records: logsim.Records{Count: 600, From: date(0), To: date(3), MedianPayload: 400}})
	w.apply(w.pipeline(first))
	second := aNightLater(first)
	p := w.pipeline(second)
	w.apply(p)

	all := first
	all.to = second.to
	want := w.truth(all)
	for _, f := range first.formats {
		t.Run(f.String(), func(t *testing.T) {
			require.Len(t, query(t, fmt.Sprintf("SELECT DISTINCT file FROM glob('%s')", filepath.Join(w.folder(f), "tool_execution/*/*"))), 3)
			view(t, p, f)
			requireTruth(t, "logs", columns(contract), want, f)
			types := map[any]any{}
			for _, row := range query(t, "DESCRIBE logs") {
				types[row[0]] = row[1]
			}
			for _, d := range declared {
				if d.typ == "json" && f != parquet {
					d.engine = "JSON"
				}
				require.Equal(t, d.engine, types[d.name], d.name)
				requireDeclared(t, d.name, want, func(r *record) any {
					switch {
					case r.at().Before(second.from):
						return nil
					case d.typ == "timestamp":
						return r.row["start_time"]
					}
					return r.declared(d.typ, d.from)
				})
			}
		})
	}
}

// requireDeclared compares one column of all records.
func requireDeclared(t testing.TB, name string, want map[string]*record, value func(*record) any) {
	t.Helper()
	column := map[string]string{"started": "epoch_us(started)", "include": "include::VARCHAR"}[name]
	if column == "" {
		column = name
	}
	rows := query(t, "SELECT log_id, "+column+" FROM logs")
	require.Len(t, rows, len(want))
	found := 0
	for _, row := range rows {
		expected := value(want[row[0].(string)])
		require.Equal(t, expected, row[1], "%s of %s", name, row[0])
		if expected != nil {
			found++
		}
	}
	require.Greater(t, found, 20, name)
}

// declared is a value out of the record's columns as a value of the type.
func (r *record) declared(typ, from string) any {
	var column, steps string
	_, _ = fmt.Sscan(from, &column, &steps)
	text, _ := r.extract(column, steps).(string)
	switch typ {
	case "string", "json":
		if text == "" {
			return nil
		}
		return text
	case "int64":
		return decoded[int64](text)
	case "bool":
		return decoded[bool](text)
	}
	return decoded[float64](text)
}

func decoded[T any](text string) any {
	var v T
	if json.Unmarshal([]byte(text), &v) != nil {
		return nil
	}
	return v
}

package sinktest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/table"
)

// Schema is a schema with the columns of an export.
func Schema() *table.Schema {
	text := func(name string) table.Column { return table.Column{Name: name, Kind: table.String} }
	repeats := func(name string) table.Column {
		return table.Column{Name: name, Kind: table.String, Repeats: true}
	}
	lookup := func(name string) table.Column {
		return table.Column{Name: name, Kind: table.String, Lookup: true}
	}
	json := func(name string) table.Column { return table.Column{Name: name, Kind: table.JSON} }
	moment := func(name string) table.Column { return table.Column{Name: name, Kind: table.Timestamp} }
	return &table.Schema{Columns: []table.Column{
		{Name: "log_id", Kind: table.String, Required: true, Lookup: true},
		{Name: "timestamp", Kind: table.Timestamp, Required: true},
		repeats("type"), repeats("status"), repeats("level"), text("message"),
		repeats("tool_slug"), repeats("toolkit_slug"),
		lookup("user_id"), lookup("connected_account_id"), repeats("auth_config_id"), text("sandbox_id"),
		lookup("session_id"), lookup("trace_id"), lookup("request_id"), text("parent_log_id"), repeats("parent_tool_slug"),
		{Name: "duration_ms", Kind: table.Int64},
		moment("start_time"), moment("end_time"),
		repeats("source_host"), repeats("source_framework"), repeats("source_language"),
		{Name: "instant_charge", Kind: table.Decimal},
		json("request"), json("response"), json("data"), json("metadata"), json("metrics"), json("extra"),
		repeats("detail"),
		{Name: "score", Kind: table.Float64},
		{Name: "retried", Kind: table.Bool},
	}}
}

// Rows makes rows of Schema in their order, the same ones for the same seed and payload.
type Rows struct {
	random  *rand.Rand
	schema  *table.Schema
	payload int
	words   []string
	time    int64
	row     table.Row
	text    []byte
}

// Start is the time of the first row, µs: 2026-04-17T00:00:00Z.
const Start = 1776384000000000

// NewRows returns a source of rows. Each has about 600 bytes, and payload bytes more in `request` and `response`.
func NewRows(seed uint64, payload int) *Rows {
	r := &Rows{random: rand.New(rand.NewPCG(seed, 1)), schema: Schema(), payload: payload, time: Start}
	for range 2000 {
		r.words = append(r.words, r.hex(2+r.random.IntN(8)))
	}
	r.row = make(table.Row, len(r.schema.Columns))
	return r
}

// Next returns the next row, which is valid until the one after.
func (r *Rows) Next() table.Row {
	clear(r.row)
	r.text = r.text[:0]
	r.time += 1 + r.random.Int64N(3000)
	kit := r.random.IntN(20)
	duration := int64(r.random.ExpFloat64() * 900)
	r.set("log_id", "log_%s", r.hex(12))
	r.number("timestamp", r.time)
	r.set("type", "tool_execution")
	r.set("status", "%s", pick(r, "success", "success", "success", "failed"))
	r.set("level", "%s", pick(r, "info", "info", "error"))
	r.set("message", "Tool %d of the kit %d ran in %d ms for %s", kit*7, kit, duration, pick(r, r.words...))
	r.set("tool_slug", "TOOLKIT_%d_ACTION_%d", kit, r.random.IntN(15))
	r.set("toolkit_slug", "toolkit_%d", kit)
	r.set("user_id", "user_%05d", r.random.IntN(3000))
	r.set("connected_account_id", "ca_%012d", r.random.IntN(5000))
	r.set("auth_config_id", "ac_%012d", kit)
	r.set("session_id", "sess_%s", r.hex(8))
	r.set("trace_id", "%s", r.hex(16))
	r.set("request_id", "req_%s", r.hex(10))
	r.number("duration_ms", duration)
	r.number("start_time", r.time-duration*1000)
	r.number("end_time", r.time)
	r.set("source_framework", "%s", pick(r, "langchain", "openai", "mastra"))
	r.set("source_language", "%s", pick(r, "python", "typescript"))
	r.number("instant_charge", r.random.Int64N(50)*1_000_000)
	if r.payload > 0 {
		r.json("request", r.payload/4)
		r.json("response", r.payload*3/4)
	}
	r.set("metadata", `{"tool":{"slug":"TOOLKIT_%d_ACTION"},"user_id":"user_%05d","n":%d}`, kit, r.random.IntN(3000), r.random.IntN(1000))
	r.set("metrics", `{"duration_ms":%d}`, duration)
	r.set("detail", "fetched")
	if r.random.IntN(4) == 0 {
		r.number("retried", 1)
	}
	return r.row
}

func (r *Rows) number(column string, n int64) {
	r.row[r.schema.Index(column)] = table.Value{Int: n, Valid: true}
}

func (r *Rows) set(column, format string, args ...any) {
	start := len(r.text)
	r.text = fmt.Appendf(r.text, format, args...)
	r.row[r.schema.Index(column)] = table.Value{Bytes: r.text[start:len(r.text):len(r.text)], Valid: true}
}

// json sets a column to a JSON object of about size bytes, of words.
func (r *Rows) json(column string, size int) {
	var b strings.Builder
	b.WriteString(`{"items":[`)
	for b.Len() < size {
		fmt.Fprintf(&b, `{"id":"%s","subject":"%s %s %s","size":%d},`, r.hex(6), pick(r, r.words...), pick(r, r.words...), pick(r, r.words...), r.random.IntN(100000))
	}
	b.WriteString(`null]}`)
	r.set(column, "%s", b.String())
}

func (r *Rows) hex(n int) string {
	const digits = "0123456789abcdef"
	s := make([]byte, 2*n)
	for i := range s {
		s[i] = digits[r.random.IntN(len(digits))]
	}
	return string(s)
}

func pick(r *Rows, from ...string) string { return from[r.random.IntN(len(from))] }

// Clone copies a row and its bytes.
func Clone(row table.Row) table.Row {
	c := slices.Clone(row)
	for i := range c {
		c[i].Bytes = slices.Clone(c[i].Bytes)
	}
	return c
}

// RequireRows fails the test at the first difference between the rows.
func RequireRows(t testing.TB, want, got []table.Row) {
	t.Helper()
	require.Len(t, got, len(want), "number of rows")
	for i := range want {
		require.Len(t, got[i], len(want[i]), "row %d", i)
		for c, v := range want[i] {
			g := got[i][c]
			if g.Valid != v.Valid || g.Int != v.Int || !bytes.Equal(g.Bytes, v.Bytes) {
				require.Failf(t, "rows differ", "row %d column %d: want %+v (%.200q), got %+v (%.200q)", i, c, v, v.Bytes, g, g.Bytes)
			}
		}
	}
}

package transform

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"logferry/internal/record"
	"logferry/internal/record/span"
	"logferry/internal/table"
)

// FuzzRebuild makes the record again out of its row, and compares it with the decoded one: nothing that was received is lost, or
// is anything else than it was.
func FuzzRebuild(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"id":"log_1","timestamp":"2026-04-17T10:11:12.345Z","status":"success","metadata":{"tool":{"slug":"A"}},"metrics":{"duration_ms":1.5}}`, ""},
		{`{"id":"log_1","timestamp":1776420672345}`, `{"id":"log_2","timestamp":"2026-04-17T10:11:12.3456789Z","data":{"request":{"payload":{"to":"a"}},"response":null,"x":1e400},"timings":{"start_time":1}}`},
		{`{"id":"log_1","timestamp":1e3,"context":{"session_id":"s","other":1},"source":{},"parent":[],"timings":{"start_time":"2026-04-17T10:11:12.1234567Z","end_time":null}}`, ""},
		{`{"id":"log_1","timestamp":1e3,"message":1,"level":null,"status":{},"a":{"b":1,"c":null}}`, `{"message":"m","level":"info","a":{"b":1,"d":2},"data":[],"source":{"host":7,"framework":"f","language":null}}`},
		{`{"id":"log_1","timestamp":1e3,"extra":{"x":1},"tool_slug":"A","":0,"data":"text","\u0061":1}`, `{"extra":1,"a":1.0,"id":"log\u005f1","data":{"response":"\u0000"}}`},
		{`{"id":"0","timestamp":0}`, "\f{}"}, // no space to JSON
		{`{"id":"0","timestamp":0,"\u0061":0}`, `{"a":{}}`},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	flattener := newFlattener(f, Options{})
	f.Fuzz(func(t *testing.T, entry, detail []byte) {
		page, err := record.ParsePage(bytes.Join([][]byte{[]byte(`{"logs":[`), entry, []byte(`]}`)}, nil))
		if err != nil || len(page.Entries) != 1 || !plainObject(entry) {
			return
		}
		rec := record.Record{Entry: page.Entries[0], Outcome: record.Skipped}
		if len(detail) > 0 {
			if !plainObject(detail) {
				return
			}
			rec.Outcome, rec.Detail = record.Fetched, detail
		}
		row, err := flattener.Flatten(&rec, "")
		require.NoError(t, err)
		got := rebuild(t, flattener.Schema(), row)
		contradicted, _ := got["_list_entry"].(map[string]any)
		delete(got, "_list_entry")

		main, listed := decoded(t, rec.Raw), map[string]any{}
		if len(detail) > 0 {
			main, listed = decoded(t, detail), main
		}
		for name, value := range listed {
			if main[name] == nil {
				main[name] = value
			} else if !sameTime(name, value, rec.Micros) && !(name == "id" && value == rec.ID) && !holds(main[name], value) {
				require.Equal(t, value, contradicted[name], "the list entry's %q, which the detail has otherwise", name)
				delete(contradicted, name)
			}
		}
		// A timestamp of the list entry, or the only one, may stand there too.
		if at, ok := contradicted["timestamp"]; ok {
			require.Contains(t, []any{main["timestamp"], listed["timestamp"]}, at)
			delete(contradicted, "timestamp")
		}
		require.Empty(t, contradicted)
		compare(t, main, got, rec.Key, listed["timestamp"])
	})
}

// plainObject says that a text is an object that encoding/json decodes without loss, and that has none of the names that are the
// program's own.
func plainObject(text []byte) bool {
	text = span.Trim(text)
	return len(text) > 0 && text[0] == '{' && jsontext.Value(text).IsValid() && !bytes.Contains(text, listEntryMember) && !bytes.Contains(text, invalidMember) && !bytes.Contains(text, []byte(`\u005f`))
}

func decoded(t *testing.T, text []byte) map[string]any {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var object map[string]any
	require.NoError(t, d.Decode(&object))
	return object
}

// holds says whether whole says all that part says.
func holds(whole, part any) bool {
	p, ok := part.(map[string]any)
	w, both := whole.(map[string]any)
	if !ok || !both {
		return equal(whole, part)
	}
	for name, value := range p {
		if value != nil && !holds(w[name], value) {
			return false
		}
	}
	return true
}

func equal(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

func sameTime(name string, value any, micros int64) bool {
	if name != "timestamp" && name != "start_time" && name != "end_time" {
		return false
	}
	text, _ := json.Marshal(value)
	at, exact, err := record.ParseTimestamp(text)
	return err == nil && exact && at == micros
}

// moment is a time that a column holds.
type moment int64

// rebuild puts a row's columns back to where they came from.
func rebuild(t *testing.T, schema *table.Schema, row table.Row) map[string]any {
	value := func(column int) any {
		switch v := row[column]; {
		case !v.Valid:
			return nil
		case schema.Columns[column].Kind == table.String:
			return string(v.Bytes)
		case schema.Columns[column].Kind == table.Timestamp:
			return moment(v.Int)
		default:
			d := json.NewDecoder(bytes.NewReader(v.Bytes))
			d.UseNumber()
			var out any
			require.NoError(t, d.Decode(&out))
			return out
		}
	}
	out := map[string]any{}
	set := func(object map[string]any, name string, v any) {
		if v != nil {
			object[name] = v
		}
	}
	for name, column := range map[string]int{
		"id": colLogID, "timestamp": colTimestamp, "type": colType, "status": colStatus, "level": colLevel, "message": colMessage, "metadata": colMetadata, "metrics": colMetrics, "data": colData,
	} {
		set(out, name, value(column))
	}
	if data, ok := out["data"].(map[string]any); ok {
		set(data, "request", value(colRequest))
		set(data, "response", value(colResponse))
	}
	extra, _ := value(colExtra).(map[string]any)
	for name, columns := range map[string][]memberColumn{"context": contextColumns, "source": sourceColumns, "parent": parentColumns, "timings": timingsColumns} {
		left, isObject := extra[name].(map[string]any)
		if extra[name] != nil && !isObject {
			continue
		}
		object := maps.Clone(left)
		if object == nil {
			object = map[string]any{}
		}
		for _, c := range columns {
			if _, there := object[c.member]; !there && (name != "context" || !fromMetadata(row, c.column, out["metadata"])) {
				set(object, c.member, value(c.column))
			}
		}
		set(extraOr(&extra), name, object)
	}
	maps.Copy(out, extra)
	return out
}

func extraOr(extra *map[string]any) map[string]any {
	if *extra == nil {
		*extra = map[string]any{}
	}
	return *extra
}

// fromMetadata says that a column may have come from the metadata, where its context has none.
func fromMetadata(row table.Row, column int, metadata any) bool {
	object, _ := metadata.(map[string]any)
	name := map[int]string{colSessionID: "session_id", colTraceID: "trace_id", colRequestID: "request_id"}[column]
	text, ok := object[name].(string)
	return ok && row[column].Valid && text == string(row[column].Bytes)
}

// compare compares the record with what was made of its row. Null and absent are the same at the top level and in the objects
// that are taken apart, and so are these objects without members.
func compare(t *testing.T, want, got map[string]any, key record.Key, listed any) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		w, g := want[name], got[name]
		switch name {
		case "id":
			require.True(t, w == nil || equal(w, g) || w == any(key.ID), "id: %v, and not %v", g, w)
		case "timestamp":
			require.True(t, w == nil || equal(w, g) || sameTime(name, w, key.Micros) || equal(listed, g), "timestamp: %v, and not %v", g, w)
		case "context", "source", "parent", "timings":
			object, ok := w.(map[string]any)
			if !ok {
				require.True(t, w == nil || equal(w, g), "%s: %v, and not %v", name, g, w)
				break
			}
			parts, _ := g.(map[string]any)
			for member, value := range object {
				part := parts[member]
				if at, isTime := part.(moment); isTime {
					require.True(t, sameTime(member, value, int64(at)), "%s.%s", name, member)
					continue
				}
				if metadata, ok := want["metadata"].(map[string]any); ok && name == "context" && part == nil {
					part = metadata[member] // which has the same
				}
				require.True(t, value == nil || equal(value, part), "%s.%s: %v, and not %v", name, member, part, value)
			}
		case "data":
			object, ok := w.(map[string]any)
			if ok {
				for _, member := range []string{"request", "response"} {
					if object[member] == nil {
						delete(object, member)
					}
				}
			}
			require.True(t, equal(w, g), "data: %v, and not %v", g, w)
		default:
			require.True(t, equal(w, g), "%s: %v, and not %v", name, g, w)
		}
		delete(got, name)
	}
	for _, name := range []string{"id", "timestamp"} { // the key, which an entry has always
		delete(got, name)
	}
	for name, g := range got {
		object, ok := g.(map[string]any)
		require.True(t, ok && len(object) == 0 || name == "context" && want["metadata"] != nil, "%s: %v from nowhere", name, g)
	}
}

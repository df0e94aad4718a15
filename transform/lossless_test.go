package transform

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"logferry/internal/record"
	"logferry/internal/record/span"
	"logferry/internal/table"
)

// leaves draws records whose every leaf can be told from every other: each string and each unknown name holds a marker of
// its own, each number is one of its own. So a leaf that is found in a row is the one that was received.
type leaves struct {
	t        *rapid.T
	next     int
	received []leaf
}

type leaf struct {
	marker string // part of a string or a name, or
	number string // the number's text
}

func (l *leaves) marker() string {
	l.next++
	m := fmt.Sprintf("leaf%06dx", l.next)
	l.received = append(l.received, leaf{marker: m})
	return m
}

func (l *leaves) text() string {
	form := rapid.SampledFrom([]string{`"%s"`, `"%s\n\""`, `"\u0041%s"`, `"%s\ud800"`, "\"%s\xff\"", `"%s\ud83d\ude00"`}).Draw(l.t, "text")
	return fmt.Sprintf(form, l.marker())
}

func (l *leaves) number() string {
	l.next++
	form := rapid.SampledFrom([]string{"%d", "-%d", "%d.5", "%d.0625", "%de400", "%d.000000000000000000001", "9223372036854%d", "%d00000000000000"}).Draw(l.t, "number")
	n := fmt.Sprintf(form, 1_000_000+l.next)
	l.received = append(l.received, leaf{number: n})
	return n
}

func (l *leaves) value(depth int) string {
	switch kind := rapid.IntRange(0, 9).Draw(l.t, "kind"); {
	case kind < 4:
		return l.text()
	case kind < 6:
		return l.number()
	case kind == 6:
		return rapid.SampledFrom([]string{"null", "true", "{}", "[]"}).Draw(l.t, "constant")
	case kind == 7 && depth > 0:
		return "[" + l.value(depth-1) + ", " + l.value(depth-1) + "]"
	case depth > 0:
		return l.object(depth-1, "id", "slug", "log_id")
	}
	return "false"
}

// object draws an object of some of the given members, repeated ones and unknown ones among them.
func (l *leaves) object(depth int, names ...string) string {
	var members []string
	for _, name := range names {
		for range rapid.SampledFrom([]int{0, 1, 1, 1, 2}).Draw(l.t, "times") {
			members = append(members, strconv.Quote(name)+":"+l.member(depth, name))
		}
	}
	for range rapid.IntRange(0, 2).Draw(l.t, "unknown") {
		name, value := l.marker(), l.value(depth)
		if value == "null" {
			l.received = l.received[:len(l.received)-1] // null says no more than absence
		}
		members = append(members, fmt.Sprintf(`"%s" : %s`, name, value))
	}
	return "{" + strings.Join(members, rapid.SampledFrom([]string{",", " ,\n"}).Draw(l.t, "comma")) + "}"
}

// member draws the value of a named member: mostly of the shape that the API documents, sometimes any other.
func (l *leaves) member(depth int, name string) string {
	if rapid.IntRange(0, 4).Draw(l.t, "odd") == 0 {
		return l.value(depth)
	}
	switch name {
	case "metadata":
		return l.object(2, "tool", "tool_slug", "toolkit", "toolkit_slug", "user_id", "session_id", "request_id", "instant_charge")
	case "context":
		return l.object(1, "session_id", "trace_id", "request_id")
	case "source":
		return l.object(1, "host", "framework", "language")
	case "parent":
		return l.object(1, "log_id", "tool_slug")
	case "timings":
		return l.object(1, "start_time", "end_time")
	case "metrics":
		return l.object(1, "duration_ms")
	case "data":
		return l.object(2, "request", "response")
	case "start_time", "end_time", "duration_ms":
		return l.number()
	}
	return l.text()
}

func (l *leaves) record() string {
	return l.object(2, "type", "status", "level", "message", "metadata", "metrics", "parent", "timings", "context", "source", "data")
}

// found says whether a row still says a leaf.
func (l leaf) found(schema *table.Schema, row table.Row, text []byte) bool {
	if l.marker != "" {
		return bytes.Contains(text, []byte(l.marker))
	}
	for i, c := range schema.Columns {
		if !row[i].Valid || c.Kind != table.Timestamp {
			continue
		}
		if micros, rest, ok := span.Scaled([]byte(l.number), 3); ok && rest == span.Exact && micros == row[i].Int {
			return true
		}
	}
	return bytes.Contains(text, []byte(l.number))
}

// texts joins everything in a row that is text, with the bytes that `extra` holds in base64.
func texts(t require.TestingT, schema *table.Schema, row table.Row) []byte {
	var all []byte
	for i, c := range schema.Columns {
		if c.Kind == table.String || c.Kind == table.JSON {
			all = append(append(all, row[i].Bytes...), '\n')
		}
	}
	for _, encoded := range invalidBytes(t, row) {
		exact, err := base64.StdEncoding.DecodeString(encoded)
		require.NoError(t, err)
		all = append(append(all, exact...), '\n')
	}
	return all
}

func invalidBytes(t require.TestingT, row table.Row) map[string]string {
	var columns map[string]string
	if text := memberOf(row[colExtra].Bytes, invalidMember); text != nil {
		require.NoError(t, json.Unmarshal(text, &columns))
	}
	return columns
}

func TestNothingReceivedIsLost(t *testing.T) {
	f := newFlattener(t, Options{})
	rapid.Check(t, func(t *rapid.T) {
		l := &leaves{t: t}
		rec := entryOnly(l.record())
		if rapid.Bool().Draw(t, "with detail") {
			rec.Outcome, rec.Detail = record.Fetched, []byte(l.record())
		}
		row, err := f.Flatten(rec, "")
		require.NoError(t, err)
		text := texts(t, f.Schema(), row)
		for _, leaf := range l.received {
			require.True(t, leaf.found(f.Schema(), row, text), "%+v of\n%s\n%s\nis in no column of\n%s", leaf, rec.Raw, rec.Detail, text)
		}
	})
}

// FuzzFlatten checks what every row has to be, whatever was received.
func FuzzFlatten(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"id":"log_1","timestamp":"2026-04-17T10:11:12.345Z","status":"success","metadata":{"tool":{"slug":"A"}},"metrics":{"duration_ms":1.5}}`, ""},
		{`{"id":"log_1"}`, `{"id":"log_1","data":{"request":{"payload":{"to":"a"}},"response":null,"x":1e400},"timings":{"start_time":1}}`},
		{"{\"status\":\"\xff\",\"a\":\"\\ud800\"}", "{\"metadata\":\"\xc3\",\"\xff\":1,\"context\":{\"session_id\":\"\xff\"}}"},
		{`{"status":1,"status":2,"extra":{},"_invalid_utf8":"x"}`, `{"data":[[[[]]]],"parent":{"log_id":[]}}`},
		{`{"metrics":{"duration_ms":1e999999999}}`, `{"metrics":{"duration_ms":9223372036854775808},"metadata":{"instant_charge":"1e9"}}`},
		{`{`, `[]`},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	flattener := newFlattener(f, Options{Raw: true, Columns: []Column{
		{"one", "$.data.request.payload.to", table.String}, {"all", "$..id", table.JSON}, {"number", "$.metrics.duration_ms", table.Float64}, {"whole", "$", table.JSON},
	}})
	f.Fuzz(func(t *testing.T, entry, detail []byte) {
		rec := entryOnly(string(entry))
		if len(detail) > 0 {
			rec.Outcome, rec.Detail = record.Fetched, detail
		}
		if span.Validate(entry) != nil || len(detail) > 0 && span.Validate(detail) != nil {
			return // never reaches a Flattener
		}
		row, err := flattener.Flatten(rec, "")
		if err != nil {
			return
		}
		for i, c := range flattener.Schema().Columns {
			v := row[i]
			require.True(t, v.Valid || !c.Required, c.Name)
			require.True(t, bytes.Equal(v.Bytes, bytes.ToValidUTF8(v.Bytes, nil)), "%s is no UTF-8", c.Name)
			if c.Kind == table.JSON && v.Valid {
				require.NoError(t, span.Validate(v.Bytes), "%s: %q", c.Name, v.Bytes)
			}
		}
	})
}

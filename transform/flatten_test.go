package transform

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"logferry/internal/record"
	"logferry/internal/table"
)

const testMicros = 1776420672345000 // 2026-04-17T10:11:12.345Z

// entryOnly is a record whose details were not asked for.
func entryOnly(raw string) *record.Record {
	return &record.Record{Entry: record.Entry{Key: record.Key{Micros: testMicros, ID: "log_1"}, Raw: []byte(raw)}, Outcome: record.Skipped}
}

func withDetail(entry, detail string) *record.Record {
	rec := entryOnly(entry)
	rec.Outcome, rec.Detail = record.Fetched, []byte(detail)
	return rec
}

func newFlattener(t testing.TB, o Options) *Flattener {
	t.Helper()
	f, err := New(o)
	require.NoError(t, err)
	return f
}

// values writes the columns of a row that are not null as text. log_id, timestamp and detail are left out unless they
// differ from what entryOnly gives.
func values(t testing.TB, f *Flattener, rec *record.Record) map[string]string {
	t.Helper()
	row, err := f.Flatten(rec, "prod")
	require.NoError(t, err)
	require.Len(t, row, len(f.Schema().Columns))
	out := map[string]string{}
	for i, c := range f.Schema().Columns {
		if row[i].Valid {
			out[c.Name] = show(c.Kind, row[i])
		} else {
			require.Empty(t, row[i].Bytes, c.Name)
			require.False(t, c.Required, c.Name)
		}
		if c.Kind == table.JSON && row[i].Valid {
			require.True(t, json.Valid(row[i].Bytes), "%s: %s", c.Name, row[i].Bytes)
		}
		require.True(t, utf8.Valid(row[i].Bytes), "%s: %q", c.Name, row[i].Bytes)
	}
	for name, usual := range map[string]string{"log_id": "log_1", "timestamp": "2026-04-17T10:11:12.345Z", "detail": string(rec.Outcome)} {
		if out[name] == usual {
			delete(out, name)
		}
	}
	return out
}

func show(kind table.Kind, v table.Value) string {
	switch kind {
	case table.Timestamp:
		return time.UnixMicro(v.Int).UTC().Format(time.RFC3339Nano)
	case table.Int64, table.Bool, table.Decimal, table.Float64:
		return strconv.FormatInt(v.Int, 10)
	}
	return string(v.Bytes)
}

func TestFlattenListEntry(t *testing.T) {
	for _, c := range []struct {
		name, entry string
		want        map[string]string
	}{
		{"nothing but a key", `{"id":"log_1","timestamp":"2026-04-17T10:11:12.345Z"}`, map[string]string{}},
		{
			"plain strings", `{"type":"tool.execution","status":"success","level":"info","message":"a\n\"b\" \ud83d\ude00"}`,
			map[string]string{"type": "tool.execution", "status": "success", "level": "info", "message": "a\n\"b\" 😀"},
		},
		{
			"nulls", `{"id":null,"timestamp":null,"type":null,"message":null,"metadata":null,"metrics":null,"parent":null,"timings":null,"context":null,"source":null,"data":null}`,
			map[string]string{},
		},
		{
			"strings of another type", `{"type":5,"status":{"a":1},"level":["x"],"message":true}`,
			map[string]string{"extra": `{"type":5,"status":{"a":1},"level":["x"],"message":true}`},
		},
		{"names in another case have no column", `{"Status":"x","ID":"y"}`, map[string]string{"extra": `{"Status":"x","ID":"y"}`}},
		{"escaped names", `{"st\u0061tus":"success","n\u0065w":1}`, map[string]string{"status": "success", "extra": `{"n\u0065w":1}`}},
		{
			"unknown fields keep order, digits and inner space", `{"z":1e400,"a":12345678901234567890.10,"n":null,"o":{ "x" : [1, 2] }}`,
			map[string]string{"extra": `{"z":1e400,"a":12345678901234567890.10,"n":null,"o":{ "x" : [1, 2] }}`},
		},
		{
			"repeated names: the last one counts, the others stay", `{"status":"a","status":5,"status":"b","x":1,"x":2}`,
			map[string]string{"status": "b", "extra": `{"status":"a","status":5,"x":1,"x":2}`},
		},
		{"repeated name ending in null", `{"status":"a","status":null}`, map[string]string{"extra": `{"status":"a"}`}},
		{"another id", `{"id":"log_2"}`, map[string]string{"extra": `{"id":"log_2"}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, values(t, newFlattener(t, Options{}), entryOnly(c.entry)))
		})
	}
}

func TestFlattenMetadata(t *testing.T) {
	for _, c := range []struct {
		name, metadata string
		want           map[string]string
	}{
		{
			"nested", `{"tool":{"name":"n","slug":"T"},"toolkit":{"slug":"K"},"user_id":"u","connected_account_id":"ca","auth_config_id":"ac","sandbox_id":"sb"}`,
			map[string]string{"tool_slug": "T", "toolkit_slug": "K", "user_id": "u", "connected_account_id": "ca", "auth_config_id": "ac", "sandbox_id": "sb"},
		},
		{"tool as a string", `{"tool":"T","toolkit":"K","tool_slug":"x","toolkit_slug":"y"}`, map[string]string{"tool_slug": "T", "toolkit_slug": "K"}},
		{"flat", `{"tool_slug":"T","toolkit_slug":"K"}`, map[string]string{"tool_slug": "T", "toolkit_slug": "K"}},
		{"fallback past null", `{"tool":{"slug":null},"tool_slug":"T","toolkit":null,"toolkit_slug":"K"}`, map[string]string{"tool_slug": "T", "toolkit_slug": "K"}},
		{"fallback past what does not fit", `{"tool":{"slug":5},"tool_slug":"T","toolkit":["x"],"toolkit_slug":"K"}`, map[string]string{"tool_slug": "T", "toolkit_slug": "K"}},
		{"the last of repeated names", `{"tool":{"slug":"a"},"tool":{"slug":"b","slug":"c"},"user_id":"u","user_id":"v"}`, map[string]string{"tool_slug": "c", "user_id": "v"}},
		{"an empty string is a value", `{"tool":{"slug":""},"tool_slug":"T"}`, map[string]string{"tool_slug": ""}},
		{"another type", `["a", 1.0]`, map[string]string{}},
		{"a string", `"x"`, map[string]string{}},
		{"a lone surrogate", `{"user_id":"a\ud800"}`, map[string]string{}},
		{"session from metadata", `{"session_id":"s","trace_id":"t","request_id":"r"}`, map[string]string{"session_id": "s", "trace_id": "t", "request_id": "r"}},
		{"charge as a string", `{"instant_charge":"0.000114"}`, map[string]string{"instant_charge": "114000"}},
		{"charge as a number", `{"instant_charge":-1.5e-3}`, map[string]string{"instant_charge": "-1500000"}},
		{"the largest charge", `{"instant_charge":"999999999.999999999"}`, map[string]string{"instant_charge": "999999999999999999"}},
		{"charge too large", `{"instant_charge":"1000000000"}`, map[string]string{}},
		{"charge with ten digits", `{"instant_charge":"0.0000000001"}`, map[string]string{}},
		{"charge with zeros behind", `{"instant_charge":"1.5000000000000"}`, map[string]string{"instant_charge": "1500000000"}},
		{"charge that is no plain decimal", `{"instant_charge":"1e3"}`, map[string]string{}},
		{"charge with a sign", `{"instant_charge":"$1"}`, map[string]string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.want["metadata"] = c.metadata
			require.Equal(t, c.want, values(t, newFlattener(t, Options{}), entryOnly(`{"metadata":`+c.metadata+`}`)))
		})
	}
}

func TestFlattenContextTimingsSourceParent(t *testing.T) {
	for _, c := range []struct {
		name, entry string
		want        map[string]string
	}{
		{
			"context before metadata", `{"context":{"session_id":"s","trace_id":"t","request_id":"r"},"metadata":{"session_id":"x"}}`,
			map[string]string{"session_id": "s", "trace_id": "t", "request_id": "r", "metadata": `{"session_id":"x"}`},
		},
		{
			"metadata where the context has none", `{"context":{"session_id":null,"trace_id":7},"metadata":{"session_id":"x","trace_id":"y"}}`,
			map[string]string{"session_id": "x", "trace_id": "y", "metadata": `{"session_id":"x","trace_id":"y"}`, "extra": `{"context":{"trace_id":7}}`},
		},
		{
			"what is left over", `{"context":{"a":1,"session_id":"s","b":null},"source":{"host":"mcp","version":"1"},"parent":{"log_id":"p","tool_slug":"T","depth":2}}`,
			map[string]string{
				"session_id": "s", "source_host": "mcp", "parent_log_id": "p", "parent_tool_slug": "T",
				"extra": `{"parent":{"depth":2},"context":{"a":1,"b":null},"source":{"version":"1"}}`,
			},
		},
		{
			"all of source", `{"source":{"host":"sdk","framework":"langchain","language":"python"}}`,
			map[string]string{"source_host": "sdk", "source_framework": "langchain", "source_language": "python"},
		},
		{
			"another type", `{"context":[1],"source":"sdk","parent":"log_0","timings":5}`,
			map[string]string{"extra": `{"parent":"log_0","timings":5,"context":[1],"source":"sdk"}`},
		},
		{"empty objects", `{"context":{},"source":{},"parent":{},"timings":{}}`, map[string]string{}},
		{"repeated names", `{"source":{"host":"a","host":"b"}}`, map[string]string{"source_host": "b", "extra": `{"source":{"host":"a"}}`}},
		{
			"timings", `{"timings":{"start_time":1776420672345,"end_time":1776420672345.678}}`,
			map[string]string{"start_time": "2026-04-17T10:11:12.345Z", "end_time": "2026-04-17T10:11:12.345678Z"},
		},
		{"timings as text", `{"timings":{"start_time":"2026-04-17T10:11:12.345Z"}}`, map[string]string{"start_time": "2026-04-17T10:11:12.345Z"}},
		{
			"timings finer than a µs, or none", `{"timings":{"start_time":1776420672345.6789,"end_time":1e400,"queue_ms":3}}`,
			map[string]string{"extra": `{"timings":{"queue_ms":3,"start_time":1776420672345.6789,"end_time":1e400}}`},
		},
		{"timings of another type", `{"timings":{"start_time":true,"end_time":null}}`, map[string]string{"extra": `{"timings":{"start_time":true}}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, values(t, newFlattener(t, Options{}), entryOnly(c.entry)))
		})
	}
}

func TestFlattenDuration(t *testing.T) {
	for number, want := range map[string]string{
		"812": "812", "812.4": "812", "812.5": "812", "813.5": "814", "812.50000000000000000000001": "813", "-0.5": "0", "-1.5": "-2", "-812.7": "-813", "1e3": "1000",
		"0.5e1": "5", "1e-999999999": "0", "9007199254740993": "9007199254740993", "9223372036854775807": "9223372036854775807",
		"9223372036854775807.5": "", "9223372036854775807.4": "9223372036854775807", "9223372036854775808": "", "-9223372036854775808": "-9223372036854775808",
		"1e400": "", "1e999999999": "", "-1e999999999999999999999": "", `"812"`: "", "true": "", "null": "", "{}": "",
	} {
		got := values(t, newFlattener(t, Options{}), entryOnly(`{"metrics":{"duration_ms":`+number+`}}`))
		require.Equal(t, want, got["duration_ms"], number)
		require.Equal(t, `{"duration_ms":`+number+`}`, got["metrics"])
	}
}

func TestFlattenData(t *testing.T) {
	for _, c := range []struct {
		name, data string
		want       map[string]string
	}{
		{"empty", `{}`, map[string]string{"data": `{}`}},
		{
			"only request and response", `{"request":{"payload":{"to":"a"}}, "response":{"body":{"successful":true}}}`,
			map[string]string{"request": `{"payload":{"to":"a"}}`, "response": `{"body":{"successful":true}}`, "data": `{}`},
		},
		{"with a rest", `{"x": 1,"request":"text","y":[ ]}`, map[string]string{"request": `"text"`, "data": `{"x":1,"y":[ ]}`}},
		{"nothing to take out", `{ "x" : 1 }`, map[string]string{"data": `{ "x" : 1 }`}},
		{"null request", `{"request":null}`, map[string]string{"data": `{}`}},
		{"repeated request", `{"request":1,"request":2}`, map[string]string{"request": "2", "data": `{"request":1}`}},
		{"another type", `[1,2]`, map[string]string{"data": `[1,2]`}},
		{"a string", `"a\ud800"`, map[string]string{"data": `"a\ud800"`}},
		{"a number", `1e400`, map[string]string{"data": `1e400`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, values(t, newFlattener(t, Options{}), withDetail(`{"id":"log_1"}`, `{"id":"log_1","data":`+c.data+`}`)))
		})
	}
}

func TestFlattenTimestampKeepsWhatTheColumnDoesNotSay(t *testing.T) {
	const usual = `"2026-04-17T10:11:12.345Z"`
	for _, c := range []struct{ name, entry, detail, extra string }{
		{"usual", usual, usual, ""},
		{"another spelling of the same", usual, `"2026-04-17T10:11:12.345000Z"`, ""},
		{"detail without", usual, `null`, ""},
		{"nanoseconds", `"2026-04-17T10:11:12.345000001Z"`, `"2026-04-17T10:11:12.345000001Z"`, `{"timestamp":"2026-04-17T10:11:12.345000001Z"}`},
		{"an offset", `"2026-04-17T12:11:12.345+02:00"`, usual, `{"timestamp":"2026-04-17T12:11:12.345+02:00"}`},
		{"a number", `1776420672345`, usual, `{"timestamp":1776420672345}`},
		{"the detail differs", usual, `"2026-04-17T10:11:13Z"`, `{"timestamp":"2026-04-17T10:11:13Z"}`},
		{"the detail can't be read", usual, `"soon"`, `{"timestamp":"soon"}`},
		{"both odd", `"2026-04-17 10:11:12.345"`, `5`, `{"timestamp":5,"_list_entry":{"timestamp":"2026-04-17 10:11:12.345"}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := values(t, newFlattener(t, Options{}), withDetail(`{"timestamp":`+c.entry+`}`, `{"timestamp":`+c.detail+`}`))
			require.Equal(t, c.extra, got["extra"])
			require.NotContains(t, got, "timestamp", "the column is the key's")
			if c.entry == c.detail {
				require.Equal(t, c.extra, values(t, newFlattener(t, Options{}), entryOnly(`{"timestamp":`+c.entry+`}`))["extra"])
			}
		})
	}
}

func TestFlattenCompletesTheDetailFromTheListEntry(t *testing.T) {
	for _, c := range []struct {
		name, entry, detail string
		want                map[string]string
	}{
		{
			"absent or null in the detail", `{"status":"failed","level":"info","message":"m","new":1}`, `{"status":null,"level":"warn"}`,
			map[string]string{"status": "failed", "level": "warn", "message": "m", "extra": `{"new":1,"_list_entry":{"level":"info"}}`},
		},
		{"the same on both sides", `{"metadata":{"a":1},"new":[1]}`, `{"metadata":{"a":1},"new":[1]}`, map[string]string{"metadata": `{"a":1}`, "extra": `{"new":[1]}`}},
		{
			"the list entry says less", `{"metadata":{"a":1,"t":{"s":"x"},"n":null}}`, `{"metadata":{"t":{"k":2,"s":"x"},"a":1,"b":2}}`,
			map[string]string{"metadata": `{"t":{"k":2,"s":"x"},"a":1,"b":2}`},
		},
		{
			"the list entry says something else", `{"metadata":{"a":1},"new":1}`, `{"metadata":{"a":2},"new":{}}`,
			map[string]string{"metadata": `{"a":2}`, "extra": `{"new":{},"_list_entry":{"metadata":{"a":1},"new":1}}`},
		},
		{"repeated in the list entry", `{"status":"a","status":"b"}`, `{}`, map[string]string{"status": "b", "extra": `{"status":"a"}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, values(t, newFlattener(t, Options{}), withDetail(c.entry, c.detail)))
		})
	}
}

func TestFlattenTakesWhatIsInsideOfMetadataAndMetricsFromWhereTheyAre(t *testing.T) {
	f := newFlattener(t, Options{})
	const (
		one = `{"id":"log_1","metadata":{"tool":{"slug":"A"},"user_id":"one"},"metrics":{"duration_ms":1}}`
		two = `{"id":"log_1","metadata":{"tool_slug":"B","user_id":"two"},"metrics":{"duration_ms":2}}`
	)
	for name, c := range map[string]struct{ entry, detail, tool, user, duration string }{
		"the detail has them":           {one, two, "B", "two", "2"},
		"the detail lacks them":         {one, `{"id":"log_1"}`, "A", "one", "1"},
		"the detail has them as null":   {one, `{"id":"log_1","metadata":null,"metrics":null}`, "A", "one", "1"},
		"the detail has something else": {one, `{"id":"log_1","metadata":[1],"metrics":2}`, "", "", ""},
		"the entry lacks them":          {`{"id":"log_1"}`, two, "B", "two", "2"},
		"the last of repeated ones":     {`{"id":"log_1"}`, one[:len(one)-1] + "," + two[1:], "B", "two", "2"},
		"the last, which is no object":  {`{"id":"log_1"}`, one[:len(one)-1] + `,"metadata":"x","metrics":[]}`, "", "", ""},
	} {
		got := values(t, f, withDetail(c.entry, c.detail))
		assert.Equal(t, []string{c.tool, c.user, c.duration}, []string{got["tool_slug"], got["user_id"], got["duration_ms"]}, name)
	}
}

func TestFlattenIgnoresTheListEntryOnlyWhereADetailWasFetched(t *testing.T) {
	for _, outcome := range []record.Outcome{record.Skipped, record.Missing, record.Denied, record.Failed} {
		rec := entryOnly(`{"status":"success"}`)
		rec.Outcome = outcome
		row, err := newFlattener(t, Options{}).Flatten(rec, "")
		require.NoError(t, err)
		require.Equal(t, string(outcome), string(row[colDetail].Bytes))
		require.Equal(t, "success", string(row[colStatus].Bytes))
	}
}

func TestFlattenInvalidUTF8StaysReadableAsReceived(t *testing.T) {
	const bad = "\xff\xfe"
	rec := withDetail(`{}`, `{"status":"a`+bad+`","level":"\ud800","metadata":{"user_id":"u`+bad+`"},"data":{"request":"`+bad+`","x":"`+bad+`"},"o`+bad+`":1}`)
	got := values(t, newFlattener(t, Options{Raw: true, Columns: []Column{{"c", "$.metadata", table.JSON}, {"s", "$.metadata.user_id", table.String}}}), rec)
	require.NotContains(t, got, "status")
	require.NotContains(t, got, "level")
	require.NotContains(t, got, "user_id")
	require.NotContains(t, got, "s")
	require.Equal(t, `{"user_id":"u`+"\uFFFD"+`"}`, got["metadata"])
	require.Equal(t, got["metadata"], got["c"])

	var extra struct {
		Level   string            `json:"level"`
		Invalid map[string]string `json:"_invalid_utf8"`
	}
	require.Contains(t, got["extra"], `"level":"\ud800"`)
	require.NoError(t, json.Unmarshal([]byte(got["extra"]), &extra))
	want := map[string]string{
		"metadata": `{"user_id":"u` + bad + `"}`,
		"request":  `"` + bad + `"`,
		"data":     `{"x":"` + bad + `"}`,
		"extra":    `{"o` + bad + `":1,"status":"a` + bad + `","level":"\ud800"}`,
		"raw":      string(rec.Detail),
	}
	require.Len(t, extra.Invalid, len(want))
	for column, bytes := range want {
		exact, err := base64.StdEncoding.DecodeString(extra.Invalid[column])
		require.NoError(t, err)
		require.Equal(t, bytes, string(exact), column)
	}
}

func TestFlattenInvalidUTF8AloneMakesAnExtra(t *testing.T) {
	got := values(t, newFlattener(t, Options{}), entryOnly("{\"metrics\":\"\xff\"}"))
	require.Equal(t, `{"_invalid_utf8":{"metrics":"Iv8i"}}`, got["extra"])
}

func TestFlattenRawAndProject(t *testing.T) {
	f := newFlattener(t, Options{Raw: true, Project: true})
	got := values(t, f, withDetail(`{"status":"x"}`, " { \"id\" : \"log_1\" }\n"))
	require.Equal(t, map[string]string{"status": "x", "project": "prod", "raw": `{ "id" : "log_1" }`}, got)
	require.Equal(t, `{"status":"x"}`, values(t, f, entryOnly(`{"status":"x"}`))["raw"])
}

func TestFlattenRefusesWhatIsNoRecord(t *testing.T) {
	f := newFlattener(t, Options{})
	_, err := f.Flatten(withDetail(`{}`, ``), "")
	require.ErrorIs(t, err, ErrNoObject)
	_, err = f.Flatten(entryOnly(`[1]`), "")
	require.ErrorIs(t, err, ErrNoObject)
	_, err = f.Flatten(withDetail(`{}`, `null`), "")
	require.ErrorIs(t, err, ErrNoObject)
	for _, id := range []string{"", "\xff"} {
		rec := entryOnly(`{}`)
		rec.ID = id
		_, err = f.Flatten(rec, "")
		require.Error(t, err)
	}
	require.Equal(t, map[string]string{"status": "x"}, values(t, f, entryOnly(`{"status":"x"}`)), "a failed record leaves nothing behind")
}

func TestFlattenReusesNothingOfTheRowBefore(t *testing.T) {
	f := newFlattener(t, Options{Raw: true, Project: true, Columns: []Column{{"c", "$..x", table.JSON}}})
	full := withDetail(`{"status":"\u0061","new":"\ud800"}`, `{"context":{"session_id":"\u0061","x":1},"data":{"request":1},"metadata":{"instant_charge":1}}`)
	want := values(t, f.Clone(), full)
	for range 3 {
		require.Equal(t, want, values(t, f, full))
		require.Equal(t, map[string]string{"raw": "{}", "project": "prod"}, values(t, f, entryOnly(`{}`)))
	}
}

func TestClonesWorkBesideEachOther(t *testing.T) {
	f := newFlattener(t, Options{Columns: []Column{{"q", "$.data[?match(@.n,'a.*')].n", table.JSON}, {"s", "$.data[0].n", table.String}}})
	rec := entryOnly(`{"status":"\u0061","data":[{"n":"ab"},{"n":"b"},{}]}`)
	want := values(t, f, rec)
	require.Equal(t, `["ab"]`, want["q"])
	var wait sync.WaitGroup
	for range 4 {
		clone := f.Clone()
		wait.Go(func() {
			for range 50 {
				assert.Equal(t, want, values(t, clone, rec))
			}
		})
	}
	wait.Wait()
}

func TestSchema(t *testing.T) {
	plain := newFlattener(t, Options{}).Schema()
	var names []string
	for _, c := range plain.Columns {
		names = append(names, c.Name)
	}
	require.Equal(t, strings.Fields(`log_id timestamp type status level message tool_slug toolkit_slug user_id connected_account_id auth_config_id
		sandbox_id session_id trace_id request_id parent_log_id parent_tool_slug duration_ms start_time end_time source_host source_framework
		source_language instant_charge request response data metadata metrics extra detail`), names)
	full := newFlattener(t, Options{Raw: true, Project: true, Columns: []Column{{"a", "$.x", table.Bool}, {"b", "$.y", table.JSON}}}).Schema()
	require.Equal(t, plain.Columns, full.Columns[:len(plain.Columns)])
	require.Equal(t, []table.Column{projectColumn, rawColumn, {Name: "a", Kind: table.Bool}, {Name: "b", Kind: table.JSON}}, full.Columns[len(plain.Columns):])
}

package apply_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
)

// handmade is a log API with records that the simulator has no idea of: a list in pages of 40, newest first, and details.
type handmade []source

func (h handmade) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-RateLimit", "1000000")
	w.Header().Set("X-RateLimit-Remaining", "999999")
	w.Header().Set("X-RateLimit-Window-Size", "60s")
	switch id, isDetail := strings.CutPrefix(r.URL.EscapedPath(), "/api/v3.1/logs/tool_execution/"); {
	case r.URL.Path == "/api/v3.1/logs/tool_execution":
		h.list(w, r)
	case isDetail:
		h.detail(w, id)
	default:
		fmt.Fprint(w, `{"entities":{}}`)
	}
}

const handmadePage = 40

func (h handmade) list(w http.ResponseWriter, r *http.Request) {
	var query struct {
		Cursor *string `json:"cursor"`
		Range  struct {
			From, To int64
		} `json:"time_range"`
	}
	if err := json.NewDecoder(r.Body).Decode(&query); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var found []source
	for _, s := range h {
		if s.micros >= query.Range.From*1000 && s.micros < query.Range.To*1000 {
			found = append(found, s)
		}
	}
	slices.SortStableFunc(found, func(a, b source) int { return cmp.Compare(b.micros, a.micros) })
	at := 0
	if query.Cursor != nil {
		at, _ = strconv.Atoi(*query.Cursor)
	}
	end := min(at+handmadePage, len(found))
	fmt.Fprint(w, `{"logs":[`)
	for i, s := range found[min(at, end):end] {
		if i > 0 {
			fmt.Fprint(w, ",")
		}
		_, _ = w.Write(s.entry)
	}
	if end < len(found) {
		fmt.Fprintf(w, `],"next_cursor":"%d"}`, end)
	} else {
		fmt.Fprint(w, `],"next_cursor":null}`)
	}
}

func (h handmade) detail(w http.ResponseWriter, escaped string) {
	id, err := url.PathUnescape(escaped)
	for _, s := range h {
		if err == nil && s.id == id {
			_, _ = w.Write(s.detail)
			return
		}
	}
	http.Error(w, `{"error":{"message":"Log not found"}}`, http.StatusNotFound)
}

// day is where the handmade records lie.
var day = time.Date(2026, 4, 17, 0, 0, 0, 0, time.UTC)

// record makes a source out of the members of its entry, and those that its detail has besides.
func record(id string, micros int64, entry, detail string) source {
	name, _ := json.Marshal(id)
	head := fmt.Sprintf(`{"id":%s,"timestamp":"%s"`, name, time.UnixMicro(micros).UTC().Format("2006-01-02T15:04:05.000000Z"))
	s := source{id: id, micros: micros, outcome: "fetched", entry: []byte(head + comma(entry) + "}")}
	s.detail = []byte(head + comma(entry) + comma(detail) + "}")
	return s
}

func comma(members string) string {
	if members == "" {
		return ""
	}
	return "," + members
}

// exportHandmade exports the records into both formats and compares.
func exportHandmade(t *testing.T, h handmade, l layout) {
	t.Helper()
	w := serve(t, h)
	e := export{
		layout: l, from: day, to: day.AddDate(0, 0, 1), windows: 2, inFlight: 8,
		extract: map[string]any{"timeout": "2s", "give_up_after": "200ms"},
		sinks:   []sinkForm{{format: "parquet", compression: "zstd"}, {format: "ndjson", compression: "none"}},
	}
	w.mustRun(e)
	w.mustEqual(e, h)
}

// numbered makes records out of members, one after the other.
func numbered(entries ...[2]string) (h handmade) {
	for i, e := range entries {
		h = append(h, record(fmt.Sprintf("log_%03d", i), day.Add(time.Duration(i)*time.Second).UnixMicro(), e[0], e[1]))
	}
	return h
}

func each(form string, values ...string) (h handmade) {
	var entries [][2]string
	for _, v := range values {
		entries = append(entries, [2]string{fmt.Sprintf(form, v), `"data":{}`})
	}
	return numbered(entries...)
}

func TestHandmadeRecords(t *testing.T) {
	for _, c := range []struct {
		name    string
		records handmade
		layout  layout
	}{
		{name: "durations", records: each(`"metrics":{"duration_ms":%s}`, "12.5", "13.5", "-0.5", "0.5", "1.5", "2.5", "-1.5", "-2.5", "1e3", "1.25e1",
			"9223372036854775807", "9223372036854775808", "9223372036854775807.5", "9223372036854775807.49", "-9223372036854775808", "-9223372036854775807.5", "-9223372036854775809", "1e400", "-1e400", "1e-400",
			"1e999999999999999999999", "1e-999999999999999999999", "0e99999999999", "-0", "-0.0", `"12"`, "true", "null", "1E+2", "[1]", "0.50000000000000000000000000000000000000000001",
			"2.4999999999999999999999999999999999999999999", "4503599627370497.5", "9007199254740993", "9007199254740992.5")},
		{name: "charges", records: each(`"metadata":{"instant_charge":%s}`, `"999999999.999999999"`, `"1000000000"`, `"-999999999.999999999"`, `"0.0000000010"`, `"0.00000000100000000000"`,
			`"00.5"`, `"1e-3"`, "1e-9", "1e-10", "0.1", "123456789.123456789", `""`, `"-0"`, `"0.10000000000000"`, `"12345678901234567890"`, "null", "true", `{"usd":"1"}`, `"0"`, "0",
			"1e400", "1e999999999999", `"\u0031.5"`, `"0.0000000005"`)},
		{name: "tools", records: each(`"metadata":%s`, `{"tool":{"slug":5},"tool_slug":"flat"}`, `{"tool":{"slug":null},"tool_slug":"flat"}`, `{"tool":{},"tool_slug":"flat"}`, `{"tool":"text","tool_slug":"flat"}`,
			`{"tool":["list"],"tool_slug":"flat"}`, `{"tool":null,"tool_slug":"flat","toolkit":null,"toolkit_slug":7}`, `{"tool":{"slug":""},"tool_slug":"flat"}`, `{"tool":"","tool_slug":"flat"}`,
			`{"tool":{"slug":"\ud800"},"tool_slug":"flat"}`, `{"tool":{"slug":"a"},"tool":{"slug":"b"}}`, `{"tool":{"slug":"a","slug":"b"}}`, `{"tool":{"slug":"a"},"tool":null,"tool_slug":"flat"}`,
			`{"\u0074ool":{"s\u006cug":"escaped"}}`, `{"Tool":{"slug":"case"},"TOOL_SLUG":"case","tool_slug":null}`, `{"toolkit":{"slug":"kit"},"toolkit_slug":"flat"}`,
			`{"toolkit":"kit"}`, `[{"tool_slug":"x"}]`, `"text"`, `17`, `null`, `{}`, ` {  "tool_slug" :  "spaced"  } `)},
		{name: "identities", records: each(`"metadata":%s`, `{"user_id":5}`, `{"user_id":null}`, `{"user_id":{"id":"x"}}`, `{"user_id":"\u0000"}`, `{"user_id":"\ud83d\ude42"}`, `{"user_id":"\ud83d"}`, `{"user_id":"a\/b"}`,
			`{"user_id":""}`, `{"user_id":"one","user_id":"two"}`, `{"user_id":"one","user_id":2}`, `{"user_id":" x\n\"\\ "}`, "{\"user_id\":\"\xff\"}", "{\"user_id\":\"\u2028\u2029\x7f\"}", `{"sandbox_id":"s","auth_config_id":"a","connected_account_id":"c"}`)},
		{name: "contexts", records: numbered(
			[2]string{`"metadata":{"session_id":"m","trace_id":"m","request_id":"m"}`, `"context":{"session_id":"c","trace_id":5,"request_id":null}`},
			[2]string{`"metadata":{"session_id":"m","trace_id":"m","request_id":"m"}`, `"context":null`},
			[2]string{`"metadata":{"session_id":"m","trace_id":"m","request_id":"m"}`, `"context":["session_id"]`},
			[2]string{`"metadata":{"session_id":"m","trace_id":6}`, `"context":{}`},
			[2]string{`"metadata":{"session_id":"m"}`, `"context":{"session_id":"\ud800","span_id":"s","n":1.50}`},
			[2]string{`"metadata":{"session_id":"m"}`, `"context":{ "zone" : "z" , "session_id" : "c" , "area" : null }`},
			[2]string{`"metadata":7`, `"context":"session"`},
			[2]string{``, `"context":{"session_id":{"a":[1, 2]}}`},
			[2]string{`"context":{"session_id":"in the entry"}`, ``},
		)},
		{name: "parents and sources", records: numbered(
			[2]string{`"parent":{"log_id":"log_p","tool_slug":"T"}`, `"source":{"host":"mcp","framework":"f","language":"go"}`},
			[2]string{`"parent":{"log_id":5,"tool_slug":"T","depth":2}`, `"source":{"host":null,"framework":false}`},
			[2]string{`"parent":[]`, `"source":[]`},
			[2]string{`"parent":{}`, `"source":{}`},
			[2]string{`"parent":"log_p"`, `"source":"sdk"`},
			[2]string{`"parent":0`, `"source":0`},
			[2]string{`"parent":{"log_id":null}`, `"source":{"version":{"major":1}}`},
			[2]string{`"parent":false`, `"source":""`},
		)},
		{name: "timings", records: func() (h handmade) {
			for _, v := range []string{
				"1776380321441", "1776380321441.5", "1776380321441.123", "1776380321441.1234", "0", "-1.5", "-0.0001", "253402300799999", "253402300800000", "1e300", "1.776380321441e12",
				`"2026-04-17T10:11:12.345Z"`, `"2026-04-17T10:11:12.345+02:00"`, `"2026-04-17T10:11:12.3456789Z"`, `"soon"`, "null", "true", "{}", "1776380321441.0000000", "-62167219200000", "-62167219200001",
			} {
				h = append(h, record("log_"+v, day.UnixMicro(), "", `"timings":{"start_time":`+v+`,"end_time":1776380321442}`))
			}
			return append(h, record("log_string", day.UnixMicro(), "", `"timings":"x"`), record("log_more", day.UnixMicro(), "", `"timings":{"queued_ms":3,"start_time":1}`), record("log_list", day.UnixMicro(), "", `"timings":[1]`))
		}()},
		{name: "data", layout: layout{raw: true}, records: numbered(
			[2]string{``, `"data":[1,2]`}, [2]string{``, `"data":"text"`}, [2]string{``, `"data":5`}, [2]string{``, `"data":null`}, [2]string{``, ``}, [2]string{``, `"data":{}`}, [2]string{``, `"data":false`},
			[2]string{``, `"data":{"request":5,"response":"text"}`}, [2]string{``, `"data":{"request":[],"response":false,"more":1}`},
			[2]string{``, `"data": { "b" : 1 ,  "request" : { "z" : 1 , "a" : [ 1 , 2 ] } , "a" : { "x" : 1.0 } , "response" :  "" } `},
			[2]string{``, "\"data\":{\"request\":\n{\n\t\"a\":1\r\n}\n,\"rest\":\n[\n1\n]\n}"},
			[2]string{``, `"data":{"\u0072equest":{"escaped":true},"Request":1}`},
			[2]string{``, `"data":{"request":{"n":123456789012345678901234567890.10,"m":1E400,"k":-0.0,"s":"\u00e9\/\ud83d\ude42\ud800"}}`},
			[2]string{``, "\"data\":{\"request\":\"a\xffb\",\"response\":[\"\xed\xa0\x80\"],\"rest\":{\"\xfe\":1}}"},
			[2]string{``, `"data":{"":1}`},
		)},
		{name: "unknown fields", records: numbered(
			[2]string{`"user_id":"x","tool_slug":"t","duration_ms":5,"log_id":"other"`, `"request":{"a":1},"response":2,"detail":"d","project":"p","raw":"r","extra":{"e":1}`},
			[2]string{`"z":1,"a":{"z":1,"a":2}`, `"new":[ ]`},
			[2]string{`"":0,"é":1,"\u00e9\n\"":2,"🙂":3`, ``},
			[2]string{`"Id":"x","Timestamp":"y","METADATA":{"user_id":"z"}`, `"Data":{"request":1}`},
			[2]string{`"level":5,"status":null,"message":[1],"type":{"t":1}`, ``},
			[2]string{`"level":"","status":"","message":"","type":""`, ``},
			[2]string{`"message":"\u0000\u001f\u007f\u2028\/\ud83d\ude42"`, ``},
			[2]string{`"message":"` + strings.Repeat("long ", 100_000) + `"`, ``},
			[2]string{`"n":123456789012345678901234567890,"f":0.10,"e":1e5,"neg":-0`, ``},
		)},
		{name: "space between tokens", records: handmade{
			{
				id: "log_pretty", micros: day.UnixMicro(), outcome: "fetched",
				entry:  []byte("{\r\n\t\"id\" : \"log_pretty\",\n\t\"timestamp\":\n\"2026-04-17T00:00:00Z\",\n\"metadata\": {\n  \"user_id\": \"u\" ,\n  \"list\": [\n    1,\n    2\n  ]\n}\n}\n"),
				detail: []byte("\n{\r\n\t\"id\" : \"log_pretty\",\n\t\"timestamp\":\n\"2026-04-17T00:00:00Z\",\n\"metadata\": {\n  \"user_id\": \"u\" ,\n  \"list\": [\n    1,\n    2\n  ]\n},\"new\" :\n{ \"a\"\n: [ 1 ,\n2 ] } , \"metrics\" : {\n}\n}\n\n"),
			},
		}},
		{name: "details that lack what the list says", records: handmade{
			{
				id: "log_a", micros: day.UnixMicro(), outcome: "fetched",
				entry:  []byte(`{"id":"log_a","timestamp":"2026-04-17T00:00:00Z","status":"failed","message":"m","metadata":{"user_id":"u"},"metrics":{"duration_ms":1},"parent":{"log_id":"p"},"only":1}`),
				detail: []byte(`{"id":"log_a","timestamp":"2026-04-17T00:00:00Z","status":null,"metadata":null,"data":{"request":1}}`),
			},
			{
				id: "log_b", micros: day.UnixMicro(), outcome: "fetched",
				entry:  []byte(`{"id":"log_b","timestamp":"2026-04-17T00:00:00Z","status":"failed","level":"error","both":1,"metadata":{"user_id":"u"}}`),
				detail: []byte(`{"id":"log_b","status":"success","level":7,"both":2,"metadata":{"tool_slug":"t"}}`),
			},
			{
				id: "log_c", micros: day.UnixMicro(), outcome: "fetched",
				entry:  []byte(`{"id":"log_c","timestamp":"2026-04-17T00:00:00Z","level":null,"a":null,"c":{"x":1},"metadata":{"x":1},"metrics":{}}`),
				detail: []byte(`{"id":"log_c","timestamp":"2026-04-18T00:00:00.5Z","level":"info","a":2,"c":{"x": 1},"metadata": {"x": 1 },"metrics":5}`),
			},
			{
				id: "log_d", micros: day.UnixMicro(), outcome: "fetched",
				entry:  []byte(`{"id":"log_d","timestamp":"2026-04-17T00:00:00Z","x":1,"x":2,"level":"info","message":"\u0041"}`),
				detail: []byte(`{"id":"log_d","timestamp":"2026-04-17T00:00:00Z","x":2,"level":"warn","level":"info","message":"A"}`),
			},
			{
				id: "log_e", micros: day.UnixMicro(), outcome: "fetched",
				entry:  []byte(`{"id":"log_e","timestamp":"2026-04-17T00:00:00Z","x":1,"x":2,"type":"a","type":"b"}`),
				detail: []byte(`{"id":"log_e","timestamp":"2026-04-17T00:00:00Z","x":1,"x":2,"type":"a","type":"b"}`),
			},
		}},
		{name: "declared columns", layout: layout{declared: []declaredColumn{
			{"d_string", kindText, []any{"v"}},
			{"d_int64", kindInt, []any{"v"}},
			{"d_float64", kindFloat, []any{"v"}},
			{"d_bool", kindBool, []any{"v"}},
			{"d_timestamp", kindTime, []any{"v"}},
			{"d_json", kindJSON, []any{"v"}},
			{"d_deep", kindInt, []any{"v", "a", 1, "b c"}},
		}}, records: each(`"v":%s`, `"text"`, `""`, "1", "-1", "0", "1.0", "1e3", "1.5", "9223372036854775807", "9223372036854775808", "0.1", "1e308", "-1e308", "9007199254740993", "true", "false", "{}", "[]",
			`{"a":[0,{"b c":7}]}`, `{ "a" : [ 0 , { "b c" : 8 } ] }`, `"2026-04-17T10:11:12Z"`, `"2026-04-17T10:11:12.123456Z"`, "1776380321441", `"true"`, `"1"`, `"\ud800"`, `"\u0000"`, "[1,2,3]", "5e-324", "-0")},
	} {
		t.Run(c.name, func(t *testing.T) { exportHandmade(t, c.records, c.layout) })
	}
}

// TestTimestampsOfEveryForm places records by timestamps that say the same instant in other words.
func TestTimestampsOfEveryForm(t *testing.T) {
	at := time.Date(2026, 4, 17, 10, 11, 12, 345_678_000, time.UTC)
	second, ms := at.Truncate(time.Second).UnixMicro(), at.Truncate(time.Millisecond).UnixMicro()
	var h handmade
	for i, c := range []struct {
		text   string
		micros int64
	}{
		{`"2026-04-17T10:11:12Z"`, second},
		{`"2026-04-17T10:11:12.345678Z"`, at.UnixMicro()},
		{`"2026-04-17T10:11:12.345Z"`, ms},
		{`"2026-04-17T10:11:12.345678999Z"`, at.UnixMicro()},
		{`"2026-04-17T10:11:12.3456780000Z"`, at.UnixMicro()},
		{`"2026-04-17T15:41:12.345678+05:30"`, at.UnixMicro()},
		{`"2026-04-16T22:11:12-12:00"`, second},
		{`"2026-04-17T10:11:12+00:00"`, second},
		{`"2026-04-17T10:11:12-00:00"`, second},
		{`"2026-04-17 10:11:12.345Z"`, ms},
		{`"2026-04-17T10:11:12"`, second},
		{`"2026-04-17t10:11:12z"`, second},
		{"1776420672345", ms},
		{"1776420672345.678", at.UnixMicro()},
		{"1.776420672345e12", ms},
		{`"1776420672345"`, ms},
		{`"2026-04-17T10:11:12.3Z"`, second + 300_000},
		{`"\u0032026-04-17T10:11:12Z"`, second},
		{`"2026-04-18T00:30:00+01:00"`, time.Date(2026, 4, 17, 23, 30, 0, 0, time.UTC).UnixMicro()},
		{`"2026-04-16T23:59:59.999999999Z"`, 0},
		{`"2026-04-17T23:59:59.999999999Z"`, day.AddDate(0, 0, 1).UnixMicro() - 1},
		{`"2026-04-18T00:00:00Z"`, 0},
		{`"2026-04-17T00:00:00Z"`, day.UnixMicro()},
	} {
		id := fmt.Sprintf("log_%02d", i)
		s := source{id: id, micros: c.micros, outcome: "fetched", entry: []byte(fmt.Sprintf(`{"id":%q,"timestamp":%s,"status":"success"}`, id, c.text))}
		s.detail = s.entry
		h = append(h, s)
	}
	w := serve(t, anyRange{h})
	e := export{from: day, to: day.AddDate(0, 0, 1), windows: 1, partition: "hour", sinks: []sinkForm{{format: "parquet", compression: "none"}, {format: "ndjson", compression: "gzip"}}}
	w.mustRun(e)
	w.mustEqual(e, slices.DeleteFunc(slices.Clone(h), func(s source) bool { return s.micros == 0 }))
}

// anyRange lists all its records whatever range was asked for.
type anyRange struct{ handmade }

func (h anyRange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/api/v3.1/logs/tool_execution" {
		var entries [][]byte
		for _, s := range h.handmade {
			entries = append(entries, s.entry)
		}
		fmt.Fprintf(w, `{"logs":[%s],"next_cursor":null}`, bytes.Join(entries, []byte(",")))
		return
	}
	h.handmade.ServeHTTP(w, r)
}

// TestIDsOfAnyText fetches details of ids that a path or a cursor could stumble over.
func TestIDsOfAnyText(t *testing.T) {
	var h handmade
	for i, id := range []string{
		"log_a/b", "log_a%2Fb", "log a", "log?x=1", "log#1", "log_ü", "log_🙂", `log_"quoted"\`, "log_\n", "log_\u0000", "LOG_A", "log_a", "a;b", "a&b=c", "+", "log_" + strings.Repeat("x", 500), "-", "log_a//b", "log_a/../b",
		"log%zz", "*", "null", "0", "ǅ", "e\u0301", "\u00e9",
	} {
		h = append(h, record(id, day.UnixMicro()+int64(i/4), `"status":"success"`, `"data":{"n":`+strconv.Itoa(i)+`}`))
	}
	exportHandmade(t, h, layout{raw: true})
}

// TestDurationRoundsToTheLowestInteger: a half below it is even and fits.
func TestDurationRoundsToTheLowestInteger(t *testing.T) {
	exportHandmade(t, each(`"metrics":{"duration_ms":%s}`, "-9223372036854775808.5"), layout{})
}

// TestExtraHoldsAFieldOnce: engines refuse, or read by chance, objects with two members of a name.
func TestExtraHoldsAFieldOnce(t *testing.T) {
	exportHandmade(t, handmade{
		record("log_a", day.UnixMicro(), `"new":null`, ""),
		{
			id: "log_b", micros: day.UnixMicro(), outcome: "fetched",
			entry:  []byte(`{"id":"log_b","timestamp":"2026-04-17T00:00:00Z","new":1}`),
			detail: []byte(`{"id":"log_b","timestamp":"2026-04-17T00:00:00Z","new":null}`),
		},
	}, layout{})
}

// TestRecordsLargerThanTheMemoryBound come through one at a time.
func TestRecordsLargerThanTheMemoryBound(t *testing.T) {
	if testing.Short() {
		t.Skip("37 MiB in six records")
	}
	var h handmade
	sizes := []int{1, 6, 6, 12, 6, 6}
	for i, mib := range sizes {
		text := `"data":{"request":"` + strings.Repeat("0123456789abcdef", mib<<16) + `"}`
		h = append(h, record(fmt.Sprintf("log_%d", i), day.UnixMicro(), "", text))
	}
	w := serve(t, h)
	e := export{
		from: day, to: day.AddDate(0, 0, 1), windows: 2, inFlight: 32, extract: map[string]any{"max_memory": "32MiB"},
		sinks: []sinkForm{{format: "parquet", compression: "snappy", maxFileSize: "1MiB"}, {format: "ndjson", compression: "zstd"}},
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := w.run(ctx, e)
	require.NoError(t, err)
	w.mustEqual(e, h)
}

// TestLargePayloadsAmongSmallOnes: with the least memory that can be declared and more requests at once than it has room for,
// nothing waits for itself and nothing is lost.
func TestLargePayloadsAmongSmallOnes(t *testing.T) {
	count := 600
	if testing.Short() {
		count = 200
	}
	e, records := anExactDay(count, "all")
	e.partition, e.inFlight, e.extract = "hour", 256, map[string]any{"max_memory": "32MiB"}
	records.MedianPayload, records.MaxPayload, records.LargeShare = 200, 5<<20, 0.015
	w := newWorld(t, logsim.Options{Seed: 14, Records: records, Rate: openRate}, nil)
	truth, largest := w.sim.Truth(""), 0
	for n := range truth.Len() {
		largest = max(largest, len(truth.AppendDetail(nil, n)))
	}
	require.Greater(t, largest, 4<<20)
	sum := w.mustRun(e)
	require.EqualValues(t, count, sum.Records)
	require.Zero(t, sum.Requests.Retried)
	w.mustEqual(e, w.sources(e))
}

// TestDetailOfAnotherRecord is not the record's: the row is the list entry's.
func TestDetailOfAnotherRecord(t *testing.T) {
	s := record("log_a", day.UnixMicro(), `"status":"success"`, "")
	s.detail, s.outcome = []byte(`{"id":"log_b","timestamp":"2026-04-17T00:00:00Z","status":"failed"}`), "failed"
	h := handmade{s, record("log_c", day.UnixMicro(), "", "")}
	w := serve(t, h)
	e := export{from: day, to: day.AddDate(0, 0, 1), extract: map[string]any{"give_up_after": "200ms"}, sinks: []sinkForm{{format: "parquet", compression: "none"}}}
	w.mustRun(e)
	h[0].detail = nil
	w.mustEqual(e, h)
	require.NotNil(t, w.quarantined(t)["log_a"])
}

// TestUnescapedControlCharacters are no JSON, and yet some producers send them: nothing else of the record is at fault.
func TestUnescapedControlCharacters(t *testing.T) {
	s := record("log_a", day.UnixMicro(), "\"message\":\"a\x01b\tc\nd\"", "\"data\":{\"request\":\"\x1f\"}")
	w := serve(t, handmade{s})
	e := export{from: day, to: day.AddDate(0, 0, 1), extract: map[string]any{"give_up_after": "200ms"}, sinks: []sinkForm{{format: "parquet", compression: "none"}, {format: "ndjson", compression: "none"}}}
	w.mustRun(e)
	w.mustEqual(e, handmade{record("log_a", day.UnixMicro(), `"message":"a\u0001b\tc\nd"`, `"data":{"request":"\u001f"}`)})
}

// TestDeepNesting of one record does not block the others.
func TestDeepNesting(t *testing.T) {
	for _, depth := range []int{1_000, 9_000, 30_000} {
		t.Run(strconv.Itoa(depth), func(t *testing.T) {
			deep := strings.Repeat("[", depth) + strings.Repeat("]", depth)
			h := handmade{record("log_a", day.UnixMicro(), "", ""), record("log_deep", day.UnixMicro(), "", `"data":{"request":`+deep+`}`)}
			w := serve(t, h)
			e := export{from: day, to: day.AddDate(0, 0, 1), extract: map[string]any{"give_up_after": "200ms"}, sinks: []sinkForm{{format: "parquet", compression: "none"}}}
			w.mustRun(e)
			l, err := readLake(w.sinkDir(0), e.sinks[0], e.columns())
			require.NoError(t, err)
			rows := l.rows["dt=2026-04-17"]
			require.Equal(t, []string{"log_a", "log_deep"}, ids(rows))
			require.Equal(t, "fetched", rows[0]["detail"])
			if rows[1]["detail"] == "fetched" {
				require.Equal(t, deep, rows[1]["request"])
			} else {
				require.NotNil(t, w.quarantined(t)["log_deep"])
			}
		})
	}
}

// TestOneIDListedTwice with two timestamps is one record: its id is its identity.
func TestOneIDListedTwice(t *testing.T) {
	for name, apart := range map[string]time.Duration{"in a page": time.Millisecond, "in other windows": 20 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			var h handmade
			for i := range 120 {
				h = append(h, record(fmt.Sprintf("log_%03d", i), day.Add(time.Duration(i)*10*time.Minute).UnixMicro(), "", ""))
			}
			h = append(h, record("log_000", day.Add(apart).UnixMicro(), "", ""))
			w := serve(t, h)
			e := export{from: day, to: day.AddDate(0, 0, 1), windows: 8, details: "none", sinks: []sinkForm{{format: "ndjson", compression: "none"}}}
			w.mustRun(e)
			l, err := readLake(w.sinkDir(0), e.sinks[0], e.columns())
			require.NoError(t, err)
			got := ids(l.rows["dt=2026-04-17"])
			slices.Sort(got)
			require.Len(t, got, 120)
			require.Len(t, slices.Compact(got), 120)
		})
	}
}

package duckdb_test

import (
	"encoding/json"
	"math"
	"math/big"
	"regexp"
	"strings"
	"unicode/utf8"

	"logferry/internal/logsim"
)

// record is one row of the export as the description of an export has it, made of the JSON that the simulator serves: by column nil,
// string, int64, *big.Int for billionths of a dollar, or jsonText.
type record struct {
	project string
	fact    logsim.Fact
	row     map[string]any
	extra   object // what `extra` must hold at least
}

type jsonText string

// object is a JSON object's members; of those with the same name the last.
type object map[string]json.RawMessage

// members returns nil for what is no object.
func members(raw []byte) object {
	var out object
	if json.Unmarshal(raw, &out) != nil {
		return nil
	}
	return out
}

// truth is what the export must hold, by log_id.
func (w *world) truth(e export) map[string]*record {
	names := []string{""}
	if len(w.projects) > 0 {
		names = nil
	}
	for _, p := range w.projects {
		names = append(names, p.Name)
	}
	out := map[string]*record{}
	for _, name := range names {
		truth := w.sim.Truth(name)
		for _, n := range truth.Numbers(logsim.Query{From: e.from, To: e.to}) {
			r := recordOf(truth, n)
			r.project = name
			out[r.fact.ID] = r
		}
	}
	return out
}

func recordOf(truth *logsim.Truth, n int) *record {
	r := &record{fact: truth.Fact(n), extra: object{}}
	received, outcome := truth.AppendDetail(nil, n), "fetched"
	switch r.fact.Fate {
	case logsim.DetailMissing:
		received, outcome = truth.AppendEntry(nil, n), "missing"
	case logsim.DetailDenied:
		received, outcome = truth.AppendEntry(nil, n), "denied"
	}
	r.row = map[string]any{
		"log_id": r.fact.ID, "timestamp": r.fact.Micros, "detail": outcome, "raw": jsonText(valid(received)),
	}
	all := members(received)
	r.top(all)
	r.metadata(all)
	r.data(members(all["data"]))
	return r
}

// top sets the columns of the strings at the top and of the objects that are taken apart.
func (r *record) top(all object) {
	for _, name := range []string{"type", "status", "level", "message"} {
		if r.row[name] = text(all[name]); r.row[name] == nil && !isNull(all[name]) {
			r.extra[name] = all[name]
		}
	}
	r.takeApart(all, "parent", "parent_log_id=log_id parent_tool_slug=tool_slug", text)
	r.takeApart(all, "source", "source_host=host source_framework=framework source_language=language", text)
	r.takeApart(all, "context", "session_id=session_id trace_id=trace_id request_id=request_id", text)
	r.takeApart(all, "timings", "start_time=start_time end_time=end_time", epochMillis)
	documented := " id timestamp type status level message metadata metrics parent timings context source data "
	for name, value := range all {
		if !strings.Contains(documented, " "+name+" ") {
			r.extra[name] = value
		}
	}
}

// takeApart sets columns from the members of an object; what does not fit stays in `extra`.
func (r *record) takeApart(all object, name, columns string, read func(json.RawMessage) any) {
	left := object{}
	inner := members(all[name])
	if inner == nil && !isNull(all[name]) {
		r.extra[name] = all[name]
	}
	for pair := range strings.FieldsSeq(columns) {
		column, member, _ := strings.Cut(pair, "=")
		if r.row[column] = read(inner[member]); r.row[column] == nil && !isNull(inner[member]) {
			left[member] = inner[member]
		}
	}
	if len(left) > 0 {
		r.extra[name], _ = json.Marshal(left)
	}
}

func (r *record) metadata(all object) {
	m, metrics := members(all["metadata"]), members(all["metrics"])
	for _, name := range []string{"tool", "toolkit"} {
		r.row[name+"_slug"] = first(text(members(m[name])["slug"]), text(m[name]), text(m[name+"_slug"]))
	}
	for _, name := range []string{"user_id", "connected_account_id", "auth_config_id", "sandbox_id"} {
		r.row[name] = text(m[name])
	}
	for _, name := range []string{"session_id", "trace_id", "request_id"} {
		r.row[name] = first(r.row[name], text(m[name]))
	}
	var ms float64
	if raw := metrics["duration_ms"]; !isNull(raw) && json.Unmarshal(raw, &ms) == nil {
		r.row["duration_ms"] = int64(math.RoundToEven(ms))
	}
	r.row["instant_charge"] = billionths(m["instant_charge"])
	r.row["metadata"], r.row["metrics"] = asJSON(all["metadata"]), asJSON(all["metrics"])
}

func (r *record) data(data object) {
	r.row["request"], r.row["response"] = asJSON(data["request"]), asJSON(data["response"])
	if data == nil {
		return
	}
	left := object{}
	for name, value := range data {
		if name != "request" && name != "response" {
			left[name] = value
		}
	}
	out, _ := json.Marshal(left)
	r.row["data"] = jsonText(out)
}

// first is the first that is not null.
func first(values ...any) any {
	for _, v := range values {
		if v != nil {
			return v
		}
	}
	return nil
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// valid replaces what is no UTF-8.
func valid(raw []byte) string { return strings.ToValidUTF8(string(raw), string(utf8.RuneError)) }

func asJSON(raw json.RawMessage) any {
	if isNull(raw) {
		return nil
	}
	return jsonText(valid(raw))
}

// text is a string, or nil for anything else and for one that is no Unicode: the decoder puts U+FFFD there, which the simulator
// never writes.
func text(raw json.RawMessage) any {
	var s *string
	if json.Unmarshal(raw, &s) != nil || s == nil || strings.ContainsRune(*s, utf8.RuneError) {
		return nil
	}
	return *s
}

// epochMillis is a time in µs, of a whole number of milliseconds.
func epochMillis(raw json.RawMessage) any {
	var ms *int64
	if json.Unmarshal(raw, &ms) != nil || ms == nil {
		return nil
	}
	return *ms * 1000
}

var plainDecimal = regexp.MustCompile(`^"?(-?\d+(\.\d+)?)"?$`)

// billionths is a decimal(18,9) times 10^9, or nil for what does not fit.
func billionths(raw json.RawMessage) any {
	m := plainDecimal.FindSubmatch(raw)
	if m == nil {
		return nil
	}
	value, _ := new(big.Rat).SetString(string(m[1]))
	value.Mul(value, big.NewRat(1_000_000_000, 1))
	if limit := big.NewRat(1e18, 1); !value.IsInt() || value.Cmp(limit) >= 0 || value.Cmp(limit.Neg(limit)) <= 0 {
		return nil
	}
	return value.Num()
}

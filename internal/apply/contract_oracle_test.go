package apply_test

import (
	"encoding/json"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// kind is what a column of the contract holds.
type kind uint8

const (
	kindText kind = iota
	kindJSON      // text of JSON, nested in NDJSON
	kindInt
	kindFloat
	kindBool
	kindTime
	kindMoney
)

type column struct {
	name     string
	kind     kind
	required bool
	// rebuilt JSON is made by the product out of parts of what it received: the space between the parts is its own.
	rebuilt bool
}

// declaredColumn is an element of transform.columns whose path is a chain of names and indexes.
type declaredColumn struct {
	name  string
	kind  kind
	steps []any // string or int
}

var kindWords = map[kind]string{kindText: "string", kindJSON: "json", kindInt: "int64", kindFloat: "float64", kindBool: "bool", kindTime: "timestamp"}

// path is the JSONPath of the column.
func (d declaredColumn) path() string {
	out := "$"
	for _, s := range d.steps {
		switch s := s.(type) {
		case int:
			out += "[" + strconv.Itoa(s) + "]"
		case string:
			if regexp.MustCompile(`^[A-Za-z_]\w*$`).MatchString(s) {
				out += "." + s
			} else {
				name, _ := json.Marshal(s)
				out += "[" + string(name) + "]"
			}
		}
	}
	return out
}

// A row's values: nil for null, string for text and JSON, int64 for integers and µs, float64, bool, and *big.Int for
// billionths of a dollar.
type oracleRow map[string]any

// layout is what the export of one configuration looks like.
type layout struct {
	projects bool
	raw      bool
	declared []declaredColumn
}

var baseColumns = []column{
	{name: "log_id", required: true},
	{name: "timestamp", kind: kindTime, required: true},
	{name: "type"},
	{name: "status"},
	{name: "level"},
	{name: "message"},
	{name: "tool_slug"},
	{name: "toolkit_slug"},
	{name: "user_id"},
	{name: "connected_account_id"},
	{name: "auth_config_id"},
	{name: "sandbox_id"},
	{name: "session_id"},
	{name: "trace_id"},
	{name: "request_id"},
	{name: "parent_log_id"},
	{name: "parent_tool_slug"},
	{name: "duration_ms", kind: kindInt},
	{name: "start_time", kind: kindTime},
	{name: "end_time", kind: kindTime},
	{name: "source_host"},
	{name: "source_framework"},
	{name: "source_language"},
	{name: "instant_charge", kind: kindMoney},
	{name: "request", kind: kindJSON},
	{name: "response", kind: kindJSON},
	{name: "data", kind: kindJSON, rebuilt: true},
	{name: "metadata", kind: kindJSON},
	{name: "metrics", kind: kindJSON},
	{name: "extra", kind: kindJSON, rebuilt: true},
	{name: "detail"},
}

// columns are the columns of the layout in the contract's order.
func (l layout) columns() []column {
	out := append([]column(nil), baseColumns...)
	if l.projects {
		out = append(out, column{name: "project"})
	}
	if l.raw {
		out = append(out, column{name: "raw", kind: kindJSON})
	}
	for _, d := range l.declared {
		out = append(out, column{name: d.name, kind: d.kind})
	}
	return out
}

// source is one record as the API has it.
type source struct {
	project string
	id      string
	micros  int64
	entry   []byte
	detail  []byte // what was received of it, or nil
	outcome string // of the detail
}

// row is what the contract makes of a record.
func (l layout) row(s source) oracleRow {
	received := s.entry
	if s.detail != nil {
		received = s.detail
	}
	o := &oracle{fields: merge(s.entry, s.detail), row: oracleRow{"log_id": s.id, "timestamp": s.micros, "detail": s.outcome}}
	o.listed(s)
	o.top()
	o.metadata()
	o.nested("parent", map[string]string{"log_id": "parent_log_id", "tool_slug": "parent_tool_slug"}, "")
	o.nested("source", map[string]string{"host": "source_host", "framework": "source_framework", "language": "source_language"}, "")
	o.nested("context", map[string]string{"session_id": "session_id", "trace_id": "trace_id", "request_id": "request_id"}, "metadata")
	o.timings()
	o.data()
	if l.raw {
		o.row["raw"] = string(received)
	}
	o.finish()
	if l.projects {
		o.row["project"] = s.project
	}
	for _, d := range l.declared {
		o.row[d.name] = d.value(o.fields)
	}
	return o.row
}

// merge is the record: the detail where there is one, completed by what only the entry has. Duplicates stay.
func merge(entry, detail []byte) object {
	first, _ := readObject(entry)
	if detail == nil {
		return first
	}
	out, _ := readObject(detail)
	for _, m := range first.last() {
		if out.get(m.name) == nil || !isNull(m.value) && isNull(out.get(m.name)) {
			out = append(out.without(m.name), m)
		}
	}
	return out
}

// oracle is the making of one row.
type oracle struct {
	fields    object
	entryTime []byte
	row       oracleRow
	extra     object
}

// text sets a column to a value that is a string and reports whether it took it.
func (o *oracle) text(column string, raw []byte) bool {
	s, ok := readString(raw)
	if ok {
		o.row[column] = s
	}
	return ok
}

// keep leaves a value in extra.
func (o *oracle) keep(name string, raw []byte) {
	o.extra = append(o.extra, member{name, raw})
}

// top sets the columns of the strings at the top.
func (o *oracle) top() {
	for _, name := range []string{"type", "status", "level", "message"} {
		if raw := o.fields.get(name); !isNull(raw) && !o.text(name, raw) {
			o.keep(name, raw)
		}
	}
	if _, exact, _ := readTime(o.entryTime); o.entryTime != nil && (!exact || o.entryTime[0] != '"') {
		o.keep("timestamp", o.entryTime)
	}
}

func (o *oracle) metadata() {
	raw := o.fields.get("metadata")
	o.json("metadata", raw)
	o.json("metrics", o.fields.get("metrics"))
	m, _ := readObject(raw)
	for _, what := range []string{"tool", "toolkit"} {
		inner, _ := readObject(m.get(what))
		_ = o.text(what+"_slug", inner.get("slug")) || o.text(what+"_slug", m.get(what)) || o.text(what+"_slug", m.get(what+"_slug"))
	}
	for _, name := range []string{"user_id", "connected_account_id", "auth_config_id", "sandbox_id"} {
		o.text(name, m.get(name))
	}
	if charge := money(m.get("instant_charge")); charge != nil {
		o.row["instant_charge"] = charge
	}
	metrics, _ := readObject(o.fields.get("metrics"))
	if n, ok := readNumber(string(metrics.get("duration_ms"))); ok {
		if ms, ok := n.halfEven(); ok {
			o.row["duration_ms"] = ms
		}
	}
}

// money reads a plain decimal in a string, or any number, that has a decimal(18,9) of exactly its value; else nil.
func money(raw []byte) *big.Int {
	text := string(raw)
	if s, ok := readString(raw); ok {
		if !moneyForm.MatchString(s) {
			return nil
		}
		text = s
	}
	n, isNumber := readNumber(text)
	whole, rest, ok := n.scaled(9)
	if !isNumber || !ok || rest != -2 || new(big.Int).Abs(whole).Cmp(big.NewInt(1e18)) >= 0 {
		return nil
	}
	return whole
}

func (o *oracle) json(column string, raw []byte) {
	if !isNull(raw) {
		o.row[column] = string(raw)
	}
}

// nested sets columns from the strings of one object, else from those of another; what it does not use stays in extra.
func (o *oracle) nested(name string, columns map[string]string, otherwise string) {
	raw := o.fields.get(name)
	m, isObject := readObject(raw)
	second, _ := readObject(o.fields.get(otherwise))
	var used, documented []string
	for field, column := range columns {
		documented = append(documented, field)
		if o.text(column, m.get(field)) || isNull(m.get(field)) {
			used = append(used, field)
		}
		if o.row[column] == nil {
			o.text(column, second.get(field))
		}
	}
	switch left := m.withoutLast(used...).withoutNulls(documented...); {
	case isNull(raw):
	case !isObject:
		o.keep(name, raw)
	case len(left) > 0:
		o.keep(name, left.text())
	}
}

func (o *oracle) timings() {
	raw := o.fields.get("timings")
	m, isObject := readObject(raw)
	var used []string
	documented := []string{"start_time", "end_time"}
	for _, name := range documented {
		value := m.get(name)
		micros, exact, ok := readTime(value)
		if exact && ok {
			o.row[name] = micros
		}
		if exact && ok || isNull(value) {
			used = append(used, name)
		}
	}
	switch left := m.withoutLast(used...).withoutNulls(documented...); {
	case isNull(raw):
	case !isObject:
		o.keep("timings", raw)
	case len(left) > 0:
		o.keep("timings", left.text())
	}
}

func (o *oracle) data() {
	raw := o.fields.get("data")
	m, isObject := readObject(raw)
	if !isObject {
		o.json("data", raw)
		return
	}
	o.json("request", m.get("request"))
	o.json("response", m.get("response"))
	o.row["data"] = string(m.withoutLast("request", "response").withoutNulls("request", "response").text())
}

// hasColumns are the top-level fields that have columns.
var hasColumns = []string{"id", "timestamp", "type", "status", "level", "message", "metadata", "metrics", "parent", "timings", "context", "source", "data"}

// listed keeps what the detail of the record says otherwise than the list did.
func (o *oracle) listed(s source) {
	entry, _ := readObject(s.entry)
	o.entryTime = entry.get("timestamp")
	detail, _ := readObject(s.detail)
	var other object
	for i, m := range entry {
		got := detail.get(m.name)
		hasColumn := slices.Contains(hasColumns, m.name)
		switch {
		case got == nil || m.name == "id" || canonical(m.value) == canonical(got):
		case hasColumn && (isNull(m.value) || entry[i+1:].get(m.name) != nil):
		case isNull(got) && entry[i+1:].get(m.name) == nil:
		case m.name == "timestamp":
			o.keep("timestamp", got)
			o.entryTime = nil
		default:
			other = append(other, m)
		}
	}
	if len(other) > 0 {
		o.keep("_list_entry", other.text())
	}
}

// finish sets extra: what has no column, what a later duplicate replaced, and what was kept.
func (o *oracle) finish() {
	all := append(o.fields.withoutLast(hasColumns...).withoutNulls(hasColumns...), o.extra...)
	var spoiled object
	for _, c := range append([]string{"raw", "extra"}, "request", "response", "data", "metadata", "metrics") {
		text, _ := o.row[c].(string)
		if c == "extra" && len(all) > 0 {
			text = string(all.text())
		}
		if !utf8.ValidString(text) {
			encoded, _ := json.Marshal([]byte(text))
			spoiled = append(spoiled, member{c, encoded})
			o.row[c] = repaired(text)
		}
	}
	if len(spoiled) > 0 {
		all = append(all, member{invalidUTF8, spoiled.text()})
	}
	if len(all) > 0 {
		o.row["extra"] = repaired(string(all.text()))
	}
}

// invalidUTF8 is the member of extra that holds, by column, what was received where it was no UTF-8: base64 of JSON text.
const invalidUTF8 = "_invalid_utf8"

// value is what a declared column takes out of a record.
func (d declaredColumn) value(fields object) any {
	raw := json.RawMessage(fields.text())
	for _, s := range d.steps {
		switch s := s.(type) {
		case string:
			o, _ := readObject(raw)
			raw = o.get(s)
		case int:
			a, _ := readArray(raw)
			if s >= len(a) {
				return nil
			}
			raw = a[s]
		}
	}
	return d.kind.read(raw)
}

// read is a JSON value as a value of the kind, or nil where it does not fit.
func (k kind) read(raw []byte) any {
	if isNull(raw) {
		return nil
	}
	switch k {
	case kindText:
		if s, ok := readString(raw); ok {
			return s
		}
	case kindJSON:
		return repaired(string(raw))
	case kindBool:
		if s := string(raw); s == "true" || s == "false" {
			return s == "true"
		}
	case kindInt:
		if n, ok := readNumber(string(raw)); ok {
			if whole, rest, ok := n.scaled(0); ok && rest == -2 && whole.IsInt64() {
				return whole.Int64()
			}
		}
	case kindFloat:
		if _, ok := readNumber(string(raw)); ok {
			if f, err := strconv.ParseFloat(string(raw), 64); err == nil && !math.IsInf(f, 0) {
				return f
			}
		}
	case kindTime:
		if text, ok := readString(raw); ok && digits.MatchString(text) {
			raw = []byte(text)
		}
		if micros, _, ok := readTime(raw); ok {
			return micros
		}
	}
	return nil
}

var digits = regexp.MustCompile(`^-?\d+(\.\d+)?$`)

// partitionOf is the folder of a record, below tool_execution/.
func partitionOf(partition, project string, micros int64) string {
	form := map[string]string{"hour": "dt=2006-01-02/hour=15", "day": "dt=2006-01-02", "month": "month=2006-01"}[partition]
	path := time.UnixMicro(micros).UTC().Format(form)
	if project != "" {
		path = "project=" + project + "/" + path
	}
	return path
}

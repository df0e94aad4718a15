package transform

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"

	"logferry/internal/record/span"
	"logferry/internal/table"
)

// Members that Flatten adds to `extra` itself. They stand last, so that a received field of the same name, if there ever
// is one, does not hide them from a reader that takes the last of repeated names.
var (
	// listEntryMember holds the list entry's values that the detail contradicts.
	listEntryMember = []byte("_list_entry")
	// invalidMember maps a column's name to the base64 of the bytes it would have held, had they been UTF-8.
	invalidMember = []byte("_invalid_utf8")
)

// metadata is what of a record's metadata has columns of its own.
type metadata struct {
	tool, toolSlug       []byte // toolSlug is metadata.tool_slug
	toolkit, toolkitSlug []byte
	inTool, inToolkit    []byte // the slug that an object `tool` or `toolkit` holds
	texts                [colRequestID + 1 - colUserID][]byte
	charge               []byte
}

var (
	durationMember = []byte("duration_ms")
	slugMember     = []byte("slug")
)

// read takes the members of the value that tail begins with and returns that value's length in bytes.
func (d *metadata) read(tail []byte) int {
	*d = metadata{}
	m := span.Members(tail)
	for m.NextName() {
		switch string(m.Key()) {
		case "tool":
			var n int
			d.inTool, n = memberIn(m.Tail(), slugMember)
			m.TakeFirst(n)
			d.tool = m.Value
			continue
		case "toolkit":
			var n int
			d.inToolkit, n = memberIn(m.Tail(), slugMember)
			m.TakeFirst(n)
			d.toolkit = m.Value
			continue
		}
		m.Take()
		if held := d.held(m.Key()); held != nil {
			*held = m.Value
		}
	}
	return length(tail, m)
}

// held is where the member with a name is kept, nil for one without a column.
func (d *metadata) held(name []byte) *[]byte {
	switch string(name) {
	case "tool_slug":
		return &d.toolSlug
	case "toolkit_slug":
		return &d.toolkitSlug
	case "user_id":
		return &d.texts[0]
	case "connected_account_id":
		return &d.texts[colConnectedAccountID-colUserID]
	case "auth_config_id":
		return &d.texts[colAuthConfigID-colUserID]
	case "sandbox_id":
		return &d.texts[colSandboxID-colUserID]
	case "session_id":
		return &d.texts[colSessionID-colUserID]
	case "trace_id":
		return &d.texts[colTraceID-colUserID]
	case "request_id":
		return &d.texts[colRequestID-colUserID]
	case "instant_charge":
		return &d.charge
	}
	return nil
}

// metadata fills `metadata` and the columns that come from it. session_id, trace_id and request_id are filled from the
// context before.
func (f *Flattener) metadata() {
	f.json(colMetadata, f.rec.known[fieldMetadata])
	d := &f.rec.metadata
	f.firstText(colToolSlug, d.inTool, d.tool, d.toolSlug)
	f.firstText(colToolkitSlug, d.inToolkit, d.toolkit, d.toolkitSlug)
	for i, text := range d.texts {
		if text != nil {
			f.firstText(colUserID+i, text)
		}
	}
	f.charge(d.charge)
}

// maxDecimal is the largest value of a decimal(18,9), times 10^9.
const maxDecimal = 1e18 - 1

// charge fills instant_charge from a plain decimal string, or a number, that decimal(18,9) holds exactly.
func (f *Flattener) charge(value []byte) {
	if value == nil {
		return
	}
	number := value
	if !span.IsNumber(value) {
		text, ok := span.Text(value, &f.scratch)
		if !ok || !span.IsPlainDecimal(text) {
			return
		}
		number = text
	}
	n, rest, ok := span.Scaled(number, table.DecimalScale)
	if ok && rest == span.Exact && -maxDecimal <= n && n <= maxDecimal {
		f.row[colInstantCharge] = table.Value{Int: n, Valid: true}
	}
}

// data fills request, response and data.
func (f *Flattener) data(value []byte) {
	if span.IsNull(value) || value[0] != '{' {
		f.json(colData, value)
		return
	}
	f.left = f.left[:0]
	var request, response []byte
	taken := false
	for m := span.Members(value); m.Next(); {
		held := (*[]byte)(nil)
		switch string(m.Key()) {
		case "request":
			held = &request
		case "response":
			held = &response
		default:
			f.left = append(f.left, member{m.Name, m.Value})
			continue
		}
		if !span.IsNull(*held) {
			f.left = append(f.left, member{m.Name, *held})
		}
		*held, taken = m.Value, true
	}
	f.json(colRequest, request)
	f.json(colResponse, response)
	if taken {
		value = f.object(f.left)
	}
	f.json(colData, value)
}

// json sets a JSON column to a value's text. Where that is no UTF-8 the column gets U+FFFD and the exact bytes go to `extra`.
func (f *Flattener) json(column int, value []byte) {
	if span.IsNull(value) {
		return
	}
	if !f.clean && !utf8.Valid(value) {
		f.invalid = append(f.invalid, member{[]byte(f.schema.Columns[column].Name), value})
		value = bytes.ToValidUTF8(value, []byte("\uFFFD"))
	}
	f.row[column] = table.Value{Bytes: value, Valid: true}
}

// finishExtra fills `extra`.
func (f *Flattener) finishExtra() {
	if len(f.replaced) > 0 {
		f.extra = append(f.extra, member{listEntryMember, f.object(f.replaced)})
	}
	if len(f.extra) > 0 {
		f.json(colExtra, f.object(f.extra))
	}
	if len(f.invalid) == 0 {
		return
	}
	exact := f.left[:0]
	for _, m := range f.invalid {
		exact = append(exact, member{m.name, f.base64(m.value)})
	}
	f.left = exact
	note := []member{{invalidMember, f.object(exact)}}
	if text := f.row[colExtra].Bytes; text != nil {
		f.row[colExtra].Bytes = f.join(text, note)
		return
	}
	f.row[colExtra] = table.Value{Bytes: f.object(note), Valid: true}
}

// base64 returns a JSON string.
func (f *Flattener) base64(content []byte) []byte {
	start := len(f.scratch)
	f.scratch = append(f.scratch, '"')
	f.scratch = base64.StdEncoding.AppendEncode(f.scratch, content)
	f.scratch = append(f.scratch, '"')
	return f.scratch[start:len(f.scratch):len(f.scratch)]
}

// object writes a JSON object.
func (f *Flattener) object(members []member) []byte { return f.join([]byte("{}"), members) }

// join writes a JSON object with further members behind its own.
func (f *Flattener) join(object []byte, members []member) []byte {
	start := len(f.scratch)
	own := span.Members(object)
	comma := own.Next()
	f.scratch = append(f.scratch, object[:len(object)-1]...)
	for _, m := range members {
		if comma {
			f.scratch = append(f.scratch, ',')
		}
		comma = true
		f.scratch = append(f.scratch, '"')
		f.scratch = append(f.scratch, m.name...)
		f.scratch = append(f.scratch, '"', ':')
		f.scratch = append(f.scratch, m.value...)
	}
	f.scratch = append(f.scratch, '}')
	return f.scratch[start:len(f.scratch):len(f.scratch)]
}

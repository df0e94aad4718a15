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

// metadata fills `metadata` and the columns that come from it. session_id, trace_id and request_id are filled from the
// context before.
func (f *Flattener) metadata(value []byte) {
	f.json(colMetadata, value)
	var tool, toolSlug, toolkit, toolkitSlug, charge []byte
	var texts [builtinCount][]byte
	for m := span.Members(value); m.Next(); {
		switch string(m.Key()) {
		case "tool":
			tool = m.Value
		case "tool_slug":
			toolSlug = m.Value
		case "toolkit":
			toolkit = m.Value
		case "toolkit_slug":
			toolkitSlug = m.Value
		case "user_id":
			texts[colUserID] = m.Value
		case "connected_account_id":
			texts[colConnectedAccountID] = m.Value
		case "auth_config_id":
			texts[colAuthConfigID] = m.Value
		case "sandbox_id":
			texts[colSandboxID] = m.Value
		case "session_id":
			texts[colSessionID] = m.Value
		case "trace_id":
			texts[colTraceID] = m.Value
		case "request_id":
			texts[colRequestID] = m.Value
		case "instant_charge":
			charge = m.Value
		}
	}
	f.firstText(colToolSlug, memberOf(tool, []byte("slug")), tool, toolSlug)
	f.firstText(colToolkitSlug, memberOf(toolkit, []byte("slug")), toolkit, toolkitSlug)
	for column := colUserID; column <= colRequestID; column++ {
		f.firstText(column, texts[column])
	}
	f.charge(charge)
}

// maxDecimal is the largest value of a decimal(18,9), times 10^9.
const maxDecimal = 1e18 - 1

// charge fills instant_charge from a plain decimal string, or a number, that decimal(18,9) holds exactly.
func (f *Flattener) charge(value []byte) {
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

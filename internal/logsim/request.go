package logsim

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// listRequest is a checked list request.
type listRequest struct {
	limit     int
	cursor    string
	hasCursor bool
	filters   []Filter
	span      *timeRange
}

const (
	defaultLimit = 20
	maximumLimit = 100
)

// badRequest is a mistake of the caller: its text goes into a 400.
type badRequest struct{ message, fix string }

func (e *badRequest) Error() string { return e.message }

func bad(fix, format string, args ...any) error {
	return &badRequest{message: fmt.Sprintf(format, args...), fix: fix}
}

// parseListRequest reads a list request's body. An empty body is an empty object. Unknown keys are ignored.
func parseListRequest(body []byte) (listRequest, error) {
	out := listRequest{limit: defaultLimit}
	var raw struct {
		Limit   jsontext.Value `json:"limit"`
		Cursor  jsontext.Value `json:"cursor"`
		Filters jsontext.Value `json:"filters"`
		Range   jsontext.Value `json:"time_range"`
	}
	if err := parseObject(body, &raw); err != nil {
		return out, err
	}
	var err error
	if out.limit, err = parseLimit(raw.Limit, defaultLimit, maximumLimit); err != nil {
		return out, err
	}
	if raw.Cursor != nil && raw.Cursor.Kind() != 'n' {
		if out.cursor, err = text(raw.Cursor, "cursor"); err != nil {
			return out, err
		}
		out.hasCursor = true
	}
	if out.filters, err = parseFilters(raw.Filters); err != nil {
		return out, err
	}
	out.span, err = parseRange(raw.Range)
	return out, err
}

func parseObject(body []byte, into any) error {
	if len(body) == 0 {
		return nil
	}
	if v := jsontext.Value(body); v.Kind() != '{' {
		return bad("Send a JSON object.", "request body is not a JSON object")
	}
	if err := json.Unmarshal(body, into); err != nil {
		return bad("Send valid JSON.", "request body is not valid: %v", err)
	}
	return nil
}

func parseLimit(raw jsontext.Value, standard, maximum int) (int, error) {
	if raw == nil {
		return standard, nil
	}
	limit, err := number(raw, "limit")
	if err != nil {
		return 0, err
	}
	if limit != math.Trunc(limit) || limit < 1 || limit > float64(maximum) {
		return 0, bad(fmt.Sprintf("Use a limit from 1 to %d.", maximum), "limit %s is not an integer from 1 to %d", raw, maximum)
	}
	return int(limit), nil
}

func parseFilters(raw jsontext.Value) ([]Filter, error) {
	if raw == nil {
		return nil, nil
	}
	var elements []map[string]jsontext.Value
	if err := json.Unmarshal(raw, &elements); raw.Kind() != '[' || err != nil {
		return nil, bad("Send filters as an array of {field, operator, value}.", "filters is not an array of objects")
	}
	filters := make([]Filter, len(elements))
	for i, element := range elements {
		f := &filters[i]
		for _, part := range [...]struct {
			name string
			into *string
		}{{"field", &f.Field}, {"operator", &f.Operator}, {"value", &f.Value}} {
			var err error
			if *part.into, err = text(element[part.name], fmt.Sprintf("filters[%d].%s", i, part.name)); err != nil {
				return nil, err
			}
		}
		if err := f.validate(); err != nil {
			return nil, bad("", "filters[%d]: %v", i, err)
		}
	}
	return filters, nil
}

func parseRange(raw jsontext.Value) (*timeRange, error) {
	if raw == nil {
		return nil, nil
	}
	var ends struct {
		From jsontext.Value `json:"from"`
		To   jsontext.Value `json:"to"`
	}
	if err := json.Unmarshal(raw, &ends); raw.Kind() != '{' || err != nil {
		return nil, bad("Send time_range as {from, to}.", "time_range is not an object")
	}
	if ends.From == nil || ends.To == nil {
		return nil, bad("Send both from and to.", "time_range needs both from and to")
	}
	var r timeRange
	var err error
	if r.from, err = milliseconds(ends.From, "time_range.from"); err != nil {
		return nil, err
	}
	if r.to, err = milliseconds(ends.To, "time_range.to"); err != nil {
		return nil, err
	}
	if r.from > r.to {
		return nil, bad("Swap from and to.", "time_range.from is after time_range.to")
	}
	return &r, nil
}

// milliseconds reads an epoch time. What is beyond the years that JavaScript's dates know is an error.
func milliseconds(raw jsontext.Value, name string) (int64, error) {
	const farthest = 8.64e15
	ms, err := number(raw, name)
	if err != nil {
		return 0, err
	}
	if math.Abs(ms) > farthest || ms != math.Trunc(ms) {
		return 0, bad("Send epoch milliseconds.", "%s is not a time in epoch milliseconds", name)
	}
	return int64(ms), nil
}

func number(raw jsontext.Value, name string) (float64, error) {
	if raw.Kind() != '0' {
		return 0, bad("Send a number.", "%s is not a number", name)
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, bad("Send a number.", "%s is not a number", name)
	}
	return f, nil
}

func text(raw jsontext.Value, name string) (string, error) {
	if raw == nil {
		return "", bad("Send a string.", "%s is missing", name)
	}
	if raw.Kind() != '"' {
		return "", bad("Send a string.", "%s is not a string", name)
	}
	s, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		return "", bad("Send a string.", "%s is not a valid string", name)
	}
	return string(s), nil
}

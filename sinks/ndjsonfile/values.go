package ndjsonfile

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"logferry/internal/table"
)

// value translates the text of a value, as appendValue made it.
func (r *Reader) value(kind table.Kind, raw []byte) (table.Value, error) {
	if string(raw) == "null" {
		return table.Value{}, nil
	}
	v := table.Value{Valid: true}
	var err error
	switch kind {
	case table.String:
		v.Bytes, err = r.unquote(raw)
	case table.JSON:
		v.Bytes = raw
	case table.Int64:
		v.Int, err = strconv.ParseInt(string(raw), 10, 64)
	case table.Float64:
		var f float64
		f, err = strconv.ParseFloat(string(raw), 64)
		v.Int = int64(math.Float64bits(f))
	case table.Bool:
		switch string(raw) {
		case "true":
			v.Int = 1
		case "false":
		default:
			err = errors.New("neither true nor false")
		}
	case table.Timestamp:
		v.Int, err = parseTime(raw)
	case table.Decimal:
		v.Int, err = parseDecimal(raw)
	default:
		err = fmt.Errorf("%v has no JSON form", kind)
	}
	if err != nil {
		return table.Value{}, fmt.Errorf("%.40q is no %v: %w", raw, kind, err)
	}
	return v, nil
}

// unquote returns a string's text, which is part of the line unless it has escapes.
func (r *Reader) unquote(raw []byte) ([]byte, error) {
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return nil, errNotQuoted
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], nil
	}
	start := len(r.texts)
	texts, err := jsontext.AppendUnquote(r.texts, raw)
	if err != nil {
		return nil, err
	}
	r.texts = texts
	return texts[start:len(texts):len(texts)], nil
}

var (
	errNotQuoted = errors.New("not a JSON string")
	errRange     = errors.New("out of range")
)

// parseTime parses a quoted time in timeLayout, whose year may have any number of digits and a sign: time.Parse reads
// years of four digits only.
func parseTime(raw []byte) (micros int64, err error) {
	const rest = len("-01-02T15:04:05.000000Z")
	text := strings.Trim(string(raw), `"`)
	if len(text) != len(raw)-2 || len(text) < rest+4 {
		return 0, errNotQuoted
	}
	year, err := strconv.Atoi(text[:len(text)-rest])
	if err != nil {
		return 0, err
	}
	// 2000 is a leap year: every day that there may be is one of it.
	moment, err := time.Parse(timeLayout, "2000"+text[len(text)-rest:])
	if err != nil {
		return 0, err
	}
	moment = time.Date(year, moment.Month(), moment.Day(), moment.Hour(), moment.Minute(), moment.Second(), moment.Nanosecond(), time.UTC)
	if micros = moment.UnixMicro(); !time.UnixMicro(micros).Equal(moment) {
		return 0, errRange
	}
	return micros, nil
}

// parseDecimal parses a quoted decimal with up to nine digits of fraction and returns it times 10^9.
func parseDecimal(raw []byte) (int64, error) {
	text := strings.Trim(string(raw), `"`)
	if len(text) != len(raw)-2 || text == "" {
		return 0, errNotQuoted
	}
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	if len(fraction) > table.DecimalScale {
		return 0, fmt.Errorf("more than %d digits of fraction", table.DecimalScale)
	}
	sign := ""
	if negative {
		sign = "-"
	}
	// The scaled number as text, so that the smallest one, whose magnitude no int64 has, needs no care.
	return strconv.ParseInt(sign+whole+fraction+strings.Repeat("0", table.DecimalScale-len(fraction)), 10, 64)
}

package reread

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"logferry/internal/table"
)

// lineValues makes rows of lines.
type lineValues struct {
	values table.Row
}

func (l *lineValues) row(names []string, values []json.RawMessage, schema *table.Schema) (table.Row, error) {
	if l.values == nil {
		l.values = make(table.Row, len(schema.Columns))
	}
	clear(l.values)
	for i, name := range names {
		at := schema.Index(name)
		if at < 0 || string(values[i]) == "null" {
			continue
		}
		v, err := lineValue(schema.Columns[at].Kind, values[i])
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", name, err)
		}
		l.values[at] = v
	}
	return l.values, nil
}

// lineValue reads a value that is not null from its JSON.
func lineValue(kind table.Kind, raw json.RawMessage) (v table.Value, err error) {
	v.Valid = true
	var text string
	switch kind {
	case table.JSON:
		v.Bytes = raw
		return v, nil
	case table.Int64:
		v.Int, err = strconv.ParseInt(string(raw), 10, 64)
		return v, err
	case table.Float64:
		f, err := strconv.ParseFloat(string(raw), 64)
		v.Int = int64(math.Float64bits(f))
		return v, err
	case table.Bool:
		var yes bool
		if err = json.Unmarshal(raw, &yes); yes {
			v.Int = 1
		}
		return v, err
	}
	if err := json.Unmarshal(raw, &text); err != nil {
		return v, err
	}
	switch kind {
	case table.Timestamp:
		v.Int, err = microsOf(text)
	case table.Decimal:
		v.Int, err = unscaled(text)
	default:
		v.Bytes = []byte(text)
	}
	return v, err
}

// microsOf reads a time in RFC 3339, whose year may have a sign and more than four digits.
func microsOf(text string) (int64, error) {
	const afterYear = len("-01-02T15:04:05.000000Z")
	cut := len(text) - afterYear
	if cut <= len("2006") {
		moment, err := time.Parse(time.RFC3339Nano, text)
		return moment.UnixMicro(), err
	}
	year, err := strconv.Atoi(text[:cut])
	if err != nil {
		return 0, err
	}
	moment, err := time.Parse(time.RFC3339Nano, "2000"+text[cut:]) // a leap year
	if err != nil {
		return 0, err
	}
	_, month, day := moment.Date()
	hour, minute, second := moment.Clock()
	return time.Date(year, month, day, hour, minute, second, moment.Nanosecond(), time.UTC).UnixMicro(), nil
}

var errDecimal = errors.New("it is no decimal of at most nine digits of fraction that fits")

// unscaled reads a decimal and returns it times 10^9.
func unscaled(text string) (int64, error) {
	number, ok := new(big.Rat).SetString(text)
	if !ok || strings.ContainsAny(text, "/eE_") {
		return 0, errDecimal
	}
	number.Mul(number, new(big.Rat).SetInt64(int64(math.Pow10(table.DecimalScale))))
	if !number.IsInt() || !number.Num().IsInt64() {
		return 0, errDecimal
	}
	return number.Num().Int64(), nil
}

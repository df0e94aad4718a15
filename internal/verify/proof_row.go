package verify

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Field is a value of a row in its canonical form, as text.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

var errNoRow = errors.New("it is no row in its canonical form")

// Fields takes a row in its canonical form apart; see table.Canonical. Values that are null are not in it.
func Fields(row []byte) ([]Field, error) {
	var out []Field
	for len(row) > 0 {
		name, rest, found := bytes.Cut(row, []byte{0})
		if !found || len(rest) < 1 || len(out) > 0 && string(name) <= out[len(out)-1].Name {
			return nil, errNoRow
		}
		value, left, err := canonicalValue(rest[0], rest[1:])
		if err != nil {
			return nil, err
		}
		out, row = append(out, Field{Name: string(name), Value: value}), left
	}
	return out, nil
}

// canonicalValue reads the value of a kind, by its letter.
func canonicalValue(kind byte, from []byte) (value string, rest []byte, err error) {
	if kind == 's' || kind == 'j' {
		if len(from) < 4 || uint64(len(from)-4) < uint64(binary.BigEndian.Uint32(from)) {
			return "", nil, errNoRow
		}
		end := 4 + int(binary.BigEndian.Uint32(from))
		return string(from[4:end]), from[end:], nil
	}
	if len(from) < 8 {
		return "", nil, errNoRow
	}
	n := int64(binary.BigEndian.Uint64(from))
	switch kind {
	case 'i':
		value = strconv.FormatInt(n, 10)
	case 't':
		value = time.UnixMicro(n).UTC().Format(time.RFC3339Nano)
	case 'd':
		value = decimalText(n)
	case 'f':
		value = strconv.FormatFloat(math.Float64frombits(uint64(n)), 'g', -1, 64)
	case 'b':
		value = strconv.FormatBool(n != 0)
	default:
		return "", nil, errNoRow
	}
	return value, from[8:], nil
}

// decimalText is a number of billionths.
func decimalText(n int64) string {
	sign, size := "", uint64(n)
	if n < 0 {
		sign, size = "-", -size
	}
	const one = 1_000_000_000
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%s%d.%09d", sign, size/one, size%one), "0"), ".")
}

// RowID is the log_id of a row in its canonical form.
func RowID(row []byte) (string, error) {
	fields, err := Fields(row)
	if err != nil {
		return "", err
	}
	for _, f := range fields {
		if f.Name == "log_id" {
			return f.Value, nil
		}
	}
	return "", errNoRow
}

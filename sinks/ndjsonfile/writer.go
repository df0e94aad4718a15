// Package ndjsonfile encodes rows as newline-delimited JSON and checks finished files.
//
// Each line is an object with the schema's columns in the schema's order; null columns are there as null. Times are RFC
// 3339 in UTC with six digits of fraction (2026-04-17T10:11:12.345000Z), decimals are strings without exponent or
// trailing zeros of the fraction ("0.0025", "-3", "0"), JSON columns are nested with their text as it came: digits, key
// order and escapes included. Only line breaks between its tokens become spaces.
package ndjsonfile

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"logferry/internal/table"
)

const timeLayout = "2006-01-02T15:04:05.000000Z"

// Writer encodes rows as one file. It is not for concurrent use.
type Writer struct {
	columns []column
	out     counter
	codec   compressor
	line    []byte

	raw        int64 // bytes of all lines
	rawAtWrite int64 // of them, when the codec last wrote
	outAtWrite int64
}

type column struct {
	table.Column
	key []byte // `,"name":`, the first one with `{`
}

// NewWriter begins a file on out, which stays the caller's. Compression is zstd, gzip or none (also "").
func NewWriter(out io.Writer, schema *table.Schema, compression string) (*Writer, error) {
	w := &Writer{out: counter{Writer: out}}
	names := make(map[string]bool, len(schema.Columns))
	for i, c := range schema.Columns {
		if names[c.Name] {
			return nil, fmt.Errorf("column %q is declared twice", c.Name)
		}
		names[c.Name] = true
		key := []byte{','}
		if i == 0 {
			key[0] = '{'
		}
		key, err := jsontext.AppendQuote(key, c.Name)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", c.Name, err)
		}
		w.columns = append(w.columns, column{c, append(key, ':')})
	}
	if len(w.columns) == 0 {
		return nil, fmt.Errorf("the schema has no columns")
	}
	var err error
	if w.codec, err = newCompressor(&w.out, compression); err != nil {
		return nil, err
	}
	return w, nil
}

// Write adds a row. It copies what it keeps.
func (w *Writer) Write(row table.Row) error {
	if len(row) != len(w.columns) {
		return fmt.Errorf("the row has %d values, the schema %d columns", len(row), len(w.columns))
	}
	line := w.line[:0]
	for i := range w.columns {
		c, v := &w.columns[i], &row[i]
		if !v.Valid && c.Required {
			return fmt.Errorf("column %q is required and has no value", c.Name)
		}
		line = appendValue(append(line, c.key...), c.Kind, v)
	}
	line = append(line, '}', '\n')
	w.line = line
	if cap(w.line) > 1<<20 {
		w.line = nil // a rare giant is not kept
	}
	if _, err := w.codec.Write(line); err != nil {
		return fmt.Errorf("write line: %w", err)
	}
	w.raw += int64(len(line))
	w.noteOutput()
	return nil
}

func (w *Writer) noteOutput() {
	if w.out.n != w.outAtWrite {
		w.rawAtWrite, w.outAtWrite = w.raw, w.out.n
	}
}

// Size is about how many bytes the file would have if it ended here: exact after Flush, otherwise assuming that what the
// compressor holds back compresses like what it has written, or not at all if it has written nothing.
func (w *Writer) Size() int64 {
	pending := w.raw - w.rawAtWrite
	if w.outAtWrite == 0 {
		return pending
	}
	return w.outAtWrite + int64(float64(pending)*float64(w.outAtWrite)/float64(w.rawAtWrite))
}

// Flush makes the compressor write what it holds back.
func (w *Writer) Flush() error {
	if err := w.codec.Flush(); err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	w.noteOutput()
	return nil
}

// Close ends the file.
func (w *Writer) Close() error {
	if err := w.codec.Close(); err != nil {
		return fmt.Errorf("end file: %w", err)
	}
	return nil
}

func appendValue(dst []byte, kind table.Kind, v *table.Value) []byte {
	if !v.Valid {
		return append(dst, "null"...)
	}
	switch kind {
	case table.String:
		// The error says that bytes that are no UTF-8 were replaced.
		dst, _ = jsontext.AppendQuote(dst, v.Bytes)
		return dst
	case table.JSON:
		return appendJSON(dst, v.Bytes)
	case table.Int64:
		return strconv.AppendInt(dst, v.Int, 10)
	case table.Float64:
		f := math.Float64frombits(uint64(v.Int))
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return append(dst, "null"...) // JSON has no such numbers
		}
		return strconv.AppendFloat(dst, f, 'g', -1, 64)
	case table.Bool:
		return strconv.AppendBool(dst, v.Int != 0)
	case table.Timestamp:
		dst = append(dst, '"')
		dst = time.UnixMicro(v.Int).UTC().AppendFormat(dst, timeLayout)
		return append(dst, '"')
	case table.Decimal:
		return appendDecimal(dst, v.Int)
	default:
		return append(dst, "null"...)
	}
}

// appendJSON appends a JSON text. Line breaks cannot be within its strings, where they are escaped, so that each one is
// space between tokens.
func appendJSON(dst, text []byte) []byte {
	if len(text) == 0 {
		return append(dst, "null"...)
	}
	if !utf8.Valid(text) {
		text = bytes.ToValidUTF8(text, []byte(string(utf8.RuneError)))
	}
	start := len(dst)
	dst = append(dst, text...)
	for _, lineBreak := range []byte{'\n', '\r'} {
		for i := start; ; i++ {
			next := bytes.IndexByte(dst[i:], lineBreak)
			if next < 0 {
				break
			}
			i += next
			dst[i] = ' '
		}
	}
	return dst
}

// appendDecimal appends n times 10^-9 as a JSON string.
func appendDecimal(dst []byte, n int64) []byte {
	const one = 1_000_000_000
	dst = append(dst, '"')
	magnitude := uint64(n)
	if n < 0 {
		dst = append(dst, '-')
		magnitude = -magnitude
	}
	dst = strconv.AppendUint(dst, magnitude/one, 10)
	if fraction := magnitude % one; fraction != 0 {
		digits := strconv.AppendUint(nil, one+fraction, 10)
		digits[0] = '.'
		dst = append(dst, bytes.TrimRight(digits, "0")...)
	}
	return append(dst, '"')
}

// counter counts what is written to it.
type counter struct {
	io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n += int64(n)
	return n, err
}

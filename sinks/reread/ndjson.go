package reread

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
)

// ndjson reads an NDJSON file.
type ndjson struct {
	in    *bufio.Reader
	line  []byte
	types []map[string]bool // by column, what its values are
	names []string
}

func readNDJSON(file io.Reader, compression string, take func(*ndjson, []json.RawMessage) error) ([]Column, int64, error) {
	switch compression {
	case ".gz":
		z, err := gzip.NewReader(bufio.NewReader(file))
		if err != nil {
			return nil, 0, err
		}
		file = z
	case ".zst":
		z, err := zstd.NewReader(file, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, 0, err
		}
		defer z.Close()
		file = z
	}
	r := &ndjson{in: bufio.NewReaderSize(file, readBuffer)}
	var rows int64
	for {
		err := r.readLine()
		if errors.Is(err, io.EOF) {
			return r.columns(), rows, nil
		}
		if err == nil {
			err = r.readRow(take)
		}
		if err != nil {
			return r.columns(), rows, fmt.Errorf("line %d: %w", rows+1, err)
		}
		rows++
	}
}

// readLine reads a line, with its line break.
func (r *ndjson) readLine() error {
	r.line = r.line[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		r.line = append(r.line, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if errors.Is(err, io.EOF) && len(r.line) > 0 {
			return errors.New("it has no end")
		}
		return err
	}
}

func (r *ndjson) readRow(take func(*ndjson, []json.RawMessage) error) error {
	if !utf8.Valid(r.line) {
		return errors.New("it is no UTF-8")
	}
	names, values, err := members(r.line)
	if err != nil {
		return err
	}
	if r.types == nil {
		r.names = names
		for range names {
			r.types = append(r.types, make(map[string]bool))
		}
	}
	if !slices.Equal(names, r.names) {
		return fmt.Errorf("it has the columns %q, the first line %q", names, r.names)
	}
	for i, v := range values {
		r.types[i][jsonType(v)] = true
	}
	return take(r, values)
}

// keys returns what a Row has of a line: the timestamp, and log_id, status and detail.
func (r *ndjson) keys(values []json.RawMessage) (micros int64, texts [3]string, err error) {
	for i, name := range []string{"log_id", "status", "detail"} {
		if texts[i], err = r.text(name, values); err != nil {
			return 0, texts, err
		}
	}
	text, err := r.text("timestamp", values)
	if err != nil {
		return 0, texts, err
	}
	if text == "" || texts[0] == "" {
		return 0, texts, errors.New("it has no timestamp or no log_id")
	}
	moment, err := time.Parse(time.RFC3339Nano, text)
	return moment.UnixMicro(), texts, err
}

// members returns an object's names and values, in their order.
func members(line []byte) (names []string, values []json.RawMessage, err error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, nil, errors.Join(errors.New("it is no JSON object"), err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, nil, err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, nil, err
		}
		names, values = append(names, fmt.Sprint(name)), append(values, value)
	}
	if _, err := decoder.Token(); err != nil {
		return nil, nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("something follows the object")
	}
	return names, values, nil
}

// text returns the string that a column has in a line; empty where it is null or there is no such column.
func (r *ndjson) text(name string, values []json.RawMessage) (text string, err error) {
	i := slices.Index(r.names, name)
	if i < 0 {
		return "", nil
	}
	if err := json.Unmarshal(values[i], &text); err != nil {
		return "", fmt.Errorf("column %q: %w", name, err)
	}
	return text, nil
}

var jsonTypes = []string{"string", "number", "bool", "object", "array"}

func jsonType(value json.RawMessage) string {
	switch value[0] {
	case '"':
		return "string"
	case 't', 'f':
		return "bool"
	case '{':
		return "object"
	case '[':
		return "array"
	case 'n':
		return "null"
	}
	return "number"
}

func (r *ndjson) columns() []Column {
	var columns []Column
	for i, name := range r.names {
		var types []string
		for _, t := range jsonTypes {
			if r.types[i][t] {
				types = append(types, t)
			}
		}
		columns = append(columns, Column{Name: name, Type: strings.Join(types, "|"), Required: !r.types[i]["null"]})
	}
	return columns
}

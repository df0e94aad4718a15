package apply_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/klauspost/compress/zstd"
)

// sinkForm is how a sink's files are made.
type sinkForm struct {
	format, compression string
	maxFileSize         string // "" is the default
}

func (f sinkForm) String() string { return f.format + "-" + f.compression }

func (f sinkForm) extension() string {
	if f.format == "parquet" {
		return ".parquet"
	}
	return ".ndjson" + map[string]string{"gzip": ".gz", "zstd": ".zst", "none": ""}[f.compression]
}

// lake is what lies below a sink's URL: rows by partition path, in the order of the files' names.
type lake struct {
	rows  map[string][]oracleRow
	files map[string][]byte // data files by their path below tool_execution/
}

var partName = regexp.MustCompile(`^part-[0-9A-Za-z_-]+$`)

// readLake reads all of a sink and refuses what may not be in it.
func readLake(dir string, form sinkForm, columns []column) (*lake, error) {
	out := &lake{rows: map[string][]oracleRow{}, files: map[string][]byte{}}
	top, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range top {
		if e.Name() != "tool_execution" && e.Name() != "_logferry" {
			return nil, fmt.Errorf("%s lies beside tool_execution/", e.Name())
		}
	}
	root := filepath.Join(dir, "tool_execution")
	var names []string
	err = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		names = append(names, name)
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	sort.Strings(names)
	for _, name := range names {
		stem, found := strings.CutSuffix(filepath.Base(name), form.extension())
		if !found || !partName.MatchString(stem) {
			return nil, fmt.Errorf("%s is no name of a %s file", name, form)
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return nil, err
		}
		rows, err := form.read(content, columns)
		if err == nil && len(rows) == 0 {
			err = fmt.Errorf("a file without a row")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		partition := filepath.Dir(name)
		out.rows[partition] = append(out.rows[partition], rows...)
		out.files[name] = content
	}
	return out, nil
}

func (f sinkForm) read(content []byte, columns []column) ([]oracleRow, error) {
	if f.format == "parquet" {
		return readParquet(content, f.compression, columns)
	}
	return readNDJSON(content, f.compression, columns)
}

// readParquet reads a file with an implementation that did not write it.
func readParquet(content []byte, compression string, columns []column) ([]oracleRow, error) {
	rd, err := file.NewParquetReader(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	defer rd.Close()
	if err := checkParquetSchema(rd, compression, columns); err != nil {
		return nil, err
	}
	fr, err := pqarrow.NewFileReader(rd, pqarrow.ArrowReadProperties{BatchSize: 1 << 16}, nil)
	if err != nil {
		return nil, err
	}
	t, err := fr.ReadTable(context.Background())
	if err != nil {
		return nil, err
	}
	defer t.Release()
	rows := make([]oracleRow, t.NumRows())
	for i := range rows {
		rows[i] = oracleRow{}
	}
	for i, c := range columns {
		at := 0
		for _, chunk := range t.Column(i).Data().Chunks() {
			for k := range chunk.Len() {
				if chunk.IsValid(k) {
					v, err := arrowValue(chunk, k)
					if err != nil {
						return nil, fmt.Errorf("column %s: %w", c.name, err)
					}
					rows[at][c.name] = v
				}
				at++
			}
		}
	}
	return rows, nil
}

func arrowValue(chunk arrow.Array, k int) (any, error) {
	switch a := chunk.(type) {
	case *array.String:
		s := strings.Clone(a.Value(k))
		if !utf8.ValidString(s) {
			return nil, fmt.Errorf("row %d is no UTF-8: %q", k, s)
		}
		return s, nil
	case *array.Int64:
		return a.Value(k), nil
	case *array.Float64:
		return a.Value(k), nil
	case *array.Boolean:
		return a.Value(k), nil
	case *array.Timestamp:
		return int64(a.Value(k)), nil
	case *array.Decimal128:
		return a.Value(k).BigInt(), nil
	}
	return nil, fmt.Errorf("it reads as %T", chunk)
}

// parquetTypes are the physical and the logical type of each kind.
var parquetTypes = map[kind]string{
	kindText: "BYTE_ARRAY String", kindJSON: "BYTE_ARRAY String", kindInt: "INT64 Int(bitWidth=64, isSigned=true)", kindFloat: "DOUBLE None", kindBool: "BOOLEAN None",
	kindTime:  "INT64 Timestamp(isAdjustedToUTC=true, timeUnit=microseconds, is_from_converted_type=false, force_set_converted_type=false)",
	kindMoney: "INT64 Decimal(precision=18, scale=9)",
}

var codecs = map[string]compress.Compression{"zstd": compress.Codecs.Zstd, "snappy": compress.Codecs.Snappy, "none": compress.Codecs.Uncompressed}

func checkParquetSchema(rd *file.Reader, compression string, columns []column) error {
	s := rd.MetaData().Schema
	if s.NumColumns() != len(columns) {
		return fmt.Errorf("%d columns, want %d", s.NumColumns(), len(columns))
	}
	for i, want := range columns {
		got := s.Column(i)
		repetition := parquet.Repetitions.Optional
		if want.required {
			repetition = parquet.Repetitions.Required
		}
		types := got.PhysicalType().String() + " " + got.LogicalType().String()
		if got.Path() != want.name || types != parquetTypes[want.kind] || got.SchemaNode().RepetitionType() != repetition {
			return fmt.Errorf("column %d is %s %s %s, want %s %s %s", i, got.Path(), types, got.SchemaNode().RepetitionType(), want.name, parquetTypes[want.kind], repetition)
		}
	}
	for g := range rd.NumRowGroups() {
		for i := range columns {
			chunk, err := rd.MetaData().RowGroup(g).ColumnChunk(i)
			if err != nil {
				return err
			}
			if chunk.Compression() != codecs[compression] {
				return fmt.Errorf("column %s is compressed by %s, want %s", columns[i].name, chunk.Compression(), compression)
			}
		}
	}
	return nil
}

func readNDJSON(content []byte, compression string, columns []column) ([]oracleRow, error) {
	plain, err := unpack(content, compression)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(plain) {
		return nil, fmt.Errorf("it is no UTF-8")
	}
	lines := strings.Split(string(plain), "\n")
	if lines[len(lines)-1] != "" {
		return nil, fmt.Errorf("the last line has no end")
	}
	var rows []oracleRow
	for n, line := range lines[:len(lines)-1] {
		row, err := readLine(line, columns)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w in %.300s", n+1, err, line)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func unpack(content []byte, compression string) ([]byte, error) {
	var r io.Reader = bytes.NewReader(content)
	switch compression {
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		r = z
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		r = z
	}
	return io.ReadAll(r)
}

func readLine(line string, columns []column) (oracleRow, error) {
	if !json.Valid([]byte(line)) {
		return nil, fmt.Errorf("no JSON")
	}
	fields, ok := readObject([]byte(line))
	if !ok {
		return nil, fmt.Errorf("no JSON object")
	}
	if len(fields) != len(columns) {
		return nil, fmt.Errorf("%d members, want %d", len(fields), len(columns))
	}
	row := oracleRow{}
	for i, c := range columns {
		if fields[i].name != c.name {
			return nil, fmt.Errorf("member %d is %s, want %s", i, fields[i].name, c.name)
		}
		if isNull(fields[i].value) {
			continue
		}
		v, err := lineValue(c.kind, fields[i].value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		row[c.name] = v
	}
	return row, nil
}

var moneyForm = regexp.MustCompile(`^-?\d+(\.\d+)?$`)

func lineValue(k kind, raw []byte) (any, error) {
	text, isText := readString(raw)
	switch {
	case k == kindJSON:
		return string(raw), nil
	case k == kindText && isText:
		return text, nil
	case k == kindTime && isText:
		at, err := time.Parse("2006-01-02T15:04:05.000000Z", text)
		return at.UnixMicro(), err
	case k == kindMoney && isText && moneyForm.MatchString(text):
		n, _ := readNumber(text)
		whole, rest, ok := n.scaled(9)
		if !ok || rest != -2 {
			return nil, fmt.Errorf("%s is no decimal(18,9)", text)
		}
		return whole, nil
	case k == kindInt:
		return strconv.ParseInt(string(raw), 10, 64)
	case k == kindFloat && !isText:
		return strconv.ParseFloat(string(raw), 64)
	case k == kindBool && !isText:
		return strconv.ParseBool(string(raw))
	}
	return nil, fmt.Errorf("%.80s has the wrong type", raw)
}

// same says whether a value that was read is the expected one.
func (f sinkForm) same(c column, want, got any) bool {
	if want == nil || got == nil {
		return want == nil && got == nil
	}
	switch w := want.(type) {
	case *big.Int:
		g, ok := got.(*big.Int)
		return ok && w.Cmp(g) == 0
	case string:
		g, ok := got.(string)
		if !ok || w == g {
			return ok
		}
		if c.name == "extra" {
			if !json.Valid([]byte(g)) {
				return false
			}
			return sortedExtra(w) == sortedExtra(g)
		}
		// Space between tokens is the product's own where it rebuilds a value, and where it puts one into a line.
		return json.Valid([]byte(g)) && c.kind == kindJSON && (c.rebuilt || f.format == "ndjson") && canonical([]byte(w)) == canonical([]byte(g))
	}
	return want == got
}

// sortedExtra is extra in canonical form, with its members in the order of their names but for those that have the
// same name, and base64 decoded: what stands in it are again objects that the product put together.
func sortedExtra(text string) string {
	all, _ := readObject([]byte(text))
	sort.SliceStable(all, func(i, k int) bool { return all[i].name < all[k].name })
	all = withoutRepeats(all)
	for i, m := range all {
		switch m.name {
		case "parent", "source", "context", "timings", "_list_entry":
			if left, ok := readObject(m.value); ok { // what had a column and did not fit comes after the rest
				sort.SliceStable(left, func(i, k int) bool { return left[i].name < left[k].name })
				all[i].value = left.text()
			}
			continue
		default:
			continue
		case invalidUTF8:
		}
		columns, _ := readObject(m.value)
		sort.SliceStable(columns, func(i, k int) bool { return columns[i].name < columns[k].name })
		for k, c := range columns {
			var received []byte
			if json.Unmarshal(c.value, &received) != nil {
				continue
			}
			decoded := canonical(received)
			if c.name == "extra" {
				decoded = sortedExtra(string(received))
			}
			columns[k].value, _ = json.Marshal(strconv.QuoteToASCII(decoded))
		}
		all[i].value = columns.text()
	}
	return canonical(all.text())
}

// withoutRepeats drops from what the list said otherwise the members that stand in extra already.
func withoutRepeats(all object) object {
	var out object
	for _, m := range all {
		if listed, ok := readObject(m.value); ok && m.name == "_list_entry" {
			var left object
			for _, l := range listed {
				repeats := func(kept member) bool { return kept.name == l.name && canonical(kept.value) == canonical(l.value) }
				if !slices.ContainsFunc(all, repeats) {
					left = append(left, l)
				}
			}
			if m.value = left.text(); len(left) == 0 {
				continue
			}
		}
		out = append(out, m)
	}
	return out
}

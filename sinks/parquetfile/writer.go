package parquetfile

import (
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"logferry/internal/table"
)

const (
	// A row group is full with mostRows, or with leastRows and fullBytes of values: small rows make groups that are worth a thread of
	// a query engine, and large ones don't make them larger than it takes.
	leastRows = 32 << 10
	mostRows  = 128 << 10
	fullBytes = 192 << 20

	// rowsPerPage lines the pages of all columns up, so that a reader that has skipped rows in one skips them in all.
	rowsPerPage       = 8 << 10
	bloomBitsPerValue = 10 // about 1 % false positives

	batchRows  = 128       // rows that are collected before they are handed on column by column
	batchBytes = 256 << 10 // of their text
	directRow  = 64 << 10  // bytes of text from which on a row isn't collected

	maxPageBytes = 1 << 20 // of values; only long texts fill a page before its rows do
)

// Options says how a file is written.
type Options struct {
	Compression string            // zstd (also ""), snappy or none
	CreatedBy   string            // the footer's created_by: "NAME version X (build Y)", or readers distrust the statistics
	Metadata    map[string]string // key-value metadata
	// Memory returns how many bytes the writer may hold at the moment. A row group ends early for it.
	Memory func() int64
}

// Writer encodes rows as one Parquet file. It is not for concurrent use.
type Writer struct {
	file    *parquet.GenericWriter[any]
	memory  func() int64
	columns []column

	text        []byte // what the collected values' bytes point into
	split       bool   // one of them begins inside a character
	rows        int    // collected
	rowsInPage  int
	rowsInGroup int
	rawInGroup  int64 // bytes of the group's values before encoding
	raw         int64 // bytes of all finished groups' values
	flushed     int64 // bytes of the file that are final
}

// NewWriter begins a file on out, which stays the caller's.
func NewWriter(out io.Writer, schema *table.Schema, options Options) (*Writer, error) {
	fileSchema, err := schemaOf(schema)
	if err != nil {
		return nil, err
	}
	settings, err := settingsOf(fileSchema, schema, options)
	if err != nil {
		return nil, err
	}
	w := &Writer{
		file:    parquet.NewGenericWriter[any](out, settings...),
		memory:  options.Memory,
		columns: make([]column, len(schema.Columns)),
		text:    make([]byte, 0, batchBytes),
	}
	for i, writer := range w.file.ColumnWriters() {
		c := schema.Columns[i]
		w.columns[i] = column{
			name: c.Name, kind: c.Kind, required: c.Required, writer: writer, values: make([]parquet.Value, 0, batchRows),
		}
	}
	return w, nil
}

// settingsOf returns the library's options for a file. They are a list and not a parquet.WriterConfig, in which a false
// or a zero is taken for the default: page statistics couldn't be switched off with one.
func settingsOf(fileSchema *parquet.Schema, schema *table.Schema, options Options) ([]parquet.WriterOption, error) {
	codec, err := codecOf(options.Compression)
	if err != nil {
		return nil, err
	}
	settings := []parquet.WriterOption{
		fileSchema,
		&parquet.WriterConfig{CreatedBy: options.CreatedBy, KeyValueMetadata: options.Metadata},
		parquet.Compression(codec),
		parquet.PageBufferSize(int(min(max(options.Memory()/32, 1), maxPageBytes))),
		parquet.WriteBufferSize(0),
		parquet.DataPageVersion(1),
		// They would be in the pages' headers, in full; the page index has them.
		parquet.DataPageStatistics(false),
		// No parquet.DictionaryMaxBytes: see the package's comment.
	}
	var sorting []parquet.SortingColumn
	var filters []parquet.BloomFilterColumn
	for _, c := range schema.Columns {
		if c.Lookup && c.Kind != table.Bool {
			filters = append(filters, parquet.SplitBlockFilter(bloomBitsPerValue, c.Name))
		}
		if !hasBounds(c) {
			settings = append(settings, parquet.SkipPageBounds(c.Name))
		}
	}
	for _, name := range []string{"timestamp", "log_id"} {
		if schema.Index(name) < 0 {
			break
		}
		sorting = append(sorting, parquet.Ascending(name))
	}
	settings = append(settings, parquet.BloomFilters(filters...), parquet.SortingWriterConfig(parquet.SortingColumns(sorting...)))
	_, err = parquet.NewWriterConfig(settings...)
	return settings, err
}

// Write adds a row. It copies what it keeps.
func (w *Writer) Write(row table.Row) error {
	if len(row) != len(w.columns) {
		return fmt.Errorf("the row has %d values, the schema %d columns", len(row), len(w.columns))
	}
	size := 0
	for i := range row {
		size += len(row[i].Bytes)
	}
	direct := size > directRow
	if direct || len(w.text)+size > cap(w.text) {
		if err := w.handOn(); err != nil {
			return err
		}
	}
	for i := range w.columns {
		c := &w.columns[i]
		v := &row[i]
		switch {
		case v.Valid:
			w.add(c, v, direct)
		case c.required:
			return fmt.Errorf("column %q is required and has no value", c.name)
		default:
			c.nulls++
		}
	}
	w.rows++
	w.rawInGroup += int64(size + 8*len(row))
	if direct || w.rows == batchRows {
		err := w.handOn()
		if direct {
			w.forget()
		}
		return err
	}
	return nil
}

func (w *Writer) endPages() error {
	w.rowsInPage = 0
	for i := range w.columns {
		if err := w.columns[i].writer.Flush(); err != nil {
			return fmt.Errorf("column %q: %w", w.columns[i].name, err)
		}
	}
	return nil
}

func (w *Writer) endGroup() error {
	if err := w.file.Flush(); err != nil {
		return fmt.Errorf("write row group: %w", err)
	}
	w.raw += w.rawInGroup
	w.flushed = w.file.Size()
	w.rowsInPage, w.rowsInGroup, w.rawInGroup = 0, 0, 0
	return nil
}

// held is how many bytes of the current row group are in memory: compressed pages, and values not yet encoded.
func (w *Writer) held() int64 { return w.file.Size() - w.flushed }

// Size is about how many bytes the file would have without its footer if it ended here: exact after Flush, otherwise
// assuming that the current row group compresses like the ones before, or not at all if it is the first.
func (w *Writer) Size() int64 {
	if w.raw == 0 {
		return w.flushed + w.rawInGroup
	}
	return w.flushed + int64(float64(w.rawInGroup)*float64(w.flushed)/float64(w.raw))
}

// Flush ends the row group.
func (w *Writer) Flush() error {
	if err := w.handOn(); err != nil {
		return err
	}
	return w.endGroup()
}

// Close writes what is left and the footer.
func (w *Writer) Close() error {
	if err := w.handOn(); err != nil {
		return err
	}
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("write footer: %w", err)
	}
	return nil
}

package reread

import (
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// batch is how many values are decoded at once. They are of one page: what is behind them is the page's memory.
const batch = 1024

// puller reads one column chunk value by value.
type puller[T any] struct {
	chunk file.ColumnChunkReader
	read  func(batch int64, values []T, defined, repeated []int16) (int64, int, error) // levels and values
	check func(T) error                                                                // may be nil

	values   []T
	defined  []int16
	optional bool
	levels   int // decoded
	level    int // of them, taken
	value    int // of values, taken
}

func newPuller[T any](chunk file.ColumnChunkReader, read func(int64, []T, []int16, []int16) (int64, int, error), check func(T) error) *puller[T] {
	return &puller[T]{
		chunk: chunk, read: read, check: check,
		values: make([]T, batch), defined: make([]int16, batch), optional: chunk.Descriptor().MaxDefinitionLevel() > 0,
	}
}

// fill decodes the next values. It returns io.EOF after the last ones.
func (p *puller[T]) fill() error {
	levels, values, err := p.read(batch, p.values, p.defined, nil)
	if err == nil {
		err = p.chunk.Err()
	}
	if err != nil {
		return err
	}
	if levels == 0 {
		if p.chunk.HasNext() {
			return io.ErrNoProgress
		}
		return io.EOF
	}
	if present := p.present(int(levels)); present != values {
		return fmt.Errorf("a page has %d values where its levels say %d", values, present)
	}
	for _, v := range p.values[:values] {
		if p.check != nil {
			if err := p.check(v); err != nil {
				return err
			}
		}
	}
	p.levels, p.level, p.value = int(levels), 0, 0
	return nil
}

// present is how many of so many levels stand for a value.
func (p *puller[T]) present(levels int) int {
	if !p.optional {
		return levels
	}
	n := 0
	for _, level := range p.defined[:levels] {
		if level > 0 {
			n++
		}
	}
	return n
}

// next returns the next value, valid until the next call, and whether there is one: it may be null.
func (p *puller[T]) next() (v T, valid bool, err error) {
	if p.level == p.levels {
		if err := p.fill(); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return v, false, err
		}
	}
	p.level++
	if p.optional && p.defined[p.level-1] == 0 {
		return v, false, nil
	}
	p.value++
	return p.values[p.value-1], true, nil
}

// readToEnd decodes what is left, which must be so many values, nulls included.
func (p *puller[T]) readToEnd(rows int64) error {
	var n int64
	for {
		err := p.fill()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		n += int64(p.levels)
	}
	if n != rows {
		return fmt.Errorf("it has %d values, its row group %d rows", n, rows)
	}
	return nil
}

func validText(text parquet.ByteArray) error {
	if !utf8.Valid(text) {
		return fmt.Errorf("a value is no UTF-8: %.40q", []byte(text))
	}
	return nil
}

package reread

import (
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"logferry/internal/table"
)

// keyColumns are the columns of a row group that a Row has. Those that the file hasn't got are nil.
type keyColumns struct {
	timestamp             *puller[int64]
	logID, status, detail *puller[parquet.ByteArray]
}

// take keeps a column for read if a Row has it.
func (k *keyColumns) take(c Column, chunk file.ColumnChunkReader) (taken bool, err error) {
	if c.Name == "timestamp" {
		integers, ok := chunk.(*file.Int64ColumnChunkReader)
		if !ok || c.Type != table.Timestamp.String() {
			return false, fmt.Errorf("it is of type %s, not %v", c.Type, table.Timestamp)
		}
		k.timestamp = newPuller(integers, integers.ReadBatchInPage, nil)
		return true, nil
	}
	into := map[string]**puller[parquet.ByteArray]{"log_id": &k.logID, "status": &k.status, "detail": &k.detail}[c.Name]
	if into == nil {
		return false, nil
	}
	texts, ok := chunk.(*file.ByteArrayColumnChunkReader)
	if !ok {
		return false, fmt.Errorf("it is of type %s, not %v", c.Type, table.String)
	}
	*into = newPuller(texts, texts.ReadBatchInPage, validText)
	return true, nil
}

func (k *keyColumns) read(rows int64, row Row) error {
	if k.timestamp == nil || k.logID == nil {
		return errors.New("it has no columns timestamp and log_id")
	}
	for range rows {
		micros, valid, err := k.timestamp.next()
		if err = required(valid, err); err != nil {
			return fmt.Errorf(`column "timestamp": %w`, err)
		}
		logID, valid, err := k.logID.next()
		if err = required(valid, err); err != nil {
			return fmt.Errorf(`column "log_id": %w`, err)
		}
		status, err := textOf(k.status)
		if err != nil {
			return fmt.Errorf(`column "status": %w`, err)
		}
		detail, err := textOf(k.detail)
		if err != nil {
			return fmt.Errorf(`column "detail": %w`, err)
		}
		if err := row(micros, logID, status, detail); err != nil {
			return err
		}
	}
	return k.atEnd()
}

func required(valid bool, err error) error {
	if err == nil && !valid {
		return errors.New("a row has none")
	}
	return err
}

func textOf(p *puller[parquet.ByteArray]) (string, error) {
	if p == nil {
		return "", nil
	}
	text, _, err := p.next()
	return string(text), err
}

// atEnd says whether all columns have as many values as the row group has rows.
func (k *keyColumns) atEnd() error {
	errs := []error{k.timestamp.readNothing(), k.logID.readNothing()}
	for _, p := range []*puller[parquet.ByteArray]{k.status, k.detail} {
		if p != nil {
			errs = append(errs, p.readNothing())
		}
	}
	return errors.Join(errs...)
}

// readNothing says whether the last value was taken.
func (p *puller[T]) readNothing() error {
	if p.level == p.levels {
		if err := p.fill(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return fmt.Errorf("column %q has more values than its row group has rows", p.chunk.Descriptor().Name())
}

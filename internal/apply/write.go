package apply

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"logferry/internal/spool"
	"logferry/internal/table"
	"logferry/sinks"
	"logferry/transform"
)

// write flattens the records in their order and writes each row to every sink. Only one step does it at a time: the
// encoders' memory is declared once.
func (s *step) write(ctx context.Context, records *spool.Spool, res *StepResult) error {
	r := s.runner
	select {
	case r.writing <- struct{}{}:
		defer func() { <-r.writing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	s.writing.Store(true)
	flattener := r.flattener.Clone()
	w, err := s.openWriters(ctx, flattener.Schema())
	if err != nil {
		return err
	}
	if err := s.writeRows(ctx, flattener, records, w, res); err != nil {
		return errors.Join(err, w.abort())
	}
	if res.Records == 0 && s.slice.Interval.From.Before(r.opts.Now.Add(-retention)) {
		r.opts.Logger.Warn("the API has deleted logs that are this old: earlier files of the partition are kept", "partition", s.name())
		return w.abort()
	}
	res.Files, err = w.close(ctx)
	return err
}

// retention is how long the service keeps logs.
const retention = 365 * 24 * time.Hour

func (s *step) writeRows(ctx context.Context, f *transform.Flattener, records *spool.Spool, w writers, res *StepResult) error {
	for rec, err := range records.Sorted(ctx) {
		if err != nil {
			return err
		}
		row, err := f.Flatten(rec, s.project.name)
		if err != nil {
			return fmt.Errorf("record %s: %w", rec.ID, err)
		}
		if err := w.write(row); err != nil {
			return err
		}
		res.Records++
		res.Details[rec.Outcome]++
		s.written.Add(1)
	}
	return nil
}

// writers are the partition's writers, one a sink.
type writers []writer

type writer struct {
	sink string
	*sinks.PartitionWriter
}

func (s *step) openWriters(ctx context.Context, schema *table.Schema) (writers, error) {
	var out writers
	for _, sink := range s.runner.sinks {
		w, err := sink.NewPartition(ctx, schema, sinks.Partition{
			Prefix:   sinks.PartitionPrefix(s.project.name, s.slice.Partition.Path()),
			Metadata: s.metadata(),
		})
		if err != nil {
			return nil, errors.Join(err, out.abort())
		}
		out = append(out, writer{sink: sink.Name(), PartitionWriter: w})
	}
	return out, nil
}

// metadata stands in every file, so that a file found alone says where it belongs.
func (s *step) metadata() map[string]string {
	m := map[string]string{
		"logferry.pipeline":  s.runner.pipeline.Name,
		"logferry.version":   s.runner.opts.Version,
		"logferry.partition": s.slice.Partition.Path(),
		"logferry.from":      s.slice.Interval.From.Format(time.RFC3339Nano),
		"logferry.to":        s.slice.Interval.To.Format(time.RFC3339Nano),
	}
	if s.project.name != "" {
		m["logferry.project"] = s.project.name
	}
	return m
}

func (w writers) write(row table.Row) error {
	for i := range w {
		if err := w[i].Write(row); err != nil {
			return err
		}
	}
	return nil
}

func (w writers) abort() error {
	var errs []error
	for i := range w {
		errs = append(errs, w[i].Abort())
	}
	return errors.Join(errs...)
}

// close publishes the files, one sink after the other.
func (w writers) close(ctx context.Context) ([]FileResult, error) {
	out := []FileResult{}
	for i := range w {
		files, err := w[i].Close(ctx)
		if err != nil {
			return out, errors.Join(err, w[i+1:].abort())
		}
		for _, f := range files {
			out = append(out, FileResult{
				Sink: w[i].sink, Key: f.Key, Bytes: f.Size, Rows: f.Rows, SHA256: hex.EncodeToString(f.SHA256[:]),
			})
		}
	}
	return out, nil
}

// putAside writes the partition's quarantine object to the first sink, or removes the one of an earlier run.
func (s *step) putAside(ctx context.Context, bad *quarantine, res *StepResult) error {
	body, err := os.CreateTemp(s.runner.dir, "quarantine-*")
	if err != nil {
		return fmt.Errorf("write the quarantine: %w", err)
	}
	defer func() {
		_ = body.Close()
		_ = os.Remove(body.Name())
	}()
	out := bufio.NewWriter(body)
	n, err := bad.writeTo(ctx, out)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("write the quarantine: %w", err)
	}
	sink := s.runner.sinks[0]
	key := quarantineKey(s.project.name, s.slice.Partition.Path())
	if n == 0 {
		if err := sink.Delete(ctx, key); err != nil {
			return fmt.Errorf("remove the quarantine of an earlier run: %w", err)
		}
		return nil
	}
	res.Quarantined = n
	size, err := body.Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = body.Seek(0, io.SeekStart)
	}
	if err == nil {
		err = sink.UploadObject(ctx, key, body, size, "application/x-ndjson")
	}
	if err != nil {
		return fmt.Errorf("write the quarantine: %w", err)
	}
	return nil
}

package sinktest

import (
	"runtime/metrics"
	"testing"

	"logferry/internal/table"
)

// Encoder writes rows as one file.
type Encoder interface {
	Write(table.Row) error
	Close() error
}

// Counter counts what is written to it.
type Counter struct{ N int64 }

func (c *Counter) Write(p []byte) (int, error) {
	c.N += int64(len(p))
	return len(p), nil
}

// Sample returns rows with the given payload, 40 MB at most.
func Sample(payload int) []table.Row {
	source := NewRows(1, payload)
	rows := make([]table.Row, min(20_000, 40_000_000/(payload+600)))
	for i := range rows {
		rows[i] = Clone(source.Next())
	}
	return rows
}

// Benchmark writes rows again and again, a new file each time they are through. It reports the rows per second, the
// bytes of file per row, and by how many MB the largest heap seen exceeds the one before.
func Benchmark(b *testing.B, rows []table.Row, newEncoder func(*Counter) (Encoder, error)) {
	var size int
	for _, row := range rows {
		for _, v := range row {
			size += len(v.Bytes)
		}
	}
	b.SetBytes(int64(size / len(rows)))
	before := heap()
	peak := before
	out := &Counter{}
	var encoder Encoder
	n := 0
	for b.Loop() {
		if n%len(rows) == 0 {
			encoder = next(b, encoder, func() (Encoder, error) { return newEncoder(out) })
		}
		if err := encoder.Write(rows[n%len(rows)]); err != nil {
			b.Fatal(err)
		}
		if n++; n%1000 == 0 {
			peak = max(peak, heap())
		}
	}
	if err := encoder.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(out.N)/float64(n), "B/row")
	b.ReportMetric(float64(peak-before)/1e6, "heap-MB")
}

func next(b *testing.B, last Encoder, newEncoder func() (Encoder, error)) Encoder {
	if last != nil {
		if err := last.Close(); err != nil {
			b.Fatal(err)
		}
	}
	encoder, err := newEncoder()
	if err != nil {
		b.Fatal(err)
	}
	return encoder
}

func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

package parquetfile_test

import (
	"fmt"
	"io"
	"testing"

	"logferry/internal/table"
	"logferry/sinks/parquetfile"
	"logferry/sinks/sinktest"
)

func BenchmarkParquet(b *testing.B) {
	for _, payload := range []int{0, 4 << 10, 13 << 10} {
		rows := make([]table.Row, min(20000, 40<<20/(payload+600)))
		source := sinktest.NewRows(1, payload)
		bytes := 0
		for i := range rows {
			rows[i] = sinktest.Clone(source.Next())
			for _, v := range rows[i] {
				bytes += len(v.Bytes)
			}
		}
		for _, compression := range []string{"zstd", "snappy", "none"} {
			b.Run(fmt.Sprintf("payload=%d/%s", payload, compression), func(b *testing.B) {
				out := &counter{}
				b.ReportAllocs()
				b.SetBytes(int64(bytes / len(rows)))
				var w *parquetfile.Writer
				n := 0
				for b.Loop() {
					if n%len(rows) == 0 {
						if w != nil {
							w.Close()
						}
						w, _ = parquetfile.NewWriter(out, sinktest.Schema(), parquetfile.Options{Compression: compression, Memory: func() int64 { return 64 << 20 }})
					}
					if err := w.Write(rows[n%len(rows)]); err != nil {
						b.Fatal(err)
					}
					n++
				}
				w.Close()
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
				b.ReportMetric(float64(out.n)/float64(n), "B/row")
			})
		}
	}
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) { c.n += int64(len(p)); return len(p), nil }

var _ io.Writer = (*counter)(nil)

package parquetfile_test

import (
	"fmt"
	"testing"

	"logferry/sinks/parquetfile"
	"logferry/sinks/sinktest"
)

func BenchmarkParquet(b *testing.B) {
	for _, payload := range []int{0, 4 << 10, 13 << 10} {
		rows := sinktest.Sample(payload)
		for _, compression := range []string{"zstd", "snappy", "none"} {
			b.Run(fmt.Sprintf("payload=%d/%s", payload, compression), func(b *testing.B) {
				o := options(64 << 20)
				o.Compression = compression
				sinktest.Benchmark(b, rows, func(out *sinktest.Counter) (sinktest.Encoder, error) {
					return parquetfile.NewWriter(out, sinktest.Schema(), o)
				})
			})
		}
	}
}

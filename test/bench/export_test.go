package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/logsim"
)

// pipeline is an export of the day into dir.
func pipeline(tb testing.TB, url, dir, details, format, compression, maxMemory string) *config.Pipeline {
	src := fmt.Sprintf(`version: 1
name: bench
source: {base_url: %q, api_key: "${KEY}", details: %s}
range: {from: 2026-04-17, to: 2026-04-18}
extract: {max_memory: %s, rate: {headroom: 0%%}}
sinks: [{name: lake, url: "file://%s", format: %s, compression: %s}]
`, url, details, maxMemory, filepath.ToSlash(dir), format, compression)
	p, err := config.Parse("pipeline.yaml", []byte(src), config.Options{
		Now: dayTo.Add(24 * time.Hour),
		Env: func(name string) (string, bool) { return logsim.DefaultKey, name == "KEY" },
	})
	require.NoError(tb, err)
	return p
}

// BenchmarkExport prints what a whole export costs beside its floors: the same requests sent by a client that throws the
// answers away. ratio is the export's CPU over that of net/http as it comes, tuned-ratio over that of a client with the
// export's own transport and gzip.
func BenchmarkExport(b *testing.B) {
	for _, c := range []struct {
		name, details       string
		records, payload    int
		format, compression string
	}{
		{"list-only/parquet", "none", 100_000, 2048, "parquet", "zstd"},
		{"list-only/ndjson", "none", 100_000, 2048, "ndjson", "zstd"},
		{"details/parquet", "all", 20_000, 4096, "parquet", "zstd"},
		{"details/ndjson", "all", 20_000, 4096, "ndjson", "zstd"},
	} {
		b.Run(c.name, func(b *testing.B) {
			url := startServer(b, c.records, c.payload)
			plain, tuned := newPlain(url), newTuned(url)
			calls := plain.record(b, c.details == "all")
			tuned.play(b, calls[:min(len(calls), 100)]) // opens its connections
			b.Setenv("XDG_CACHE_HOME", b.TempDir())
			var floor, tunedFloor, export time.Duration
			for b.Loop() {
				before := cpu(b)
				plain.play(b, calls)
				floor += cpu(b) - before
				before = cpu(b)
				tuned.play(b, calls)
				tunedFloor += cpu(b) - before
				out := b.TempDir()
				before = cpu(b)
				sum, err := apply.Run(b.Context(), pipeline(b, url, out, c.details, c.format, c.compression, "512MiB"),
					apply.Options{Now: dayTo.Add(24 * time.Hour), Version: "bench"})
				export += cpu(b) - before
				require.NoError(b, err)
				require.EqualValues(b, c.records, sum.Records)
				require.NoError(b, os.RemoveAll(out))
			}
			n := float64(b.N) * float64(c.records)
			b.ReportMetric(n/export.Seconds(), "records/cpu-s")
			b.ReportMetric(n/floor.Seconds(), "floor-records/cpu-s")
			b.ReportMetric(n/tunedFloor.Seconds(), "tuned-floor-records/cpu-s")
			b.ReportMetric(float64(export)/float64(floor), "ratio")
			b.ReportMetric(float64(export)/float64(tunedFloor), "tuned-ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

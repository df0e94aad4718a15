package bench

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/logsim"
	"logferry/internal/window"
)

const (
	memoryRecordsVar = "LOGFERRY_BENCH_MEMORY_RECORDS" // how many records the largest case has; default 3,000,000
	maxMemory        = 256                             // MiB, as declared
	mostMemory       = 1.5 * maxMemory                 // MiB that the process may hold
)

// memoryCase is an export whose memory is looked at.
type memoryCase struct {
	name      string
	details   string
	partition string // "" is day
	inFlight  int    // 0 is auto
	share     int    // the case has the largest one's records divided by it
	sim       simulated
	sinkRate  int64 // bytes a second; 0 is no bound
}

func memoryCases() []memoryCase {
	const large = 5 << 20 // bytes of the largest payloads
	return []memoryCase{
		{name: "details", details: "all", share: 1, sim: simulated{MedianPayload: 512, MaxPayload: large, LargeShare: 1. / 20_000}},
		{name: "list-only", details: "none", share: 3, sim: simulated{MedianPayload: 512}},
		{
			name: "in-flight=1024", details: "all", inFlight: 1024, share: 100,
			sim: simulated{MedianPayload: 512, MaxPayload: large, LargeShare: 0.01, Latency: 200 * time.Millisecond},
		},
		{
			name: "half-large", details: "all", inFlight: 1024, share: 1000,
			sim: simulated{MedianPayload: 512, MaxPayload: large, LargeShare: 0.5, Latency: 200 * time.Millisecond},
		},
		{
			name: "slow-sink", details: "all", partition: "hour", share: 10, sinkRate: 1 << 20,
			sim: simulated{MedianPayload: 512, MaxPayload: large, LargeShare: 1. / 20_000},
		},
	}
}

// BenchmarkPeakMemory exports a day and prints the most memory that the process ever held beside one and a half times what is
// declared. The export and the API have a process each.
func BenchmarkPeakMemory(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("reads /proc")
	}
	records := 3_000_000
	if text := os.Getenv(memoryRecordsVar); text != "" {
		var err error
		records, err = strconv.Atoi(text)
		require.NoError(b, err)
	}
	for _, c := range memoryCases() {
		b.Run(c.name, func(b *testing.B) {
			c.sim.Records = max(records/c.share, 1)
			c.run(b)
		})
	}
}

func (c memoryCase) run(b *testing.B) {
	truth := c.truth(b)
	if c.details == "all" {
		logPayloads(b, truth)
	}
	url := startSimulated(b, c.sim)
	var peak, overLeast float64
	for b.Loop() {
		dir := b.TempDir()
		b.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
		b.Setenv("TMPDIR", dir)
		task := exportTask{Pipeline: c.pipeline(url, filepath.Join(dir, "lake")), SinkPerSec: c.sinkRate}
		out := runAlone(b, task)
		peak, overLeast = max(peak, out.PeakMiB), out.OverLeast
		b.StopTimer()
		require.EqualValues(b, c.sim.Records, out.Records)
		sameOutput(b, task, truth)
		require.NoError(b, os.RemoveAll(dir))
		b.StartTimer()
	}
	b.ReportMetric(peak, "peak-MiB")
	b.ReportMetric(mostMemory, "bound-MiB")
	b.ReportMetric(peak/mostMemory, "ratio")
	b.ReportMetric(overLeast, "requests/least")
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s")
	b.ReportMetric(0, "ns/op")
	if peak > mostMemory {
		b.Errorf("the process held %.0f MiB, with max_memory %d MiB", peak, maxMemory)
	}
}

func (c memoryCase) pipeline(url, dir string) string {
	inFlight, partition := "auto", "day"
	if c.inFlight > 0 {
		inFlight = strconv.Itoa(c.inFlight)
	}
	if c.partition != "" {
		partition = c.partition
	}
	return fmt.Sprintf(`version: 1
name: bench
source: {base_url: %q, api_key: "${KEY}", details: %s}
range: {from: 2026-04-17, to: 2026-04-18, partition: %s}
extract: {max_memory: %dMiB, details_in_flight: %s, rate: {headroom: 0%%}}
sinks: [{name: lake, url: "file://%s", format: parquet, compression: zstd}]
`, url, c.details, partition, maxMemory, inFlight, filepath.ToSlash(dir))
}

// truth is what the API has.
func (c memoryCase) truth(b *testing.B) *logsim.Truth {
	sim, err := logsim.New(c.sim.options())
	require.NoError(b, err)
	b.Cleanup(sim.Close)
	return sim.Truth("")
}

// logPayloads says how large the details are that the case has.
func logPayloads(b *testing.B, truth *logsim.Truth) {
	const large = 1 << 20 // bytes
	var detail []byte
	var count, total, largest int
	for n := range truth.Len() {
		detail = truth.AppendDetail(detail[:0], n)
		total += len(detail)
		largest = max(largest, len(detail))
		if len(detail) >= large {
			count++
		}
	}
	b.Logf("%d details of %d MiB: %d of 1 MiB and more, the largest of %.1f MiB", truth.Len(), total>>20, count, float64(largest)/(1<<20))
}

// sameOutput proves that the lake holds just the API's records, and that its files are what the manifests say.
func sameOutput(b *testing.B, task exportTask, truth *logsim.Truth) {
	p, err := task.pipeline()
	require.NoError(b, err)
	s, err := apply.Open(b.Context(), p, task.options())
	require.NoError(b, err)
	defer s.Close()
	report, err := s.Verify(b.Context(), apply.VerifyOptions{Deep: true})
	require.NoError(b, err)
	require.True(b, report.OK, "%+v", report.Findings)
	rows := 0
	for _, e := range s.State().All() {
		m, _, err := s.Manifest(b.Context(), e.Project, e.Partition)
		require.NoError(b, err)
		partition, err := window.ParsePartition(e.Partition)
		require.NoError(b, err)
		numbers := truth.Numbers(logsim.Query{From: partition.Interval().From, To: partition.Interval().To})
		digest := sha256.New()
		for _, n := range numbers {
			digest.Write([]byte(truth.Fact(n).ID + "\n"))
		}
		require.Equal(b, hex.EncodeToString(digest.Sum(nil)), m.IDs, e.Partition)
		rows += len(numbers)
	}
	require.Equal(b, truth.Len(), rows)
}

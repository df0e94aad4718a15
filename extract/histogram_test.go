package extract

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"logferry/internal/window"
)

func TestAPaceSaysHowManyPagesAreLeft(t *testing.T) {
	at := func(seconds int64) int64 { return seconds * 1e6 }
	var p pace
	require.Zero(t, p.left(100, nil), "nothing is known")
	p.expect(10, 1000)
	require.InDelta(t, 5, p.left(500, nil), 0.01, "what was expected")
	p.begin(at(0))
	p.end(at(50))
	require.Greater(t, p.left(500, nil), 5.0, "more, if pages are denser")
	for i := range int64(8) {
		p.end(at(60 + 10*i))
	}
	require.InDelta(t, 50, p.left(500, nil), 6, "what the latest pages say")
	for range 1000 {
		p.end(at(130))
	}
	require.Less(t, p.left(500, nil), 120.0, "a crowded millisecond says little of the next")
	var fixed pace
	fixed.begin(at(1))
	fixed.end(at(1))
	require.Zero(t, fixed.left(500, nil))
}

func TestAHistogramCutsAnIntervalIntoEqualParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Int64Range(-1e9, 1e9).Draw(t, "from")
		whole := window.New(time.UnixMicro(from), time.UnixMicro(from+rapid.Int64Range(1, 1e8).Draw(t, "length")))
		buckets := window.Split(whole, rapid.IntRange(1, 32).Draw(t, "parts"))
		counts := make([]int64, len(buckets))
		for i := range counts {
			counts[i] = rapid.SampledFrom([]int64{0, 1, 50, 100_000}).Draw(t, "count")
		}
		h := newHistogram(buckets, counts)
		if h != nil {
			sum := int64(0)
			for _, n := range counts {
				sum += n
			}
			require.InEpsilon(t, float64(sum), h.weight(whole), 1e-6)
		}
		n := rapid.IntRange(1, 64).Draw(t, "n")
		pieces := h.cut(whole, n)
		require.LessOrEqual(t, len(pieces), n)
		at := whole.From
		for i, p := range pieces {
			require.Equal(t, at, p.From, "piece %d", i)
			require.False(t, p.Empty(), "piece %d", i)
			if i > 0 {
				require.Zero(t, p.From.UnixMicro()%1000, "cuts are at whole milliseconds")
			}
			if at = p.To; h != nil && whole.Duration() > time.Second {
				share := h.weight(whole) / float64(n)
				require.LessOrEqual(t, h.weight(p), 1.02*share+2*h.densest(), "piece %d", i)
			}
		}
		require.Equal(t, whole.To, at)
	})
}

// densest is the largest weight of a millisecond.
func (h *histogram) densest() (most float64) {
	for k, part := range h.parts {
		most = max(most, h.records[k]/max(1, float64(part.Duration().Milliseconds())))
	}
	return most
}

func TestCountsThatCanNotBeTrueAreNoHistogram(t *testing.T) {
	buckets := window.Split(day, 3)
	require.NotNil(t, newHistogram(buckets, []int64{0, 5, 0}))
	for _, counts := range [][]int64{{0, 0, 0}, {5, -1, 5}, {1 << 62, 1 << 62, 1 << 62}, {1, 2}} {
		require.Nil(t, newHistogram(buckets, counts), fmt.Sprint(counts))
	}
}

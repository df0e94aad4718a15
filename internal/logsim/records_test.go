package logsim

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func truthOf(t testing.TB, opts Options) *Truth {
	t.Helper()
	s, err := New(opts)
	require.NoError(t, err)
	return s.Truth("")
}

func TestRecordsStayInTheirRangeInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := time.UnixMicro(rapid.Int64Range(0, 2e15).Draw(t, "from"))
		r := Records{
			Count: rapid.IntRange(1, 3000).Draw(t, "count"), From: from,
			To: from.Add(time.Duration(rapid.Int64Range(1, 1e17).Draw(t, "span")) + time.Microsecond),
		}
		if rapid.Bool().Draw(t, "skewed") {
			r.Skew = Skew{Share: rapid.Float64Range(0.01, 0.99).Draw(t, "share"), Within: rapid.Float64Range(0.001, 0.9).Draw(t, "within")}
		}
		r, err := r.withDefaults()
		require.NoError(t, err)
		times := buildIndex(r, rapid.Uint64().Draw(t, "seed"))
		require.Len(t, times, r.Count)
		require.True(t, slices.IsSorted(times))
		require.GreaterOrEqual(t, times[0], r.From.UnixMicro())
		require.Less(t, times[len(times)-1], r.To.UnixMicro())
	})
}

func TestASkewPutsItsShareIntoItsStretch(t *testing.T) {
	truth := truthOf(t, Options{Records: Records{Count: 20_000, BurstShare: -1, Skew: Skew{Share: 0.8, Within: 0.02}}})
	const width = int64(24 * time.Hour / time.Microsecond / 50)
	most := 0
	for n, end := 0, 0; n < truth.Len(); n++ {
		for end < truth.Len() && truth.Micros(end) <= truth.Micros(n)+width {
			end++
		}
		most = max(most, end-n)
	}
	require.InDelta(t, 0.8, float64(most)/20_000, 0.02)
}

func TestHundredsOfRecordsShareOneMillisecond(t *testing.T) {
	truth := truthOf(t, Options{Records: Records{Count: 5000}})
	byTime, edges, micro := map[int64]int{}, 0, 0
	for n := range truth.Len() {
		byTime[truth.Micros(n)]++
		if truth.Micros(n)%3_600_000_000 == 0 {
			edges++
		}
		if truth.Micros(n)%1000 != 0 {
			micro++
		}
	}
	most := 0
	for _, n := range byTime {
		most = max(most, n)
	}
	require.Greater(t, most, maximumLimit)
	require.Positive(t, edges, "records on the edges of hours")
	require.Positive(t, micro, "records with microseconds")
}

func TestEqualSeedsGiveEqualRecordsAndOthersDoNot(t *testing.T) {
	opts := Options{Seed: 5, Records: Records{Count: 200, Odd: Odd{Share: 0.3, Unreadable: 0.05}}}
	a, b := truthOf(t, opts), truthOf(t, opts)
	opts.Seed = 6
	c := truthOf(t, opts)
	same := 0
	for n := range a.Len() {
		require.Equal(t, a.AppendDetail(nil, n), b.AppendDetail(nil, n))
		if string(a.AppendDetail(nil, n)) == string(c.AppendDetail(nil, n)) {
			same++
		}
	}
	require.Zero(t, same)
}

// parsed is an entry or a detail by its documented shape.
type parsed struct {
	ID, Timestamp, Type, Status, Level string
	Message                            *string
	Metadata                           map[string]json.RawMessage
	Metrics                            map[string]json.RawMessage
	Parent                             *struct {
		LogID    string `json:"log_id"`
		ToolSlug string `json:"tool_slug"`
	}
	Timings *struct {
		Start int64 `json:"start_time"`
		End   int64 `json:"end_time"`
	}
	Context map[string]string
	Source  map[string]string
	Data    *struct {
		Request  struct{ Payload map[string]json.RawMessage }
		Response struct{ Body map[string]json.RawMessage }
	}
}

func TestRecordsHaveTheDocumentedShapeAndTheFactsThatTruthStates(t *testing.T) {
	truth := truthOf(t, Options{Seed: 11, Records: Records{Count: 3000}})
	seen := map[string]int{}
	for n := range truth.Len() {
		var e, d parsed
		require.NoError(t, json.Unmarshal(truth.AppendEntry(nil, n), &e))
		require.NoError(t, json.Unmarshal(truth.AppendDetail(nil, n), &d))
		require.Nil(t, e.Data)
		require.NotNil(t, d.Data)
		fact := truth.Fact(n)
		at, err := time.Parse(time.RFC3339Nano, e.Timestamp)
		require.NoError(t, err)
		require.Equal(t, fact.Micros, at.UnixMicro())
		require.Equal(t, []string{fact.ID, "tool.execution", statusText(fact.Failed)}, []string{e.ID, e.Type, e.Status})
		require.Equal(t, fmt.Sprint(fact.DurationMS), string(e.Metrics["duration_ms"]))
		require.Equal(t, fact.Request, d.Context["request_id"])
		require.Contains(t, d.Data.Response.Body, "successful")
		checkMetadata(t, fact, e.Metadata)
		require.Equal(t, fact.ParentID != "", e.Parent != nil)
		if e.Parent != nil {
			require.Equal(t, fact.ParentID, e.Parent.LogID)
			parent, ok := truth.Number(e.Parent.LogID)
			require.True(t, ok)
			require.Equal(t, e.Parent.ToolSlug, truth.Fact(parent).Tool)
			seen["child"]++
		}
		for name, is := range map[string]bool{
			"flat": fact.Flat, "failed": fact.Failed, "charge": fact.Charge != "", "no message": e.Message == nil,
			"sandbox": fact.Sandbox != "", "no timings": d.Timings == nil, "no fraction": len(e.Timestamp) == len("2026-04-17T00:00:00Z"),
		} {
			if is {
				seen[name]++
			}
		}
	}
	for _, name := range []string{"child", "flat", "failed", "charge", "no message", "sandbox", "no timings", "no fraction"} {
		require.Greater(t, seen[name], 20, name)
	}
}

func checkMetadata(t *testing.T, fact Fact, metadata map[string]json.RawMessage) {
	t.Helper()
	if fact.Flat {
		require.JSONEq(t, fmt.Sprintf("%q", fact.Tool), string(metadata["tool_slug"]))
	} else if metadata["tool"][0] == '{' {
		var tool struct{ Slug string }
		require.NoError(t, json.Unmarshal(metadata["tool"], &tool))
		require.Equal(t, fact.Tool, tool.Slug)
	} else {
		require.JSONEq(t, fmt.Sprintf("%q", fact.Tool), string(metadata["tool"]))
	}
	require.JSONEq(t, fmt.Sprintf("%q", fact.User), string(metadata["user_id"]))
	require.JSONEq(t, fmt.Sprintf("%q", fact.Account), string(metadata["connected_account_id"]))
	if fact.Charge != "" {
		require.JSONEq(t, fmt.Sprintf("%q", fact.Charge), string(metadata["instant_charge"]))
	}
}

func TestPayloadsSpreadFromHundredsOfBytesToTheMaximum(t *testing.T) {
	truth := truthOf(t, Options{Records: Records{Count: 20_000, MedianPayload: 1000, MaxPayload: 1 << 20}})
	sizes := make([]int, truth.Len())
	var buf []byte
	for n := range sizes {
		buf = truth.AppendDetail(buf[:0], n)
		sizes[n] = len(buf)
	}
	slices.Sort(sizes)
	require.Less(t, sizes[0], 1000)
	require.InDelta(t, 2000, sizes[len(sizes)/2], 700)
	require.Greater(t, sizes[len(sizes)-1], 500<<10)
	require.Less(t, sizes[len(sizes)-1], 2<<20)
}

func TestAShareOfThePayloadsIsLarge(t *testing.T) {
	const maximum = 1 << 20
	records := Records{Count: 2000, MedianPayload: 100, MaxPayload: maximum}
	plain := truthOf(t, Options{Seed: 8, Records: records})
	records.LargeShare = 0.05
	truth := truthOf(t, Options{Seed: 8, Records: records})
	large, largest, same := 0, 0, 0
	for n := range truth.Len() {
		detail := truth.AppendDetail(nil, n)
		if len(detail) > maximum/5 {
			large++
		}
		largest = max(largest, len(detail))
		if string(detail) == string(plain.AppendDetail(nil, n)) {
			same++
		}
	}
	require.InDelta(t, 0.05*2000, large, 35)
	require.InDelta(t, maximum, largest, 0.1*maximum)
	require.Greater(t, same, 1850, "the others are as they were")
}

func TestAProjectWithoutPayloadsHasEmptyData(t *testing.T) {
	truth := truthOf(t, Options{Records: Records{Count: 50, NoPayload: true}})
	for n := range truth.Len() {
		var d map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(truth.AppendDetail(nil, n), &d))
		require.Equal(t, "{}", string(d["data"]))
	}
}

package logsim

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestAWalkShowsWhatTruthSaysInEveryScenario takes time ranges and filters by chance and compares each walk with the truth.
func TestAWalkShowsWhatTruthSaysInEveryScenario(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Scenario(rapid.Uint64().Draw(t, "seed"))
		o.Records.Count = rapid.IntRange(1, 300).Draw(t, "count")
		o.Rate.Limit = -1
		s, err := New(o)
		require.NoError(t, err)
		truth := s.Truth("")
		from, to := day()
		begin := rapid.Int64Range(from.UnixMilli(), to.UnixMilli()).Draw(t, "from")
		end := rapid.Int64Range(begin, to.UnixMilli()).Draw(t, "to")
		request := map[string]any{"limit": rapid.IntRange(1, 100).Draw(t, "limit"), "time_range": map[string]int64{"from": begin, "to": end}}
		var filters []Filter
		if rapid.Bool().Draw(t, "filtered") {
			filters = []Filter{{"status", "==", "failed"}}
			request["filters"] = []map[string]string{{"field": "status", "operator": "==", "value": "failed"}}
		}
		var want []string
		for _, n := range truth.Numbers(Query{Filters: filters}) {
			at := truth.Micros(n)
			inside := map[ToMode]bool{ToExclusive: at < end*1000, ToInclusive: at <= end*1000, ToMillisecond: at < end*1000+1000}[o.To]
			if inside && at >= begin*1000 {
				want = append(want, truth.ID(n))
			}
		}
		got := walkHandler(t, s, request)
		slices.Sort(got)
		slices.Sort(want)
		require.Equal(t, want, got)
	})
}

// walkHandler walks a chain without a connection and returns the ids.
func walkHandler(t *rapid.T, s *Server, request map[string]any) (ids []string) {
	for {
		body, err := json.Marshal(request)
		require.NoError(t, err)
		r := httptest.NewRequest(http.MethodPost, ListPath, strings.NewReader(string(body)))
		r.Header.Set("x-api-key", DefaultKey)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		require.Equal(t, http.StatusOK, w.Code)
		var page struct {
			Logs []struct {
				ID string `json:"id"`
			} `json:"logs"`
			Next *string `json:"next_cursor"`
		}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &page))
		for _, entry := range page.Logs {
			ids = append(ids, entry.ID)
		}
		if page.Next == nil {
			return ids
		}
		request["cursor"] = *page.Next
	}
}

func TestAMillionRecordsCostEightBytesEach(t *testing.T) {
	var before, after runtime.MemStats
	_ = prose() // shared by all servers
	runtime.GC()
	runtime.ReadMemStats(&before)
	s, err := New(Options{Records: Records{Count: 1_000_000}})
	require.NoError(t, err)
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Equal(t, 1_000_000, s.Truth("").Len())
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(9_000_000))
}

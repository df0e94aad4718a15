package logsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type count struct {
	Unit   string
	Total  string `json:"total_quantity"`
	Events int    `json:"event_count"`
}

type breakdown struct {
	Entity string `json:"entity_type"`
	count
	Groups []struct {
		Key string
		count
	}
}

func (a *api) usage(path, body string) (summary map[string]count, groups breakdown) {
	a.t.Helper()
	got := a.call(http.MethodPost, path, body)
	require.Equal(a.t, http.StatusOK, got.status, "%s", got.body)
	if path == UsageSummaryPath {
		var s struct{ Entities map[string]count }
		require.NoError(a.t, json.Unmarshal(got.body, &s))
		return s.Entities, breakdown{}
	}
	require.NoError(a.t, json.Unmarshal(got.body, &groups))
	return nil, groups
}

func usageSpan(more string) string {
	from, to := day()
	return fmt.Sprintf(`{"from":%d,"to":%d%s}`, from.UnixMilli(), to.UnixMilli(), more)
}

func TestUsageCountsEveryExecution(t *testing.T) {
	a := serve(t, Options{Seed: 2})
	s, _ := a.usage(UsageSummaryPath, usageSpan(""))
	require.Equal(t, count{"count", "1000", 1000}, s["tool_calls"])
	require.Contains(t, s, "sessions")
	s, _ = a.usage(UsageSummaryPath, usageSpan(`,"entity_types":["tool_calls"]`))
	require.Len(t, s, 1)

	truth := a.server.Truth("")
	fact := truth.Fact(10)
	want := len(truth.IDs(Query{Filters: []Filter{{"user_id", "==", fact.User}}}))
	s, _ = a.usage(UsageSummaryPath, usageSpan(fmt.Sprintf(`,"filters":{"user_id":[%q,"nobody"],"session_id":null}`, fact.User)))
	require.Equal(t, want, s["tool_calls"].Events)
	s, _ = a.usage(UsageSummaryPath, usageSpan(fmt.Sprintf(`,"filters":{"session_id":[%q]}`, fact.Session)))
	require.Equal(t, len(truth.IDs(Query{Filters: []Filter{{"session_id", "==", fact.Session}}})), s["tool_calls"].Events)
}

func TestUsageToIsExclusiveAndFromInclusive(t *testing.T) {
	a := serve(t, Options{Seed: 2})
	truth := a.server.Truth("")
	n := 400
	for truth.Micros(n)%1000 != 0 || truth.Micros(n-1) == truth.Micros(n) || truth.Micros(n+1) == truth.Micros(n) {
		n++
	}
	at := truth.Micros(n) / 1000
	s, _ := a.usage(UsageSummaryPath, fmt.Sprintf(`{"from":%d,"to":%d}`, at, at))
	require.Zero(t, s["tool_calls"].Events)
	s, _ = a.usage(UsageSummaryPath, fmt.Sprintf(`{"from":%d,"to":%d}`, at, at+1))
	require.Equal(t, 1, s["tool_calls"].Events)
}

func TestBreakdownsAddUpAndAreOrdered(t *testing.T) {
	a := serve(t, Options{Seed: 2})
	for _, field := range groupFields {
		_, b := a.usage(ToolCallsPath, usageSpan(fmt.Sprintf(`,"group_by":%q,"limit":1000`, field)))
		require.Equal(t, "tool_calls", b.Entity)
		require.Equal(t, count{"count", "1000", 1000}, b.count)
		total := 0
		for _, g := range b.Groups {
			require.Equal(t, strconv.Itoa(g.Events), g.Total)
			total += g.Events
		}
		require.Equal(t, 1000, total, field)
		require.True(t, slices.IsSortedFunc(b.Groups, func(x, y struct {
			Key string
			count
		},
		) int {
			return y.Events - x.Events
		}))
	}
	_, b := a.usage(ToolCallsPath, usageSpan(`,"group_by":"toolkit_slug","order_by":"key","order_direction":"asc","limit":5`))
	require.Len(t, b.Groups, 5)
	require.True(t, b.Groups[0].Key < b.Groups[1].Key)
	_, b = a.usage(ToolCallsPath, usageSpan(``))
	require.Equal(t, strings.ToUpper(b.Groups[0].Key), b.Groups[0].Key, "tool_slug is the default")
}

func TestWrongUsageRequestsAreRefused(t *testing.T) {
	a := serve(t, Options{})
	year := 366 * 24 * time.Hour.Milliseconds()
	for _, c := range [][2]string{
		{UsageSummaryPath, fmt.Sprintf(`{"from":0,"to":%d}`, year+1)},
		{UsageSummaryPath, `{"from":2,"to":1}`},
		{UsageSummaryPath, `{"from":"x"}`},
		{UsageSummaryPath, `{"entity_types":"tool_calls"}`},
		{UsageSummaryPath, `{"filters":{"user_id":"x"}}`},
		{ToolCallsPath, `{"group_by":"status"}`},
		{ToolCallsPath, `{"order_by":"size"}`},
		{ToolCallsPath, `{"order_direction":"up"}`},
		{ToolCallsPath, `{"limit":1001}`},
		{UsagePath + "nope", `{}`},
	} {
		requireEnvelope(t, a.call(http.MethodPost, c[0], c[1]), http.StatusBadRequest)
	}
	a.usage(UsageSummaryPath, fmt.Sprintf(`{"from":0,"to":%d}`, year))
	a.usage(UsageSummaryPath, ``)
}

func TestUsageCanDisagreeWithTheLogs(t *testing.T) {
	from, to := day()
	clock := newClock()
	clock.set(to)
	events := func(u Usage) int {
		a := serve(t, Options{Seed: 2, Now: clock.Now, Usage: u})
		s, _ := a.usage(UsageSummaryPath, usageSpan(""))
		require.Equal(t, a.server.Truth("").UsageCount(from, to), s["tool_calls"].Events)
		return s["tool_calls"].Events
	}
	truth := truthOf(t, Options{Seed: 2})
	children, multis := 0, 0
	for n := range truth.Len() {
		if fact := truth.Fact(n); fact.ParentID != "" {
			children++
		} else if fact.Tool == words.tools[words.multi].slug {
			multis++
		}
	}
	require.Positive(t, children)
	require.Equal(t, 1000-children, events(Usage{Nested: CountOuter}))
	require.Equal(t, 1000-multis, events(Usage{Nested: CountChildren}))
	require.Equal(t, len(truth.IDs(Query{To: to.Add(-3 * time.Hour)})), events(Usage{Lag: 3 * time.Hour}))
	require.InDelta(t, 900, events(Usage{MissingShare: 0.1}), 40)
}

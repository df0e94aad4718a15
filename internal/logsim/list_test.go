package logsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// requireEnvelope checks an error body against the documented envelope.
func requireEnvelope(t *testing.T, got answer, status int) {
	t.Helper()
	require.Equal(t, status, got.status, "%s", got.body)
	var e struct {
		Error struct {
			Message   string
			Status    int
			RequestID string  `json:"request_id"`
			Fix       *string `json:"suggested_fix"`
		}
	}
	require.NoError(t, json.Unmarshal(got.body, &e), "%s", got.body)
	require.NotEmpty(t, e.Error.Message)
	require.NotEmpty(t, e.Error.RequestID)
	require.Equal(t, status, e.Error.Status)
}

func TestWrongListRequestsAreRefused(t *testing.T) {
	a := serve(t, Options{Rate: Rate{Limit: -1}})
	for _, body := range []string{
		`{`, `[]`, `"x"`, `null`, `{"limit":0}`, `{"limit":101}`, `{"limit":1.5}`, `{"limit":"20"}`, `{"limit":null}`, `{"limit":-1}`, `{"cursor":5}`,
		`{"cursor":""}`, `{"cursor":"bm9uc2Vuc2U"}`, `{"filters":{}}`, `{"filters":null}`, `{"filters":["a"]}`, `{"filters":[{}]}`, `{"filters":[null]}`,
		`{"filters":[{"field":"status","operator":"=="}]}`, `{"filters":[{"field":"nope","operator":"==","value":"x"}]}`,
		`{"filters":[{"field":"user_id","operator":"=","value":"x"}]}`, `{"filters":[{"field":"user_id","operator":"==","value":5}]}`,
		`{"filters":[{"field":"user_id","operator":"==","value":null}]}`, `{"filters":[{"field":"status","operator":"==","value":"broken"}]}`,
		`{"time_range":{}}`, `{"time_range":null}`, `{"time_range":5}`, `{"time_range":{"from":1}}`, `{"time_range":{"to":1}}`,
		`{"time_range":{"from":"2026-01-01","to":"2026-01-02"}}`, `{"time_range":{"from":2,"to":1}}`, `{"time_range":{"from":null,"to":1}}`,
		`{"time_range":{"from":0,"to":1e400}}`, `{"limit":1,"limit":2}`,
	} {
		t.Run(body, func(t *testing.T) { requireEnvelope(t, a.call(http.MethodPost, ListPath, body), http.StatusBadRequest) })
	}
	for _, body := range []string{"", `{}`, ` {"limit":100} `, `{"cursor":null}`, `{"filters":[]}`, `{"new_field":[1]}`, `{"time_range":{"from":5,"to":5}}`} {
		require.Equal(t, http.StatusOK, a.call(http.MethodPost, ListPath, body).status, body)
	}
}

func TestLimitIsTwentyUnlessSaid(t *testing.T) {
	a := serve(t, Options{})
	require.Len(t, a.page(map[string]any{}).Logs, 20)
	require.Len(t, a.page(map[string]any{"limit": 100}).Logs, 100)
	require.Len(t, a.page(map[string]any{"limit": 1}).Logs, 1)
}

func TestEveryFilterFieldAndOperatorSelectsWhatTruthSays(t *testing.T) {
	a := serve(t, Options{Seed: 9, Rate: Rate{Limit: -1}, Records: Records{Count: 300, Users: 20}})
	truth := a.server.Truth("")
	sample := truth.Fact(133)
	values := map[string]string{
		"tool_slug": sample.Tool, "toolkit_slug": sample.Toolkit, "connected_account_id": sample.Account, "auth_config_id": sample.AuthConfig,
		"status": "failed", "user_id": sample.User, "session_id": sample.Session, "sandbox_id": sandboxOf(truth), "request_id": sample.Request, "log_id": sample.ID,
	}
	require.Len(t, values, len(FilterFields))
	for _, field := range FilterFields {
		for _, operator := range FilterOperators {
			value := values[field]
			require.NotEmpty(t, value, field)
			if strings.Contains(operator, "contains") {
				value = value[1 : len(value)-1]
			}
			f := Filter{field, operator, value}
			want := expected(truth, f)
			got := a.walk(map[string]any{"limit": 100, "filters": []map[string]string{{"field": field, "operator": operator, "value": value}}})
			require.ElementsMatch(t, want, idsOf(t, got), "%v", f)
			require.ElementsMatch(t, want, truth.IDs(Query{Filters: []Filter{f}}))
			require.NotEmpty(t, want, "%v", f)
			require.Less(t, len(want), 300, "%v", f)
		}
	}
}

func sandboxOf(truth *Truth) string {
	for n := range truth.Len() {
		if f := truth.Fact(n); f.Sandbox != "" {
			return f.Sandbox
		}
	}
	return ""
}

// expected filters the facts by a second way of reading the conditions.
func expected(truth *Truth, f Filter) (ids []string) {
	for n := range truth.Len() {
		fact := truth.Fact(n)
		value := map[string]string{
			"tool_slug": fact.Tool, "toolkit_slug": fact.Toolkit, "connected_account_id": fact.Account, "auth_config_id": fact.AuthConfig,
			"status": statusText(fact.Failed), "user_id": fact.User, "session_id": fact.Session, "sandbox_id": fact.Sandbox,
			"request_id": fact.Request, "log_id": fact.ID,
		}[f.Field]
		keep := map[string]bool{
			"==": value == f.Value, "!=": value != f.Value,
			"contains": strings.Contains(value, f.Value), "not_contains": !strings.Contains(value, f.Value),
		}[f.Operator]
		if keep {
			ids = append(ids, fact.ID)
		}
	}
	return ids
}

func TestFiltersAreAndCombined(t *testing.T) {
	a := serve(t, Options{Records: Records{Count: 800}})
	filters := []Filter{{"status", "==", "failed"}, {"toolkit_slug", "!=", "gmail"}, {"tool_slug", "contains", "LIST"}}
	var body []map[string]string
	for _, f := range filters {
		body = append(body, map[string]string{"field": f.Field, "operator": f.Operator, "value": f.Value})
	}
	want := a.server.Truth("").IDs(Query{Filters: filters})
	require.NotEmpty(t, want)
	require.ElementsMatch(t, want, idsOf(t, a.walk(map[string]any{"filters": body})))
}

func TestToIsReadAsTheSwitchSays(t *testing.T) {
	count := func(mode ToMode, to time.Time) int {
		a := serve(t, Options{Seed: 1, To: mode, Records: Records{Count: 2000}})
		from, _ := day()
		return len(a.walk(map[string]any{"limit": 100, "time_range": span(from, to)}))
	}
	truth := truthOf(t, Options{Seed: 1, Records: Records{Count: 2000}})
	checked := 0
	for n := 1; n < truth.Len() && checked < 3; n++ {
		at := truth.Micros(n)
		if at%1000 == 0 && truth.Micros(n-1) < at {
			checked++
			to := time.UnixMicro(at)
			inclusive, milli := n, n
			for inclusive < truth.Len() && truth.Micros(inclusive) <= at {
				inclusive++
			}
			for milli < truth.Len() && truth.Micros(milli) < at+1000 {
				milli++
			}
			require.Equal(t, []int{n, inclusive, milli}, []int{count(ToExclusive, to), count(ToInclusive, to), count(ToMillisecond, to)})
		}
	}
	require.Equal(t, 3, checked)
}

func TestOrdersAreWhatTheySay(t *testing.T) {
	for order, want := range map[Order]func(earlier, later int64) bool{
		Newest: func(a, b int64) bool { return a >= b }, Oldest: func(a, b int64) bool { return a <= b },
	} {
		a := serve(t, Options{Order: order})
		truth := a.server.Truth("")
		last := int64(0)
		for i, id := range idsOf(t, a.walk(map[string]any{"limit": 100})) {
			n, _ := truth.Number(id)
			require.True(t, i == 0 || want(last, truth.Micros(n)))
			last = truth.Micros(n)
		}
	}
}

func TestARareFilterGivesEmptyPagesWithACursor(t *testing.T) {
	a := serve(t, Options{ScanLimit: 50, Records: Records{Count: 1000}})
	wanted := a.server.Truth("").Fact(500).ID
	request := map[string]any{"filters": []map[string]string{{"field": "log_id", "operator": "==", "value": wanted}}}
	empty, found := 0, 0
	for {
		p := a.page(request)
		found += len(p.Logs)
		if p.Next == nil {
			break
		}
		if len(p.Logs) == 0 {
			empty++
		}
		request["cursor"] = *p.Next
	}
	require.Equal(t, 1, found)
	require.Greater(t, empty, 10)
}

func TestACursorBelongsToItsQuery(t *testing.T) {
	from, to := day()
	request := func(cursor string) string {
		return fmt.Sprintf(`{"cursor":%q,"time_range":{"from":%d,"to":%d}}`, cursor, from.UnixMilli(), to.UnixMilli())
	}
	for _, lax := range []bool{false, true} {
		a := serve(t, Options{CursorAnyQuery: lax})
		cursor := *a.page(map[string]any{}).Next
		got := a.call(http.MethodPost, ListPath, request(cursor))
		if lax {
			require.Equal(t, http.StatusOK, got.status)
		} else {
			requireEnvelope(t, got, http.StatusBadRequest)
		}
	}
}

func TestACursorLivesAsLongAsItsLifetime(t *testing.T) {
	clock := newClock()
	a := serve(t, Options{Now: clock.Now, CursorLifetime: time.Minute})
	cursor := *a.page(map[string]any{}).Next
	body := fmt.Sprintf(`{"cursor":%q}`, cursor)
	clock.advance(time.Minute)
	require.Equal(t, http.StatusOK, a.call(http.MethodPost, ListPath, body).status)
	clock.advance(time.Millisecond)
	requireEnvelope(t, a.call(http.MethodPost, ListPath, body), http.StatusBadRequest)
}

func TestOffsetCursorsRepeatRowsWhenRecordsArrive(t *testing.T) {
	repeated := func(style CursorStyle) int {
		clock := newClock()
		from, to := day()
		clock.set(to)
		a := serve(t, Options{
			Seed: 3, Now: clock.Now, Cursors: style, Late: Late{Share: 0.2, After: 6 * time.Hour},
			Records: Records{Count: 1000, From: from, To: to},
		})
		seen, again := map[string]bool{}, 0
		request := map[string]any{}
		for {
			p := a.page(request)
			for _, id := range idsOf(t, p.Logs) {
				if seen[id] {
					again++
				}
				seen[id] = true
			}
			if p.Next == nil {
				return again
			}
			clock.advance(10 * time.Minute)
			request["cursor"] = *p.Next
		}
	}
	require.Zero(t, repeated(Keyset))
	require.Positive(t, repeated(Offset))
}

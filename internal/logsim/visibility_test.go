package logsim

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLateRecordsAppearWithinTheirDelay(t *testing.T) {
	clock := newClock()
	from, to := day()
	clock.set(to)
	a := serve(t, Options{Now: clock.Now, Rate: Rate{Limit: -1}, Records: Records{From: from, To: to}, Late: Late{Share: 0.3, After: 2 * time.Hour}})
	truth := a.server.Truth("")
	all := truth.IDs(Query{})
	now := truth.IDs(Query{VisibleNow: true})
	require.Less(t, len(now), len(all))
	require.ElementsMatch(t, now, idsOf(t, a.walk(map[string]any{"limit": 100})))
	for n := range truth.Len() {
		fact := truth.Fact(n)
		require.Equal(t, fact.Late, fact.Visible > fact.Micros)
		require.LessOrEqual(t, fact.Visible, fact.Micros+(2*time.Hour).Microseconds())
		want := http.StatusOK
		if fact.Visible > to.UnixMicro() {
			want = http.StatusNotFound
		}
		require.Equal(t, want, a.call(http.MethodGet, DetailPath+fact.ID, "").status)
	}
	clock.advance(2 * time.Hour)
	require.Equal(t, len(all), a.count())
}

func TestLateRecordsCanWaitForRequests(t *testing.T) {
	a := serve(t, Options{Late: Late{Share: 0.5, AfterRequests: 12}})
	require.InDelta(t, 500, a.count(), 100)
	for range 12 {
		a.page(map[string]any{})
	}
	require.Equal(t, 1000, a.count())
}

func TestALiveServerShowsThePastAndRetentionHidesTheOld(t *testing.T) {
	clock := newClock()
	from, to := day()
	clock.set(from.Add(12 * time.Hour))
	a := serve(t, Options{Now: clock.Now, Live: true, Retention: 6 * time.Hour, Records: Records{From: from, To: to}})
	truth := a.server.Truth("")
	want := truth.IDs(Query{From: from.Add(6 * time.Hour), To: from.Add(12*time.Hour + time.Microsecond)})
	require.NotEmpty(t, want)
	require.ElementsMatch(t, want, idsOf(t, a.walk(map[string]any{"limit": 100})))
}

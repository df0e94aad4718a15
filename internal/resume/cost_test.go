package resume

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/extract"
	"logferry/internal/logsim"
	"logferry/internal/record"
)

// cost is one way to read an API that behaves, where the requests of a killed and a resumed walk can be told exactly.
type cost struct {
	order   logsim.Order
	cursors logsim.CursorStyle
	windows int
	details extract.Details
	expire  bool // cursors between the two walks
}

func (c cost) String() string {
	return fmt.Sprintf("order=%d cursors=%d windows=%d details=%s expire=%v", c.order, c.cursors, c.windows, c.details, c.expire)
}

func costs() []cost {
	var out []cost
	for _, order := range []logsim.Order{logsim.Newest, logsim.Oldest, logsim.Shuffled} {
		for _, cursors := range []logsim.CursorStyle{logsim.Keyset, logsim.Offset} {
			for _, windows := range []int{0, 1, 16} {
				for _, expire := range []bool{false, true} {
					details := []extract.Details{extract.DetailsAll, extract.DetailsNone, extract.DetailsFailed, extract.DetailsNone, extract.DetailsFailed}[len(out)%5]
					out = append(out, cost{order: order, cursors: cursors, windows: windows, details: details, expire: expire})
				}
			}
		}
	}
	return out
}

func (c cost) world(t *testing.T) *world {
	api := logsim.Options{
		Order: c.order, Cursors: c.cursors,
		// Bursts of less than a page: what is not certain to be read then is one page.
		Records: logsim.Records{Count: 1200, BurstSize: 50, MedianPayload: 200, MaxPayload: 1 << 12},
		Latency: logsim.Latency{List: logsim.Delay{Base: 50 * time.Millisecond}, Detail: logsim.Delay{Base: 30 * time.Millisecond}},
	}
	if c.expire {
		api.CursorLifetime = time.Hour
	}
	w, err := newWorld(api, extract.Options{}, extract.Step{Interval: day, Details: c.details, Windows: c.windows})
	require.NoError(t, err)
	return w
}

// LOGFERRY_RESUME_ALL=1 takes all combinations, and not only some of each kind.
func TestAResumedWalkAsksOnlyForWhatTheJournalDoesNotHave(t *testing.T) {
	for i, c := range costs() {
		// In steps of seven every value of every choice comes up, and so it does in some of these.
		some := i%7 == 0 || i%7 == 3
		if testing.Short() {
			some = i == 0 || i == 21 || i == 34
		}
		if !some && os.Getenv("LOGFERRY_RESUME_ALL") == "" {
			continue
		}
		t.Run(c.String(), func(t *testing.T) {
			var lists int64 // of a walk that is not killed
			synctest.Test(t, func(t *testing.T) {
				w := c.world(t)
				defer w.closed()
				whole, err := w.run(t.Context(), 0)
				require.NoError(t, err)
				require.Empty(t, w.problem(whole))
				lists = whole.lists
			})
			for _, kill := range [][]int{{1, 5, 300}, {2, 27, 900}}[i%2] {
				synctest.Test(t, func(t *testing.T) { c.killAndResume(t, kill, lists) })
			}
		})
	}
}

func (c cost) killAndResume(t *testing.T, at int, lists int64) {
	w := c.world(t)
	defer w.closed()
	first, err := w.killed(t.Context(), at)
	require.NoError(t, err)
	pages, records := journalHas(t, w.disk, w.header)
	time.Sleep(2 * time.Hour)
	second, err := w.run(t.Context(), 0)
	require.NoError(t, err)
	require.Empty(t, w.problem(second))

	wanted := int64(0)
	for _, r := range slices.Concat(second.replayed.records, second.walked.records) {
		if r.Outcome == record.Fetched {
			wanted++
		}
	}
	require.Equal(t, wanted-records, second.details, "details asked for beside those that the journal has")
	require.LessOrEqual(t, first.settled-records, int64(260), "details that were settled and not yet journalled")
	more := 1 + second.stats.Splits // the first page, by which the windows are planned, and what is listed twice at their edges
	switch chains := second.stats.ResumedWindows; {
	case c.expire && c.order == logsim.Shuffled:
		more += pages + chains // there is no safe timestamp: windows begin anew
	case c.expire:
		more += 2 * chains // a rejection, and a page with what is not certain to be read
	}
	require.LessOrEqual(t, second.lists, lists-pages+more, "pages asked for; the journal has %d of %d", pages, lists)

	third, err := w.run(t.Context(), 0)
	require.NoError(t, err)
	require.Empty(t, w.problem(third))
	require.Zero(t, third.lists+third.details, "a walk that had ended asks for nothing")
	if pages > 0 {
		require.Equal(t, first.began, third.began, "the first walk's beginning")
	}
}

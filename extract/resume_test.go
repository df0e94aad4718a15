package extract

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/record"
	"logferry/internal/window"
)

func TestAWalkThatEndedAsksForNothingWhenItIsResumed(t *testing.T) {
	for _, windows := range []int{0, 1, 3} {
		for _, n := range []int{0, 30, 1000} {
			step := Step{Interval: day, Details: DetailsAll, Windows: windows}
			journal, _ := resumed(t, &fakeAPI{entries: newestEntries(max(n, 1))[:n]}, step, &memory{})
			again := &fakeAPI{}
			_, g := resumed(t, again, step, journal)
			require.Empty(t, g.records)
			require.Zero(t, again.listRequests(), "windows: %d, entries: %d", windows, n)
		}
	}
}

func TestAResumedWalkReadsWhatItsIntervalHasGrownBy(t *testing.T) {
	entries := newestEntries(1000)
	middle := day.From.Add(10*time.Hour + 1)
	for _, windows := range []int{0, 1, 3} {
		step := Step{Interval: window.New(day.From, middle), Details: DetailsNone, Windows: windows}
		journal, before := resumed(t, &fakeAPI{entries: entries}, step, &memory{})
		step.Interval = day
		_, after := resumed(t, &fakeAPI{entries: entries}, step, journal)
		require.Len(t, append(before.ids(), after.ids()...), 1000)
		require.Len(t, before.records, 1000-len(after.records), "each once")
		again := &fakeAPI{}
		resumed(t, again, step, journal)
		require.Zero(t, again.listRequests(), "the windows of both walks are told apart")
	}
}

func TestAWalkOfAnotherIntervalIsNotResumed(t *testing.T) {
	step := Step{Interval: day, Details: DetailsNone}
	journal, _ := resumed(t, &fakeAPI{entries: newestEntries(10)}, step, &memory{})
	withFake(t, &fakeAPI{}, Options{}, func(t *testing.T, x *Extractor, c *Client) {
		step.Client, step.Resume = c, journal.resume(DetailsNone)
		for _, other := range []window.Interval{{From: day.From.Add(1000), To: day.To}, {From: day.From, To: day.To.Add(-1000)}} {
			step.Interval = other
			_, err := x.Walk(t.Context(), step, &gathered{})
			require.ErrorContains(t, err, "another interval")
		}
	})
}

func TestOnlyPendingEntriesAreFetchedWhereThereIsNoInterval(t *testing.T) {
	api := &fakeAPI{}
	withFake(t, api, Options{MemoryBytes: 1}, func(t *testing.T, x *Extractor, c *Client) {
		g := &gathered{}
		stats, err := x.Walk(t.Context(), Step{Client: c, Details: DetailsFailed, Resume: &Resume{Pending: entriesOf(250)}}, g)
		require.NoError(t, err)
		require.Len(t, g.ids(), 250)
		require.Zero(t, api.listRequests())
		require.Len(t, api.detailRequests(), 125, "those whose status asks for it")
		require.EqualValues(t, 250, stats.Kept)
		require.EqualValues(t, 125, stats.Fetched)
		require.EqualValues(t, 125, stats.Skipped)
	})
}

// entriesOf yields n entries, half of them with status failed.
func entriesOf(n int) func(yield func(record.Entry, error) bool) {
	return func(yield func(record.Entry, error) bool) {
		for i := range n {
			e := record.Entry{Key: record.Key{ID: fmt.Sprint("log_", i)}, Status: []string{"failed", "success"}[i%2], Raw: []byte(`{}`)}
			if !yield(e, nil) {
				return
			}
		}
	}
}

func TestEntriesThatAreKnownAreCountedAndLeftOut(t *testing.T) {
	withFake(t, &fakeAPI{entries: newestEntries(300)}, Options{}, func(t *testing.T, x *Extractor, c *Client) {
		g := &gathered{}
		known := func(id string) bool { return strings.HasSuffix(id, "7") }
		stats, err := x.Walk(t.Context(), Step{Client: c, Interval: day, Resume: &Resume{Known: known}}, g)
		require.NoError(t, err)
		require.Len(t, g.records, 270)
		require.EqualValues(t, 270, stats.Kept)
		require.EqualValues(t, 30, stats.Known)
		require.Zero(t, stats.Duplicates)
	})
}

func TestWindowsBegunAndResumedAreCounted(t *testing.T) {
	withFake(t, &fakeAPI{entries: newestEntries(100)}, Options{}, func(t *testing.T, x *Extractor, c *Client) {
		m := &memory{}
		step := Step{Client: c, Interval: day, Details: DetailsNone, Windows: 4, Journal: m}
		stats, err := x.Walk(t.Context(), step, &gathered{})
		require.NoError(t, err)
		require.EqualValues(t, 4, stats.WindowsWalked)
		require.Zero(t, stats.ResumedWindows)
		step.Resume = m.begin(3).resume(DetailsNone) // the plan and two windows' only pages
		stats, err = x.Walk(t.Context(), step, &gathered{})
		require.NoError(t, err)
		require.EqualValues(t, 2, stats.WindowsWalked)
		require.EqualValues(t, 2, stats.ResumedWindows)
	})
}

func TestAnErrorOfThePendingEntriesEndsTheWalk(t *testing.T) {
	broken := func(yield func(record.Entry, error) bool) {
		entriesOf(130)(yield)
		yield(record.Entry{}, errJournal)
	}
	withFake(t, &fakeAPI{}, Options{}, func(t *testing.T, x *Extractor, c *Client) {
		_, err := x.Walk(t.Context(), Step{Client: c, Resume: &Resume{Pending: broken}}, &gathered{})
		require.ErrorIs(t, err, errJournal)
		require.Zero(t, x.entries.used, "nothing stays reserved")
	})
}

func TestAWalkThatIsCancelledStopsReadingPendingEntries(t *testing.T) {
	withFake(t, &fakeAPI{}, Options{}, func(t *testing.T, x *Extractor, c *Client) {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		endless := func(yield func(record.Entry, error) bool) {
			for more := true; more; n++ {
				if n == 1000 {
					cancel()
				}
				more = yield(record.Entry{Key: record.Key{ID: fmt.Sprint(n)}}, nil)
			}
		}
		_, err := x.Walk(ctx, Step{Client: c, Details: DetailsNone, Resume: &Resume{Pending: endless}}, &gathered{})
		require.ErrorIs(t, err, context.Canceled)
		require.Less(t, n, 1010)
	})
}

func TestDetailsSayWhatTheyWant(t *testing.T) {
	for _, c := range []struct {
		details      Details
		failed, good bool
	}{{DetailsAll, true, true}, {"", true, true}, {DetailsFailed, true, false}, {DetailsNone, false, false}} {
		require.Equal(t, c.failed, c.details.Wants("failed"), c.details)
		require.Equal(t, c.good, c.details.Wants("success"), c.details)
	}
}

func TestWindowsThatEarlierWalksFinishedDoNotKeepOthersFromBeingSplit(t *testing.T) {
	x := New(Options{})
	defer x.Close()
	var marks []Mark
	for n := range 10 {
		marks = append(marks, Mark{Window: n + 1, Pass: 1 + n%2, Done: n < 8})
	}
	w := newWalk(t.Context(), x, Step{Interval: day, Resume: &Resume{Marks: marks}}, &gathered{})
	defer w.cancel(nil)
	e := w.earlier()
	require.Len(t, w.resumed(e.first), 1)
	require.Equal(t, 10-2, w.mayAdd(10*defaultWorth.mean), "as many as its pages are worth, less the two that go on")
}

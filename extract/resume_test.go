package extract

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/record"
	"logferry/internal/window"
)

// told is one thing that a walk told its journal.
type told struct {
	page    []record.Entry
	marks   []Mark
	settled string
}

// memory is a Journal that remembers everything in order.
type memory struct {
	mu     sync.Mutex
	told   []told
	failAt int // the call that fails, from 1; 0 for none
}

var errJournal = errors.New("no space left")

func (m *memory) add(t told) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failAt > 0 && len(m.told)+1 >= m.failAt {
		return errJournal
	}
	m.told = append(m.told, t)
	return nil
}

func (m *memory) Page(entries []record.Entry, mark Mark) error {
	var page []record.Entry
	for _, e := range entries {
		page = append(page, e.Clone())
	}
	return m.add(told{page: page, marks: []Mark{mark}})
}

func (m *memory) Mark(marks ...Mark) error           { return m.add(told{marks: slices.Clone(marks)}) }
func (m *memory) Settled(r *record.Record) error     { return m.add(told{settled: r.ID}) }
func (m *memory) begin(n int) *memory                { return &memory{told: slices.Clone(m.told[:n])} }
func (m *memory) had(details Details) (ids []string) { _, ids, _ = m.read(details); return ids }

// read returns the entries that are pending, the ids that are had, and those that are known.
func (m *memory) read(details Details) (pending []record.Entry, had []string, known map[string]bool) {
	known, settled := map[string]bool{}, map[string]bool{}
	for _, t := range m.told {
		if t.settled != "" {
			settled[t.settled], known[t.settled] = true, true
			had = append(had, t.settled)
		}
	}
	for _, t := range m.told {
		for _, e := range t.page {
			known[e.ID] = true
			switch {
			case !details.Wants(e.Status):
				had = append(had, e.ID)
			case !settled[e.ID]:
				pending = append(pending, e)
			}
		}
	}
	return pending, had, known
}

func (m *memory) resume(details Details) *Resume {
	pending, _, known := m.read(details)
	r := &Resume{Known: func(id string) bool { return known[id] }}
	for _, t := range m.told {
		r.Marks = append(r.Marks, t.marks...)
	}
	r.Pending = func(yield func(record.Entry, error) bool) {
		for _, e := range pending {
			if !yield(e, nil) {
				return
			}
		}
	}
	return r
}

// halfOrdered returns entries of which every other one comes in order, and the rest after them in none.
func halfOrdered(n int) []fakeEntry {
	var first, second []fakeEntry
	for i, e := range newestEntries(n) {
		if i%2 == 0 {
			first = append(first, e)
		} else {
			second = append(second, e)
		}
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(second), func(i, j int) { second[i], second[j] = second[j], second[i] })
	return append(first, second...)
}

func TestAWalkThatIsCutAfterAnyLineOfItsJournalGoesOnThere(t *testing.T) {
	expiring := func(w http.ResponseWriter, n int, cursor string) bool { return n%5 == 4 && cursor != "" && expired(w) }
	for _, c := range []struct {
		name    string
		entries []fakeEntry
		list    func(w http.ResponseWriter, n int, cursor string) bool
		details Details
		windows int
		misled  bool // what was assumed is read twice by one walk, and may be handed on twice
	}{
		{name: "windows planned by the first page", entries: newestEntries(1200)},
		{name: "details", entries: newestEntries(330), details: DetailsAll},
		{name: "one window", entries: newestEntries(650), windows: 1},
		{name: "a single page", entries: newestEntries(40)},
		{name: "an order that proves to be none", entries: halfOrdered(1100), misled: true},
		{name: "an order that proves to be none, with cursors that end early", entries: halfOrdered(1100), misled: true, list: expiring},
		{name: "cursors that end early", entries: newestEntries(1100), list: expiring, windows: 2},
		{name: "read in halves", entries: halfOrdered(700), misled: true, windows: 1, list: func(w http.ResponseWriter, _ int, cursor string) bool {
			return cursor >= "3" && expired(w)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			details := c.details
			if details == "" {
				details = DetailsNone
			}
			step := Step{Interval: day, Details: details, Windows: c.windows}
			whole, _ := resumed(t, &fakeAPI{entries: c.entries, list: c.list}, step, &memory{})
			for n := 0; n <= len(whole.told); n += 1 + len(whole.told)/90 {
				cut := whole.begin(n)
				had := cut.had(details)
				after, g := resumed(t, &fakeAPI{entries: c.entries, list: c.list}, step, cut)
				require.Equal(t, len(c.entries), distinct(append(had, g.ids()...)), "cut after line %d of %d", n, len(whole.told))
				require.Equal(t, len(c.entries), distinct(after.had(details)), "the journal has it all; cut after line %d", n)
				if !c.misled {
					require.Equal(t, len(c.entries), len(had)+len(g.records), "each once; cut after line %d", n)
				}
				again := &fakeAPI{}
				resumed(t, again, step, after)
				require.Zero(t, again.lists, "a walk that has ended asks for nothing; cut after line %d", n)
			}
		})
	}
}

func distinct(ids []string) int {
	slices.Sort(ids)
	return len(slices.Compact(ids))
}

// resumed walks with what a journal has, and lets it remember the rest.
func resumed(t *testing.T, api *fakeAPI, step Step, journal *memory) (*memory, *gathered) {
	t.Helper()
	g := &gathered{}
	withFake(t, api, Options{}, func(t *testing.T, x *Extractor, c *Client) {
		step.Client, step.Journal, step.Resume = c, journal, journal.resume(step.Details)
		_, err := x.Walk(t.Context(), step, g)
		require.NoError(t, err)
	})
	return journal, g
}

func TestAWalkThatEndedAsksForNothingWhenItIsResumed(t *testing.T) {
	for _, windows := range []int{0, 1, 3} {
		for _, n := range []int{0, 30, 1000} {
			step := Step{Interval: day, Details: DetailsAll, Windows: windows}
			journal, _ := resumed(t, &fakeAPI{entries: newestEntries(max(n, 1))[:n]}, step, &memory{})
			again := &fakeAPI{}
			_, g := resumed(t, again, step, journal)
			require.Empty(t, g.records)
			require.Zero(t, again.lists, "windows: %d, entries: %d", windows, n)
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
		require.Zero(t, again.lists, "the windows of both walks are told apart")
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
		require.Zero(t, api.lists)
		require.Len(t, api.details, 125, "those whose status asks for it")
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

func TestABrokenChainIsMarkedWhereItGoesOn(t *testing.T) {
	api := &fakeAPI{entries: newestEntries(250)}
	api.list = func(w http.ResponseWriter, n int, _ string) bool { return n == 1 && expired(w) }
	journal, _ := resumed(t, api, Step{Interval: day, Details: DetailsNone, Windows: 1}, &memory{})
	begun, broken := journal.told[0].marks[0], journal.told[2].marks
	require.Nil(t, journal.told[2].page)
	require.Len(t, broken, 2)
	require.True(t, broken[0].Assumed)
	require.Equal(t, 1, broken[1].Window)
	require.Empty(t, broken[1].Cursor)
	require.Equal(t, begun.Span.From, broken[1].Span.From)
	require.Less(t, broken[1].Span.To, begun.Span.To)
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

func TestAJournalsErrorEndsTheWalkWhereverItComes(t *testing.T) {
	for n := 1; n <= 40; n++ {
		withFake(t, &fakeAPI{entries: newestEntries(150)}, Options{}, func(t *testing.T, x *Extractor, c *Client) {
			step := Step{Client: c, Interval: day, Journal: &memory{failAt: n}}
			_, err := x.Walk(t.Context(), step, &gathered{})
			require.ErrorIs(t, err, errJournal, "call %d", n)
			var walk *WalkError
			require.ErrorAs(t, err, &walk)
		})
	}
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

func TestADetailIsJournalledBeforeItsBatchIsFull(t *testing.T) {
	settledAt := make(chan string, 10)
	api := &fakeAPI{entries: newestEntries(2)}
	api.detail = func(_ http.ResponseWriter, r *http.Request, id string, _ int) bool {
		if id == "log_00001" {
			require.Equal(t, "log_00000", <-settledAt)
		}
		return false
	}
	withFake(t, api, Options{}, func(t *testing.T, x *Extractor, c *Client) {
		_, err := x.Walk(t.Context(), Step{Client: c, Interval: day, Journal: settling(settledAt)}, &gathered{})
		require.NoError(t, err)
	})
}

// settling is a Journal that sends on what is settled.
type settling chan string

func (settling) Page([]record.Entry, Mark) error { return nil }
func (settling) Mark(...Mark) error              { return nil }
func (s settling) Settled(r *record.Record) error {
	s <- r.ID
	return nil
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

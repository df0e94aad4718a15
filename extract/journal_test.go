package extract

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"

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
		worth   worth
		splits  bool
	}{
		{name: "windows planned by the first page", entries: newestEntries(4000), splits: true},
		{name: "windows that split at every page", entries: newestEntries(1800), worth: eager, splits: true},
		{name: "windows that split around a millisecond of many", entries: crowded(1500, 700), worth: eager, splits: true},
		{name: "windows that split, oldest first", entries: reversed(crowded(1500, 700)), worth: eager, splits: true},
		{name: "windows that split, and cursors that end early", entries: newestEntries(1500), worth: eager, splits: true, list: expiring},
		{name: "windows that split by an order that proves to be none", entries: halfOrdered(1100), worth: eager, misled: true},
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
			if c.worth == (worth{}) {
				c.worth = defaultWorth
			}
			step := Step{Interval: day, Details: details, Windows: c.windows}
			whole, _ := resumedBy(t, &fakeAPI{entries: c.entries, list: c.list}, step, &memory{}, c.worth)
			require.True(t, !c.splits || whole.splits() > 2, "%d splits", whole.splits())
			most := 90
			if testing.Short() {
				most = 20
			}
			for n := 0; n <= len(whole.told); n += 1 + len(whole.told)/most {
				cut := whole.begin(n)
				had := cut.had(details)
				after, g := resumedBy(t, &fakeAPI{entries: c.entries, list: c.list}, step, cut, c.worth)
				require.Equal(t, len(c.entries), distinct(append(had, g.ids()...)), "cut after line %d of %d", n, len(whole.told))
				require.Equal(t, len(c.entries), distinct(after.had(details)), "the journal has it all; cut after line %d", n)
				if !c.misled {
					require.Equal(t, len(c.entries), len(had)+len(g.records), "each once; cut after line %d", n)
				}
				again := &fakeAPI{}
				resumed(t, again, step, after)
				require.Zero(t, again.listRequests(), "a walk that has ended asks for nothing; cut after line %d", n)
			}
		})
	}
}

// splits is how many windows the journal tells of that others split off: with theirs, in one call.
func (m *memory) splits() (n int) {
	for _, t := range m.told {
		if len(t.marks) > 1 && !t.marks[0].Assumed && t.marks[0].Cursor != nil {
			n += len(t.marks) - 1
		}
	}
	return n
}

// crowded returns n entries, newest first, of which so many share one millisecond in the middle of the day.
func crowded(n, together int) []fakeEntry {
	out := newestEntries(n)
	first := (n - together) / 2
	for i := range together {
		out[first+i].ms = out[first].ms
	}
	return out
}

func reversed(entries []fakeEntry) []fakeEntry {
	slices.Reverse(entries)
	return entries
}

func distinct(ids []string) int {
	slices.Sort(ids)
	return len(slices.Compact(ids))
}

// resumed walks with what a journal has, and lets it remember the rest.
func resumed(t *testing.T, api *fakeAPI, step Step, journal *memory) (*memory, *gathered) {
	t.Helper()
	return resumedBy(t, api, step, journal, defaultWorth)
}

func resumedBy(t *testing.T, api *fakeAPI, step Step, journal *memory, worth worth) (*memory, *gathered) {
	t.Helper()
	g := &gathered{}
	withFake(t, unlimited(api), Options{}, func(t *testing.T, x *Extractor, c *Client) {
		x.worth = worth
		c.governor = NewGovernor(GovernorOptions{Lists: 64})
		step.Client, step.Journal, step.Resume = c, journal, journal.resume(step.Details)
		_, err := x.Walk(t.Context(), step, g)
		require.NoError(t, err)
	})
	return journal, g
}

func TestAMarkTellsAllThatAChainIs(t *testing.T) {
	x := New(Options{})
	defer x.Close()
	w := newWalk(t.Context(), x, Step{Interval: day}, &gathered{})
	defer w.cancel(nil)
	c := newChain(w, window.Millis(day.From.UnixMilli()+5, day.To.UnixMilli()-7), nil)
	c.number, c.pass, c.limit = 3, 2, 25
	for i := range int64(40) {
		c.order.see(day.To.UnixMicro() - i*i*10_000)
	}
	c.span.To -= 1000
	text, err := json.Marshal(c.mark([]byte(`{"next": 1}`)))
	require.NoError(t, err)
	var m Mark
	require.NoError(t, json.Unmarshal(text, &m))
	again := resumedChain(w, m)
	require.Equal(t, c.mark([]byte(`{"next": 1}`)), again.mark(again.cursor))
	require.Equal(t, c.limit, again.limit)
	require.Equal(t, c.window, again.window)
	require.Equal(t, c.order.narrow(c.span), again.order.narrow(again.span))
	for i := range int64(5) { // and goes on in the same way
		c.order.see(day.To.UnixMicro() - 20_000_000 - i)
		again.order.see(day.To.UnixMicro() - 20_000_000 - i)
	}
	require.Equal(t, c.order.narrow(c.span), again.order.narrow(again.span))
	require.NotEqual(t, c.span, c.order.narrow(c.span))
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

package extract

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFreshCursorsWithoutAnythingNewAreAnError(t *testing.T) {
	ring := newestEntries(5000)
	for name, shown := range map[string]func(n int) []fakeEntry{
		"empty pages":                     func(int) []fakeEntry { return nil },
		"one page":                        func(int) []fakeEntry { return ring[:100] },
		"two pages in turns":              func(n int) []fakeEntry { return ring[n%2*100:][:100] },
		"a ring of more than is known":    func(n int) []fakeEntry { return ring[n%50*100:][:100] },
		"one page, shuffled":              func(n int) []fakeEntry { return append(ring[n%100:100:100], ring[:n%100]...) },
		"entries outside of the interval": func(int) []fakeEntry { return []fakeEntry{{"log_1", day.To.UnixMilli() + 5}} },
		"another part of one page":        func(n int) []fakeEntry { return ring[n%100:][:1+n%7] },
	} {
		for _, windows := range []int{0, 1, 3} {
			if testing.Short() && windows == 1 {
				continue
			}
			t.Run(fmt.Sprintf("%s in %d windows", name, windows), func(t *testing.T) {
				api := &fakeAPI{}
				api.list = func(w http.ResponseWriter, n int, _ string) bool {
					writeFresh(w, shown(n), n)
					return true
				}
				withFake(t, api, Options{MemoryBytes: 1 << 20}, func(t *testing.T, x *Extractor, c *Client) {
					require.Equal(t, maxBarren, x.barren)
					x.barren = 50
					_, err := x.Walk(t.Context(), Step{Client: c, Interval: day, Details: DetailsNone, Windows: windows}, &gathered{})
					var chain *ChainError
					require.ErrorAs(t, err, &chain)
					require.Equal(t, 50, chain.Pages)
					require.Contains(t, err.Error(), "50 pages in a row had new cursors and nothing new")
					require.Contains(t, err.Error(), chain.Hint())
					if windows > 0 {
						require.LessOrEqual(t, api.listRequests(), windows*50*101, "a hundred elements can be new at most")
					}
				})
			})
		}
	}
}

// writeFresh writes a page whose cursor is a new one.
func writeFresh(w http.ResponseWriter, entries []fakeEntry, n int) {
	var rows []row
	for _, e := range entries {
		rows = append(rows, row(e))
	}
	writePage(w, rows, strconv.Quote(fmt.Sprint("fresh", n)))
}

func TestAttemptsThatOnlyGetLongerAreAnError(t *testing.T) {
	api := &fakeAPI{}
	length, at := 1, 0
	api.list = func(w http.ResponseWriter, n int, cursor string) bool {
		if cursor == "" {
			length, at = length+1, 0
		}
		if at++; at > length {
			return expired(w)
		}
		writeFresh(w, []fakeEntry{{"log_1", day.From.UnixMilli()}}, n)
		return true
	}
	withFake(t, api, Options{}, func(t *testing.T, x *Extractor, c *Client) {
		_, err := x.Walk(t.Context(), Step{Client: c, Interval: day, Details: DetailsNone, Windows: 1}, &gathered{})
		var chain *ChainError
		require.ErrorAs(t, err, &chain)
		require.Less(t, api.listRequests(), 5000)
	})
}

func TestHonestPagesThatShowNothingNewForLongAreWalked(t *testing.T) {
	const barren = 10 // pages; the entries have 30
	shuffled := newestEntries(3000)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	walk := func(t *testing.T, list func(w http.ResponseWriter, n int, cursor string) bool, step Step) (*gathered, error) {
		var g *gathered
		var err error
		withFake(t, &fakeAPI{entries: shuffled, list: list}, Options{}, func(t *testing.T, x *Extractor, c *Client) {
			x.barren = barren
			g = &gathered{}
			step.Client, step.Interval, step.Details = c, day, DetailsNone
			_, err = x.Walk(t.Context(), step, g)
		})
		return g, err
	}
	t.Run("begun again", func(t *testing.T) {
		rejected := 0
		g, err := walk(t, func(w http.ResponseWriter, _ int, cursor string) bool {
			if cursor != "2800" || rejected == 3 {
				return false
			}
			rejected++
			return expired(w)
		}, Step{Windows: 1})
		require.NoError(t, err)
		require.Len(t, g.ids(), 3000)
		require.Equal(t, 3, rejected)
	})
	t.Run("known to a journal", func(t *testing.T) {
		known := func(id string) bool { return id < "log_02900" }
		g, err := walk(t, nil, Step{Windows: 1, Resume: &Resume{Known: known}})
		require.NoError(t, err)
		require.Len(t, g.ids(), 100)
	})
	t.Run("empty for a while", func(t *testing.T) {
		empty := 0
		g, err := walk(t, func(w http.ResponseWriter, n int, cursor string) bool {
			if cursor == "" || empty == 2*(barren-1) || n%barren == 0 {
				return false
			}
			empty++
			writePage(w, nil, strconv.Quote(cursor+fmt.Sprint(" ", n))) // the number goes on where it was
			return true
		}, Step{Windows: 1})
		require.NoError(t, err)
		require.Len(t, g.ids(), 3000)
		require.Equal(t, 2*(barren-1), empty)
	})
}

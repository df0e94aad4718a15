package logsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// once is a fault of the first matching request.
func once(kind FaultKind) []Fault {
	return []Fault{{Kind: kind, Nth: 1, Status: http.StatusConflict, Delay: 80 * time.Millisecond}}
}

func TestFaultsOfAnswersShowOnceAndThenNoMore(t *testing.T) {
	for kind, want := range map[FaultKind]func(t *testing.T, got answer, err error){
		ErrorStatus:   func(t *testing.T, got answer, _ error) { requireEnvelope(t, got, 409) },
		InternalError: func(t *testing.T, got answer, _ error) { requireEnvelope(t, got, 500) },
		BadGateway: func(t *testing.T, got answer, _ error) {
			require.Equal(t, 502, got.status)
			require.Contains(t, got.header.Get("Content-Type"), "text/html")
		},
		Unavailable: func(t *testing.T, got answer, _ error) {
			requireEnvelope(t, got, 503)
			require.Equal(t, "1", got.header.Get("Retry-After"))
		},
		TooManyRequests: func(t *testing.T, got answer, _ error) {
			require.Equal(t, 429, got.status)
			require.Equal(t, "1", got.header.Get("Retry-After"))
		},
		TooManyRequestsBare: func(t *testing.T, got answer, _ error) {
			require.Equal(t, 429, got.status)
			require.Empty(t, got.header.Get("Retry-After"))
		},
		Reset:     func(t *testing.T, _ answer, err error) { require.Error(t, err) },
		Truncated: func(t *testing.T, _ answer, err error) { require.ErrorContains(t, err, "unexpected EOF") },
		InvalidJSON: func(t *testing.T, got answer, _ error) {
			require.Equal(t, 200, got.status)
			require.False(t, json.Valid(got.body))
		},
		Trickle: func(t *testing.T, got answer, err error) {
			require.NoError(t, err)
			require.True(t, json.Valid(got.body))
		},
	} {
		t.Run(kind.String(), func(t *testing.T) {
			a := serve(t, Options{Faults: once(kind)})
			begun := time.Now()
			got, err := a.try(http.MethodGet, DetailPath+a.server.Truth("").ID(1), "")
			want(t, got, err)
			if kind == Trickle {
				require.Greater(t, time.Since(begun), 60*time.Millisecond)
			}
			require.Equal(t, http.StatusOK, a.call(http.MethodGet, DetailPath+a.server.Truth("").ID(1), "").status)
			require.Equal(t, map[FaultKind]int{kind: 1}, a.server.Stats().Faults)
		})
	}
}

func TestAHangEndsWhenTheServerIsClosed(t *testing.T) {
	a := serve(t, Options{Faults: once(Hang)})
	failed := make(chan error, 1)
	go func() {
		_, err := a.try(http.MethodPost, ListPath, "{}")
		failed <- err
	}()
	for a.server.Stats().Faults[Hang] == 0 {
		time.Sleep(time.Millisecond)
	}
	a.server.Close()
	require.Error(t, <-failed)
}

func TestCursorFaults(t *testing.T) {
	list := func(kind FaultKind) (pages []page, statuses []int, ids []string) {
		a := serve(t, Options{Faults: once(kind), Records: Records{Count: 50}})
		cursor := ""
		for range 8 {
			body := "{}"
			if cursor != "" {
				body = fmt.Sprintf(`{"cursor":%q}`, cursor)
			}
			got := a.call(http.MethodPost, ListPath, body)
			statuses = append(statuses, got.status)
			if got.status != 200 {
				continue
			}
			var p page
			require.NoError(t, json.Unmarshal(got.body, &p))
			require.LessOrEqual(t, len(p.Logs), defaultLimit)
			pages, ids = append(pages, p), append(ids, idsOf(t, p.Logs)...)
			if p.Next == nil {
				break
			}
			cursor = *p.Next
		}
		require.Nil(t, pages[len(pages)-1].Next)
		return pages, statuses, ids
	}
	unique := func(ids []string) int {
		seen := map[string]bool{}
		for _, id := range ids {
			seen[id] = true
		}
		return len(seen)
	}
	_, statuses, ids := list(ExpiredCursor)
	require.Equal(t, []int{200, 400, 200, 200}, statuses)
	require.Len(t, ids, 50)

	pages, _, ids := list(DuplicateRow)
	require.Equal(t, pages[0].Logs[19], pages[1].Logs[0])
	require.Equal(t, []int{51, 50}, []int{len(ids), unique(ids)})

	pages, _, ids = list(RepeatedCursor)
	require.Equal(t, pages[0].Next, pages[1].Next)
	require.Equal(t, []int{70, 50}, []int{len(ids), unique(ids)})

	pages, _, ids = list(EmptyPage)
	require.Empty(t, pages[0].Logs)
	require.NotNil(t, pages[0].Next)
	require.Equal(t, []int{50, 50}, []int{len(ids), unique(ids)})
}

func TestProbableFaultsDependOnTheRequestAndNotOnTheOrder(t *testing.T) {
	outcome := func(backwards bool) map[string]string {
		a := serve(t, Options{Seed: 8, Rate: Rate{Limit: -1}, Faults: []Fault{{Kind: InternalError, Probability: 0.3}, {Kind: BadGateway, Class: Detail, Probability: 0.3}}})
		truth, got := a.server.Truth(""), map[string]string{}
		for i := range 60 {
			if backwards {
				i = 59 - i
			}
			var tries []string
			for {
				status := a.call(http.MethodGet, DetailPath+truth.ID(i), "").status
				tries = append(tries, fmt.Sprint(status))
				if status == 200 {
					break
				}
			}
			got[truth.ID(i)] = strings.Join(tries, " ")
		}
		return got
	}
	forward := outcome(false)
	require.Equal(t, forward, outcome(true))
	failed := 0
	for _, tries := range forward {
		if tries != "200" {
			failed++
		}
	}
	require.InDelta(t, 30, failed, 12)
}

func TestTriggersAndBounds(t *testing.T) {
	statuses := func(f Fault, same bool) (got []int) {
		f.Kind = InternalError
		a := serve(t, Options{Faults: []Fault{f}})
		truth := a.server.Truth("")
		for i := range 6 {
			if same {
				i = 0
			}
			got = append(got, a.call(http.MethodGet, DetailPath+truth.ID(i), "").status)
		}
		return got
	}
	require.Equal(t, []int{200, 200, 500, 200, 200, 200}, statuses(Fault{Nth: 3}, false))
	require.Equal(t, []int{200, 500, 200, 500, 200, 500}, statuses(Fault{Every: 2}, false))
	require.Equal(t, []int{200, 500, 200, 200, 200, 200}, statuses(Fault{Every: 2, Times: 1}, false))
	require.Equal(t, []int{500, 500, 200, 500, 500, 200}, statuses(Fault{Probability: 1, PerRequest: 2}, true))
	require.Equal(t, []int{200, 200, 200, 200, 200, 200}, statuses(Fault{Probability: 1, Class: List}, false))
	require.Equal(t, []int{200, 200, 200, 200, 200, 200}, statuses(Fault{Probability: 1, Project: "elsewhere"}, false))
	require.Equal(t, []int{200, 200, 200, 200, 200, 200}, statuses(Fault{Probability: 1, Kind: EmptyPage, ID: "log_x"}, false))
}

func TestDetailsThatNeverCome(t *testing.T) {
	opts := Options{Rate: Rate{Limit: -1}, Details: DetailFaults{MissingShare: 0.1, DeniedShare: 0.1, BrokenShare: 0.1, InvalidShare: 0.1}}
	named := truthOf(t, opts)
	opts.Details.Broken = []string{named.ID(5)}
	a := serve(t, opts)
	truth := a.server.Truth("")
	require.Equal(t, DetailBroken, truth.Fact(5).Fate)
	seen := map[Fate]int{}
	for n := range 300 {
		fact := truth.Fact(n)
		seen[fact.Fate]++
		for range 2 {
			got := a.call(http.MethodGet, DetailPath+fact.ID, "")
			want := map[Fate]int{DetailServed: 200, DetailMissing: 404, DetailDenied: 403, DetailBroken: 500, DetailInvalid: 200}[fact.Fate]
			require.Equal(t, want, got.status)
			require.Equal(t, fact.Fate != DetailInvalid, json.Valid(got.body))
		}
	}
	for fate := DetailMissing; fate <= DetailInvalid; fate++ {
		require.InDelta(t, 30, seen[fate], 20, fate)
	}
}

func TestProfilesAreValid(t *testing.T) {
	for _, name := range ProfileNames() {
		p, err := NamedProfile(name)
		require.NoError(t, err)
		_, err = New(Options{Faults: p.Faults, Details: p.Details, Records: Records{Count: 1}})
		require.NoError(t, err, name)
	}
	_, err := NamedProfile("nope")
	require.ErrorContains(t, err, "heavy")
}

func TestWrongOptionsAreRefused(t *testing.T) {
	from, to := day()
	for name, o := range map[string]Options{
		"range":         {Records: Records{From: to, To: from}},
		"skew":          {Records: Records{Skew: Skew{Share: 2, Within: 0.1}}},
		"same key":      {Projects: []Project{{Name: "a", Key: "k"}, {Name: "b", Key: "k"}}},
		"no name":       {Projects: []Project{{Key: "k"}}},
		"window":        {Rate: Rate{Window: -1}},
		"no trigger":    {Faults: []Fault{{Kind: Reset}}},
		"status":        {Faults: []Fault{{Kind: ErrorStatus, Nth: 1, Status: 200}}},
		"unknown fault": {Faults: []Fault{{Kind: 99, Nth: 1}}},
		"gzip level":    {GzipLevel: 77},
	} {
		_, err := New(o)
		require.Error(t, err, name)
	}
}

package logsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// api is a server over a loopback connection and a plain client of it.
type api struct {
	t      testing.TB
	server *Server
	web    *httptest.Server
	key    string
}

func serve(t testing.TB, opts Options) *api {
	t.Helper()
	s, err := New(opts)
	require.NoError(t, err)
	web := httptest.NewServer(s)
	t.Cleanup(func() { s.Close(); web.Close() })
	return &api{t: t, server: s, web: web, key: DefaultKey}
}

// answer is a response that was read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a *api) try(method, path, body string) (answer, error) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.web.URL+path, strings.NewReader(body))
	require.NoError(a.t, err)
	if a.key != "" {
		req.Header.Set("x-api-key", a.key)
	}
	resp, err := a.web.Client().Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, body: got}, err
}

func (a *api) call(method, path, body string) answer {
	a.t.Helper()
	got, err := a.try(method, path, body)
	require.NoError(a.t, err)
	return got
}

// page is a list response with its entries as they were sent.
type page struct {
	Logs []json.RawMessage `json:"logs"`
	Next *string           `json:"next_cursor"`
}

func (a *api) page(request map[string]any) page {
	a.t.Helper()
	body, err := json.Marshal(request)
	require.NoError(a.t, err)
	got := a.call(http.MethodPost, ListPath, string(body))
	require.Equal(a.t, http.StatusOK, got.status, "%s", got.body)
	var p page
	require.NoError(a.t, json.Unmarshal(got.body, &p), "%s", got.body)
	return p
}

// walk reads a chain to its end.
func (a *api) walk(request map[string]any) (entries []json.RawMessage) {
	a.t.Helper()
	for {
		p := a.page(request)
		entries = append(entries, p.Logs...)
		if p.Next == nil {
			return entries
		}
		request["cursor"] = *p.Next
	}
}

// count is how many entries a walk over everything shows.
func (a *api) count() int {
	a.t.Helper()
	return len(a.walk(map[string]any{"limit": 100}))
}

func idsOf(t testing.TB, entries []json.RawMessage) (ids []string) {
	t.Helper()
	for _, raw := range entries {
		var e struct{ ID string }
		require.NoError(t, json.Unmarshal(raw, &e))
		ids = append(ids, e.ID)
	}
	return ids
}

func day() (from, to time.Time) {
	from = time.Date(2026, 4, 17, 0, 0, 0, 0, time.UTC)
	return from, from.Add(24 * time.Hour)
}

func span(from, to time.Time) map[string]any {
	return map[string]any{"from": from.UnixMilli(), "to": to.UnixMilli()}
}

func TestEveryOrderAndCursorStyleListsEachRecordOnce(t *testing.T) {
	for _, order := range []Order{Newest, Oldest, Shuffled} {
		for _, style := range []CursorStyle{Keyset, Offset} {
			t.Run(fmt.Sprintf("order %d style %d", order, style), func(t *testing.T) {
				a := serve(t, Options{Seed: 7, Order: order, Cursors: style, Records: Records{Count: 1234}})
				got := a.walk(map[string]any{"limit": 100})
				truth := a.server.Truth("")
				require.ElementsMatch(t, truth.IDs(Query{}), idsOf(t, got))
				for _, raw := range got {
					n, ok := truth.Number(idsOf(t, []json.RawMessage{raw})[0])
					require.True(t, ok)
					require.Equal(t, string(truth.AppendEntry(nil, n)), string(raw))
				}
			})
		}
	}
}

func TestDetailBeginsWithTheEntry(t *testing.T) {
	a := serve(t, Options{Seed: 3, Records: Records{Count: 300}})
	truth := a.server.Truth("")
	for n := range truth.Len() {
		got := a.call(http.MethodGet, DetailPath+truth.ID(n), "")
		require.Equal(t, http.StatusOK, got.status)
		require.True(t, json.Valid(got.body), "%s", got.body)
		require.Equal(t, string(truth.AppendDetail(nil, n)), string(got.body))
		entry := truth.AppendEntry(nil, n)
		require.True(t, bytes.HasPrefix(got.body, entry[:len(entry)-1]))
		require.Equal(t, 1, truth.DetailsServed(n))
	}
}

package logsim

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhoMayAsk(t *testing.T) {
	s, err := New(Options{Projects: []Project{
		{Name: "prod", Key: "k1", Cookie: "session=abc"}, {Name: "staging", Key: "k2"}, {Name: "blind", Key: "k3", Denied: true},
	}})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		header http.Header
		status int
	}{
		"key":                  {http.Header{"X-Api-Key": {"k1"}}, 200},
		"another project":      {http.Header{"X-Api-Key": {"k2"}}, 200},
		"no key":               {http.Header{}, 401},
		"empty key":            {http.Header{"X-Api-Key": {""}}, 401},
		"wrong key":            {http.Header{"X-Api-Key": {"k9"}}, 401},
		"key and user key":     {http.Header{"X-Api-Key": {"k1"}, "X-User-Api-Key": {"u"}}, 401},
		"no permission":        {http.Header{"X-Api-Key": {"k3"}}, 403},
		"session cookie":       {http.Header{"Cookie": {"theme=dark; session=abc"}}, 200},
		"wrong cookie":         {http.Header{"Cookie": {"session=abd"}}, 401},
		"wrong key and cookie": {http.Header{"X-Api-Key": {"k9"}, "Cookie": {"session=abc"}}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, ListPath, nil)
			r.Header = c.header
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			require.Equal(t, c.status, w.Code)
			require.Equal(t, "2000", w.Header().Get("X-RateLimit"))
			if c.status != 200 {
				requireEnvelope(t, answer{status: w.Code, body: w.Body.Bytes()}, c.status)
			}
		})
	}
}

func TestAProjectSeesItsOwnRecordsOnly(t *testing.T) {
	a := serve(t, Options{Projects: []Project{{Name: "prod", Key: "k1"}, {Name: "staging", Key: "k2", Records: &Records{Count: 30}}}})
	prod, staging := a.server.Truth("prod"), a.server.Truth("staging")
	require.Nil(t, a.server.Truth("elsewhere"))
	require.Equal(t, []int{1000, 30}, []int{prod.Len(), staging.Len()})
	a.key = "k2"
	require.ElementsMatch(t, staging.IDs(Query{}), idsOf(t, a.walk(map[string]any{})))
	require.Equal(t, http.StatusOK, a.call(http.MethodGet, DetailPath+staging.ID(3), "").status)
	requireEnvelope(t, a.call(http.MethodGet, DetailPath+prod.ID(3), ""), http.StatusNotFound)
}

func TestWhatDoesNotExistIsA404WithRateHeaders(t *testing.T) {
	a := serve(t, Options{})
	for _, c := range [][2]string{
		{"GET", ListPath},
		{"POST", "/api/v3.1/nope"},
		{"GET", DetailPath},
		{"GET", DetailPath + "log_0000000000000"},
		{"GET", DetailPath + "nonsense"},
		{"DELETE", DetailPath + a.server.Truth("").ID(0)},
		{"GET", "/"},
	} {
		got := a.call(c[0], c[1], "")
		requireEnvelope(t, got, http.StatusNotFound)
		require.NotEmpty(t, got.header.Get("X-RateLimit-Remaining"))
	}
}

package logsim

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestACursorSaysWhatWasPutIntoItAndNothingElseIsACursor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := newStream(rapid.Uint64().Draw(t, "seed"), saltID)
		c := cursor{
			query: digest(rapid.Uint64().Draw(t, "query")), position: rapid.Int64().Draw(t, "position"), previous: rapid.Int64().Draw(t, "previous"),
			issued: rapid.Int64().Draw(t, "issued"), nonce: rapid.Uint64().Draw(t, "nonce"),
		}
		text := c.encode(key)
		got, err := decodeCursor(key, text)
		require.NoError(t, err)
		require.Equal(t, c, got)

		raw, err := base64.RawURLEncoding.DecodeString(text)
		require.NoError(t, err)
		raw[rapid.IntRange(0, len(raw)-1).Draw(t, "byte")] ^= rapid.ByteRange(1, 255).Draw(t, "change")
		_, err = decodeCursor(key, base64.RawURLEncoding.EncodeToString(raw))
		require.ErrorIs(t, err, errCursorInvalid)
		_, err = decodeCursor(key, text[:len(text)-1])
		require.ErrorIs(t, err, errCursorInvalid)
	})
}

func FuzzAnyListBodyIsAnsweredOrRefused(f *testing.F) {
	for _, body := range []string{
		``, `{}`, `{"limit":5,"cursor":null}`, `{"filters":[{"field":"status","operator":"==","value":"failed"}]}`,
		`{"time_range":{"from":0,"to":8640000000000000}}`, `{"cursor":"AAAA"}`, "{\"cursor\":\"\xff\"}", `{"limit":1e1}`,
	} {
		f.Add(body)
	}
	s, err := New(Options{Rate: Rate{Limit: -1}, Records: Records{Count: 30}})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, ListPath, strings.NewReader(body))
		r.Header.Set("x-api-key", DefaultKey)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		require.Contains(t, []int{http.StatusOK, http.StatusBadRequest}, w.Code)
		require.True(t, json.Valid(w.Body.Bytes()), "%s", w.Body)
	})
}

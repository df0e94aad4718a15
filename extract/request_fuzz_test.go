package extract

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"logferry/internal/record"
)

// FuzzListRequest checks what is sent to the API: JSON that says what was asked for, with the cursor of the page before as it
// came, whatever that was.
func FuzzListRequest(f *testing.F) {
	f.Add("user_id", "==", "Jane", []byte(`"abc"`), int64(1776420672345), int64(1776420672346), 7)
	f.Add("", "\"", "\x00\u2028\xff\\", []byte(`{"a":[1e400,"\ud800"],"a":null}`), int64(-1), int64(0), -1)
	f.Add("\u007f", "<&>", "é\U0001f600", []byte("12345678901234567890"), int64(-9223372036854775808), int64(9223372036854775807), 101)
	f.Add("a", "b", "c", []byte("\"\xff\""), int64(0), int64(0), 0)
	f.Fuzz(func(t *testing.T, field, operator, value string, cursor []byte, from, to int64, limit int) {
		page, err := record.ParsePage(bytes.Join([][]byte{[]byte(`{"logs":[],"next_cursor":`), cursor, []byte(`}`)}, nil))
		if err != nil {
			return // no page, no cursor
		}
		r := ListRequest{Cursor: page.Next, Limit: limit, Filters: []Filter{{field, operator, value}}, Range: TimeRange{from, to}}
		body := r.appendBody(nil)
		require.True(t, json.Valid(body), "%q", body)
		var sent struct {
			Limit   int             `json:"limit"`
			Range   *TimeRange      `json:"time_range"`
			Cursor  json.RawMessage `json:"cursor"`
			Filters []Filter        `json:"filters"`
		}
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.DisallowUnknownFields()
		require.NoError(t, decoder.Decode(&sent))
		require.True(t, 1 <= sent.Limit && sent.Limit <= PageLimit)
		require.Equal(t, string(page.Next), string(sent.Cursor))
		require.Equal(t, r.Range == TimeRange{}, sent.Range == nil)
		if sent.Range != nil {
			require.Equal(t, r.Range, *sent.Range)
		}
		// A byte that is no UTF-8 becomes one U+FFFD.
		utf := func(s string) string { return string([]rune(s)) }
		require.Equal(t, []Filter{{utf(field), utf(operator), utf(value)}}, sent.Filters)
		require.True(t, utf8.Valid(body) || !utf8.Valid(cursor))
	})
}

// FuzzDetailAddress checks that no id leads anywhere but to a record of its own below the base URL.
func FuzzDetailAddress(f *testing.F) {
	for _, id := range []string{"log_1", "", ".", "..", "../usage", "a/b", "%2e%2e", "a?b#c", "\x00", "é", "\xff", ";a=b", `\..\`, " ", "@host", ":", "..%2f", "…"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		at := detailResource(id)
		require.Equal(t, detailPath+id, at.plain)
		tail, ok := strings.CutPrefix(at.escaped, detailPath)
		require.True(t, ok)
		require.False(t, strings.ContainsAny(tail, "/?#\\ \"<>") || strings.ContainsFunc(tail, func(r rune) bool { return r <= ' ' || r >= 0x7f }), "%q", tail)
		require.NotContains(t, []string{".", ".."}, tail)
		back, err := url.PathUnescape(tail)
		require.NoError(t, err)
		require.Equal(t, id, back)
		u := url.URL{Scheme: "https", Host: "api.test", Path: at.plain, RawPath: at.escaped}
		parsed, err := url.Parse(u.String())
		require.NoError(t, err)
		require.Equal(t, "api.test", parsed.Host)
		require.Equal(t, at.escaped, parsed.EscapedPath(), "the request goes to the escaped path")
	})
}

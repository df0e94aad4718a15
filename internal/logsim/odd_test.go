package logsim

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"logferry/internal/record"
)

func TestEachOddKindShowsAndStaysReadable(t *testing.T) {
	marks := map[OddKind]string{
		OddUnknownField: `"schema_rev":7`, OddNull: `:null,`, OddBigNumber: `1e400`, OddControl: `\u0000`, OddLoneSurrogate: `\ud800 `,
		OddNesting: `{"in":[{"in":[`, OddType: `trigger.message`, OddEscapedKey: `"\u00`, OddCharge: `"12345678901.123"`,
		OddWrongType: `"metrics":[1,2,3]`, OddDuplicateKey: `,"level":"info","level":"info"`, OddTimestamp: `+05:30`,
	}
	for kind := OddKind(1); kind < oddEnd; kind <<= 1 {
		truth := truthOf(t, Options{Seed: 2, Records: Records{Count: 400, MedianPayload: 64, Odd: Odd{Share: 1, Kinds: kind}}})
		var all []byte
		for n := range truth.Len() {
			require.Equal(t, kind, truth.Fact(n).Odd)
			detail := truth.AppendDetail(nil, n)
			require.True(t, json.Valid(detail), "%s", detail)
			all = append(append(all, detail...), truth.AppendEntry(nil, n)...)
		}
		require.Equal(t, kind != OddInvalidUTF8, utf8.Valid(all))
		if mark := marks[kind]; mark != "" {
			require.True(t, bytes.Contains(all, []byte(mark)), "no %s", mark)
		}
	}
}

func TestOddTimestampsSayTheSameMicroseconds(t *testing.T) {
	truth := truthOf(t, Options{Seed: 2, Records: Records{Count: 2000, Odd: Odd{Share: 1, Kinds: OddTimestamp}}})
	for n := range truth.Len() {
		var e struct{ Timestamp json.RawMessage }
		require.NoError(t, json.Unmarshal(truth.AppendEntry(nil, n), &e))
		micros, _, err := record.ParseTimestamp(e.Timestamp)
		require.NoError(t, err, "%s", e.Timestamp)
		require.Equal(t, truth.Micros(n), micros, "%s", e.Timestamp)
	}
}

func TestUnreadableEntriesAreUnreadableInTheirOwnWay(t *testing.T) {
	truth := truthOf(t, Options{Seed: 4, Records: Records{Count: 4000, Odd: Odd{Unreadable: 0.1}}})
	seen := map[Unreadable]int{}
	for n := range truth.Len() {
		fact := truth.Fact(n)
		seen[fact.Unreadable]++
		var e struct {
			ID        *string
			Timestamp json.RawMessage
		}
		err := json.Unmarshal(truth.AppendEntry(nil, n), &e)
		_, _, noTime := record.ParseTimestamp(e.Timestamp)
		require.Equal(t, fact.Unreadable == "", err == nil && e.ID != nil && noTime == nil, "%s", truth.AppendEntry(nil, n))
	}
	require.Len(t, seen, len(unreadables)+1)
	require.InDelta(t, 400, 4000-seen[""], 100)
}

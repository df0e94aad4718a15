package record

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParseTimestamp(t *testing.T) {
	const second = 1776420672_000000 // 2026-04-17T10:11:12Z
	for _, c := range []struct {
		raw    string
		micros int64
		exact  bool
	}{
		{`"2026-04-17T10:11:12.345Z"`, second + 345000, true},
		{`"2026-04-17T10:11:12Z"`, second, true},
		{`"2026-04-17T10:11:12.3Z"`, second + 300000, true},
		{`"2026-04-17T10:11:12.345678Z"`, second + 345678, true},
		{`"2026-04-17T10:11:12.345678000Z"`, second + 345678, true},
		{`"2026-04-17T10:11:12.3456789Z"`, second + 345678, false},
		{`"2026-04-17T10:11:12.34567800000000000000000000000001Z"`, second + 345678, false},
		{`"2026-04-17T10:11:12+00:00"`, second, true},
		{`"2026-04-17T12:11:12.5+02:00"`, second + 500000, false},
		{`"2026-04-17T04:41:12-05:30"`, second, false},
		{`"2026-04-17 10:11:12"`, second, false},
		{`"2026-04-17 10:11:12.25Z"`, second + 250000, false},
		{`"2026-04-17T10:11:12"`, second, false},
		{`"2026-04-17t10:11:12z"`, second, false},
		{`"2026-04-17T10:11:12\u005a"`, second, true},
		{`1776420672345`, second + 345000, true},
		{`1776420672345.25`, second + 345250, true},
		{`1776420672345.2509`, second + 345250, false},
		{`1.776420672e12`, second, true},
		{`"1776420672345"`, second + 345000, false},
		{`-1`, -1000, true},
		{`-0.0001`, -1, false},
		{`0`, 0, true},
		{`"1969-12-31T23:59:59.9999999Z"`, -1, false},
		{`"2016-12-31T23:59:60Z"`, 1483228800_000000, false},
		{`"2024-02-29T00:00:00Z"`, 1709164800_000000, true},
		{`"0000-01-01T00:00:00Z"`, minMicros, true},
		{`"9999-12-31T23:59:59.999999Z"`, maxMicros, true},
	} {
		micros, exact, err := ParseTimestamp([]byte(c.raw))
		require.NoError(t, err, c.raw)
		require.Equal(t, c.micros, micros, c.raw)
		require.Equal(t, c.exact, exact, c.raw)
	}
}

func TestParseTimestampRefusesWhatIsNoTime(t *testing.T) {
	for _, raw := range []string{
		``, `null`, `true`, `{}`, `[1]`, `""`, `"now"`, `"2026-04-17"`, `"2026-02-29T00:00:00Z"`, `"2026-04-31T00:00:00Z"`, `"2026-13-01T00:00:00Z"`,
		`"2026-00-01T00:00:00Z"`, `"2026-01-00T00:00:00Z"`, `"2026-04-17T24:00:00Z"`, `"2026-04-17T10:60:00Z"`, `"2026-04-17T10:11:61Z"`,
		`"2026-04-17T10:11:12.Z"`, `"2026-04-17T10:11:12,5Z"`, `"2026-04-17T10:11:12 Z"`, `"2026-04-17T10:11:12+2:00"`, `"2026-04-17T10:11:12+24:00"`,
		`"2026-04-17T10:11:12+00:60"`, `"2026-04-17T10:11:12ZZ"`, `"2026/04/17 10:11:12"`, `"20:6-04-17T10:11:12Z"`, `1e400`, `9223372036854775808`,
		`253402300800000`, `-62167219200001`, `"9999-12-31T23:59:59-00:01"`, `"0000-01-01T00:00:00+00:01"`, `"1e3"`, `"+5"`, "\"2026-04-17T10:11:12\xff\"",
	} {
		_, _, err := ParseTimestamp([]byte(raw))
		require.ErrorIs(t, err, ErrTimestamp, raw)
	}
}

func TestParseTimestampAgreesWithTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		micros := rapid.Int64Range(minMicros+86_400_000_000, maxMicros-86_400_000_000).Draw(t, "micros")
		nanos := rapid.Int64Range(0, 999).Draw(t, "nanos")
		zone := time.FixedZone("", rapid.IntRange(-23*60, 23*60).Draw(t, "minutes east")*60)
		at := time.UnixMicro(micros).Add(time.Duration(nanos)).In(zone)
		_, offset := at.Zone()
		raw := strconv.Quote(at.Format(time.RFC3339Nano))
		got, exact, err := ParseTimestamp([]byte(raw))
		require.NoError(t, err, raw)
		require.Equal(t, micros, got, raw)
		require.Equal(t, nanos == 0 && offset == 0, exact, raw)
	})
}

func FuzzParseTimestamp(f *testing.F) {
	for _, seed := range []string{`"2026-04-17T10:11:12.345Z"`, `1776420672345`, `"2026-04-17 10:11:12"`, `1e-999999999999999999999`, `"`, `-`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		micros, _, err := ParseTimestamp(raw)
		if err != nil {
			return
		}
		again, exact, err := ParseTimestamp([]byte(strconv.Quote(time.UnixMicro(micros).UTC().Format("2006-01-02T15:04:05.000000Z"))))
		require.NoError(t, err)
		require.True(t, exact)
		require.Equal(t, micros, again)
	})
}

func BenchmarkParseTimestamp(b *testing.B) {
	raw := []byte(`"2026-04-17T10:11:12.345Z"`)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ParseTimestamp(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func TestDaysAgreesWithTheLibraryOnEveryDay(t *testing.T) {
	for at := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() <= 9999; at = at.AddDate(0, 0, 1) {
		if got, want := days(at.Year(), int(at.Month()), at.Day()), at.Unix()/86_400; got != want {
			t.Fatalf("%s is day %d, not %d", at.Format(time.DateOnly), want, got)
		}
	}
}

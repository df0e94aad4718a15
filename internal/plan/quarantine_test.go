package plan

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/state"
)

func TestAPlanCountsWhatIsInQuarantineAndWhatOfItIsTriedAgain(t *testing.T) {
	bad := func(d int, records int64, retryAt time.Time) state.Entry {
		e := held(d, now)
		e.Quarantined, e.RetryAt = records, retryAt
		return e
	}
	entries := []state.Entry{
		bad(16, 16, time.Time{}),          // outside of the range
		bad(17, 3, now.Add(-time.Hour)),   // due
		bad(18, 5, now.Add(time.Hour)),    // not yet
		bad(19, 1000, now.Add(time.Hour)), // fetched anew
	}
	p := pipeline{}.parse(t)
	in := input(t, p, stateOf(t, p.Shape(), entries...), stored(entries...))
	pl, err := Build(in)
	require.NoError(t, err)
	require.Equal(t, Quarantine{Quarantined: 1024, QuarantinedDue: 3}, pl.Quarantine)

	in.Replace = []Target{"dt=2026-04-19"}
	pl, err = Build(in)
	require.NoError(t, err)
	require.Equal(t, Quarantine{Quarantined: 1024, QuarantinedDue: 1003}, pl.Quarantine)

	content, err := pl.Encode()
	require.NoError(t, err)
	require.Contains(t, string(content), `"quarantined_due": 1003`)
	again, err := Decode(content)
	require.NoError(t, err)
	require.Equal(t, pl.Quarantine, again.Quarantine)
}

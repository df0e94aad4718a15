package apply

import (
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/record"
	"logferry/internal/spool"
)

// What a census lists is not redacted, and a spool may write it to disk.
func TestACensusKeepsNothingButKeys(t *testing.T) {
	listed := spool.New(spool.Options{Dir: t.TempDir(), Budget: spool.NewBudget(1 << 20)})
	defer func() { require.NoError(t, listed.Close()) }()
	key := record.Key{Micros: 7, ID: "log_1"}
	require.NoError(t, listing{listed}.Records(t.Context(), []record.Record{
		{Entry: record.Entry{Key: key, Status: "success", Raw: []byte(`{"id":"log_1","secret":1}`)}, Outcome: record.Fetched, Detail: []byte(`{"secret":2}`)},
	}))
	found := 0
	for r, err := range listed.Sorted(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, key, r.Key)
		require.Empty(t, r.Raw)
		require.Empty(t, r.Detail)
		require.Empty(t, r.Status)
		found++
	}
	require.Equal(t, 1, found)
}

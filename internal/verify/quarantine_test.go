package verify

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/state"
	"logferry/sinks/bucket"
)

func TestEachQuarantinedRecordIsCompared(t *testing.T) {
	at := time.Date(2026, 4, 17, 3, 0, 0, 0, time.UTC)
	want := []state.Quarantined{
		{LogID: "log_a", Timestamp: at, Reason: "detail_failed", Attempts: 6, Tries: 1, FirstSeen: at, LastTried: at, Exported: true},
		{Reason: "unreadable", Tries: 2, FirstSeen: at, LastTried: at},
	}
	first := `{"log_id":"log_a","timestamp":"2026-04-17T03:00:00Z","reason":"detail_failed","attempts":6,"tries":1,"first_seen":"2026-04-17T03:00:00Z","last_tried":"2026-04-17T03:00:00Z","exported":true,"entry":{"id":"log_a"}}` + "\n"
	second := `{"reason":"unreadable","attempts":0,"tries":2,"first_seen":"2026-04-17T03:00:00Z","last_tried":"2026-04-17T03:00:00Z","exported":false,"entry_base64":"eA=="}` + "\n"
	for text, problem := range map[string]string{
		first + second: "",
		second + first: "line 1 is not the record",
		first + strings.Replace(second, `"tries":2`, `"tries":3`, 1): "line 2 is not the record",
		first + "x\n": "line 2 is no record",
	} {
		r := quarantineReader{hash: sha256.New(), want: want}
		require.NoError(t, r.all(strings.NewReader(text)))
		require.Equal(t, 2, r.lines)
		require.EqualValues(t, len(text), r.size)
		if problem == "" {
			require.Empty(t, r.problem)
		} else {
			require.Contains(t, r.problem, problem)
		}
	}
	for _, text := range []string{"", first, first + second + second} {
		r := quarantineReader{hash: sha256.New(), want: want}
		require.NoError(t, r.all(strings.NewReader(text)))
		require.NotEqual(t, 2, r.lines)
	}
}

func TestKeysOfQuarantineObjectsAreTakenApart(t *testing.T) {
	type parts struct {
		project, partition string
		version            int
	}
	for key, want := range map[string]parts{
		"dt=2026-04-17.ndjson":                             {"", "dt=2026-04-17", 1},
		"dt=2026-04-17/hour=13.00002.ndjson":               {"", "dt=2026-04-17/hour=13", 2},
		"project=acme/month=2026-04.00012.ndjson":          {"acme", "month=2026-04", 12},
		"project=acme/dt=2026-04-17/hour=00.100000.ndjson": {"acme", "dt=2026-04-17/hour=00", 100000},
	} {
		project, partition, version, ok := parseQuarantineKey(quarantineFolder + key)
		require.True(t, ok, key)
		require.Equal(t, want, parts{project, partition, version})
	}
	for _, key := range []string{"x.ndjson", "dt=2026-04-17", "dt=2026-04-17.2.ndjson", "dt=2026-04-17.00001.ndjson", "dt=2026-04-17.x.ndjson", "copy-dt=2026-04-17.ndjson", ""} {
		_, _, _, ok := parseQuarantineKey(quarantineFolder + key)
		require.False(t, ok, key)
	}
}

func TestAManifestFromBeforeThereWereRootsIsCountedAndNoFault(t *testing.T) {
	b, err := bucket.Open(t.Context(), "mem://")
	require.NoError(t, err)
	t.Cleanup(func() { _ = bucket.Close(b) })
	store := state.New(b, "_logferry/p/", "p", state.Options{})
	st, err := store.Load(t.Context())
	require.NoError(t, err)
	at := time.Date(2026, 4, 17, 0, 0, 0, 0, time.UTC)
	for i, root := range []string{"", strings.Repeat("0", 64)} {
		m := &state.Manifest{
			Pipeline: "p", Lineage: "l", Partition: at.AddDate(0, 0, i).Format("dt=2006-01-02"), Version: 1, From: at.AddDate(0, 0, i), To: at.AddDate(0, 0, i+1),
			AsOf: at.AddDate(0, 0, 9), Root: root, Action: "create", CreatedAt: at,
		}
		sha, err := store.PutManifest(t.Context(), m)
		require.NoError(t, err)
		require.NoError(t, store.Commit(t.Context(), st, state.Change{Operation: "apply", Set: []state.Entry{m.Entry(sha, time.Time{})}}))
	}
	report, err := Run(t.Context(), Options{Store: store, Deep: true})
	require.NoError(t, err)
	require.True(t, report.OK, "%+v", report.Findings)
	require.EqualValues(t, 2, report.Partitions)
	require.EqualValues(t, 1, report.WithoutRoot)
}

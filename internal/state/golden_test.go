package state

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files of the present format instead of comparing with them")

// golden are the objects of format 1 as they were written once. Those that today's code writes must be the same, byte for
// byte, and it must read them for ever.
const golden = "testdata/v1"

func requireGolden(t *testing.T, name string, content []byte) {
	t.Helper()
	requireGoldenIn(t, golden, name, content)
}

func requireGoldenIn(t *testing.T, folder, name string, content []byte) {
	t.Helper()
	file := filepath.Join(folder, name)
	if *update {
		require.NoError(t, os.MkdirAll(folder, 0o755))
		require.NoError(t, os.WriteFile(file, content, 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), string(content), name)
}

func goldenManifest() *Manifest {
	e := testEntry(13, 2)
	usage := int64(3)
	return &Manifest{
		Pipeline: testPipeline, Lineage: "00000000-0000-4000-8000-000000000001", Project: "acme", Partition: e.Partition, Version: 2,
		Previous: hexSum([]byte("version 1")), From: e.From, To: e.To, AsOf: e.AsOf, Shape: e.Shape,
		Files: []File{{
			Sink: "lake", Key: "tool_execution/project=acme/" + e.Partition + "/part-00000.parquet", Size: 4711,
			SHA256: hexSum([]byte("file")), Rows: 3, First: e.From.Add(time.Microsecond), Last: e.To.Add(-time.Microsecond),
		}},
		Rows: 3, IDs: hexSum([]byte("log_a\nlog_b\nlog_c\n")),
		Statuses: map[string]int64{"success": 2, "": 1}, Details: map[string]int64{"fetched": 2, "failed": 1},
		Quarantine: []Quarantined{{
			LogID: "log_c", Timestamp: e.From.Add(time.Minute), Reason: "detail_failed", LastError: "500 Internal Server Error",
			Attempts: 6, Tries: 2, FirstSeen: testTime.Add(-24 * time.Hour), LastTried: testTime, Exported: true,
		}},
		QuarantineObject: &Object{Sink: "lake", Key: "_logferry/quarantine/acme/" + e.Partition + ".ndjson", Size: 99, SHA256: hexSum([]byte("quarantine"))},
		Requests:         Requests{List: 4, Detail: 9, Usage: 1}, Windows: 2, Usage: &usage,
		Reconcile: &Reconcile{Usage: UsageAgrees, Late: []string{"log_b"}, LateCount: 1},
		Action:    "refresh", Reason: "still inside lookback", CreatedAt: testTime, Program: "1.2.3",
	}
}

// goldenChanges fill one checkpoint and leave one commit beside it: entries, a removal, a project, a quarantine, shapes.
func goldenChanges() []Change {
	changes := testChanges(15)
	bare := testEntry(0, 2)
	bare.Files, bare.Rows, bare.Bytes = nil, 0, 0
	acme := testEntry(13, 2)
	acme.Project, acme.Quarantined, acme.RetryAt = "acme", 1, testTime.Add(time.Hour)
	other := Shape{"source.details": `"none"`}
	acme.Shape = other.Hash()
	removed := testEntry(1, 1)
	return append(changes,
		Change{Operation: "apply", Config: "c0ffee", Set: []Entry{bare}},
		Change{Operation: "state rm", Config: "c0ffee", Remove: []EntryKey{removed.EntryKey()}},
		Change{Operation: "apply", Config: "decaf", Set: []Entry{acme}, Shapes: map[string]Shape{other.Hash(): other}},
		Change{Operation: "apply", Config: "decaf", Set: []Entry{testEntry(20, 1)}},
	)
}

func TestTodaysCodeWritesFormat1(t *testing.T) {
	b := openBucket(t, "mem://")
	s := testStore(b)
	st, err := s.Load(t.Context())
	require.NoError(t, err)
	for _, c := range goldenChanges()[:15] {
		require.NoError(t, s.Commit(t.Context(), st, c))
	}
	span, ok := due(16)
	require.True(t, ok)
	checkpoint := newCheckpoint(st, s.newCommit(st, goldenChanges()[15].normal()), span)
	plain, err := encode(checkpoint)
	require.NoError(t, err)
	requireGolden(t, "checkpoint.json", plain)

	// How zstd packs the checkpoint is the library's choice, so that what names it is taken from the golden file.
	file := filepath.Join(golden, "checkpoint.json.zst")
	if *update {
		packed, _, err := checkpoint.pack()
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, packed, 0o644))
	}
	packed, err := os.ReadFile(file)
	require.NoError(t, err)
	decoder, err := zstd.NewReader(nil)
	require.NoError(t, err)
	defer decoder.Close()
	unpacked, err := decoder.DecodeAll(packed, nil)
	require.NoError(t, err)
	require.Equal(t, string(plain), string(unpacked))

	for _, c := range goldenChanges()[15:18] {
		require.NoError(t, s.Commit(t.Context(), st, c))
	}
	st.refs[0] = CheckpointRef{Span: st.refs[0].Span, Key: "checkpoints/1-000000000016-" + hexSum(packed)[:16] + ".json.zst", SHA256: hexSum(packed), Size: int64(len(packed))}
	st.Head = hexSum([]byte("commit 18"))
	last := s.newCommit(st, goldenChanges()[18].normal())
	last.ID = "00000000-0000-4000-8000-00000000000c"
	content, err := encode(last)
	require.NoError(t, err)
	requireGolden(t, "commit.json", content)

	content, err = s.encodeManifest(goldenManifest())
	require.NoError(t, err)
	requireGolden(t, "manifest.json", content)
	require.NoError(t, s.PutPending(t.Context(), goldenManifest()))
	requireGolden(t, "pending.json", []byte(get(t, b, testPrefix+pendingKey("acme", testEntry(13, 2).Partition))))

	content, err = encode(goldenLock())
	require.NoError(t, err)
	requireGolden(t, "lock.json", content)
	content, err = encode(sign{ID: goldenLock().ID, Renewed: testTime.Add(40 * time.Second), Renewals: 2})
	require.NoError(t, err)
	requireGolden(t, "lock_sign.json", content)
}

func goldenLock() LockInfo {
	return LockInfo{
		Pipeline: testPipeline, ID: "00000000-0000-4000-8000-00000000000d", Operation: "apply", User: "alice", Host: "mill", PID: 4242,
		Machine: "machine-a", Files: []string{"00000000-0000-4000-8000-00000000000e"}, Since: testTime, Program: "1.2.3",
	}
}

func TestFormat1IsReadForEver(t *testing.T) {
	b := openBucket(t, "mem://")
	content := map[string]string{}
	for _, name := range []string{"commit.json", "checkpoint.json.zst", "manifest.json", "pending.json", "lock.json", "lock_sign.json"} {
		text, err := os.ReadFile(filepath.Join(golden, name))
		require.NoError(t, err)
		content[name] = string(text)
	}
	packed := hexSum([]byte(content["checkpoint.json.zst"]))
	put(t, b, testPrefix+commitKey(19), content["commit.json"])
	put(t, b, testPrefix+"checkpoints/1-000000000016-"+packed[:16]+".json.zst", content["checkpoint.json.zst"])
	sha := hexSum([]byte(content["manifest.json"]))
	put(t, b, testPrefix+ManifestKey("acme", testEntry(13, 2).Partition, 2, sha), content["manifest.json"])
	put(t, b, testPrefix+pendingKey("acme", testEntry(13, 2).Partition), content["pending.json"])
	put(t, b, testPrefix+lockKey(1), content["lock.json"])
	put(t, b, testPrefix+signKey(1, goldenLock().ID), content["lock_sign.json"])

	s := testStore(b)
	st, err := s.Load(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 19, st.Serial)
	require.Equal(t, hexSum([]byte(content["commit.json"])), st.Head)
	require.Equal(t, 16, st.Len())
	acme, ok := st.Get("acme", testEntry(13, 2).Partition)
	require.True(t, ok)
	require.EqualValues(t, 1, acme.Quarantined)
	require.Equal(t, testTime.Add(time.Hour), acme.RetryAt)
	_, ok = st.Get("", testEntry(1, 1).Partition)
	require.False(t, ok)
	require.Len(t, st.Shapes, 2)

	acme.Manifest = sha
	m, err := s.Manifest(t.Context(), &acme)
	require.NoError(t, err)
	require.Equal(t, goldenManifest(), m)
	notes, err := s.Pending(t.Context())
	require.NoError(t, err)
	require.Equal(t, []*Manifest{goldenManifest()}, notes)
	locks, err := s.Locks(t.Context())
	require.NoError(t, err)
	want := goldenLock()
	want.Renewed, want.Renewals = testTime.Add(40*time.Second), 2
	require.Equal(t, []LockInfo{want}, locks)
}

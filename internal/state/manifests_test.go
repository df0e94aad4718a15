package state

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAManifestComesBackAsItWasPut(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			s := testStore(open(t))
			m := goldenManifest()
			sha, err := s.PutManifest(t.Context(), m)
			require.NoError(t, err)
			again, err := s.PutManifest(t.Context(), goldenManifest())
			require.NoError(t, err, "the same manifest is no conflict")
			require.Equal(t, sha, again)

			e := m.Entry(sha, testTime)
			require.Equal(t, "acme/"+m.Partition, e.Name())
			require.EqualValues(t, 4711, e.Bytes)
			require.EqualValues(t, 1, e.Quarantined)
			require.Equal(t, testTime, e.RetryAt)
			require.Equal(t, []FileRef{{Sink: "lake", Key: m.Files[0].Key, Size: 4711}}, e.Files)
			require.Equal(t, m.Interval(), e.Interval())
			got, err := s.Manifest(t.Context(), &e)
			require.NoError(t, err)
			require.Equal(t, m, got)
		})
	}
}

func TestManifestKeysTellVersionsApart(t *testing.T) {
	sha := strings.Repeat("0123456789abcdef", 4)
	require.Equal(t, "manifests/dt=2026-04-17/hour=13/00002-0123456789abcdef.json", ManifestKey("", "dt=2026-04-17/hour=13", 2, sha))
	require.Equal(t, "manifests/acme/month=2026-04/12345-0123456789abcdef.json", ManifestKey("acme", "month=2026-04", 12345, sha))
}

func TestAManifestThatIsNotTheCommittedOneIsReported(t *testing.T) {
	b := openBucket(t, "mem://")
	s := testStore(b)
	m := goldenManifest()
	sha, err := s.PutManifest(t.Context(), m)
	require.NoError(t, err)
	e := m.Entry(sha, time.Time{})
	key := testPrefix + ManifestKey(m.Project, m.Partition, m.Version, sha)
	whole := get(t, b, key)
	read := func() error { _, err := s.Manifest(t.Context(), &e); return err }

	for n := 0; n < len(whole); n += 7 {
		put(t, b, key, whole[:n])
		requireUnusable(t, read(), Altered, key)
	}
	put(t, b, key, strings.Replace(whole, `"rows":3`, `"rows":4`, 1))
	requireUnusable(t, read(), Altered, key)
	_, err = s.PutManifest(t.Context(), m)
	requireUnusable(t, err, Altered, key)
	require.NoError(t, b.Delete(t.Context(), key))
	requireUnusable(t, read(), Missing, key)

	// Objects that were committed as they are, by a newer program or under a wrong name.
	for text, kind := range map[string]Kind{
		strings.Replace(whole, `"format":1`, `"format":9`, 1):                        Newer,
		strings.Replace(whole, `"pipeline":"nightly"`, `"pipeline":"x"`, 1):          OtherPipeline,
		strings.Replace(whole, `"partition":"dt=2023`, `"partition":"dt=2024`, 1):    OtherPipeline,
		strings.Replace(whole, `"format":1`, `"format":1,"seal":1`, 1):               Malformed,
		strings.Replace(whole, `"ids"`, `"root":"00","ids"`, 1):                      Malformed,
		strings.Replace(whole, `"created_at":"2026-`, `"created_at":"yesterday`, 1):  Malformed,
		strings.Replace(whole, `"rows":3,"ids"`, `"rows":99999999999999999,"ids`, 1): Malformed,
	} {
		require.NotEqual(t, whole, text)
		e.Manifest = hexSum([]byte(text))
		key := testPrefix + ManifestKey(m.Project, m.Partition, m.Version, e.Manifest)
		put(t, b, key, text)
		requireUnusable(t, read(), kind, key)
	}
}

func TestManifestsOfNoPartitionAreRefused(t *testing.T) {
	s := testStore(openBucket(t, "mem://"))
	for name, spoil := range map[string]func(m *Manifest){
		"pipeline":  func(m *Manifest) { m.Pipeline = "other" },
		"partition": func(m *Manifest) { m.Partition = "" },
		"project":   func(m *Manifest) { m.Project = ".." },
		"version":   func(m *Manifest) { m.Version = 0 },
		"text":      func(m *Manifest) { m.Reason = "\xff" },
	} {
		m := goldenManifest()
		spoil(m)
		_, err := s.PutManifest(t.Context(), m)
		require.Error(t, err, name)
		require.Error(t, s.PutPending(t.Context(), m), name)
	}
}

func TestNotesLastUntilTheyAreDropped(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			s := testStore(b)
			first, second := goldenManifest(), goldenManifest()
			second.Project = ""
			require.NoError(t, s.PutPending(t.Context(), first))
			require.NoError(t, s.PutPending(t.Context(), second))
			first.Version = 3
			require.NoError(t, s.PutPending(t.Context(), first), "replaces the earlier note")
			notes, err := s.Pending(t.Context())
			require.NoError(t, err)
			require.Equal(t, []*Manifest{first, second}, notes)
			require.NoError(t, s.DropPending(t.Context(), first))
			require.NoError(t, s.DropPending(t.Context(), first))
			notes, err = s.Pending(t.Context())
			require.NoError(t, err)
			require.Equal(t, []*Manifest{second}, notes)
			require.NoError(t, s.DropPending(t.Context(), second))
			require.Empty(t, keysOf(t, b, ""))
		})
	}
}

func TestADamagedNoteIsPassedOverAndSwept(t *testing.T) {
	b := openBucket(t, "mem://")
	s := testStore(b)
	good := goldenManifest()
	require.NoError(t, s.PutPending(t.Context(), good))
	text := get(t, b, testPrefix+pendingKey(good.Project, good.Partition))
	put(t, b, testPrefix+"pending/dt=2026-01-01.json", text[:100])
	put(t, b, testPrefix+"pending/dt=2026-01-02.json", text)
	put(t, b, testPrefix+"pending/notes.txt", "?")
	notes, err := s.Pending(t.Context())
	require.NoError(t, err)
	require.Equal(t, []*Manifest{good}, notes)
	require.Len(t, keysOf(t, b, ""), 4, "reading removes nothing")

	require.NoError(t, s.SweepPending(t.Context()))
	require.Equal(t, []string{testPrefix + pendingKey(good.Project, good.Partition)}, keysOf(t, b, ""))

	newer := testPrefix + "pending/dt=2026-01-03.json"
	put(t, b, newer, strings.Replace(text, `"format":1`, `"format":9`, 1))
	_, err = s.Pending(t.Context())
	requireUnusable(t, err, Newer, newer)
	requireUnusable(t, s.SweepPending(t.Context()), Newer, newer)
	require.Len(t, keysOf(t, b, ""), 2)

	tapped := &tap{Bucket: b, before: func(string, string) error { return errInjected }}
	_, err = testStore(tapped).Pending(t.Context())
	require.ErrorIs(t, err, errInjected)
}

func TestObjectsThatNoCommitNamesAreTold(t *testing.T) {
	b := openBucket(t, "mem://")
	s := testStore(b)
	m := goldenManifest()
	sha, err := s.PutManifest(t.Context(), m)
	require.NoError(t, err)
	acme := m.Entry(sha, time.Time{})
	change := testChange(0, 1)
	change.Set = append(change.Set, acme)
	commitEach(t, s, append(testChanges(40)[1:], change)...)
	m.Version = 3
	stray, err := s.PutManifest(t.Context(), m)
	require.NoError(t, err)
	require.NoError(t, s.PutPending(t.Context(), m))
	put(t, b, testPrefix+"checkpoints/1-000000000016-0123456789abcdef.json.zst", "")
	require.NoError(t, s.PutLastRun(t.Context(), []byte("{}")))
	put(t, b, testPrefix+"probe/x", "")
	put(t, b, testPrefix+"readme.txt", "")
	lock, err := s.Acquire(t.Context(), LockOptions{})
	require.NoError(t, err)
	defer func() { require.NoError(t, lock.Release(t.Context())) }()

	var names Names
	for c, err := range s.History(t.Context()) {
		require.NoError(t, err)
		names.Add(c)
	}
	named, unnamed := map[ObjectKind]int{}, map[string]ObjectKind{}
	for o, err := range s.Objects(t.Context(), &names) {
		require.NoError(t, err)
		if o.Named {
			named[o.Kind]++
		} else {
			unnamed[strings.TrimPrefix(o.Key, testPrefix)] = o.Kind
		}
	}
	require.Equal(t, map[ObjectKind]int{CommitObject: 40, CheckpointObject: 2, ManifestObject: 1}, named)
	require.Equal(t, map[string]ObjectKind{
		ManifestKey(m.Project, m.Partition, 3, stray):          ManifestObject,
		pendingKey(m.Project, m.Partition):                     PendingObject,
		"checkpoints/1-000000000016-0123456789abcdef.json.zst": CheckpointObject,
		"last-run.json": LastRunObject,
		"probe/x":       ProbeObject,
		"readme.txt":    UnknownObject,
		lockKey(1):      LockObject,
	}, unnamed)

	put(t, b, testPrefix+commitKey(41), "by a run that goes on")
	put(t, b, testPrefix+"commits/999999999959-4.json", "by hand")
	for o, err := range s.Objects(t.Context(), &names) {
		require.NoError(t, err)
		if o.Kind == CommitObject {
			require.Equal(t, !strings.HasSuffix(o.Key, "959-4.json"), o.Named, o.Key)
		}
	}

	tapped := &tap{Bucket: b, before: func(string, string) error { return errInjected }}
	for _, err := range testStore(tapped).Objects(t.Context(), &names) {
		require.ErrorIs(t, err, errInjected)
	}
}

func TestTheFileLockOfALocalStateIsNoUnknownObject(t *testing.T) {
	dir := t.TempDir()
	b := openBucket(t, "file://"+dir)
	release, err := LockFile(dir + "/" + testPrefix)
	require.NoError(t, err)
	defer release()
	n := 0
	for o, err := range testStore(b).Objects(t.Context(), &Names{}) {
		require.NoError(t, err)
		require.Equal(t, LockObject, o.Kind, o.Key)
		n++
	}
	require.Equal(t, 2, n)
}

func TestAStateInItsOwnBucketSeesItsFoldersOnly(t *testing.T) {
	b := openBucket(t, "mem://")
	s := New(b, "", testPipeline, testOptions())
	commitEach(t, s, testChange(0, 1))
	put(t, b, "tool_execution/dt=2026-04-17/part-00000.parquet", "")
	for o, err := range s.Objects(t.Context(), &Names{}) {
		require.NoError(t, err)
		require.Equal(t, Found{Key: commitKey(1), Kind: CommitObject, Size: o.Size, Named: true}, o)
	}
}

func TestProbeTellsBucketsThatKeepRunsApart(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			require.NoError(t, testStore(b).Probe(t.Context()))
			require.Empty(t, keysOf(t, b, ""))
		})
	}
	b := openBucket(t, "mem://")
	var condition *ConditionError
	err := testStore(ignorant{b}).Probe(t.Context())
	require.ErrorAs(t, err, &condition)
	require.ErrorContains(t, err, "ignores conditional writes")
	require.Contains(t, condition.Hint(), "state.url")

	refusing := &tap{Bucket: b, before: func(op, _ string) error {
		if op == "create" {
			return errors.New("501 not implemented")
		}
		return nil
	}}
	require.ErrorAs(t, testStore(refusing).Probe(t.Context()), &condition)

	down := &tap{Bucket: b, before: func(string, string) error { return errInjected }}
	err = testStore(down).Probe(t.Context())
	require.ErrorIs(t, err, errInjected)
	require.NotErrorAs(t, err, &condition, "a bucket that can't be reached says nothing")
	require.Empty(t, keysOf(t, b, ""))
}

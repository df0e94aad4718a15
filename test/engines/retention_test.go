package engines_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/sinks/bucket"
	"logferry/test/engines/s3"
)

// lockable makes a bucket in S3 whose objects are kept as their writer asks.
func lockable(t *testing.T) *place {
	t.Helper()
	s := stores[0]
	s.setenv(t, s.addr)
	p := &place{t: t, store: s, name: fmt.Sprint(s3.Locked, buckets.Add(1)), addr: s.addr}
	require.NoError(t, server.MakeLockable(t.Context(), p.name))
	return p
}

// keptLife is a life whose first sink, with the state in it, is kept for thirty days, and whose second one is under a legal hold.
func keptLife(t *testing.T) *life {
	l := lifeAt(t, lockable(t), aWorld, false)
	for i, r := range []map[string]any{{"mode": "compliance", "period": "30d"}, {"legal_hold": true}} {
		l.sections["sinks"].([]any)[i].(map[string]any)["retention"] = r
	}
	return l
}

// wanted is what should keep an object.
func wanted(key string) (mode string, hold bool) {
	switch {
	case strings.Contains(key, "/tool_execution/"), strings.Contains(key, "/_logferry/quarantine/"):
		if strings.HasPrefix(key, "lines/") {
			return "", true
		}
		return "COMPLIANCE", false
	}
	for _, folder := range []string{"commits", "checkpoints", "manifests", "signatures"} {
		if strings.HasPrefix(key, "lake/_logferry/life/"+folder+"/") {
			return "COMPLIANCE", false
		}
	}
	return "", false
}

// requireKept looks at every version in the bucket, and tries to remove it.
func (l *life) requireKept(written time.Time) (kinds map[string]int) {
	l.t.Helper()
	versions, err := server.Versions(l.t.Context(), l.lake.name)
	require.NoError(l.t, err)
	kinds = map[string]int{}
	for _, v := range versions {
		mode, hold := wanted(v.Key)
		lock, err := server.LockOf(l.t.Context(), l.lake.name, v)
		require.NoError(l.t, err)
		require.Equal(l.t, mode, lock.Mode, v.Key)
		require.Equal(l.t, hold, lock.Hold, v.Key)
		if mode != "" {
			require.WithinRange(l.t, lock.Until, written.Add(30*24*time.Hour), time.Now().Add(30*24*time.Hour+2*time.Second), v.Key)
		}
		if mode == "" && !hold {
			kinds["free"]++
			continue
		}
		kinds[v.Key]++
		require.Error(l.t, server.Remove(l.t.Context(), l.lake.name, v), v.Key)
	}
	return kinds
}

func TestALifeWithARetentionKeepsWhatItWrites(t *testing.T) {
	began := time.Now().Truncate(time.Second)
	l := keptLife(t)
	l.isBornAndGrows()
	l.isChanged()
	l.sound(l.with("", nil))
	kinds := l.requireKept(began)
	require.Positive(t, kinds["free"], "locks, notes and the last run's end")
	for _, day := range []string{"16", "17", "18"} {
		for _, file := range []string{"lake/tool_execution/dt=2026-04-%s/part-00000.parquet", "lines/tool_execution/dt=2026-04-%s/part-00000.ndjson.gz"} {
			require.Greater(t, kinds[fmt.Sprintf(file, day)], 1, "what was replaced stays: %v", kinds)
		}
	}

	p := l.with("", nil)
	s := l.open(p)
	ctx, unlock, err := s.Lock(t.Context(), "destroy", nil)
	require.NoError(t, err)
	entries, err := s.Select(nil)
	require.NoError(t, err)
	err = s.Destroy(ctx, entries, nil)
	unlock()
	var refused *apply.RetainedError
	require.ErrorAs(t, err, &refused)
	require.Len(t, refused.Sinks, 2)
	require.Equal(t, []int{3, 3}, []int{refused.Sinks[0].Objects, refused.Sinks[1].Objects})
	require.Contains(t, err.Error(), `the bucket of sink "lake" keeps 3 objects, the last of them until `+refused.Sinks[0].Until.Format(time.RFC3339))
	require.Contains(t, err.Error(), `the bucket of sink "lines" keeps 3 objects, 3 under a legal hold: nothing was removed`)
	require.Equal(t, []string{"lake", "lines"}, s.Hiding())
	l.sound(p)
	l.isAtRest(p)
}

func TestALargeObjectIsKeptFromItsFirstMomentOn(t *testing.T) {
	p := lockable(t)
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	b, err := bucket.Retain(p.open("lake"), func(string) bucket.Retention {
		return bucket.Retention{Mode: bucket.Governance, Until: until, LegalHold: true}
	})
	require.NoError(t, err)
	for name, size := range bodySizes {
		require.NoError(t, b.Upload(t.Context(), name, strings.NewReader(bodyOf(1, size)), int64(size), "text/plain"))
		hold, err := bucket.Held(t.Context(), b, name)
		require.NoError(t, err)
		require.Equal(t, bucket.Hold{Until: until, LegalHold: true, Hides: true}, hold)
	}
	versions, err := server.Versions(t.Context(), p.name)
	require.NoError(t, err)
	for _, v := range versions {
		lock, err := server.LockOf(t.Context(), p.name, v)
		require.NoError(t, err)
		require.Equal(t, s3.Lock{Mode: "GOVERNANCE", Until: until, Hold: true}, lock)
		err = server.Remove(t.Context(), p.name, v)
		require.ErrorContains(t, err, "protected by object lock", "by which the product knows it")
	}
}

func TestABucketThatCannotKeepObjectsIsRefusedBeforeAnythingIsAsked(t *testing.T) {
	for name, s := range map[string]*store{"S3": stores[0], "GCS": stores[1]} {
		t.Run(name, func(t *testing.T) {
			l := newLife(t, s, few, false)
			l.sections["sinks"].([]any)[1].(map[string]any)["retention"] = map[string]any{"period": "30d"}
			_, err := apply.Run(t.Context(), l.with("", nil), l.options())
			var cannot *bucket.RetentionError
			require.ErrorAs(t, err, &cannot)
			require.ErrorContains(t, err, `sink "lines"`)
			require.Zero(t, l.requests())
			require.Empty(t, keysOf(t, l.lake.open(""), ""))
		})
	}
}

// The servers of Google's and Azure's protocols keep nothing, and take what is asked for.
func TestObjectsWithARetentionAreWrittenAndReadBack(t *testing.T) {
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	for _, s := range stores[1:] {
		t.Run(s.name, func(t *testing.T) {
			if s.absent != nil {
				t.Skip(s.absent)
			}
			plain := s.place(t).open(`odd "p" ä`)
			b, err := bucket.Retain(plain, func(string) bucket.Retention {
				return bucket.Retention{Mode: bucket.Compliance, Until: until}
			})
			require.NoError(t, err)
			var names []string
			for name, size := range bodySizes {
				name = `project=a%2Fb/` + name + ` #1?`
				names = append(names, name)
				require.NoError(t, b.Create(t.Context(), name, strings.NewReader(bodyOf(1, size)), int64(size), "text/plain"))
				require.ErrorIs(t, b.Create(t.Context(), name, strings.NewReader("other"), 5, "text/plain"), fs.ErrExist)
				require.Equal(t, bodyOf(1, size), string(read(t, plain, name)))
				_, err := bucket.Held(t.Context(), b, name)
				require.NoError(t, err)
			}
			require.ElementsMatch(t, names, keysOf(t, plain, ""))
		})
	}
}

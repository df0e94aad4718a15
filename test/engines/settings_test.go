package engines_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"logferry/sinks/bucket"
	"logferry/test/engines/s3"
)

// retention is how many days a version of an object in a locked bucket cannot be removed.
const retention = 30

func TestALifeInALockedBucketLeavesEveryVersion(t *testing.T) {
	s := stores[0]
	s.setenv(t, s.addr)
	p := &place{t: t, store: s, name: fmt.Sprint(s3.Locked, buckets.Add(1)), addr: s.addr}
	ctx := context.Background()
	require.NoError(t, server.MakeLocked(ctx, p.name, s3.Retention{Days: retention, Mode: types.ObjectLockRetentionModeCompliance}))
	l := lifeAt(t, p, aWorld, false)
	l.isKilled(4)
	l.isBornAndGrows()
	l.isChanged()
	l.isDamaged()
	l.ends()

	versions, err := server.Versions(ctx, p.name)
	require.NoError(t, err)
	kept := map[string]int{}
	for _, v := range versions {
		kept[v.Key]++
	}
	for _, day := range []string{"16", "17", "18"} {
		require.Greater(t, kept["lake/tool_execution/dt=2026-04-"+day+"/part-00000.parquet"], 1, "%v", kept)
	}
	require.Error(t, server.Remove(ctx, p.name, versions[0]), "the lock is one")
}

// What a removal leaves is no object to some stores, and one to others.
func TestARunFollowsAnotherInABucketWithRetention(t *testing.T) {
	for _, kind := range []string{s3.Locked, s3.Marked} {
		t.Run(kind, func(t *testing.T) {
			s := stores[0]
			s.setenv(t, s.addr)
			p := &place{t: t, store: s, name: fmt.Sprint(kind, buckets.Add(1)), addr: s.addr}
			require.NoError(t, server.MakeLocked(t.Context(), p.name, s3.Retention{Days: 1, Mode: types.ObjectLockRetentionModeGovernance}))
			l := lifeAt(t, p, aWorld, false)
			l.apply(l.with("", nil))
			l.at(end.Add(5 * 24 * time.Hour))
			l.apply(l.with("", nil))
			l.isAtRest(l.with("", nil))
			l.isChanged()

			versions, err := server.Versions(t.Context(), p.name)
			require.NoError(t, err)
			times := map[string]int{}
			for _, v := range versions {
				if strings.Contains(v.Key, "/locks/") {
					times[v.Key]++
				}
			}
			require.Equal(t, 1, times["lake/_logferry/life/locks/00000002.json"], "%v", times)
			require.Equal(t, 1, slices.Max(slices.Collect(maps.Values(times))), "no key of a lock is written again: %v", times)
		})
	}
}

func TestObjectsAreEncryptedAsTheURLSays(t *testing.T) {
	p := newPlace(t, "")
	var mu sync.Mutex
	asked := map[string]bool{}
	addr, end := server.Away(func(r *http.Request) {
		query, kind := r.URL.Query(), ""
		switch {
		case r.Method == http.MethodPost && query.Has("uploads"):
			kind = "begin parts"
		case r.Method == http.MethodPut && !query.Has("partNumber"):
			kind = "put"
		default:
			return
		}
		mu.Lock()
		defer mu.Unlock()
		asked[fmt.Sprint(kind, " ", r.Header.Get("x-amz-server-side-encryption"), " ", r.Header.Get("x-amz-server-side-encryption-aws-kms-key-id"))] = true
	})
	defer end()
	for query, want := range map[string]string{
		"": " ", "&ssetype=AES256": "AES256 ", "&ssetype=aws:kms&kmskeyid=alias/lake": "aws:kms alias/lake",
	} {
		clear(asked)
		b, err := bucket.Open(t.Context(), s3.URL(addr, p.name, "lake")+query)
		require.NoError(t, err)
		for name, size := range bodySizes {
			body := bodyOf(1, size)
			require.NoError(t, b.Upload(t.Context(), name, strings.NewReader(body), int64(size), "text/plain"))
			require.NoError(t, b.Create(t.Context(), name+" created"+query, strings.NewReader(body), int64(size), "text/plain"))
		}
		require.NoError(t, bucket.Close(b))
		require.Equal(t, []string{"begin parts " + want, "put " + want}, slices.Sorted(maps.Keys(asked)))
	}
}

package engines_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/sinks/bucket"
	"logferry/test/engines/azure"
	"logferry/test/engines/gcs"
	"logferry/test/engines/s3"
)

// store is a kind of store, with a server that all tests share.
type store struct {
	name   string
	absent error  // why there is no server of it
	addr   string // of the server
	make   func(bucket string) error
	url    func(addr, bucket, prefix string) string
	env    func(addr string) map[string]string // for the vendor's client
	// unfinished are the keys of uploads that were begun and neither completed nor aborted; nil where the store tells nobody.
	unfinished func(ctx context.Context, bucket string) ([]string, error)
}

func storeOfS3(s *s3.Server) *store {
	return &store{
		name: "S3", addr: s.Addr(), url: s3.URL, unfinished: s.Unfinished,
		make: func(bucket string) error { _, err := s.Make(bucket); return err },
		env:  func(string) map[string]string { return s3.Env() },
	}
}

func storeOfGCS(s *gcs.Server) *store {
	return &store{
		name: "GCS", addr: s.Addr(), make: s.Make, env: gcs.Env,
		url: func(_, bucket, prefix string) string { return gcs.URL(bucket, prefix) },
	}
}

func storeOfAzure(s *azure.Server, absent error) *store {
	if absent != nil {
		return &store{name: "Azure", absent: absent}
	}
	return &store{
		name: "Azure", addr: s.Addr(), make: s.Make, unfinished: s.Unfinished,
		url: func(addr, bucket, prefix string) string { return azure.URL(addr, azure.Account, bucket, prefix) },
		env: func(string) map[string]string { return azure.Env() },
	}
}

// eachStore runs a test for every store.
func eachStore(t *testing.T, run func(t *testing.T, s *store)) {
	for _, s := range stores {
		t.Run(s.name, func(t *testing.T) {
			if s.absent != nil {
				t.Skip(s.absent)
			}
			run(t, s)
		})
	}
}

// eachStoreAtOnce runs cases of every store side by side, after all of them are prepared.
func eachStoreAtOnce(t *testing.T, prepare func(t *testing.T, s *store) map[string]func(*testing.T)) {
	cases := map[string]map[string]func(*testing.T){}
	for _, s := range stores {
		if s.absent == nil {
			cases[s.name] = prepare(t, s)
		}
	}
	for _, s := range stores {
		t.Run(s.name, func(t *testing.T) {
			if s.absent != nil {
				t.Skip(s.absent)
			}
			t.Parallel()
			for name, run := range cases[s.name] {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					run(t)
				})
			}
		})
	}
}

var buckets atomic.Int64

// place is a bucket of a test's own, and credentials for it.
type place struct {
	t      testing.TB
	store  *store
	name   string
	addr   string // where the store is found
	folder string // in S3: a plain file in it is an object
}

// place makes a bucket.
func (s *store) place(t testing.TB) *place {
	t.Helper()
	p := &place{t: t, store: s, name: fmt.Sprintf("bucket-%d", buckets.Add(1)), addr: s.addr}
	s.setenv(t, s.addr)
	require.NoError(t, s.make(p.name))
	return p
}

// setenv lets what is opened from now on find the store at an address.
func (s *store) setenv(t testing.TB, addr string) {
	for name, value := range s.env(addr) {
		t.Setenv(name, value)
	}
}

// newPlace makes a bucket in S3 whose name begins with kind.
func newPlace(t testing.TB, kind string) *place {
	t.Helper()
	s := stores[0]
	s.setenv(t, s.addr)
	p := &place{t: t, store: s, name: fmt.Sprintf("%sbucket-%d", kind, buckets.Add(1)), addr: s.addr}
	var err error
	p.folder, err = server.Make(p.name)
	require.NoError(t, err)
	return p
}

// url is that of a prefix in the bucket.
func (p *place) url(prefix string) string { return p.store.url(p.addr, p.name, prefix) }

// open opens the bucket below a prefix.
func (p *place) open(prefix string) bucket.Bucket {
	p.t.Helper()
	b, err := bucket.Open(p.t.Context(), p.url(prefix))
	require.NoError(p.t, err)
	p.t.Cleanup(func() { require.NoError(p.t, bucket.Close(b)) })
	return b
}

// requireNoParts looks for what was sent of uploads that were neither completed nor aborted. It would cost money for long, and
// no listing of objects shows it.
func requireNoParts(t testing.TB, p *place) {
	t.Helper()
	if p.store.unfinished == nil {
		return
	}
	keys, err := p.store.unfinished(context.Background(), p.name)
	require.NoError(t, err)
	require.Empty(t, keys)
}

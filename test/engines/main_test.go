package engines_test

import (
	"fmt"
	"io"
	"log"
	"os"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/sinks/bucket"
	"logferry/test/engines/s3"
)

// server is the one that all tests share; each has buckets of its own.
var server *s3.Server

func TestMain(m *testing.M) {
	code, err := serve(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func serve(run func() int) (code int, err error) {
	log.SetOutput(io.Discard) // the vendor's client tells of each upload in parts that came too late
	dir, err := os.MkdirTemp("", "engines")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if server, err = s3.Start(dir); err != nil {
		return 0, err
	}
	return run(), nil
}

var buckets atomic.Int64

// place is a bucket of a test's own, and credentials for it.
type place struct {
	t      testing.TB
	name   string
	folder string // a plain file in it is an object
}

// newPlace makes a bucket whose name begins with kind.
func newPlace(t testing.TB, kind string) *place {
	t.Helper()
	for name, value := range s3.Env() {
		t.Setenv(name, value)
	}
	name := fmt.Sprintf("%sbucket-%d", kind, buckets.Add(1))
	folder, err := server.Make(name)
	require.NoError(t, err)
	return &place{t: t, name: name, folder: folder}
}

// url is that of a prefix in the bucket.
func (p *place) url(prefix string) string { return server.URL(p.name, prefix) }

// open opens the bucket below a prefix.
func (p *place) open(prefix string) bucket.Bucket {
	p.t.Helper()
	b, err := bucket.Open(p.t.Context(), p.url(prefix))
	require.NoError(p.t, err)
	p.t.Cleanup(func() { require.NoError(p.t, bucket.Close(b)) })
	return b
}

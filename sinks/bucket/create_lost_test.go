package bucket_test

import (
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/sinks/bucket"
)

// hangUp is an S3 store that ends the connection of whoever writes, in which the object is there or not.
func hangUp(t *testing.T, there bool) (bucket.Bucket, *atomic.Int64) {
	t.Helper()
	var puts atomic.Int64
	return openS3(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut:
			puts.Add(1)
			if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
				_ = conn.Close()
			}
		case !there:
			w.WriteHeader(http.StatusNotFound)
		}
	}), &puts
}

func TestS3WhoseAnswerIsLostIsAskedWhetherTheObjectExists(t *testing.T) {
	there, thereBusy := hangUp(t, true)
	none, noneBusy := hangUp(t, false)
	create := func(b bucket.Bucket) error {
		body := strings.NewReader("body")
		return b.Create(t.Context(), "k", body, body.Size(), "text/plain")
	}
	var thereErr, noneErr error
	var both sync.WaitGroup // the client pauses before it repeats a request
	both.Go(func() { thereErr = create(there) })
	both.Go(func() { noneErr = create(none) })
	both.Wait()
	require.ErrorIs(t, thereErr, fs.ErrExist)
	require.Error(t, noneErr)
	require.NotErrorIs(t, noneErr, fs.ErrExist, "it isn't known")
	for _, puts := range []*atomic.Int64{thereBusy, noneBusy} {
		require.LessOrEqual(t, puts.Load(), int64(3), "repeating is the client's business")
	}
}

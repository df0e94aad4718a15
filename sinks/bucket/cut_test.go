package bucket_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/sinks/bucket"
)

// cut is an S3 store that sends half of what it was asked for, or nothing, and ends the connection.
func cut(t *testing.T, half string) bucket.Bucket {
	t.Helper()
	return openS3(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, out, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		if half != "" {
			_, _ = out.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + half)
			_ = out.Flush()
		}
		_ = conn.Close()
	})
}

func TestAConnectionThatEndsIsNoEndOfAListingOrAnObject(t *testing.T) {
	asks := map[string]func(context.Context, bucket.Bucket) error{
		"list": func(ctx context.Context, b bucket.Bucket) (err error) {
			for _, err = range b.List(ctx, "") {
				if err == nil {
					return errors.New("an object")
				}
			}
			return err
		},
		"folders": func(ctx context.Context, b bucket.Bucket) error {
			_, _, err := b.(foldered).Folders(ctx, "")
			return err
		},
		"first": func(ctx context.Context, b bucket.Bucket) error { _, err := b.First(ctx, ""); return err },
		"read": func(ctx context.Context, b bucket.Bucket) error {
			r, err := b.Open(ctx, "k")
			if err != nil {
				return err
			}
			defer r.Close()
			_, err = io.ReadAll(r)
			return err
		},
	}
	var all sync.WaitGroup // the client pauses before it repeats a request
	var mu sync.Mutex
	failures := map[string]error{}
	for _, half := range []string{"", "half", "<ListBucketResult>"} {
		for name, ask := range asks {
			b := cut(t, half)
			all.Go(func() {
				err := ask(t.Context(), b)
				mu.Lock()
				defer mu.Unlock()
				failures[name+" "+half] = err
			})
		}
	}
	all.Wait()
	require.Len(t, failures, 12)
	for name, err := range failures {
		var failure *bucket.Error
		require.ErrorAs(t, err, &failure, name)
		require.Equal(t, bucket.Other, failure.Reason, "%s: %v", name, err)
		require.False(t, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF), "%s: %v", name, err)
	}
}

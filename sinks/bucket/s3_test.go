package bucket_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/sinks/bucket"
)

// openS3 opens a bucket of a server that answers every request with handler.
func openS3(t *testing.T, handler http.HandlerFunc) bucket.Bucket {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	return open(t, "s3://lake/some/prefix?use_path_style=true&endpoint="+server.URL)
}

func TestS3KeysBeginWithTheURLsPath(t *testing.T) {
	var mu sync.Mutex
	var requests []string
	b := openS3(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		mu.Lock()
		defer mu.Unlock()
		requests = append(requests, fmt.Sprintf("%s %s prefix=%s type=%s", r.Method, r.URL.Path, r.URL.Query().Get("prefix"), r.Header.Get("Content-Type")))
		if r.Method == http.MethodGet {
			fmt.Fprint(w, `<ListBucketResult><Contents><Key>some/prefix/a/b</Key><Size>3</Size><LastModified>2026-04-17T00:00:00Z</LastModified></Contents></ListBucketResult>`)
		}
	})
	put(t, b, "a/b", "abc")
	for object, err := range b.List(t.Context(), "a/") {
		require.NoError(t, err)
		require.Equal(t, "a/b", object.Key)
		require.EqualValues(t, 3, object.Size)
	}
	require.Equal(t, []string{"PUT /lake/some/prefix/a/b prefix= type=text/plain", "GET /lake prefix=some/prefix/a/ type="}, requests)
}

func TestS3UploadsThatFailHalfwayArePublishedNeitherWholeNorInParts(t *testing.T) {
	for _, size := range []int{1 << 10, 20 << 20} {
		var mu sync.Mutex
		var requests []string
		b := openS3(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			mu.Lock()
			defer mu.Unlock()
			w.Header().Set("ETag", `"tag"`)
			switch query := r.URL.Query(); {
			case r.Method == http.MethodPost && query.Has("uploads"):
				requests = append(requests, "begin")
				fmt.Fprint(w, `<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>`)
			case r.Method == http.MethodPut && query.Has("partNumber"):
			case r.Method == http.MethodDelete && query.Has("uploadId"):
				requests = append(requests, "abort")
			default:
				requests = append(requests, "publish")
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		body := io.MultiReader(bytes.NewReader(make([]byte, size)), readerFunc(func([]byte) (int, error) {
			cancel()
			return 0, nil
		}))
		require.ErrorIs(t, b.Upload(ctx, "k", body, int64(size)+10, "text/plain"), context.Canceled)
		mu.Lock()
		if size < 8<<20 {
			require.Empty(t, requests)
		} else {
			require.Equal(t, []string{"begin", "abort"}, requests)
		}
		mu.Unlock()
	}
}

func TestS3RefusalsAreTyped(t *testing.T) {
	tests := []struct {
		status int
		code   string
		want   error
	}{
		{http.StatusForbidden, "AccessDenied", fs.ErrPermission},
		{http.StatusForbidden, "InvalidAccessKeyId", fs.ErrPermission},
		{http.StatusForbidden, "SignatureDoesNotMatch", fs.ErrPermission},
		{http.StatusNotFound, "NoSuchBucket", fs.ErrNotExist},
	}
	for _, test := range tests {
		t.Run(test.code, func(t *testing.T) {
			b := openS3(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.WriteHeader(test.status)
				_ = xml.NewEncoder(w).Encode(struct {
					XMLName xml.Name `xml:"Error"`
					Code    string
				}{Code: test.code})
			})
			require.ErrorIs(t, b.Upload(t.Context(), "k", strings.NewReader("x"), 1, "text/plain"), test.want)
			for _, err := range b.List(t.Context(), "k") {
				require.ErrorIs(t, err, test.want)
			}
		})
	}
}

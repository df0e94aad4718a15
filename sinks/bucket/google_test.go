package bucket_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/sinks/bucket"
)

// openGoogle opens a bucket of a server that answers every request with handler.
func openGoogle(t *testing.T, handler http.HandlerFunc) bucket.Bucket {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(server.URL, "http://"))
	return open(t, "gs://lake")
}

func TestGoogleRequestsThatAreRefusedForTheMomentAreRepeated(t *testing.T) {
	requests := map[string]func(b bucket.Bucket, body io.Reader) error{
		"upload": func(b bucket.Bucket, body io.Reader) error { return b.Upload(t.Context(), "k", body, 4, "text/plain") },
		"create": func(b bucket.Bucket, body io.Reader) error { return b.Create(t.Context(), "k", body, 4, "text/plain") },
		"delete": func(b bucket.Bucket, _ io.Reader) error { return b.Delete(t.Context(), "k") },
	}
	var all sync.WaitGroup // the client pauses before it repeats a request
	for name, do := range requests {
		var asked atomic.Int64
		var bodies sync.Map
		b := openGoogle(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			bodies.Store(asked.Add(1), strings.Contains(string(body), "body"))
			switch {
			case asked.Load() == 1:
				w.WriteHeader(http.StatusServiceUnavailable)
			case name == "delete":
				w.WriteHeader(http.StatusNoContent)
			default:
				fmt.Fprint(w, `{"name": "k", "size": "4"}`)
			}
		})
		all.Go(func() {
			if err := do(b, strings.NewReader("body")); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if n := asked.Load(); n != 2 {
				t.Errorf("%s: %d requests", name, n)
			}
			if whole, _ := bodies.Load(int64(2)); name != "delete" && whole != true {
				t.Errorf("%s: the body is not sent again", name)
			}
		})
	}
	all.Wait()
}

func TestGoogleWithoutCredentialsIsRefusedWithoutAWordInTheOutput(t *testing.T) {
	t.Setenv("STORAGE_EMULATOR_HOST", "")
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "none.json"))
	heard, stdout, err := os.Pipe()
	require.NoError(t, err)
	before := os.Stdout
	os.Stdout = stdout
	_, err = bucket.Open(t.Context(), "gs://lake/prefix?access_id=secret")
	os.Stdout = before
	require.ErrorContains(t, err, "open bucket gs://lake/prefix: no credentials: ")
	require.ErrorContains(t, err, "none.json")
	require.NotContains(t, err.Error(), "secret")
	require.NoError(t, stdout.Close())
	said, err := io.ReadAll(heard)
	require.NoError(t, err)
	require.Empty(t, string(said))
}

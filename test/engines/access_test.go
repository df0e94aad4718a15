package engines_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/sinks"
	"logferry/sinks/bucket"
	"logferry/test/engines/azure"
	"logferry/test/engines/gcs"
)

// refused makes credentials that the store refuses, and returns the URL of a bucket that is there.
func (p *place) refused(t *testing.T) string {
	t.Helper()
	switch p.store.name {
	case "S3":
		t.Setenv("AWS_SECRET_ACCESS_KEY", "another")
	case "GCS": // whose server asks nobody for any: this is what Google answers
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error": {"code": 401, "message": "Invalid Credentials", "errors": [{"reason": "authError"}]}}`)
		}))
		t.Cleanup(server.Close)
		p.store.setenv(t, strings.TrimPrefix(server.URL, "http://"))
		return gcs.URL(p.name, "lake")
	case "Azure":
		return azure.URL(p.addr, azure.Other, p.name, "lake")
	}
	return p.url("lake")
}

// requireUnusable says that an export to a bucket ends before anything is asked for, and why.
func requireUnusable(t *testing.T, url string, reason bucket.Reason, hint string) {
	t.Helper()
	w := newWorld(t, few)
	_, err := apply.Run(t.Context(), w.pipeline(map[string]any{"sinks": []any{map[string]any{"name": "lake", "url": url}}}), w.options())
	var unusable *sinks.CheckError
	require.ErrorAs(t, err, &unusable)
	require.Equal(t, reason, unusable.Reason, "%v", err)
	require.Contains(t, unusable.Hint, hint)
	require.Zero(t, w.requests())
}

func TestCredentialsThatAreRefusedAreToldBeforeTheFirstRequest(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		p := s.place(t)
		direct := p.open("lake")
		upload(t, direct, "k", "before")
		url := p.refused(t)
		b, err := bucket.Open(t.Context(), url)
		require.NoError(t, err)
		defer func() { require.NoError(t, bucket.Close(b)) }()
		require.ErrorIs(t, b.Upload(t.Context(), "k", strings.NewReader("x"), 1, "text/plain"), fs.ErrPermission)
		require.ErrorIs(t, b.Create(t.Context(), "l", strings.NewReader("x"), 1, "text/plain"), fs.ErrPermission)
		require.ErrorIs(t, b.Delete(t.Context(), "k"), fs.ErrPermission)
		_, err = b.Open(t.Context(), "k")
		require.ErrorIs(t, err, fs.ErrPermission)
		_, err = b.First(t.Context(), "")
		require.ErrorIs(t, err, fs.ErrPermission)
		for _, err := range b.List(t.Context(), "") {
			require.ErrorIs(t, err, fs.ErrPermission)
		}
		hints := map[string]string{"S3": "AWS_ACCESS_KEY_ID", "GCS": "GOOGLE_APPLICATION_CREDENTIALS", "Azure": "AZURE_STORAGE_KEY"}
		requireUnusable(t, url, bucket.Denied, hints[s.name])
		require.Equal(t, "before", string(read(t, direct, "k")))
	})
}

func TestABucketThatIsNotThereIsToldBeforeTheFirstRequest(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store) {
		s.setenv(t, s.addr)
		requireUnusable(t, s.url(s.addr, "no-such-bucket", "lake"), bucket.NotFound, "Create the bucket")
	})
}

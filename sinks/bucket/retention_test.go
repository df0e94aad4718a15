package bucket_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/sinks/bucket"
)

var keptUntil = time.Date(2036, 4, 17, 12, 0, 0, 0, time.UTC)

// retained lets keys that begin with kept have a retention.
func retained(t *testing.T, b bucket.Bucket, r bucket.Retention) bucket.Bucket {
	t.Helper()
	out, err := bucket.Retain(b, func(key string) bucket.Retention {
		if strings.HasPrefix(key, "kept") {
			return r
		}
		return bucket.Retention{}
	})
	require.NoError(t, err)
	return out
}

// noted are requests, shortened to what is of interest.
type noted struct {
	mu  sync.Mutex
	all []string
}

func (n *noted) add(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, strings.TrimSpace(fmt.Sprintf(format, args...)))
}

// bothSizes are a body that is sent at once, and one that is sent in parts.
var bothSizes = []int{100, 17 << 20}

// putAndCreate writes two objects of each size with a retention, and one without.
func putAndCreate(t *testing.T, b bucket.Bucket) {
	t.Helper()
	for _, size := range bothSizes {
		body := make([]byte, size)
		require.NoError(t, b.Upload(t.Context(), "kept", bytes.NewReader(body), int64(size), "text/plain"))
		require.NoError(t, b.Create(t.Context(), "kept too", bytes.NewReader(body), int64(size), "text/plain"))
	}
	require.NoError(t, b.Upload(t.Context(), "note", strings.NewReader("x"), 1, "text/plain"))
}

func TestS3ObjectsAreWrittenWithTheirRetention(t *testing.T) {
	t.Setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required") // S3 requires one with a lock
	for _, test := range []struct {
		of   bucket.Retention
		want string
	}{
		{bucket.Retention{Mode: bucket.Compliance, Until: keptUntil}, "COMPLIANCE 2036-04-17T12:00:00Z"},
		{bucket.Retention{Mode: bucket.Governance, Until: keptUntil, LegalHold: true}, "GOVERNANCE 2036-04-17T12:00:00Z ON"},
		{bucket.Retention{LegalHold: true}, "ON"},
	} {
		var requests noted
		b := retained(t, openS3(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			h, query := r.Header, r.URL.Query()
			w.Header().Set("ETag", `"tag"`)
			lock := strings.Join(strings.Fields(h.Get("X-Amz-Object-Lock-Mode")+" "+h.Get("X-Amz-Object-Lock-Retain-Until-Date")+" "+h.Get("X-Amz-Object-Lock-Legal-Hold")), " ")
			switch {
			case r.Method == http.MethodPost && query.Has("uploads"):
				requests.add("begin %s", lock)
				fmt.Fprint(w, `<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>`)
			case r.Method == http.MethodPost:
				fmt.Fprint(w, `<CompleteMultipartUploadResult><ETag>"tag"</ETag></CompleteMultipartUploadResult>`)
			case !query.Has("partNumber"):
				requests.add("put %s", lock)
				require.Equal(t, lock != "", h.Get("X-Amz-Sdk-Checksum-Algorithm") != "", "a checksum")
			}
		}), test.of)
		putAndCreate(t, b)
		require.Equal(t, []string{"put " + test.want, "put " + test.want, "begin " + test.want, "begin " + test.want, "put"}, requests.all)
	}
}

func TestGoogleObjectsAreWrittenWithTheirRetention(t *testing.T) {
	for _, test := range []struct {
		of   bucket.Retention
		want []string
	}{
		{bucket.Retention{Mode: bucket.Compliance, Until: keptUntil}, []string{`"retention":{"mode":"Locked","retainUntilTime":"2036-04-17T12:00:00Z"}`}},
		{
			bucket.Retention{Mode: bucket.Governance, Until: keptUntil, LegalHold: true},
			[]string{`"retention":{"mode":"Unlocked","retainUntilTime":"2036-04-17T12:00:00Z"}`, `"temporaryHold":true`},
		},
		{bucket.Retention{LegalHold: true}, []string{`"temporaryHold":true`}},
	} {
		var bodies noted
		b := retained(t, openGoogle(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			bodies.add("%s", body)
			fmt.Fprint(w, `{"name": "k", "size": "1"}`)
		}), test.of)
		for _, key := range []string{"kept", "note"} {
			require.NoError(t, b.Upload(t.Context(), key, strings.NewReader("x"), 1, "text/plain"))
		}
		require.Len(t, bodies.all, 2)
		for _, want := range test.want {
			require.Contains(t, bodies.all[0], want)
		}
		require.NotContains(t, bodies.all[1], "etention")
		require.NotContains(t, bodies.all[1], "temporaryHold")
	}
}

// openAzure opens a container of a server that answers every request with handler.
func openAzure(t *testing.T, handler http.HandlerFunc) bucket.Bucket {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	t.Setenv("AZURE_STORAGE_ACCOUNT", "account")
	t.Setenv("AZURE_STORAGE_KEY", base64.StdEncoding.EncodeToString([]byte("key")))
	return open(t, "azblob://lake/some/prefix?protocol=http&localemu=true&domain="+strings.TrimPrefix(server.URL, "http://"))
}

func TestAzureBlobsAreWrittenWithTheirRetentionInOneRequest(t *testing.T) {
	for _, test := range []struct {
		of   bucket.Retention
		want string
	}{
		{bucket.Retention{Mode: bucket.Compliance, Until: keptUntil}, "Locked Thu, 17 Apr 2036 12:00:00 GMT"},
		{bucket.Retention{Mode: bucket.Governance, Until: keptUntil, LegalHold: true}, "Unlocked Thu, 17 Apr 2036 12:00:00 GMT true"},
		{bucket.Retention{LegalHold: true}, "true"},
	} {
		var requests noted
		b := retained(t, openAzure(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			h := r.Header
			policy := strings.Join(strings.Fields(h.Get("X-Ms-Immutability-Policy-Mode")+" "+h.Get("X-Ms-Immutability-Policy-Until-Date")+" "+h.Get("X-Ms-Legal-Hold")), " ")
			if r.URL.Query().Get("comp") != "block" {
				_, key, _ := strings.Cut(r.URL.Path, "/lake/some/prefix/") // after the account, which Go CDK reads once in a process
				requests.add("%s%s %s %s", r.URL.Query().Get("comp"), h.Get("If-None-Match"), key, policy)
				require.Equal(t, "text/plain", h.Get("X-Ms-Blob-Content-Type"))
			} else {
				require.Empty(t, policy)
			}
			w.WriteHeader(http.StatusCreated)
		}), test.of)
		putAndCreate(t, b)
		require.Equal(t, []string{
			"kept " + test.want, "* kept too " + test.want, "blocklist kept " + test.want, "blocklist* kept too " + test.want, "note",
		}, requests.all)
	}
}

func TestAzureBlobsAreCalledAsGoCDKCallsThem(t *testing.T) {
	const odd = `kept/project=a%2Fb "c" #1? ä`
	var names noted
	handler := func(w http.ResponseWriter, r *http.Request) {
		names.add("%s", r.URL.EscapedPath())
		w.WriteHeader(http.StatusCreated)
	}
	plain := openAzure(t, handler)
	for _, b := range []bucket.Bucket{plain, retained(t, plain, bucket.Retention{LegalHold: true})} {
		require.NoError(t, b.Upload(t.Context(), odd, strings.NewReader("x"), 1, "text/plain"))
	}
	require.Equal(t, names.all[0], names.all[1])
}

func TestUploadsThatAreKeptAndFailHalfwayArePublishedInNoStore(t *testing.T) {
	opens := map[string]func(*testing.T, http.HandlerFunc) bucket.Bucket{"s3": openS3, "azure": openAzure}
	for name, openStore := range opens {
		for _, size := range bothSizes {
			var requests noted
			b := retained(t, openStore(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				query := r.URL.Query()
				w.Header().Set("ETag", `"tag"`)
				switch {
				case r.Method == http.MethodPost && query.Has("uploads"):
					fmt.Fprint(w, `<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>`)
				case query.Has("partNumber"), query.Get("comp") == "block", r.Method == http.MethodDelete:
					w.WriteHeader(map[string]int{"s3": http.StatusOK, "azure": http.StatusCreated}[name])
				default:
					requests.add("%s %s", r.Method, r.URL)
				}
			}), bucket.Retention{LegalHold: true})
			for _, err := range []error{
				b.Upload(t.Context(), "kept", bytes.NewReader(make([]byte, size)), int64(size)+1, "text/plain"),
				b.Upload(t.Context(), "kept", bytes.NewReader(make([]byte, size)), int64(size)-1, "text/plain"),
			} {
				require.Error(t, err, "%s %d", name, size)
			}
			require.Empty(t, requests.all, "%s %d", name, size)
		}
	}
}

func TestWhatKeepsAnObjectIsRead(t *testing.T) {
	past := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	for name, test := range map[string]struct {
		open func(*testing.T, http.HandlerFunc) bucket.Bucket
		head map[string]string // headers, or for Google the members of the object
		at   map[string]string // the same of the bucket
		want bucket.Hold
	}{
		"s3, nothing":   {open: openS3, want: bucket.Hold{Hides: true}},
		"s3, lock":      {openS3, map[string]string{"X-Amz-Object-Lock-Mode": "COMPLIANCE", "X-Amz-Object-Lock-Retain-Until-Date": "2036-04-17T12:00:00Z"}, nil, bucket.Hold{Until: keptUntil, Hides: true}},
		"s3, hold":      {openS3, map[string]string{"X-Amz-Object-Lock-Legal-Hold": "ON"}, nil, bucket.Hold{LegalHold: true, Hides: true}},
		"s3, hold off":  {openS3, map[string]string{"X-Amz-Object-Lock-Legal-Hold": "OFF"}, nil, bucket.Hold{Hides: true}},
		"azure, none":   {openAzure, nil, nil, bucket.Hold{}},
		"azure, policy": {openAzure, map[string]string{"X-Ms-Immutability-Policy-Until-Date": keptUntil.Format(http.TimeFormat), "X-Ms-Version-Id": "1"}, nil, bucket.Hold{Until: keptUntil, Hides: true}},
		"azure, hold":   {openAzure, map[string]string{"X-Ms-Legal-Hold": "true", "X-Ms-Version-Id": "1"}, nil, bucket.Hold{LegalHold: true, Hides: true}},
		"azure, container": {
			openAzure, map[string]string{"X-Ms-Version-Id": "1"}, map[string]string{"X-Ms-Has-Immutability-Policy": "true"}, bucket.Hold{Indefinite: true},
		},
		"azure, container with versions": {
			openAzure, nil, map[string]string{"X-Ms-Has-Immutability-Policy": "true", "X-Ms-Immutable-Storage-With-Versioning-Enabled": "true"}, bucket.Hold{},
		},
		"google, none":       {openGoogle, nil, nil, bucket.Hold{}},
		"google, policy":     {openGoogle, map[string]string{"retentionExpirationTime": `"2036-04-17T12:00:00Z"`}, nil, bucket.Hold{Until: keptUntil}},
		"google, over":       {openGoogle, map[string]string{"retentionExpirationTime": `"` + past.Format(time.RFC3339) + `"`}, nil, bucket.Hold{Until: past}},
		"google, retention":  {openGoogle, map[string]string{"retention": `{"mode": "Locked", "retainUntilTime": "2036-04-17T12:00:00Z"}`}, nil, bucket.Hold{Until: keptUntil}},
		"google, hold":       {openGoogle, map[string]string{"temporaryHold": "true"}, nil, bucket.Hold{LegalHold: true}},
		"google, event hold": {openGoogle, map[string]string{"eventBasedHold": "true"}, nil, bucket.Hold{LegalHold: true}},
		"google, versions": {
			openGoogle, map[string]string{"temporaryHold": "true"}, map[string]string{"versioning": `{"enabled": true}`}, bucket.Hold{LegalHold: true, Hides: true},
		},
	} {
		b := test.open(t, func(w http.ResponseWriter, r *http.Request) {
			of := test.head
			if strings.HasSuffix(r.URL.Path, "/b/lake") || r.URL.Query().Get("restype") == "container" {
				of = test.at
			}
			members := []string{`"name": "k"`, `"size": "1"`}
			for name, value := range of {
				w.Header().Set(name, value)
				members = append(members, fmt.Sprintf("%q: %s", name, value))
			}
			if strings.HasPrefix(r.URL.Path, "/storage/") || strings.HasPrefix(r.URL.Path, "/b/") {
				for name := range of {
					w.Header().Del(name)
				}
				fmt.Fprintf(w, "{%s}", strings.Join(members, ", "))
				return
			}
			for _, name := range []string{"Last-Modified", "X-Ms-Creation-Time"} {
				w.Header().Set(name, past.Format(http.TimeFormat))
			}
			w.Header().Set("ETag", `"tag"`)
		})
		got, err := bucket.Held(t.Context(), b, "k")
		require.NoError(t, err, name)
		require.Equal(t, test.want, got, name)
		require.Equal(t, test.want.LegalHold || test.want.Indefinite || test.want.Until.After(past), got.Active(time.Now()), name)
	}
}

package bucket_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/sinks/bucket"
)

func TestABucketThatIsNotSetUpForARetentionSaysSoBeforeAnythingIsWritten(t *testing.T) {
	for name, test := range map[string]struct {
		open   func(*testing.T, http.HandlerFunc) bucket.Bucket
		answer func(http.ResponseWriter)
		want   string // "" where it is, or does not tell
	}{
		"s3": {openS3, func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `<Error><Code>ObjectLockConfigurationNotFoundError</Code><Message>Object Lock configuration does not exist for this bucket</Message></Error>`)
		}, "object lock is off"},
		"s3, on": {openS3, func(w http.ResponseWriter) {
			fmt.Fprint(w, `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>`)
		}, ""},
		"s3, no right": {openS3, func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<Error><Code>AccessDenied</Code></Error>`)
		}, ""},
		"google":           {openGoogle, func(w http.ResponseWriter) { fmt.Fprint(w, `{"name": "lake"}`) }, "object retention is off"},
		"google, on":       {openGoogle, func(w http.ResponseWriter) { fmt.Fprint(w, `{"name": "lake", "objectRetention": {"mode": "Enabled"}}`) }, ""},
		"google, no right": {openGoogle, func(w http.ResponseWriter) { w.WriteHeader(http.StatusForbidden) }, ""},
		"azure":            {openAzure, func(w http.ResponseWriter) { w.Header().Set("X-Ms-Immutable-Storage-With-Versioning-Enabled", "false") }, "version-level immutability"},
		"azure, on":        {openAzure, func(w http.ResponseWriter) { w.Header().Set("X-Ms-Immutable-Storage-With-Versioning-Enabled", "true") }, ""},
		"azure, no word":   {openAzure, func(http.ResponseWriter) {}, ""},
	} {
		plain := test.open(t, func(w http.ResponseWriter, _ *http.Request) { test.answer(w) })
		require.NoError(t, bucket.CheckRetention(t.Context(), plain), "nothing is asked for: %s", name)
		err := bucket.CheckRetention(t.Context(), retained(t, plain, bucket.Retention{Mode: bucket.Governance, Until: keptUntil}))
		if test.want == "" {
			require.NoError(t, err, name)
			continue
		}
		var cannot *bucket.RetentionError
		require.ErrorAs(t, err, &cannot, name)
		require.Contains(t, err.Error(), test.want)
		require.NotEmpty(t, cannot.Hint())
	}
}

func TestAFolderAndMemoryKeepNothing(t *testing.T) {
	for _, place := range []string{"file://" + t.TempDir(), "mem://"} {
		b := open(t, place)
		_, err := bucket.Retain(b, func(string) bucket.Retention { return bucket.Retention{LegalHold: true} })
		var cannot *bucket.RetentionError
		require.ErrorAs(t, err, &cannot)
		hold, err := bucket.Held(t.Context(), b, "k")
		require.NoError(t, err)
		require.Zero(t, hold)
	}
}

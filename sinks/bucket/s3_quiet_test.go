package bucket_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestS3ObjectsWithoutAChecksumAreReadWithoutAWord(t *testing.T) {
	heard, stderr, err := os.Pipe()
	require.NoError(t, err)
	before := os.Stderr
	os.Stderr = stderr
	defer func() { os.Stderr = before }()
	b := openS3(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/lake/some/prefix/parts" {
			w.Header().Set("x-amz-checksum-crc32", "AAAAAA==-2")
		}
		fmt.Fprint(w, "body")
	})
	require.Equal(t, "body", content(t, b, "none"))
	require.Equal(t, "body", content(t, b, "parts"))
	require.NoError(t, stderr.Close())
	said, err := io.ReadAll(heard)
	require.NoError(t, err)
	require.Empty(t, string(said))
}

package s3

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whoever has taken the port answers everything.
func TestAPortThatAnotherHasTakenMeanwhileIsLeftToIt(t *testing.T) {
	taken := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer taken.Close()
	t.Chdir(t.TempDir()) // the server changes it
	tries := 0
	s, err := startAt(t.TempDir(), func() (string, error) {
		if tries++; tries <= 2 {
			return strings.TrimPrefix(taken.URL, "http://"), nil
		}
		return freeAddr()
	})
	require.NoError(t, err)
	require.Equal(t, 3, tries)
	require.NotEqual(t, strings.TrimPrefix(taken.URL, "http://"), s.Addr())
	_, err = s.Make("lake")
	require.NoError(t, err)
	versions, err := s.Versions(t.Context(), "lake")
	require.NoError(t, err, "it answers")
	require.Empty(t, versions)

	_, err = startAt(t.TempDir(), func() (string, error) { return "", net.ErrClosed })
	require.ErrorIs(t, err, net.ErrClosed)
}

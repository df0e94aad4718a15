package config

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestNearest(t *testing.T) {
	for written, want := range map[string]string{
		"filers": "filters", "filter": "filters", "baseurl": "base_url", "base-url": "base_url", "BASE_URL": "base_url", "apikey": "api_key",
		"detials": "details", "project": "projects", "session": "session_cookie", "": "", "x": "", "windows": "",
	} {
		require.Equal(t, want, nearest(written, vocabulary["source"]), written)
	}
	require.Equal(t, "toolkit_slug", nearest("toolkit", filterFields))
}

func TestDistanceIsAMetricOnEditsOfOne(t *testing.T) {
	require.Equal(t, 1, distance("ab", "ba"), "a swap of neighbours counts once")
	text := rapid.StringMatching(`[abc]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		d := distance(a, b)
		require.Equal(t, d, distance(b, a))
		require.Equal(t, a == b, d == 0)
		require.LessOrEqual(t, d, max(len(a), len(b)))
		require.GreaterOrEqual(t, d, max(len(a), len(b))-min(len(a), len(b)))
		require.Equal(t, 1, distance(a+b, a+"x"+b))
	})
}

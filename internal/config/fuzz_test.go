package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func seeds(f *testing.F) {
	names, err := filepath.Glob("testdata/mistakes/*.yaml")
	require.NoError(f, err)
	for _, name := range append(names, "testdata/reference.yaml", "template.yaml") {
		src, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(src)
	}
	f.Add([]byte(pipelineWith("  filters: [user_id == $${X}, 'user_id contains \"\\u00e9 ${HOST}\"']", "  {from: -1d12h, to: 1790860455678}", "", "")))
}

// Whatever the file holds, Parse returns a sound pipeline or findings with a place, never shows a secret, and Describe says the
// same again.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := Parse("pipeline.yaml", src, withKey())
		if err != nil {
			var ds Diagnostics
			require.ErrorAs(t, err, &ds)
			require.True(t, ds.HasErrors() && p == nil, "%v", err)
			// What the file itself has in clear under a wrong key's name is no secret of ours.
			if !strings.Contains(string(src), marker) {
				require.NotContains(t, ds.Error(), marker)
			}
			return
		}
		described := p.Describe()
		require.NotContains(t, string(described), marker+"-")
		again, err := Parse("pipeline.yaml", described, withKey())
		require.NoError(t, err, "%s", described)
		require.Empty(t, cmp.Diff(p, again, same))
		require.Equal(t, string(described), string(again.Describe()))
		require.Equal(t, p.Hash(), again.Hash())
	})
}

// Marks are exchanged and given back without a trace, and every code point keeps its place.
func FuzzProtect(f *testing.F) {
	f.Add("a: {b: ${X}, c: [${Y:-d, e}]}")
	f.Add("\ue000\ue001 ${A} \ue003\\uE002")
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "?")
		there, marks := protect([]byte(text))
		require.Equal(t, text, marks.undo(string(there)))
		require.Equal(t, len([]rune(text)), len([]rune(string(there))))
	})
}

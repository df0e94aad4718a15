package plan

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
)

// FuzzPlanFile reads any bytes as a saved plan: they are refused in words, or the plan that they hold is written and read as the same.
func FuzzPlanFile(f *testing.F) {
	names, err := filepath.Glob("testdata/*.json")
	require.NoError(f, err)
	for _, name := range names {
		content, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(content)
	}
	content, err := (&Plan{Pipeline: "nightly", Steps: []Step{{Action: Create, Partition: "dt=2026-04-17"}}}).Encode()
	require.NoError(f, err)
	f.Add(content)
	for _, text := range []string{
		``, `null`, `{}`, `[]`, `{"type":"logferry plan"}`, `{"type":"logferry plan","format":1}`, `{"type":"logferry plan","format":3,"plan":{}}`, `{"type":"logferry plan","format":1,"plan":null}`,
		`{"type":"logferry plan","format":2,"plan":{},"more":1}`, `{"format":1,"type":"logferry plan","plan":{"steps":[{"action":99}]}}`, `{"type":"logferry plan","format":1,"format":1,"plan":{}}`, `{"type":"logferry plan","format":1,"plan":{}} {}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		pl, err := Decode(content)
		if err != nil {
			var broken *FileError
			require.ErrorAs(t, err, &broken)
			require.NotEmpty(t, broken.Hint())
			return
		}
		for range 2 {
			text, err := pl.Encode()
			require.NoError(t, err)
			back, err := Decode(text)
			require.NoError(t, err, "%s", text)
			require.Empty(t, cmp.Diff(pl, back, cmpopts.EquateEmpty()))
			again, err := back.Encode()
			require.NoError(t, err)
			require.Equal(t, string(text), string(again))
			pl = back
		}
	})
}

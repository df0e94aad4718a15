package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files")

// Every file of testdata/mistakes holds one kind of mistake, and one holds ten of them. Its golden file is what the
// user reads.
func TestMessages(t *testing.T) {
	names, err := filepath.Glob("testdata/mistakes/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".yaml"), func(t *testing.T) {
			src, err := os.ReadFile(name)
			require.NoError(t, err)
			opts := withKey()
			if strings.Contains(name, "credential_none") || strings.Contains(name, "nothing_set") {
				opts = fixed()
			}
			p, err := Parse("pipeline.yaml", src, opts)
			warns := strings.HasSuffix(name, "_warns.yaml")
			var ds Diagnostics
			if warns {
				require.NoError(t, err)
				ds = p.Warnings()
			} else {
				require.ErrorAs(t, err, &ds)
				require.Nil(t, p)
				require.True(t, ds.HasErrors())
			}
			for _, d := range ds {
				require.True(t, d.Line > 0 || d.Key == "", "%v has no place", d)
			}
			require.NotContains(t, ds.Error(), marker, "a secret or a variable's value is shown")

			text := ds.Error() + "\n"
			file := filepath.Join("mistakes", strings.TrimSuffix(filepath.Base(name), ".yaml")+".golden")
			require.Equal(t, string(golden(t, file, []byte(text))), text)
		})
	}
}

func TestTenMistakesAreReportedInOneGo(t *testing.T) {
	ds := mistakes(t, string(readTestdata(t, "mistakes/ten_at_once.yaml")))
	require.Len(t, ds, 10)
}

// golden returns what the file of testdata holds, after writing got to it where -update was given.
func golden(t *testing.T, name string, got []byte) []byte {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(name, got, 0o644))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err, "run with -update")
	return want
}

package ddl_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/ddl"
)

func TestStatementsAreTheGoldenOnes(t *testing.T) {
	for _, engine := range ddl.Engines() {
		for _, f := range formats {
			t.Run(string(engine)+"-"+f.name, func(t *testing.T) {
				var got strings.Builder
				for _, layout := range layouts {
					for _, load := range []bool{false, true} {
						e := export(engine)
						e.Format, e.Compression = f.format, f.compression
						e.Partition, e.Projects, e.Schema, e.Load = layout.size, layout.projects, columns(len(layout.projects) > 0), load
						script, err := ddl.NewScript(engine, e)
						require.NoError(t, err)
						title := layout.name
						if load {
							title += ", load"
						}
						got.WriteString("======== " + title + "\n" + script.String() + "\n")
					}
				}
				golden(t, filepath.Join("testdata", string(engine)+"-"+f.name+".sql"), got.String())
			})
		}
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "go test -update writes %s anew", file)
}

package apply

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWorkFoldersOfKilledRunsAreRemovedAndThoseOfLivingOnesAreNot(t *testing.T) {
	base := t.TempDir()
	old := time.Now().Add(-time.Hour)
	dead := filepath.Join(base, "run-dead")
	require.NoError(t, os.Mkdir(dead, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dead, lockName), nil, 0o600))
	require.NoError(t, os.Chtimes(filepath.Join(dead, lockName), old, old))
	young := filepath.Join(base, "run-young")
	require.NoError(t, os.Mkdir(young, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(young, lockName), nil, 0o600))

	living, remove, err := makeWorkDir(base)
	require.NoError(t, err)
	require.NoDirExists(t, dead)
	require.DirExists(t, young, "it may just be being made")
	require.NoError(t, os.Chtimes(filepath.Join(living, lockName), old, old))

	second, removeSecond, err := makeWorkDir(base)
	require.NoError(t, err)
	require.NotEqual(t, living, second)
	require.DirExists(t, living, "its lock is held")
	removeSecond()
	remove()
	require.NoDirExists(t, living)
	require.NoDirExists(t, second)
}

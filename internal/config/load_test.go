package config

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLoadTakesThePartsOfTheProcessByDefault(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("LOGFERRY_TEST_NAME", "from-the-environment")
	file := filepath.Join(dir, "pipeline.yaml")
	src := "version: 1\nname: ${LOGFERRY_TEST_NAME}\nsource: {api_key_file: key}\nrange: {from: -1d}\nsinks: [{name: lake, url: \"mem://\"}]\n"
	require.NoError(t, os.WriteFile(file, []byte(src), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "key"), []byte(marker+"\n"), 0o600))
	p, err := Load(file, Options{})
	require.NoError(t, err)
	require.Equal(t, "from-the-environment", p.Name)
	require.Equal(t, marker, p.Source.Projects[0].Credential.Secret.Reveal())
	rng, err := p.Range.Resolve(time.Now())
	require.NoError(t, err)
	require.InDelta(t, 24*time.Hour-15*time.Minute, rng.Duration(), float64(time.Second))
}

func TestLoadOfAFileThatIsNotThere(t *testing.T) {
	_, err := Load("no-such-pipeline.yaml", fixed())
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "logferry init")
}

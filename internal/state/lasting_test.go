package state

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOnlyWhatIsWrittenOnceLasts(t *testing.T) {
	sha := hexSum([]byte("x"))
	for key, want := range map[string]bool{
		commitKey(7): true, "checkpoints/1-000000000016-62d517da8e310415.json.zst": true, signatureKey(7): true,
		ManifestKey("prod", "dt=2026-04-17", 3, sha): true, ManifestKey("", "dt=2026-04-17", 3, sha): true,
		pendingKey("", "dt=2026-04-17"): false, lockKey(1): false, signKey(1, "a"): false, probeFolder + "a": false,
		lastRunFile: false, lockFileName: false, idFile: false, "other/commits/1.json": false, "": false,
	} {
		require.Equal(t, want, Lasting(key), key)
	}
}

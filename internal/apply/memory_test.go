package apply

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/config"
)

func TestLimitMemoryFollowsWhatIsDeclared(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	for declared, limit := range map[int64]int64{
		32 << 20: 96 << 20, 64 << 20: 96 << 20, 256 << 20: 288 << 20, 1 << 40: 9 << 37,
	} {
		LimitMemory(&config.Pipeline{Extract: config.Extract{MaxMemory: declared}})
		require.Equal(t, limit, debug.SetMemoryLimit(-1))
	}
}

func TestLimitMemoryLeavesTheEnvironmentsLimit(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	t.Setenv("GOMEMLIMIT", "1GiB")
	LimitMemory(&config.Pipeline{Extract: config.Extract{MaxMemory: 256 << 20}})
	require.EqualValues(t, math.MaxInt64, debug.SetMemoryLimit(-1))
}

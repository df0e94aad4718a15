package apply

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheLayoutOfAFileFollowsFromItsKey(t *testing.T) {
	for key, want := range map[string]string{
		"tool_execution/dt=2026-04-17/part-00000.parquet":                      "day",
		"tool_execution/dt=2026-04-17/hour=03/part-00000.ndjson.gz":            "hour",
		"tool_execution/month=2026-04/part-00012.parquet":                      "month",
		"tool_execution/project=prod/dt=2026-04-17/part-00000.parquet":         "project and day",
		"tool_execution/project=prod/dt=2026-04-17/hour=03/part-00000.parquet": "project and hour",
		"tool_execution/readme.txt":                                            "",
		"tool_execution/dt=yesterday/part-00000.parquet":                       "",
	} {
		got, known := layoutOf(key)
		require.Equal(t, want, got, key)
		require.Equal(t, want != "", known, key)
	}
}

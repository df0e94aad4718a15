package duckdb_test

import (
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
)

// recipes are what the files of examples/recipes must find among records. Their dates are those of the records handed in.
var recipes = map[string]func([]*record) [][]any{
	"daily_volumes":       dailyVolumes,
	"failures_by_toolkit": failuresByToolkit,
	"p95_by_tool":         p95ByTool,
	"slowest_connections": slowestConnections,
	"spend_by_user":       spendByUser,
	"errors_of_a_user":    errorsOfAUser,
}

func TestRecipesFindWhatIsTrue(t *testing.T) {
	first := time.Date(2026, 4, 17, 0, 0, 0, 0, time.UTC) // of the recipes' three dates
	e := export{partition: "day", from: first.AddDate(0, 0, -1), to: first.AddDate(0, 0, 4), formats: []format{parquet, gzip}}
	w := newWorld(t, logsim.Options{Seed: 4, Records: logsim.Records{
		Count: 6000, From: e.from, To: e.to, MedianPayload: 100, MaxPayload: 5000, Users: 12, Odd: logsim.Odd{Share: 0.2, Kinds: oddText},
	}})
	p := w.pipeline(e)
	w.apply(p)
	var asked []*record
	for _, r := range w.truth(e) {
		if !r.at().Before(first) && r.at().Before(first.AddDate(0, 0, 3)) {
			asked = append(asked, r)
		}
	}
	files, err := filepath.Glob("../../../examples/recipes/*.sql")
	require.NoError(t, err)
	require.Len(t, files, len(recipes), "each recipe is tested")
	for _, f := range e.formats {
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".sql")
			t.Run(f.String()+"/"+name, func(t *testing.T) {
				text, err := os.ReadFile(file)
				require.NoError(t, err)
				view(t, p, f)
				want := recipes[name](asked)
				require.Greater(t, len(want), 2)
				requireAnswer(t, want, query(t, string(text)))
				require.Equal(t, "3", scanned.FindStringSubmatch(analyze(t, string(text)))[1], "files are opened")
			})
		}
	}
}

// requireAnswer compares answers row by row, in their order.
func requireAnswer(t *testing.T, want, got [][]any) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.Len(t, got[i], len(want[i]))
		for k, w := range want[i] {
			where := fmt.Sprintf("row %d, column %d: want %v, got %v", i, k, want[i], got[i])
			if f, ok := w.(float64); ok {
				require.InDelta(t, f, got[i][k], 1e-6, where)
				continue
			}
			require.Equal(t, w, plain(got[i][k]), where)
		}
	}
}

// plain is a value without its width: sums are wider than what is summed.
func plain(v any) any {
	switch v := v.(type) {
	case *big.Int:
		return v.Int64()
	case duckdb.Decimal:
		if v.Scale == 9 {
			return v.Value.String()
		}
	case time.Time:
		return v.UTC()
	}
	return v
}

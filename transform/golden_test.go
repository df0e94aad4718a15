package transform

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"logferry/internal/record"
	"logferry/internal/table"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// TestGoldenRows flattens testdata/page.json, with the details of testdata/details.json where there are any, and compares all columns of all
// rows with testdata/rows.golden.
func TestGoldenRows(t *testing.T) {
	body, err := os.ReadFile(filepath.Join("testdata", "page.json"))
	require.NoError(t, err)
	page, err := record.ParsePage(body)
	require.NoError(t, err)
	details, err := os.ReadFile(filepath.Join("testdata", "details.json"))
	require.NoError(t, err)

	f := newFlattener(t, Options{Raw: true, Project: true, Columns: []Column{
		{"recipient", "$.data.request.payload.to", table.String},
		{"attempts", "$.metrics.attempts", table.Int64},
		{"cost", "$.metadata.instant_charge", table.Float64},
		{"successful", "$.data.response.body.successful", table.Bool},
		{"sent_at", "$.data.response.body.data.sent_at", table.Timestamp},
		{"labels", "$.data.response.body.data.labels[*].name", table.JSON},
	}})
	var got bytes.Buffer
	for _, entry := range page.Entries {
		rec := &record.Record{Entry: entry, Outcome: record.Missing}
		if detail := memberOf(details, []byte(entry.ID)); detail != nil {
			require.NoError(t, record.CheckDetail(detail, entry.ID))
			rec.Outcome, rec.Detail = record.Fetched, detail
		}
		row, err := f.Flatten(rec, "prod")
		require.NoError(t, err)
		for i, c := range f.Schema().Columns {
			text := "null"
			if row[i].Valid {
				text = fmt.Sprintf("%v %s", c.Kind, show(c.Kind, row[i]))
			}
			fmt.Fprintf(&got, "%-21s%s\n", c.Name, text)
		}
		got.WriteByte('\n')
	}

	golden := filepath.Join("testdata", "rows.golden")
	if *update {
		require.NoError(t, os.WriteFile(golden, got.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(string(want), got.String()))
}

package main

import (
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
)

// The names and, for Parquet, the types in the statements are compared with those of files that apply has written.
func TestSchemaNamesTheColumnsThatAreInTheFiles(t *testing.T) {
	sim, err := logsim.New(logsim.Options{Seed: 3, Rate: logsim.Rate{Limit: -1}, Records: logsim.Records{
		Count: 20, From: time.Date(2026, 4, 17, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 4, 17, 6, 0, 0, 0, time.UTC), MedianPayload: 300, MaxPayload: 5000,
	}})
	require.NoError(t, err)
	t.Cleanup(sim.Close)
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	t.Chdir(t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("KEY", logsim.DefaultKey)
	require.NoError(t, os.WriteFile("pipeline.yaml", []byte(`version: 1
name: nightly
source: {base_url: "`+srv.URL+`", projects: [{name: prod, api_key: "${KEY}"}]}
range: {from: 2026-04-17, to: 2026-04-17T06:00:00Z}
transform:
  raw: true
  columns:
    - {name: s, path: $.a, type: string}
    - {name: i, path: $.a, type: int64}
    - {name: f, path: $.a, type: float64}
    - {name: b, path: $.a, type: bool}
    - {name: t, path: $.a, type: timestamp}
    - {name: j, path: $.a, type: json}
sinks:
  - {name: lake, url: "file://./lake"}
  - {name: lines, url: "file://./lines", format: ndjson, compression: none}
`), 0o600))
	program(t, "apply")

	const folder = "tool_execution/project=prod/dt=2026-04-17/part-00000"
	file, err := os.Open(filepath.Join("lake", folder+".parquet"))
	require.NoError(t, err)
	defer file.Close()
	info, err := file.Stat()
	require.NoError(t, err)
	read, err := parquet.OpenFile(file, info.Size())
	require.NoError(t, err)
	var inParquet []string
	for _, field := range read.Schema().Fields() {
		inParquet = append(inParquet, field.Name()+" "+sparkType(t, field))
	}
	lines, err := os.ReadFile(filepath.Join("lines", folder+".ndjson"))
	require.NoError(t, err)

	// Spark's list has the types, and the levels at its end; DuckDB's has the columns in the files' order.
	require.ElementsMatch(t, append(inParquet, "dt DATE"), items(program(t, "schema", "--engine", "spark", "--sink", "lake")))
	require.Equal(t, append(keys(t, lines), "dt"), items(program(t, "schema", "--engine", "duckdb", "--sink", "lines")))
}

// program runs a command line and returns its standard output.
func program(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitDone, run(args, strings.NewReader(""), &stdout, &stderr), "%s", &stderr)
	return stdout.String()
}

// items are the lines of a script's first list, without quotes and commas.
func items(script string) (out []string) {
	for line := range strings.SplitSeq(script, "\n") {
		item, inList := strings.CutPrefix(line, "  ")
		switch {
		case inList:
			out = append(out, strings.NewReplacer(`"`, "", "`", "").Replace(strings.TrimSuffix(item, ",")))
		case len(out) > 0:
			return out
		}
	}
	return out
}

// sparkType is Spark's name of the type of a Parquet column.
func sparkType(t *testing.T, field parquet.Field) string {
	t.Helper()
	names := map[string]string{
		"STRING": "STRING", "INT64": "BIGINT", "INT(64,true)": "BIGINT", "DOUBLE": "DOUBLE", "BOOLEAN": "BOOLEAN", "DECIMAL(18,9)": "DECIMAL(18,9)",
		"TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)": "TIMESTAMP",
	}
	name := names[field.Type().String()]
	require.NotEmpty(t, name, field.Type().String())
	return name
}

// keys are the names in the first line of an NDJSON file, in order.
func keys(t *testing.T, lines []byte) (out []string) {
	t.Helper()
	line, _, _ := bytes.Cut(lines, []byte("\n"))
	decoder := jsontext.NewDecoder(bytes.NewReader(line))
	_, err := decoder.ReadToken()
	require.NoError(t, err)
	for decoder.PeekKind() == '"' {
		var name string
		require.NoError(t, json.UnmarshalDecode(decoder, &name))
		require.NoError(t, decoder.SkipValue())
		out = append(out, name)
	}
	return out
}

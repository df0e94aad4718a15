package faults

import (
	"context"
	"encoding/json"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/logsim"
	"logferry/internal/table"
	"logferry/internal/window"
	"logferry/sinks"
	"logferry/test/crash/lake"
	"logferry/transform"
)

// soakShape is what a night declares.
type soakShape struct {
	formats   [2]sinks.Format
	packed    [2]string
	fileSize  string
	raw       bool
	column    bool
	partition window.Granularity
}

var firstShape = soakShape{
	formats: [2]sinks.Format{sinks.Parquet, sinks.NDJSON}, packed: [2]string{"zstd", "gzip"}, fileSize: "256MiB", partition: window.Day,
}

// changed is the shape with one thing otherwise.
func (s soakShape) changed(rnd *rand.Rand) soakShape {
	i := rnd.IntN(2)
	switch rnd.IntN(6) {
	case 0:
		s.raw = !s.raw
	case 1:
		s.column = !s.column
	case 2:
		s.packed[i] = map[sinks.Format]string{sinks.Parquet: "snappy", sinks.NDJSON: "none"}[s.formats[i]]
	case 3:
		s.formats[i] = map[sinks.Format]sinks.Format{sinks.Parquet: sinks.NDJSON, sinks.NDJSON: sinks.Parquet}[s.formats[i]]
		s.packed[i] = "zstd"
	case 4:
		s.fileSize = map[string]string{"256MiB": "128KiB", "128KiB": "256MiB"}[s.fileSize]
	case 5:
		if s.partition = window.Day; rnd.IntN(3) == 0 {
			s.partition = window.Month
		}
	}
	return s
}

func (s *soak) file() string { return filepath.Join(s.dir, "pipeline.yaml") }

func (s *soak) sinkDir(i int) string { return filepath.Join(s.dir, "sink"+string(rune('0'+i))) }

// settle is how old records are that are exported.
const settle = 15 * time.Minute

// pipeline writes the pipeline file of the night.
func (s *soak) pipeline() {
	var out []any
	for i := range s.shape.formats {
		out = append(out, map[string]any{
			"name": "sink" + string(rune('0'+i)), "url": "file://" + filepath.ToSlash(s.sinkDir(i)), "format": s.shape.formats[i],
			"compression": s.shape.packed[i], "max_file_size": s.shape.fileSize,
		})
	}
	columns := []any{}
	if s.shape.column {
		columns = append(columns, map[string]any{"name": "note", "path": "$.message", "type": "string"})
	}
	doc, err := json.Marshal(map[string]any{
		"version": 1, "name": "soak", "source": map[string]any{"base_url": s.url, "api_key": "${KEY}"},
		"range": map[string]any{
			"from": s.start.Format(time.RFC3339), "to": "now", "settle": settle.String(), "lookback": "48h", "partition": s.shape.partition.String(),
		},
		"extract": map[string]any{
			"spool": filepath.Join(s.dir, "spool"), "rate": map[string]any{"headroom": "0%"}, "timeout": "5s", "give_up_after": "60s", "max_memory": "64MiB",
		},
		"transform": map[string]any{"raw": s.shape.raw, "columns": columns}, "reconcile": "off", "sinks": out,
	})
	require.NoError(s.t, err)
	require.NoError(s.t, os.WriteFile(s.file(), doc, 0o600))
}

// check compares the lake with the truth after a night, and verifies it.
func (s *soak) check(night int) {
	o := transform.Options{Raw: s.shape.raw}
	if s.shape.column {
		o.Columns = []transform.Column{{Name: "note", Path: "$.message", Type: table.String}}
	}
	f, err := transform.New(o)
	require.NoError(s.t, err)
	to := s.time().Add(-settle).Truncate(time.Millisecond)
	for i := range s.shape.formats {
		e := lake.Export{Transform: o, Partition: s.shape.partition, Format: s.shape.formats[i]}
		want, err := e.Truth(s.sim.Truth(""), logsim.Query{From: s.start, To: to, VisibleNow: true})
		require.NoError(s.t, err)
		got, err := lake.Rows(context.Background(), s.sinkDir(i), s.dir, f.Schema())
		require.NoError(s.t, err, "night %d", night)
		d := lake.Compare(want, got)
		s.c.count(func(f *figures) {
			f.Losses, f.Duplicates = f.Losses+d.Lost, f.Duplicates+d.Double+max(d.Surplus-d.Lost, 0)
			f.Rows += len(want) - s.known[i]
			s.known[i] = len(want)
		})
		require.True(s.t, d.Empty(), "night %d, sink %d, %+v: %d rows lost, %d surplus, %d double: %.600s", night, i, s.shape, d.Lost, d.Surplus, d.Double, d.First)
	}
	s.verify(night)
}

// verify verifies, plans, and looks for what nothing names.
func (s *soak) verify(night int) {
	p, err := load(s.file(), s.time())
	require.NoError(s.t, err)
	ctx := context.Background()
	session, err := apply.Open(ctx, p, apply.Options{Now: s.time(), Version: "soak"})
	require.NoError(s.t, err)
	defer session.Close()
	report, err := session.Verify(ctx, apply.VerifyOptions{Deep: true})
	require.NoError(s.t, err, "night %d", night)
	require.True(s.t, report.OK, "night %d: %+v", night, report.Findings)
	require.Zero(s.t, report.Quarantined, "night %d", night)
	pl, err := session.Plan(ctx, apply.PlanOptions{})
	require.NoError(s.t, err, "night %d", night)
	look := check{report: report, plan: pl}
	require.Empty(s.t, look.todo(), "night %d", night)
	s.leftovers = report.Leftovers
	for i := range s.shape.formats {
		require.NoError(s.t, filepath.WalkDir(s.sinkDir(i), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			// A lock may be left where giving it back met a fault: the next night's run takes it over.
			known := []string{"data", "commit", "manifest", "checkpoint", "probe", "lock", "owner", "last-run"}
			key := strings.TrimPrefix(filepath.ToSlash(strings.TrimPrefix(name, s.sinkDir(i))), "/")
			ofLockFile := slices.Contains([]string{"_logferry/soak/lock", "_logferry/soak/lock.id"}, key)
			killed := strings.HasPrefix(key, "_logferry/tmp/") // an upload an hour later removes it
			if !slices.Contains(known, what(key)) && !ofLockFile && !killed {
				s.c.count(func(f *figures) { f.Orphans++ })
				s.t.Errorf("night %d: nothing names %s", night, key)
			}
			return nil
		}))
	}
}

// Package lake reads what runs have left in a local folder: as a reader does who globs, and value by value beside what the
// simulated API holds. Campaigns that make runs fail use it.
package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"logferry/internal/table"
	"logferry/sinks"
	"logferry/sinks/reread"
)

// files are the data files below a sink's folder by their keys, sorted.
func files(folder string) ([]string, error) {
	var keys []string
	err := filepath.WalkDir(filepath.Join(folder, sinks.Table), func(name string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) || err == nil && d.IsDir() {
			return nil
		}
		if err != nil {
			return err
		}
		key, err := filepath.Rel(folder, name)
		keys = append(keys, filepath.ToSlash(key))
		return err
	})
	slices.Sort(keys)
	return keys, err
}

// IDs returns how often each id stands in the data files below a sink's folder. An error names a file that is not whole.
func IDs(ctx context.Context, folder string) (map[string]int, error) {
	keys, err := files(folder)
	if err != nil {
		return nil, err
	}
	count := map[string]int{}
	for _, key := range keys {
		_, _, err := reread.File(ctx, filepath.Join(folder, filepath.FromSlash(key)), key, func(_ int64, id []byte, _, _ string) error {
			count[string(id)]++
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	return count, nil
}

// Rows returns a line for each row of the data files below a sink's folder, sorted: the folder of its partition and every value,
// whatever the files are called. scratch is a folder for temporary files.
func Rows(ctx context.Context, folder, scratch string, schema *table.Schema) ([]string, error) {
	keys, err := files(folder)
	if err != nil {
		return nil, err
	}
	sink, err := sinks.Open(ctx, sinks.Options{Name: "lake", URL: "file://" + folder, Format: sinks.Parquet, StagingDir: scratch})
	if err != nil {
		return nil, err
	}
	defer func() { _ = sink.Close() }() // what was only read can't be lost
	var lines []string
	for _, key := range keys {
		name := filepath.Join(folder, filepath.FromSlash(key))
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		_, rows, err := reread.File(ctx, name, key, func(int64, []byte, string, string) error { return nil })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		file := sinks.Stored{Key: key, Size: int64(len(content)), SHA256: sha256.Sum256(content), Rows: rows}
		for row, err := range sink.Read(ctx, schema, []sinks.Stored{file}) {
			if err != nil {
				return nil, err
			}
			lines = append(lines, Line(path.Dir(key), row))
		}
	}
	slices.Sort(lines)
	return lines, nil
}

// Line is one row of a partition's folder as text.
func Line(folder string, row table.Row) string {
	b := append(make([]byte, 0, 1024), folder...)
	for _, v := range row {
		b = append(b, '|')
		if !v.Valid {
			continue
		}
		b = append(strconv.AppendInt(b, v.Int, 10), ' ')
		b = append(strconv.AppendInt(b, int64(len(v.Bytes)), 10), ' ') // so that no value can pass for two
		b = append(b, v.Bytes...)
	}
	return string(b)
}

// Digest is one text for all lines.
func Digest(lines []string) string {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:])
}

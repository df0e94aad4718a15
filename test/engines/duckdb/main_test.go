package duckdb_test

import (
	"database/sql"
	"fmt"
	"os"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"
)

// engine is one DuckDB in memory for all tests. It may not fetch extensions: what it needs is linked in.
var engine *sql.DB

func TestMain(m *testing.M) {
	code, err := withEngine(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func withEngine(run func() int) (code int, err error) {
	if engine, err = sql.Open("duckdb", ""); err != nil {
		return 0, err
	}
	defer engine.Close()
	// A session's time zone shifts dates and the text of times, never the instants that are compared here: an odd one would show.
	for _, statement := range []string{"SET GLOBAL autoinstall_known_extensions = false", "SET GLOBAL TimeZone = 'Asia/Kathmandu'", "SET GLOBAL threads = 2"} {
		if _, err := engine.Exec(statement); err != nil {
			return 0, err
		}
	}
	return run(), nil
}

// query returns the rows of a statement, each value as the driver gives it.
func query(t testing.TB, statement string) [][]any {
	t.Helper()
	rows, err := queryAll(statement)
	require.NoError(t, err, "%s", statement)
	return rows
}

func queryAll(statement string) ([][]any, error) {
	rows, err := engine.Query(statement)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var out [][]any
	for rows.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		out = append(out, values)
	}
	return out, rows.Err()
}

func execute(t testing.TB, statement string) {
	t.Helper()
	_, err := engine.Exec(statement)
	require.NoError(t, err, "%s", statement)
}

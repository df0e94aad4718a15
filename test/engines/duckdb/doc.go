// Package duckdb has no code of its own: its tests read exports with DuckDB, which wrote none of them, and compare what it finds
// with the simulator's truth.
package duckdb

// Package readers has no code of its own: its tests read exported Parquet files with libraries that users have, and compare them with
// NDJSON of the same records. run.sh does so in JavaScript.
package readers

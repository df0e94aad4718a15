package duckdb_test

import "strings"

// contract is what DuckDB must make of the columns, by hand from the description of an export: name, type in DuckDB, and what kind
// of value it is.
const contract = `
log_id                VARCHAR                   text
timestamp             TIMESTAMP WITH TIME ZONE  time
type                  VARCHAR                   text
status                VARCHAR                   text
level                 VARCHAR                   text
message               VARCHAR                   text
tool_slug             VARCHAR                   text
toolkit_slug          VARCHAR                   text
user_id               VARCHAR                   text
connected_account_id  VARCHAR                   text
auth_config_id        VARCHAR                   text
sandbox_id            VARCHAR                   text
session_id            VARCHAR                   text
trace_id              VARCHAR                   text
request_id            VARCHAR                   text
parent_log_id         VARCHAR                   text
parent_tool_slug      VARCHAR                   text
duration_ms           BIGINT                    int
start_time            TIMESTAMP WITH TIME ZONE  time
end_time              TIMESTAMP WITH TIME ZONE  time
source_host           VARCHAR                   text
source_framework      VARCHAR                   text
source_language       VARCHAR                   text
instant_charge        DECIMAL(18,9)             decimal
request               VARCHAR                   json
response              VARCHAR                   json
data                  VARCHAR                   json
metadata              VARCHAR                   json
metrics               VARCHAR                   json
extra                 VARCHAR                   json
detail                VARCHAR                   text
`

// The columns that only some exports have.
const (
	projectColumn = "project  VARCHAR  text\n"
	rawColumn     = "raw      VARCHAR  json\n"
)

// column is a line of the contract.
type column struct{ name, typ, kind string }

// columns reads lines of the contract.
func columns(lines ...string) []column {
	var out []column
	for line := range strings.Lines(strings.Join(lines, "")) {
		words := strings.Fields(line)
		if n := len(words); n > 0 {
			out = append(out, column{words[0], strings.Join(words[1:n-1], " "), words[n-1]})
		}
	}
	return out
}

// values lists the columns as they are compared: times as µs, JSON as text.
func values(all []column) string {
	var out []string
	for _, c := range all {
		name := `"` + c.name + `"`
		switch c.kind {
		case "time":
			name = "epoch_us(" + name + ")"
		case "json":
			name += "::VARCHAR"
		}
		out = append(out, name)
	}
	return strings.Join(out, ", ")
}

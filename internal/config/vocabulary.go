package config

import (
	"fmt"
	"regexp"
	"slices"
)

// vocabulary is every key, by the mapping that it stands in. Elements of a list are [].
var vocabulary = map[string][]string{
	"":                    {"version", "name", "source", "range", "extract", "transform", "sinks", "state", "reconcile"},
	"source":              {"base_url", "allow_http", "api_key", "api_key_file", "session_cookie", "projects", "filters", "details"},
	"source.projects[]":   {"name", "api_key", "api_key_file", "session_cookie"},
	"source.filters[]":    {"field", "operator", "value"},
	"range":               {"from", "to", "settle", "lookback", "partition"},
	"extract":             {"windows", "details_in_flight", "rate", "timeout", "give_up_after", "on_bad_record", "max_memory", "spool"},
	"extract.rate":        {"limit", "headroom"},
	"transform":           {"columns", "redact", "redact_secrets", "raw"},
	"transform.columns[]": {"name", "path", "type"},
	"transform.redact[]":  {"path", "action", "key", "key_file"},
	"sinks[]":             {"name", "url", "format", "compression", "max_file_size", "retention"},
	"sinks[].retention":   {"mode", "period", "legal_hold"},
	"state":               {"url", "lock_timeout", "signing_key", "signing_key_file", "retention"},
	"state.retention":     {"mode", "period", "legal_hold"},
}

var index = regexp.MustCompile(`\[\d+\]`)

// generic is the key of a mapping as vocabulary has it.
func generic(key string) string { return index.ReplaceAllString(key, "[]") }

// unknownKey suggests the right key: a near one of the same mapping, or the only mapping that has the very key.
func unknownKey(parent, name string) *problem {
	p := &problem{summary: "unknown key"}
	known := vocabulary[generic(parent)]
	if p.hint = didYouMean(name, known); p.hint != "" {
		return p
	}
	var homes []string
	for home, names := range vocabulary {
		if slices.Contains(names, name) {
			homes = append(homes, home)
		}
	}
	switch {
	case len(homes) == 1 && homes[0] == "":
		p.hint = "it belongs at the top of the file"
	case len(homes) == 1:
		p.hint = fmt.Sprintf("it belongs in %q", homes[0])
	default:
		p.hint = "expected one of "
		for k, n := range known {
			if k > 0 {
				p.hint += ", "
			}
			p.hint += n
		}
	}
	return p
}

// The fields that a filter may name, as the Logs API documents them.
var filterFields = []string{
	"tool_slug", "toolkit_slug", "connected_account_id", "auth_config_id", "status", "user_id", "session_id", "sandbox_id", "request_id", "log_id",
}

// FilterFields returns the fields that a filter may name.
func FilterFields() []string { return slices.Clone(filterFields) }

var filterOperators = []string{"==", "!=", "contains", "not_contains"}

// reserved are the built-in columns, and the names that partition paths give to engines.
var reserved = []string{
	"log_id", "timestamp", "type", "status", "level", "message", "tool_slug", "toolkit_slug", "user_id", "connected_account_id",
	"auth_config_id", "sandbox_id", "session_id", "trace_id", "request_id", "parent_log_id", "parent_tool_slug", "duration_ms", "start_time",
	"end_time", "source_host", "source_framework", "source_language", "instant_charge", "request", "response", "data", "metadata",
	"metrics", "extra", "detail", "project", "raw", "dt", "hour", "month",
}

// ReservedColumns returns the names that a declared column may not have: every built-in column, and the levels of
// partition paths.
func ReservedColumns() []string { return slices.Clone(reserved) }

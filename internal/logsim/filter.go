package logsim

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Filter is one condition of a list request. A request's filters all have to hold.
type Filter struct{ Field, Operator, Value string }

// FilterFields and FilterOperators are what the API knows.
var (
	FilterFields = []string{
		"tool_slug", "toolkit_slug", "connected_account_id", "auth_config_id", "status", "user_id", "session_id", "sandbox_id",
		"request_id", "log_id",
	}
	FilterOperators = []string{"==", "!=", "contains", "not_contains"}
)

func (f Filter) validate() error {
	if !slices.Contains(FilterFields, f.Field) {
		return fmt.Errorf("unknown filter field %q: expected one of %s", f.Field, strings.Join(FilterFields, ", "))
	}
	if !slices.Contains(FilterOperators, f.Operator) {
		return fmt.Errorf("unknown filter operator %q: expected one of %s", f.Operator, strings.Join(FilterOperators, ", "))
	}
	if f.Field == "status" && f.Value != "success" && f.Value != "failed" && (f.Operator == "==" || f.Operator == "!=") {
		return fmt.Errorf("unknown status %q: expected success or failed", f.Value)
	}
	return nil
}

// holds says whether a record meets every condition. Upper and lower case differ; a record without the
// field counts as having the empty text.
func (p *project) holds(filters []Filter, a *attributes) bool {
	var scratch [64]byte
	for _, f := range filters {
		value := p.appendField(scratch[:0], a, f.Field)
		var is bool
		switch f.Operator {
		case "==", "!=":
			is = string(value) == f.Value
		default:
			is = bytes.Contains(value, []byte(f.Value))
		}
		if is == (f.Operator == "!=" || f.Operator == "not_contains") {
			return false
		}
	}
	return true
}

// appendField writes what a record has in a field that can be filtered or grouped by.
func (p *project) appendField(dst []byte, a *attributes, field string) []byte {
	switch field {
	case "tool_slug":
		return append(dst, words.tools[a.tool].slug...)
	case "toolkit_slug":
		return append(dst, words.toolkits[words.tools[a.tool].toolkit]...)
	case "connected_account_id":
		return p.appendAccount(dst, a)
	case "auth_config_id":
		return p.appendAuthConfig(dst, a)
	case "status":
		return append(dst, statusText(a.failed)...)
	case "user_id":
		return p.appendUser(dst, a.user)
	case "session_id":
		return appendSession(dst, a.session)
	case "sandbox_id":
		if !a.hasSandbox() {
			return dst
		}
		return a.appendSandbox(dst)
	case "request_id":
		return appendRequest(dst, a.request)
	default: // log_id
		return appendID(dst, p.id(a.number))
	}
}

func statusText(failed bool) string {
	if failed {
		return "failed"
	}
	return "success"
}

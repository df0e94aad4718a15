package extract

import (
	"net/url"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// PageLimit is the most entries that the API puts on one list page.
const PageLimit = 100

const (
	listPath   = "/api/v3.1/logs/tool_execution"
	detailPath = "/api/v3.1/logs/tool_execution/"
	usagePath  = "/api/v3.1/project/usage/summary"
)

// Filter is one condition on the records of a list request; several are AND-combined. The API knows the operators
// `==`, `!=`, `contains` and `not_contains`. Nothing is checked here: the API's own message says more.
type Filter struct {
	Field, Operator, Value string
}

// TimeRange is a request's time_range in epoch milliseconds. From is inclusive; whether To is, the API does not say.
// The zero TimeRange asks for no range.
type TimeRange struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// ListRequest asks for one list page.
type ListRequest struct {
	Cursor  []byte // record.Page.Next of the page before, as it was; nil for the first page
	Limit   int    // entries a page, 1 to PageLimit; 0 is PageLimit
	Filters []Filter
	Range   TimeRange
}

// appendBody appends the request's JSON.
func (r *ListRequest) appendBody(b []byte) []byte {
	limit := r.Limit
	if limit <= 0 || limit > PageLimit {
		limit = PageLimit
	}
	b = append(b, `{"limit":`...)
	b = strconv.AppendInt(b, int64(limit), 10)
	if r.Range != (TimeRange{}) {
		b = append(b, `,"time_range":{"from":`...)
		b = strconv.AppendInt(b, r.Range.From, 10)
		b = append(b, `,"to":`...)
		b = strconv.AppendInt(b, r.Range.To, 10)
		b = append(b, '}')
	}
	if len(r.Filters) > 0 {
		b = append(b, `,"filters":[`...)
		for i, f := range r.Filters {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, `{"field":`...)
			b = appendString(b, f.Field)
			b = append(b, `,"operator":`...)
			b = appendString(b, f.Operator)
			b = append(b, `,"value":`...)
			b = appendString(b, f.Value)
			b = append(b, '}')
		}
		b = append(b, ']')
	}
	if len(r.Cursor) > 0 {
		b = append(b, `,"cursor":`...)
		b = append(b, r.Cursor...)
	}
	return append(b, '}')
}

// appendString appends s as a JSON string; invalid UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // its error only reports the replacement
	return b
}

// resource is the path of one request below the base URL, plain and escaped.
type resource struct {
	plain, escaped string
}

var (
	listResource  = resource{plain: listPath, escaped: listPath}
	usageResource = resource{plain: usagePath, escaped: usagePath}
)

func detailResource(id string) resource {
	return resource{plain: detailPath + id, escaped: detailPath + escapeSegment(id)}
}

// escapeSegment escapes an id for a path. The ids "." and ".." would be taken for relative segments by servers and
// proxies, which url.PathEscape does not care about.
func escapeSegment(id string) string {
	switch id {
	case ".":
		return "%2E"
	case "..":
		return "%2E%2E"
	}
	return url.PathEscape(id)
}

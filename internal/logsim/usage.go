package logsim

import (
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// usageRequest is a checked usage request.
type usageRequest struct {
	from, to    int64 // µs, half-open
	entities    []string
	users       []string // nil: all
	sessions    []string // nil: all
	groupBy     string
	orderBy     string
	ascending   bool
	groupsLimit int
}

// What a usage request may span, and the groups that it gets, as the API documents them.
const (
	longestUsage      = 366 * 24 * time.Hour
	defaultUsage      = 30 * 24 * time.Hour
	defaultGroups     = 100
	maximumGroups     = 1000
	entityToolCalls   = "tool_calls"
	entitySessions    = "sessions"
	unitCount         = "count"
	orderByKey        = "key"
	orderByQuantity   = "total_quantity"
	orderByEventCount = "event_count"
)

var groupFields = []string{"tool_slug", "toolkit_slug", "connected_account_id", "user_id", "session_id"}

// usage answers a usage request for a summary or one entity type, or returns the mistake in it.
func (x *exchange) usage(entity string) error {
	x.key = emptyDigest.number(int64(x.project.index)).text(entity).text(string(x.in))
	x.wait(x.s.opts.Latency.Usage)
	if x.playStatus(x.chooseFault(false)) {
		return nil
	}
	req, err := parseUsage(x.in, x.now)
	if err != nil {
		return err
	}
	switch entity {
	case "summary":
		x.usageSummary(req)
	case entityToolCalls:
		x.usageBreakdown(req)
	default:
		return bad("Use tool_calls.", "unknown entity type %q", entity)
	}
	return nil
}

func parseUsage(body []byte, now time.Time) (usageRequest, error) {
	var raw struct {
		From     jsontext.Value `json:"from"`
		To       jsontext.Value `json:"to"`
		Entities jsontext.Value `json:"entity_types"`
		Filters  jsontext.Value `json:"filters"`
		GroupBy  jsontext.Value `json:"group_by"`
		OrderBy  jsontext.Value `json:"order_by"`
		Order    jsontext.Value `json:"order_direction"`
		Limit    jsontext.Value `json:"limit"`
	}
	req := usageRequest{}
	if err := parseObject(body, &raw); err != nil {
		return req, err
	}
	if err := req.parseTimes(raw.From, raw.To, now); err != nil {
		return req, err
	}
	var err error
	if req.entities, err = texts(raw.Entities, "entity_types", false); err != nil {
		return req, err
	}
	if err := req.parseFilters(raw.Filters); err != nil {
		return req, err
	}
	if req.groupBy, err = choice(raw.GroupBy, "group_by", groupFields); err != nil {
		return req, err
	}
	if req.orderBy, err = choice(raw.OrderBy, "order_by", []string{orderByQuantity, orderByKey, orderByEventCount}); err != nil {
		return req, err
	}
	direction, err := choice(raw.Order, "order_direction", []string{"desc", "asc"})
	if err != nil {
		return req, err
	}
	req.ascending = direction == "asc"
	req.groupsLimit, err = parseLimit(raw.Limit, defaultGroups, maximumGroups)
	return req, err
}

func (req *usageRequest) parseTimes(from, to jsontext.Value, now time.Time) error {
	end := now.UnixMilli()
	var err error
	if to != nil {
		if end, err = milliseconds(to, "to"); err != nil {
			return err
		}
	}
	begin := end - defaultUsage.Milliseconds()
	if from != nil {
		if begin, err = milliseconds(from, "from"); err != nil {
			return err
		}
	}
	switch {
	case begin > end:
		return bad("Swap from and to.", "from is after to")
	case end-begin > longestUsage.Milliseconds():
		return bad("Ask for at most 366 days.", "the range is longer than 366 days")
	}
	req.from, req.to = begin*1000, end*1000
	return nil
}

func (req *usageRequest) parseFilters(raw jsontext.Value) error {
	if raw == nil {
		return nil
	}
	var filters struct {
		User    jsontext.Value `json:"user_id"`
		Session jsontext.Value `json:"session_id"`
	}
	if err := json.Unmarshal(raw, &filters); raw.Kind() != '{' || err != nil {
		return bad("Send filters as {user_id, session_id}.", "filters is not an object")
	}
	var err error
	if req.users, err = texts(filters.User, "filters.user_id", true); err != nil {
		return err
	}
	req.sessions, err = texts(filters.Session, "filters.session_id", true)
	return err
}

// texts reads an array of strings; nil is none given.
func texts(raw jsontext.Value, name string, nullable bool) ([]string, error) {
	if raw == nil || nullable && raw.Kind() == 'n' {
		return nil, nil
	}
	out := []string{}
	if err := json.Unmarshal(raw, &out); raw.Kind() != '[' || err != nil {
		return nil, bad("Send an array of strings.", "%s is not an array of strings", name)
	}
	return out, nil
}

// choice reads one of several words; the first is the default.
func choice(raw jsontext.Value, name string, words []string) (string, error) {
	if raw == nil {
		return words[0], nil
	}
	word, err := text(raw, name)
	if err != nil {
		return "", err
	}
	if !slices.Contains(words, word) {
		return "", bad("Use one of "+strings.Join(words, ", ")+".", "unknown %s %q", name, word)
	}
	return word, nil
}

package extract

import (
	"context"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"

	"logferry/internal/record"
)

// UsageRequest asks how much a project has used.
type UsageRequest struct {
	Range       TimeRange // From inclusive, To exclusive; at most 366 days
	EntityTypes []string  // nil is {"tool_calls"}
	UserIDs     []string  // nil is every user
	SessionIDs  []string  // nil is every session
}

// Usage is what a project has used of one entity.
type Usage struct {
	Unit          string `json:"unit"`
	TotalQuantity string `json:"total_quantity"` // a decimal number
	EventCount    int64  `json:"event_count"`
}

// Usage returns the usage by entity type, such as `tool_calls`. The errors are List's.
func (c *Client) Usage(ctx context.Context, r UsageRequest) (map[string]Usage, error) {
	call, answer := c.usageRequest(&r)
	call.meter = c.progress
	if _, err := c.do(ctx, call); err != nil {
		return nil, err
	}
	return answer.Entities, nil
}

// usageOnce is Usage for a walk, which can do without: one attempt, whatever comes of it.
func (c *Client) usageOnce(ctx context.Context, r *UsageRequest, meter *Progress) (map[string]Usage, error) {
	call, answer := c.usageRequest(r)
	call.meter = meter
	if _, v := c.attempt(ctx, call, &tries{}); v.class != done {
		return nil, v.err
	}
	return answer.Entities, nil
}

type usageAnswer struct {
	Entities map[string]Usage `json:"entities"`
}

// usageRequest returns a request and where its answer is going to be.
func (c *Client) usageRequest(r *UsageRequest) (*request, *usageAnswer) {
	answer := &usageAnswer{}
	return &request{
		op: OpUsage, method: http.MethodPost, at: usageResource, body: r.appendBody(nil), limit: c.maxList,
		check: func(body []byte) error {
			answer.Entities = nil
			if err := json.Unmarshal(body, answer); err != nil {
				return &record.SyntaxError{Err: err}
			}
			return nil
		},
	}, answer
}

func (r *UsageRequest) appendBody(b []byte) []byte {
	types := r.EntityTypes
	if types == nil {
		types = []string{"tool_calls"}
	}
	b = append(b, `{"from":`...)
	b = strconv.AppendInt(b, r.Range.From, 10)
	b = append(b, `,"to":`...)
	b = strconv.AppendInt(b, r.Range.To, 10)
	b = append(b, `,"entity_types":`...)
	b = appendStrings(b, types)
	if r.UserIDs != nil || r.SessionIDs != nil {
		b = append(b, `,"filters":{`...)
		if r.UserIDs != nil {
			b = append(b, `"user_id":`...)
			b = appendStrings(b, r.UserIDs)
		}
		if r.SessionIDs != nil {
			if r.UserIDs != nil {
				b = append(b, ',')
			}
			b = append(b, `"session_id":`...)
			b = appendStrings(b, r.SessionIDs)
		}
		b = append(b, '}')
	}
	return append(b, '}')
}

func appendStrings(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s)
	}
	return append(b, ']')
}

// Package lookup answers the everyday questions: which records match, and what is in this one. It goes from the API to
// the reader without a file in between.
package lookup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"logferry/extract"
	"logferry/internal/record"
	"logferry/internal/window"
)

// API is what a look-up asks of the Logs API.
type API interface {
	List(ctx context.Context, req extract.ListRequest) (record.Page, error)
	Detail(ctx context.Context, id string) ([]byte, error)
}

// Query says which records are looked up.
type Query struct {
	Filters  []extract.Filter
	Interval window.Interval // half-open; the zero Interval is all time
	Limit    int             // records at most; 0 is all
}

// errChain is a cursor that leads nowhere.
var errChain = errors.New("the API repeats a cursor: the list can't be read to its end; narrow it with --since or --filter")

// List calls each with the records of the query in the order of the API, each id once, until the limit is reached, the
// list ends or each returns an error, which List then returns. unreadable counts the elements that are no record.
func List(ctx context.Context, api API, q Query, each func(record.Entry) error) (unreadable int, err error) {
	req := extract.ListRequest{Filters: q.Filters}
	if !q.Interval.Empty() {
		req.Range = extract.TimeRange{From: q.Interval.From.UnixMilli(), To: q.Interval.To.UnixMilli()}
	}
	seen := map[string]bool{}
	cursors := map[string]bool{}
	count := 0
	for {
		if q.Limit > 0 && q.Limit-count < extract.PageLimit {
			req.Limit = q.Limit - count
		}
		page, err := api.List(ctx, req)
		if err != nil {
			return unreadable, err
		}
		unreadable += len(page.Bad)
		for _, e := range page.Entries {
			if seen[e.ID] || !q.Interval.Empty() && !q.Interval.Contains(time.UnixMicro(e.Micros)) {
				continue
			}
			seen[e.ID] = true
			if err := each(e); err != nil {
				return unreadable, err
			}
			if count++; count == q.Limit {
				return unreadable, nil
			}
		}
		if page.Next == nil {
			return unreadable, nil
		}
		if cursors[string(page.Next)] {
			return unreadable, errChain
		}
		cursors[string(page.Next)] = true
		req.Cursor = page.Next
	}
}

// Row is what a table shows of an entry. Absent values are "".
type Row struct {
	ID, Status, Level, Message string
	Time                       time.Time
	Tool, Toolkit, User        string
	DurationMS                 string // as received
}

// Summarise reads what a table shows of an entry, in nested and flat metadata alike. What it can't read stays empty: a
// look-up is no place to fail for an odd field.
func Summarise(e record.Entry) Row {
	row := Row{ID: e.ID, Status: e.Status, Time: time.UnixMicro(e.Micros).UTC()}
	var top struct {
		Level    any                        `json:"level"`
		Message  any                        `json:"message"`
		Metadata map[string]json.RawMessage `json:"metadata"`
		Metrics  map[string]json.RawMessage `json:"metrics"`
	}
	_ = json.Unmarshal(e.Raw, &top) // fields before an odd one are kept
	row.Level, _ = top.Level.(string)
	row.Message, _ = top.Message.(string)
	row.Tool = slug(top.Metadata, "tool")
	row.Toolkit = slug(top.Metadata, "toolkit")
	row.User = text(top.Metadata["user_id"])
	var n json.Number
	if json.Unmarshal(top.Metrics["duration_ms"], &n) == nil {
		row.DurationMS = n.String()
	}
	return row
}

func slug(metadata map[string]json.RawMessage, name string) string {
	var nested struct {
		Slug string `json:"slug"`
	}
	if json.Unmarshal(metadata[name], &nested) == nil && nested.Slug != "" {
		return nested.Slug
	}
	if s := text(metadata[name]); s != "" {
		return s
	}
	return text(metadata[name+"_slug"])
}

func text(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s)
	return s
}

// Get returns the exact JSON of one record's detail.
func Get(ctx context.Context, api API, id string) ([]byte, error) {
	body, err := api.Detail(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", id, err)
	}
	return body, nil
}

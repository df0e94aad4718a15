package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"logferry/extract"
)

// countGiveUp is how long a usage count is retried that something is only estimated by or compared with: while one can't be had,
// everything else waits.
const countGiveUp = 10 * time.Second

// counter returns a client of a project whose requests soon give up. To wait for the rate budget is no failing, and takes what it takes.
func (s *Session) counter(name string) (*extract.Client, error) {
	return s.counterTold(name, s.opts.OnAnswer)
}

// counterTold is counter with something else to be told of answers.
func (s *Session) counterTold(name string, answered func(op extract.Op, status int, took time.Duration)) (*extract.Client, error) {
	p := *s.pipeline
	p.Extract.GiveUpAfter = min(p.Extract.GiveUpAfter, countGiveUp)
	p.Extract.Timeout = min(p.Extract.Timeout, askTimeout)
	for _, declared := range p.Source.Projects {
		if declared.Name != name {
			continue
		}
		parts := clientParts{governor: s.governor, transport: s.transport, progress: &s.progress, retrying: s.opts.Events.Retrying, answered: answered}
		if s.opts.WrapTransport != nil {
			parts.transport = s.opts.WrapTransport(s.transport)
		}
		return newClient(&p, declared, s.opts.Version, parts)
	}
	return nil, fmt.Errorf("no project %q is declared", name)
}

// usageFilter is what of the source's filters the usage counts can apply; ok says that it is all of them.
func (s *Session) usageFilter() (filter extract.UsageRequest, ok bool) {
	for _, f := range s.pipeline.Source.Filters {
		switch {
		case f.Operator == "==" && f.Field == "user_id" && filter.UserIDs == nil:
			filter.UserIDs = []string{f.Value}
		case f.Operator == "==" && f.Field == "session_id" && filter.SessionIDs == nil:
			filter.SessionIDs = []string{f.Value}
		default:
			return extract.UsageRequest{}, false
		}
	}
	return filter, true
}

// usageCount asks how many tool calls [from, to), in whole milliseconds, has.
func usageCount(ctx context.Context, c *extract.Client, from, to time.Time, filter extract.UsageRequest) (int64, error) {
	filter.Range = extract.TimeRange{From: from.UnixMilli(), To: to.UnixMilli()}
	use, err := c.Usage(ctx, filter)
	if err != nil {
		return 0, err
	}
	calls, ok := use["tool_calls"]
	if !ok {
		return 0, errors.New("the usage counts have no tool_calls")
	}
	return calls.EventCount, nil
}

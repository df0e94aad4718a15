package logsim

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// eachCounted calls visit with every record that the usage counts.
func (x *exchange) eachCounted(req usageRequest, visit func(a *attributes)) {
	p, o := x.project, &x.s.opts
	sight := x.s.sightOf(p, x.now)
	youngest := int64(1<<63 - 1)
	if o.Usage.Lag > 0 {
		youngest = x.now.Add(-o.Usage.Lag).UnixMicro()
	}
	for n := p.find(req.from); n < len(p.times) && p.times[n] < min(req.to, youngest); n++ {
		if !sight.sees(n) || p.usage.chance(n, o.Usage.MissingShare) {
			continue
		}
		a := p.attributesOf(n)
		nested := a.parent >= 0
		if o.Usage.Nested == CountOuter && nested || o.Usage.Nested == CountChildren && a.tool == words.multi {
			continue
		}
		if req.users != nil && !slices.Contains(req.users, p.users[a.user]) {
			continue
		}
		if req.sessions != nil && !slices.Contains(req.sessions, string(appendSession(nil, a.session))) {
			continue
		}
		visit(&a)
	}
}

func (x *exchange) usageSummary(req usageRequest) {
	calls, sessions := 0, map[uint64]struct{}{}
	x.eachCounted(req, func(a *attributes) {
		calls++
		sessions[a.session] = struct{}{}
	})
	x.out = append(x.out[:0], `{"entities":{`...)
	for _, e := range [...]struct {
		name  string
		count int
	}{{entityToolCalls, calls}, {entitySessions, len(sessions)}} {
		if req.entities != nil && !slices.Contains(req.entities, e.name) {
			continue
		}
		if x.out[len(x.out)-1] == '}' {
			x.out = append(x.out, ',')
		}
		x.out = append(append(append(x.out, '"'), e.name...), `":{"unit":"`+unitCount+`",`...)
		x.out = append(appendCounts(x.out, e.count), '}')
	}
	x.out = append(x.out, `}}`...)
	x.sendJSON(http.StatusOK)
}

// appendCounts writes the two forms of a count.
func appendCounts(dst []byte, count int) []byte {
	dst = strconv.AppendInt(append(dst, `"total_quantity":"`...), int64(count), 10)
	return strconv.AppendInt(append(dst, `","event_count":`...), int64(count), 10)
}

// usageGroup is one group of a breakdown.
type usageGroup struct {
	key   string
	count int
}

func (x *exchange) usageBreakdown(req usageRequest) {
	counts, total := map[string]*int{}, 0
	var scratch []byte
	x.eachCounted(req, func(a *attributes) {
		total++
		scratch = x.project.appendField(scratch[:0], a, req.groupBy)
		if n := counts[string(scratch)]; n != nil {
			*n++
			return
		}
		one := 1
		counts[string(scratch)] = &one
	})
	groups := make([]usageGroup, 0, len(counts))
	for key, n := range counts {
		groups = append(groups, usageGroup{key, *n})
	}
	slices.SortFunc(groups, func(a, b usageGroup) int {
		c := 0
		if req.orderBy != orderByKey {
			c = cmp.Compare(a.count, b.count)
		}
		c = cmp.Or(c, cmp.Compare(a.key, b.key))
		if !req.ascending {
			c = -c
		}
		return c
	})
	groups = groups[:min(len(groups), req.groupsLimit)]
	x.out = append(x.out[:0], `{"entity_type":"`+entityToolCalls+`","unit":"`+unitCount+`",`...)
	x.out = append(appendCounts(x.out, total), `,"groups":[`...)
	for i, g := range groups {
		if i > 0 {
			x.out = append(x.out, ',')
		}
		x.out, _ = jsontext.AppendQuote(append(x.out, `{"key":`...), g.key)
		x.out = append(appendCounts(append(x.out, ','), g.count), '}')
	}
	x.out = append(x.out, `]}`...)
	x.sendJSON(http.StatusOK)
}

// UsageCount is what the usage counts say at this moment about [from, to), with the switches of Options.Usage.
func (t *Truth) UsageCount(from, to time.Time) int {
	x := exchange{s: t.s, project: t.p, now: t.s.opts.Now()}
	count := 0
	x.eachCounted(usageRequest{from: from.UnixMicro(), to: to.UnixMicro()}, func(*attributes) { count++ })
	return count
}

package extract

import (
	"context"
	"sync"
	"time"

	"logferry/internal/window"
)

const (
	pagesTotal  = 100 // expected pages for which the total is asked for: there may be many more
	fewestParts = 4   // of a histogram
	mostParts   = 32
	// countsTimeout bounds both questions together. They only help: nobody waits for long.
	countsTimeout = 10 * time.Second
)

// inquiry asks for an interval's usage counts beside the walk. Every request is made once, and where anything is wrong with
// an answer nothing is known.
type inquiry struct {
	ready  chan struct{} // closed once there is no more to come
	total  int64         // read after ready; 0 is unknown
	parts  *histogram    // read after ready; nil is unknown
	cancel context.CancelFunc
}

// count begins to ask. The caller ends it by stop. pages is how many the interval is thought to have, 0 where nothing is
// known, and seen how many records it has at least.
func (w *walk) count(ctx context.Context, i window.Interval, pages float64, seen int64) *inquiry {
	c := &inquiry{ready: make(chan struct{})}
	if w.step.Usage == nil || w.step.Details != DetailsNone {
		close(c.ready)
		c.cancel = func() {}
		return c
	}
	ctx, c.cancel = context.WithTimeout(ctx, countsTimeout)
	go func() {
		defer close(c.ready)
		if pages < fewestParts*w.x.worth.call {
			if c.total = max(w.usage(ctx, i), 0); c.total < seen {
				c.total = 0
				return
			}
			pages = float64(c.total) / PageLimit
		}
		if total, h := w.countParts(ctx, i, pages); total >= seen {
			c.total, c.parts = total, h
		}
	}()
	return c
}

// stop ends the asking and waits for its end.
func (c *inquiry) stop() {
	c.cancel()
	<-c.ready
}

func (c *inquiry) settled() bool {
	select {
	case <-c.ready:
		return true
	default:
		return false
	}
}

// askCounts begins to ask for the counts of a chain's interval, if they would help to cut it: where many pages come in order,
// and where pages come in none and tell nothing.
func (c *chain) askCounts(ctx context.Context) *inquiry {
	pages, seen := 0.0, int64(c.pages*PageLimit)
	if c.order.order != unordered {
		pages = c.pace.left(c.counts.weight(c.ahead()), c.counts)
		if !c.order.trusted() || pages < min(pagesTotal, fewestParts*c.w.x.worth.call) || c.w.idle() < 1 {
			return nil
		}
	}
	c.counting = c.w.count(ctx, c.window, pages, seen)
	return c.counting
}

// takeCounts ends a chain's waiting for its counts, and returns their total, 0 where it is unknown.
func (c *chain) takeCounts() (total int64) {
	if c.counting != nil && c.counting.settled() {
		c.counts, total = c.counting.parts, c.counting.total
	}
	c.counting = nil
	return total
}

// countParts asks for the counts of equal parts of an interval, as many as its pages are worth, and returns their total.
func (w *walk) countParts(ctx context.Context, i window.Interval, pages float64) (total int64, h *histogram) {
	n := int(min(pages/w.x.worth.call, mostParts))
	if n < fewestParts {
		return 0, nil
	}
	parts := window.Split(i, n)
	counts := make([]int64, len(parts))
	var group sync.WaitGroup
	for k, part := range parts {
		group.Go(func() { counts[k] = w.usage(ctx, part) })
	}
	group.Wait()
	if h = newHistogram(parts, counts); h == nil {
		return 0, nil
	}
	for _, n := range counts {
		total += n
	}
	return total, h
}

// usage asks once for the number of an interval's records. It is negative where it can't be had.
func (w *walk) usage(ctx context.Context, i window.Interval) int64 {
	const entity = "tool_calls"
	r := *w.step.Usage
	whole := i.Align()
	r.Range, r.EntityTypes = TimeRange{From: whole.From.UnixMilli(), To: whole.To.UnixMilli()}, []string{entity}
	entities, err := w.step.Client.usageOnce(ctx, &r, w.progress)
	if use, ok := entities[entity]; err == nil && ok {
		return use.EventCount
	}
	return -1
}

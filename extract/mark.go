package extract

import (
	"bytes"
	"time"

	"logferry/internal/record"
	"logferry/internal/window"
)

// mark is where the chain is once its pages up to the one that next continues are read; nil for the last.
func (c *chain) mark(next []byte) Mark {
	m := Mark{Window: c.number, Pass: c.pass, From: c.from, To: c.to, Span: c.span, Order: c.order.mark()}
	if c.limit != PageLimit {
		m.Limit = c.limit
	}
	if c.halved != nil {
		m.Span, m.Order.Recent = *c.halved, nil
		return m
	}
	m.Cursor = next
	return m
}

// markPage is the mark that comes with a page.
func (c *chain) markPage(next []byte) Mark {
	if next == nil && c.halved == nil {
		c.done = true
		return c.markDone()
	}
	return c.mark(next)
}

func (c *chain) markDone() Mark {
	m := c.mark(nil)
	m.Done, m.Order.Recent = true, nil
	return m
}

// resumedChain returns the chain that a mark tells of.
func resumedChain(w *walk, m Mark) *chain {
	c := newChain(w, m.interval(), nil)
	c.number, c.pass = m.Window, m.Pass
	if m.Limit > 0 {
		c.limit = min(m.Limit, PageLimit)
	}
	c.begin(m.Span)
	c.order = m.Order.tracker()
	if len(m.Cursor) > 0 {
		c.cursor = bytes.Clone(m.Cursor)
		c.cursors[hashBytes(c.cursor)] = struct{}{}
	}
	return c
}

// interval is the window, or what is assumed, in whole microseconds.
func (m *Mark) interval() window.Interval {
	return window.New(time.UnixMicro(m.From), time.UnixMicro(m.To))
}

var orderNames = [...]string{orderUnknown: "", newestFirst: "newest", oldestFirst: "oldest", unordered: "none"}

func (t *orderTracker) mark() OrderMark {
	m := OrderMark{Order: orderNames[t.order], Steps: t.steps}
	n := min(t.count, tail)
	for i := t.count - n; i < t.count; i++ {
		m.Recent = append(m.Recent, t.recent[i%tail])
	}
	return m
}

// tracker is the opposite of orderTracker.mark. An order that is unknown here counts as none: nothing is assumed from it.
func (m *OrderMark) tracker() orderTracker {
	t := orderTracker{order: unordered, steps: m.Steps}
	for o, name := range orderNames {
		if name == m.Order {
			t.order = order(o)
		}
	}
	for _, micros := range m.Recent[max(0, len(m.Recent)-tail):] {
		t.recent[t.count] = micros
		t.last, t.any = micros, true
		t.count++
	}
	return t
}

// mark tells the journal, if there is one.
func (w *walk) mark(marks ...Mark) error {
	if w.step.Journal == nil || len(marks) == 0 {
		return nil
	}
	return w.step.Journal.Mark(marks...)
}

// journalled tells the journal, if there is one, of a page.
func (w *walk) journalled(kept []record.Entry, m Mark) error {
	if w.step.Journal == nil {
		return nil
	}
	return w.step.Journal.Page(kept, m)
}

// assume notes that an interval is taken for read, and returns the mark that says so, if there is something to say.
func (w *walk) assume(read window.Interval) []Mark {
	if read.Empty() {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.assumed = append(w.assumed, read)
	return []Mark{{From: read.From.UnixMicro(), To: ceilMicro(read.To), Assumed: true}}
}

package extract

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
	"slices"

	"logferry/internal/record"
	"logferry/internal/window"
)

// earlier is what the walks before this one tell by their marks.
type earlier struct {
	first, second []Mark // the last of each window, by pass
}

// earlier reads the marks, and makes the walk what it was: its assumptions, its numbers, and whether it was misled.
func (w *walk) earlier() earlier {
	var e earlier
	if w.step.Resume == nil {
		return e
	}
	last := map[int]Mark{}
	for _, m := range w.step.Resume.Marks {
		switch {
		case m.Assumed:
			w.assume(m.interval())
		case m.Window > 0:
			last[m.Window] = m
			w.windows = max(w.windows, m.Window)
		}
	}
	for _, m := range slices.SortedFunc(maps.Values(last), func(a, b Mark) int { return cmp.Compare(a.Window, b.Window) }) {
		if m.Order.Order == orderNames[unordered] {
			w.misled.Store(true)
		}
		if m.Pass > 1 {
			e.second = append(e.second, m)
		} else {
			e.first = append(e.first, m)
		}
	}
	w.finished = w.windows - len(unfinished(e.first)) - len(unfinished(e.second))
	return e
}

// resumed returns the chains of windows that are not read to their end.
func (w *walk) resumed(marks []Mark) []*chain {
	var chains []*chain
	for _, m := range unfinished(marks) {
		c := resumedChain(w, m)
		c.whole = len(marks) == 1
		chains = append(chains, c)
	}
	w.progress.add(countResumed, int64(len(chains)))
	return chains
}

func unfinished(marks []Mark) []Mark {
	return slices.DeleteFunc(slices.Clone(marks), func(m Mark) bool { return m.Done })
}

func intervals(marks []Mark) []window.Interval {
	out := make([]window.Interval, len(marks))
	for i := range marks {
		out[i] = marks[i].interval()
	}
	return out
}

// checkResume says whether the marks are of windows of the step's interval.
func (s *Step) checkResume() error {
	if s.Resume == nil || s.Interval.Empty() {
		return nil
	}
	from, to := s.Interval.From.UnixMicro(), ceilMicro(s.Interval.To)
	for _, m := range s.Resume.Marks {
		if (m.Assumed || m.Window > 0) && (m.From < from || m.To > to) {
			return errors.New("the walk to be resumed was one of another interval")
		}
	}
	return nil
}

// known says whether an entry was on a page of an earlier walk.
func (w *walk) known(id string) bool {
	r := w.step.Resume
	return r != nil && r.Known != nil && r.Known(id)
}

// fetchPending hands on the entries that an earlier walk had listed: about as many bytes at once as a page has.
func (w *walk) fetchPending(pending iter.Seq2[record.Entry, error]) error {
	var entries []record.Entry
	var bytes int64
	memory := &reservation{} // for entries
	for e, err := range pending {
		if err == nil && len(entries) == 0 {
			memory, err = w.x.entries.reserve(w.ctx)
		}
		if err = cmp.Or(err, context.Cause(w.ctx)); err != nil {
			memory.release()
			return err
		}
		entries = append(entries, e)
		if bytes += int64(len(e.Raw)); len(entries) == PageLimit || bytes >= memory.bytes {
			w.handPending(memory, entries)
			entries, bytes, memory = nil, 0, &reservation{}
		}
	}
	if len(entries) > 0 {
		w.handPending(memory, entries)
	}
	return nil
}

func (w *walk) handPending(memory *reservation, entries []record.Entry) {
	w.progress.add(countKept, int64(len(entries)))
	w.hand(memory, entries)
}

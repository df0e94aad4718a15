package extract

import (
	"container/list"
	"context"
	"sync"
	"sync/atomic"
)

// budget bounds bytes in flight. Requests reserve an estimate before they are sent, correct it while and after the
// answer is read, and release it when the receiver has taken the record.
//
// Two exceptions keep it from standing still: a reservation larger than the whole budget passes when nothing else is
// reserved, and one body at a time may grow beyond the budget. The peak is therefore the budget plus one answer.
type budget struct {
	// pressed is called without locks before a caller waits: whoever holds finished records hands them on. waiting is how
	// many wait; while it is not 0, finished records must not be held.
	pressed func()
	waiting *atomic.Int64

	mu        sync.Mutex
	total     int64
	used      int64
	overdraft *reservation // the one that may grow beyond total
	growing   list.List    // of *waiter; served before fresh
	fresh     list.List    // of *waiter
	mean, dev float64      // running estimate of an answer's size
	seen      bool
}

type waiter struct {
	res   *reservation
	bytes int64
	ready chan struct{} // closed once the bytes are granted
}

// reservation is a part of a budget. It belongs to one goroutine at a time. The zero value holds nothing.
type reservation struct {
	budget *budget
	bytes  int64
}

// newBudget returns a budget of total bytes. estimate is the assumed size of an answer until one has been seen.
func newBudget(total, estimate int64, waiting *atomic.Int64, pressed func()) *budget {
	return &budget{total: max(total, 1), mean: float64(estimate), waiting: waiting, pressed: pressed}
}

// reserve waits until an answer of the expected size fits.
func (b *budget) reserve(ctx context.Context) (*reservation, error) {
	r := &reservation{budget: b}
	b.mu.Lock()
	n := min(int64(b.mean+2*b.dev), b.total)
	if b.growing.Len() == 0 && b.fresh.Len() == 0 && b.fits(n) {
		b.used += n
		r.bytes = n
		b.mu.Unlock()
		return r, nil
	}
	w := &waiter{res: r, bytes: n, ready: make(chan struct{})}
	at := b.fresh.PushBack(w)
	b.mu.Unlock()
	return r, b.await(ctx, &b.fresh, at)
}

// fits says whether n more bytes may be reserved.
func (b *budget) fits(n int64) bool { return b.used+n <= b.total || b.used == 0 }

// await waits for a queued waiter. On the context's end nothing stays queued or granted.
func (b *budget) await(ctx context.Context, queue *list.List, at *list.Element) error {
	b.waiting.Add(1)
	defer b.waiting.Add(-1)
	b.pressed()
	w := at.Value.(*waiter)
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	select {
	case <-w.ready: // granted meanwhile
	default:
		queue.Remove(at)
		b.grant()
	}
	b.mu.Unlock()
	w.res.release()
	return context.Cause(ctx)
}

// grow raises the reservation to size bytes, if it is lower. paused and resumed are called around a wait.
func (r *reservation) grow(ctx context.Context, size int64, paused, resumed func()) error {
	b, n := r.budget, size-r.bytes
	if n <= 0 {
		return nil
	}
	b.mu.Lock()
	w := &waiter{res: r, bytes: n}
	if b.overdraft == r || b.growing.Len() == 0 && b.mayGrow(w) {
		b.give(w)
		b.mu.Unlock()
		return nil
	}
	w.ready = make(chan struct{})
	at := b.growing.PushBack(w)
	b.mu.Unlock()
	paused()
	defer resumed()
	return b.await(ctx, &b.growing, at)
}

// mayGrow says whether a growing body may have what it waits for.
func (b *budget) mayGrow(w *waiter) bool {
	return b.used+w.bytes <= b.total || b.overdraft == nil || b.overdraft == w.res
}

// give reserves a waiter's bytes.
func (b *budget) give(w *waiter) {
	if b.used+w.bytes > b.total && b.used > 0 && b.overdraft == nil {
		b.overdraft = w.res
	}
	b.used += w.bytes
	w.res.bytes += w.bytes
	if w.ready != nil {
		close(w.ready)
	}
}

// grant serves who waits, in order. The caller holds the lock.
func (b *budget) grant() {
	for at := b.growing.Front(); at != nil; {
		next := at.Next()
		if w := at.Value.(*waiter); b.mayGrow(w) {
			b.growing.Remove(at)
			b.give(w)
		}
		at = next
	}
	for b.growing.Len() == 0 && b.fresh.Len() > 0 {
		at := b.fresh.Front()
		w := at.Value.(*waiter)
		if !b.fits(w.bytes) {
			return
		}
		b.fresh.Remove(at)
		b.give(w)
	}
}

// settle sets the reservation to the answer's true size and feeds the estimate.
func (r *reservation) settle(size int64) {
	b := r.budget
	b.mu.Lock()
	b.learn(float64(size))
	b.mu.Unlock()
	r.resize(size)
}

// resize sets the reservation to size bytes without waiting: they are there already.
func (r *reservation) resize(size int64) {
	b := r.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	b.set(r, size)
}

// learn keeps mean and mean deviation of the sizes, as RFC 6298 does for round-trip times.
func (b *budget) learn(size float64) {
	if !b.seen {
		b.seen, b.mean, b.dev = true, size, size/2
		return
	}
	diff := size - b.mean
	b.mean += diff / 8
	b.dev += (max(diff, -diff) - b.dev) / 4
}

// release returns what is left of the reservation.
func (r *reservation) release() { r.releasePart(r.bytes) }

// releasePart returns n bytes of the reservation. Calling it from several goroutines is safe only where nobody else
// changes the reservation any more.
func (r *reservation) releasePart(n int64) {
	b := r.budget
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.set(r, r.bytes-n)
}

// set makes a reservation hold size bytes, and serves who waits. The caller holds the lock.
func (b *budget) set(r *reservation, size int64) {
	b.used += size - r.bytes
	r.bytes = size
	if b.overdraft == r && size <= 0 {
		b.overdraft = nil
	}
	b.grant()
}

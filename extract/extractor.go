package extract

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"logferry/internal/record"
	"logferry/internal/window"
)

// Defaults of an Extractor.
const (
	DefaultWindows     = 64
	DefaultMemoryBytes = 170 << 20
)

// Options bound what an Extractor does at once, over all walks in progress. 0 is the default.
type Options struct {
	Windows         int   // cursor chains walking
	DetailsInFlight int   // detail requests; 0 is as many as the governor finds useful, up to MaxDetails
	MemoryBytes     int64 // bytes of answers: list entries waiting for their details, and details until they are received
}

// Details says which records get their detail fetched. Its text is the value of source.details.
type Details string

// The choices of details. DetailsFailed is the entries whose status is `failed`.
const (
	DetailsAll    Details = "all"
	DetailsFailed Details = "failed"
	DetailsNone   Details = "none"
)

// Step is one interval of one project to be read.
type Step struct {
	Client   *Client
	Interval window.Interval
	Filters  []Filter
	Details  Details   // "" is DetailsAll
	Windows  int       // how many windows to cut the interval into; 0 lets them split themselves where walkers are idle
	Progress *Progress // counts what this walk does, perhaps with others; may be nil
	// Usage is what of the filters the usage counts can apply, if that is all of them: windows are cut by these counts where
	// the interval is large and no details are wanted. Its Range and EntityTypes are ignored; nil never asks.
	Usage *UsageRequest

	// Journal is told of what must not be fetched again after a crash; may be nil. It has to stay open until Walk returns.
	Journal Journal
	// Resume is where an earlier walk of the same interval was; nil begins anew. With an empty Interval only its Pending
	// entries are fetched.
	Resume *Resume
}

// Bad is a record that can't be had or read: an element of a list page that is no record, or an entry whose detail is
// missing, denied, or failed for good. The latter reaches the receiver as a record too, with that outcome.
type Bad struct {
	record.Bad
	Attempts  int    // requests made for the detail; 0 for an element of a list page
	LastError string // the last attempt's error, "" for an element of a list page
}

// Receiver takes what a walk finds. Both methods are called concurrently, and their error ends the walk.
type Receiver interface {
	// Records takes a batch, in no particular order. Its memory is the receiver's.
	Records(ctx context.Context, batch []record.Record) error
	// Bad takes a record that can't be had or read. Whether that is an error is the receiver's decision.
	Bad(ctx context.Context, bad Bad) error
}

// Extractor holds the bounds that all walks share, and the workers that fetch details. Close ends the workers.
type Extractor struct {
	slots   chan struct{} // one a window that is walking
	wanted  atomic.Int64  // windows that wait for a slot
	queue   chan *job
	workers workers
	seen    int // ids remembered a window and generation
	barren  int // pages in a row that may show nothing new
	worth   worth

	entries *budget
	details *budget
	waiting atomic.Int64 // callers that wait for one of the budgets

	mu     sync.Mutex
	closed bool
	walks  map[*walk]struct{}
}

var errClosed = errors.New("the extractor is closed")

// New returns an extractor. It starts no goroutine before the first walk that needs details.
func New(o Options) *Extractor {
	if o.Windows <= 0 {
		o.Windows = DefaultWindows
	}
	const queued = 2048 // jobs that wait for a worker, where the number of these is not given
	queue := max(1024, 4*o.DetailsInFlight)
	if o.DetailsInFlight <= 0 {
		o.DetailsInFlight, queue = MaxDetails, queued
	}
	if o.MemoryBytes <= 0 {
		o.MemoryBytes = DefaultMemoryBytes
	}
	const (
		firstPage   = 128 << 10 // bytes, assumed until one has been seen
		firstDetail = 32 << 10
		seenBytes   = 64 // of memory an id
	)
	x := &Extractor{
		slots:   make(chan struct{}, o.Windows),
		queue:   make(chan *job, queue),
		workers: workers{most: o.DetailsInFlight},
		// An eighth for the ids, two generations a window.
		seen:   int(max(o.MemoryBytes/8/int64(o.Windows)/2/seenBytes, 1000)),
		barren: maxBarren, worth: defaultWorth,
		walks: map[*walk]struct{}{},
	}
	// Separate shares: entries wait for details and never the other way round, so the two can't block each other.
	x.entries = newBudget(o.MemoryBytes/4, firstPage, &x.waiting, x.flush)
	x.details = newBudget(o.MemoryBytes/8*5, firstDetail, &x.waiting, x.flush)
	return x
}

// Close ends the workers and waits for them. No walk may be in progress.
func (x *Extractor) Close() {
	x.mu.Lock()
	closed := x.closed
	x.closed = true
	x.mu.Unlock()
	if !closed {
		close(x.queue)
	}
	x.workers.done.Wait()
}

// Walk reads one step to its end, and returns once every record has been received or the walk has failed. Several walks
// may run at the same time and share the extractor's bounds. The error is a *WalkError, or the context's cause where the
// context ended. Where there is an error, a part of the records may have been received.
func (x *Extractor) Walk(ctx context.Context, step Step, receiver Receiver) (Stats, error) {
	if err := step.check(); err != nil {
		return Stats{}, err
	}
	w := newWalk(ctx, x, step, receiver)
	if err := x.register(w); err != nil {
		w.cancel(nil)
		return Stats{}, err
	}
	defer x.unregister(w)
	err := w.run()
	return w.progress.Snapshot(), err
}

func (s *Step) check() error {
	switch s.Details {
	case DetailsAll, DetailsFailed, DetailsNone:
	case "":
		s.Details = DetailsAll
	default:
		return errors.New("details: expected all, failed or none, not " + printable(string(s.Details)))
	}
	if s.Client == nil {
		return errors.New("a step needs a client")
	}
	return s.checkResume()
}

func (x *Extractor) register(w *walk) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return errClosed
	}
	x.walks[w] = struct{}{}
	return nil
}

func (x *Extractor) unregister(w *walk) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.walks, w)
}

// flush lets all walks hand on the records that they hold for a fuller batch. It is called where memory is short.
func (x *Extractor) flush() {
	x.mu.Lock()
	walks := make([]*walk, 0, len(x.walks))
	for w := range x.walks {
		walks = append(walks, w)
	}
	x.mu.Unlock()
	for _, w := range walks {
		w.flush()
	}
}

// slot waits for the right to walk a window. The caller gives it back with freeSlot.
func (x *Extractor) slot(ctx context.Context) error {
	x.wanted.Add(1)
	defer x.wanted.Add(-1)
	select {
	case x.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (x *Extractor) freeSlot() { <-x.slots }

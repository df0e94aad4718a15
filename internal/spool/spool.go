// Package spool sorts what was fetched, and journals it. Records arrive in any order, some of them more than once; they leave
// a Spool in the order of the export, each key once. Memory is bounded: what does not fit waits on disk. A Journal keeps what
// a run has fetched and not yet committed for the run after a crash.
package spool

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"sync"
	"sync/atomic"

	"logferry/internal/record"
)

// Options of a Spool.
type Options struct {
	// Dir is the folder for what does not fit into memory. It must exist.
	Dir string
	// Budget bounds the memory, together with that of other spools. It may be shared.
	Budget *Budget
}

// Budget is the memory that several spools share. Each of them may use half of what all may, as long as the others leave
// it that; a small part is always its own, so that none waits for another. A Budget is safe for concurrent use.
type Budget struct {
	bytes int64
	used  atomic.Int64
}

// NewBudget returns a budget of so many bytes.
func NewBudget(bytes int64) *Budget { return &Budget{bytes: bytes} }

// ownBytes is what a spool may hold of a budget that is spent.
const ownBytes = 2 * chunkSize

// full says that a buffer of the size must be written out before it grows.
func (b *Budget) full(size int64) bool {
	return size >= b.bytes/2 || size >= ownBytes && b.used.Load() >= b.bytes
}

// maxFanIn is how many runs are merged at once: each costs a block's memory and a file descriptor.
const maxFanIn = 64

// maxRuns is how many runs may wait on disk, an open file each, before some are merged.
const maxRuns = 4 * maxFanIn

// errClosed is what a closed spool answers.
var errClosed = errors.New("spool is closed")

// Spool collects the records of one partition. Add may be called from several goroutines at once; Sorted and Close may not, and
// only after the last Add has returned. The owner calls Close.
type Spool struct {
	opts Options

	mu     sync.Mutex
	fill   *buffer // being filled
	other  *buffer // nil while it is written out
	idle   *sync.Cond
	runs   []*run
	count  int64
	err    error // of a failed write; every later Add returns it
	closed bool
}

// New makes an empty spool. It creates nothing on disk until memory is full.
func New(o Options) *Spool {
	s := &Spool{opts: o, fill: newBuffer(), other: newBuffer()}
	s.idle = sync.NewCond(&s.mu)
	return s
}

// Add copies the records. It blocks while the disk is behind, and returns the error of a failed write.
func (s *Spool) Add(ctx context.Context, recs []record.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range recs {
		if err := s.room(ctx); err != nil {
			return err
		}
		before := s.fill.size()
		s.fill.add(&recs[i])
		s.opts.Budget.used.Add(s.fill.size() - before)
		s.count++
	}
	return nil
}

// room makes sure that the buffer in hand may take a record: when it is full it is exchanged for the other one and
// written out. It is called with mu held, which it gives up while it waits and while it writes.
func (s *Spool) room(ctx context.Context) error {
	for len(s.fill.refs) > 0 && s.opts.Budget.full(s.fill.size()) {
		if err := s.state(ctx); err != nil {
			return err
		}
		if s.other == nil {
			s.idle.Wait()
			continue
		}
		full := s.fill
		s.fill, s.other = s.other, nil
		s.mu.Unlock()
		r, err := s.writeRun(full)
		s.mu.Lock()
		s.empty(full)
		s.other = full
		s.idle.Broadcast()
		if err != nil {
			s.err = err
			return err
		}
		s.runs = append(s.runs, r)
		if len(s.runs) >= maxRuns {
			if s.err = s.narrow(ctx); s.err != nil {
				return s.err
			}
		}
	}
	return s.state(ctx)
}

// empty gives a buffer's memory back.
func (s *Spool) empty(b *buffer) {
	s.opts.Budget.used.Add(-b.size())
	b.reset()
}

func (s *Spool) state(ctx context.Context) error {
	if s.closed {
		return errClosed
	}
	if s.err != nil {
		return s.err
	}
	return ctx.Err()
}

func (s *Spool) writeRun(b *buffer) (*run, error) {
	b.sort()
	return s.mergeRun([]source{&bufferReader{buf: b}})
}

// mergeRun writes the sources' records as one new run.
func (s *Spool) mergeRun(sources []source) (*run, error) {
	r, err := createRun(s.opts.Dir)
	if err != nil {
		return nil, s.wrap("create a run", err)
	}
	w := newRunWriter(r)
	err = merge(sources, w.add)
	if err == nil {
		err = w.finish()
	}
	if err != nil {
		return nil, errors.Join(s.wrap("write a run", err), r.close())
	}
	return r, nil
}

func (s *Spool) wrap(op string, err error) error {
	return fmt.Errorf("spool: %s in %s: %w (is there space left? XDG_CACHE_HOME moves the cache folder)", op, s.opts.Dir, err)
}

// Count returns how many records were added, repeated ones included.
func (s *Spool) Count() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// Sorted yields the records by timestamp, then id, each once; of several copies the one with a detail. A record is valid until the
// next one is asked for. The sequence ends with an error when a run is damaged, the disk fails or ctx ends.
func (s *Spool) Sorted(ctx context.Context) iter.Seq2[*record.Record, error] {
	return func(yield func(*record.Record, error) bool) {
		var rec record.Record
		stop := errors.New("stopped")
		err := s.sorted(ctx, func(st stored) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := st.decode(&rec); err != nil {
				return err
			}
			if !yield(&rec, nil) {
				return stop
			}
			return nil
		})
		if err != nil && !errors.Is(err, stop) {
			yield(nil, err)
		}
	}
}

func (s *Spool) sorted(ctx context.Context, emit func(stored) error) error {
	sources, err := s.sources(ctx)
	if err != nil {
		return err
	}
	err = merge(sources, emit)
	if errors.Is(err, errCorrupt) {
		return s.wrap("read a run", err)
	}
	return err
}

func (s *Spool) sources(ctx context.Context) ([]source, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.state(ctx); err != nil {
		return nil, err
	}
	if err := s.narrow(ctx); err != nil {
		return nil, err
	}
	s.fill.sort()
	return append([]source{&bufferReader{buf: s.fill}}, readers(s.runs)...), nil
}

// readers are the sources over runs that are merged together.
func readers(runs []*run) []source {
	shared := &scratch{}
	out := make([]source, len(runs))
	for i, r := range runs {
		out[i] = &runReader{run: r, scratch: shared}
	}
	return out
}

// narrow merges runs until no more than maxFanIn are left, the oldest first.
func (s *Spool) narrow(ctx context.Context) error {
	for len(s.runs) > maxFanIn {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(maxFanIn, len(s.runs)-maxFanIn+1)
		merged, err := s.mergeRun(readers(s.runs[:n]))
		if err != nil {
			return err
		}
		for _, r := range s.runs[:n] {
			if err := r.close(); err != nil {
				return errors.Join(s.wrap("remove a run", err), merged.close())
			}
		}
		s.runs = append(s.runs[n:], merged)
	}
	return nil
}

// Close gives back memory and disk. It may be called more than once.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var errs []error
	for _, r := range s.runs {
		if err := r.close(); err != nil && !errors.Is(err, os.ErrClosed) {
			errs = append(errs, s.wrap("remove a run", err))
		}
	}
	s.runs = nil
	s.empty(s.fill)
	return errors.Join(errs...)
}

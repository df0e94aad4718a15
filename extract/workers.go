package extract

import (
	"sync"
	"sync/atomic"
)

// workers are the goroutines that fetch details: as many as may be in flight, and some that handle what has arrived.
type workers struct {
	most    int // in all
	running atomic.Int64
	done    sync.WaitGroup
}

// enough is how many workers the governor has use for.
func (s *workers) enough(g *Governor) int64 {
	flying := g.detailsAtOnce()
	return int64(min(s.most, flying+max(flying/4, 8)))
}

// hire starts a worker where there are jobs and too few workers. The worker ends when the queue is closed, or when there
// are far more workers than are of use.
func (s *workers) hire(x *Extractor, g *Governor) {
	for n := s.running.Load(); n == 0 || len(x.queue) > 0 && n < s.enough(g); n = s.running.Load() {
		if s.running.CompareAndSwap(n, n+1) {
			s.done.Go(func() { s.work(x) })
			return
		}
	}
}

func (s *workers) work(x *Extractor) {
	for j := range x.queue {
		g := j.walk.step.Client.governor
		j.walk.fetch(j)
		s.hire(x, g)
		if s.leave(g) {
			return
		}
	}
	s.running.Add(-1)
}

// leave lets one worker go where there are far more than are of use. Never do all go at once.
func (s *workers) leave(g *Governor) bool {
	for n := s.running.Load(); n > 2*s.enough(g); n = s.running.Load() {
		if s.running.CompareAndSwap(n, n-1) {
			return true
		}
	}
	return false
}

package logsim

import (
	"sync"
	"sync/atomic"
)

// Stats are a server's counters at one moment.
type Stats struct {
	Requests     map[Class]int // arrived, whatever became of them
	Statuses     map[int]int   // answers begun, by HTTP status; connections that ended before are in none
	Faults       map[FaultKind]int
	BytesSent    int64         // of bodies, as they were sent
	PeakInFlight map[Class]int // most requests of a class at one time
}

type stats struct {
	requests, inFlight, peak [classes]atomic.Int64
	bytes                    atomic.Int64

	mu       sync.Mutex
	statuses [600]int
}

func (s *stats) begin(c Class) {
	s.requests[c].Add(1)
	now := s.inFlight[c].Add(1)
	for {
		peak := s.peak[c].Load()
		if now <= peak || s.peak[c].CompareAndSwap(peak, now) {
			return
		}
	}
}

func (s *stats) end(c Class) { s.inFlight[c].Add(-1) }

func (s *stats) sent(status, bytes int) {
	s.bytes.Add(int64(bytes))
	s.mu.Lock()
	s.statuses[status]++
	s.mu.Unlock()
}

// Stats returns the counters.
func (s *Server) Stats() Stats {
	out := Stats{Requests: map[Class]int{}, Statuses: map[int]int{}, Faults: s.faults.counts(), BytesSent: s.stats.bytes.Load(), PeakInFlight: map[Class]int{}}
	for c := List; c < classes; c++ {
		out.Requests[c] = int(s.stats.requests[c].Load())
		out.PeakInFlight[c] = int(s.stats.peak[c].Load())
	}
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	for status, n := range s.stats.statuses {
		if n > 0 {
			out.Statuses[status] = n
		}
	}
	return out
}

// Windows returns what happened in each window of an organisation's limit, oldest first; "" is DefaultOrganisation.
// It accounts for background traffic up to now. An unknown organisation has none.
func (s *Server) Windows(organisation string) []Window {
	if organisation == "" {
		organisation = DefaultOrganisation
	}
	l := s.limiters[organisation]
	if l == nil {
		return nil
	}
	return l.history(s.opts.Now())
}

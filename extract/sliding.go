package extract

import (
	"math"
	"time"
)

// slidingLimit allows at most limit events in any period, whatever its phase. The zero value allows everything.
type slidingLimit struct {
	limit  int
	period time.Duration
	times  []time.Time // ring of the latest limit events
	at     int         // where the oldest stands, once the ring is full
}

// maxSliding bounds the ring (24 bytes an event). Above it only the even rate holds.
const maxSliding = 1 << 16

func newSlidingLimit(limit int, period time.Duration) slidingLimit {
	if limit <= 0 {
		return slidingLimit{}
	}
	return slidingLimit{limit: limit, period: period}
}

// rate is the even rate in events a second; infinite without a limit.
func (s *slidingLimit) rate() float64 {
	if s.limit == 0 {
		return math.Inf(1)
	}
	return float64(s.limit) / s.period.Seconds()
}

// next is how long to wait until one more event is allowed.
func (s *slidingLimit) next(now time.Time) time.Duration {
	if s.limit == 0 || len(s.times) < s.limit {
		return 0
	}
	return max(s.times[s.at].Add(s.period).Sub(now), 0)
}

func (s *slidingLimit) add(now time.Time) {
	switch {
	case s.limit == 0 || s.limit > maxSliding:
	case len(s.times) < s.limit:
		s.times = append(s.times, now)
	default:
		s.times[s.at] = now
		s.at = (s.at + 1) % s.limit
	}
}

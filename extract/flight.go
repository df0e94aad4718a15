package extract

import (
	"math"
	"time"
)

// flight is how many requests of one kind may be unanswered at once: as many as the rate needs at the latency seen, fewer
// where latency rises above what is usual or requests fail, and more again where they don't. The idea of comparing recent
// with usual latency is that of TCP Vegas.
type flight struct {
	most     int     // never more than that
	fixed    bool    // always most
	limit    float64 // allowed by latency and failures
	needed   float64 // enough for the rate
	inAir    int     // unanswered now
	peak     int     // most of them unanswered at once since the last adjustment
	grown    bool    // the quick growth of the beginning is over
	recent   float64 // latency in seconds, over about a round of requests
	usual    float64 // over some seconds
	seenAt   time.Time
	next     time.Time // of the next adjustment
	answers  int       // since the last one
	failures int       // among them
}

const (
	firstLists   = 32
	firstDetails = 64
	leastFlight  = 2
	// latencyRise is by how much latency may exceed the usual one before fewer requests are sent at once.
	latencyRise = 2
	usualTime   = 15 * time.Second
	// latest is over how many answers the recent latency is averaged at least.
	latest = 16
	// mostFailures is the part of the answers that may be failures before fewer requests are sent at once.
	mostFailures = 0.05
)

// newFlight returns one of a fixed number, or one that finds its number itself, beginning with first and up to most, where fixed is 0.
func newFlight(fixed, first, most int) flight {
	if fixed > 0 {
		return flight{most: fixed, fixed: true, limit: float64(fixed), needed: math.Inf(1)}
	}
	return flight{most: most, limit: float64(first), needed: math.Inf(1)}
}

// full says that another request has to wait for an answer.
func (f *flight) full() bool { return f.inAir >= f.allowed() }

func (f *flight) allowed() int { return max(int(min(f.limit, f.needed)), 1) }

func (f *flight) send() {
	f.inAir++
	f.peak = max(f.peak, f.inAir)
}

// answer takes in that a request ended after latency; ok is false where it failed by the server's or the network's fault.
// rate is how many requests a second the budget allows, +Inf for no bound.
func (f *flight) answer(now time.Time, latency time.Duration, ok bool, rate float64) {
	f.inAir--
	if f.fixed {
		return
	}
	f.answers++
	if ok {
		f.learn(now, latency.Seconds())
	} else {
		f.failures++ // how fast it failed tells nothing
	}
	// Before the first success only failures tell anything: too many of them.
	if now.Before(f.next) || f.seenAt.IsZero() && !f.failing() {
		return
	}
	f.next = now.Add(max(time.Duration(f.recent*float64(time.Second)), latency))
	f.adjust(rate)
	f.peak, f.answers, f.failures = f.inAir, 0, 0
}

// gone takes in that a request ended in a way that tells nothing.
func (f *flight) gone() { f.inAir-- }

// failing says that so many requests fail that fewer should be sent. A single one is nobody's fault.
func (f *flight) failing() bool {
	return f.failures > 1 && float64(f.failures) > mostFailures*float64(f.answers)
}

func (f *flight) learn(now time.Time, latency float64) {
	if f.seenAt.IsZero() {
		f.recent, f.usual, f.seenAt = latency, latency, now
		return
	}
	f.recent += (latency - f.recent) / max(f.limit/2, latest)
	since := now.Sub(f.seenAt)
	f.seenAt = now
	f.usual += (latency - f.usual) * (1 - math.Exp(-float64(since)/float64(usualTime)))
}

func (f *flight) adjust(rate float64) {
	switch gradient := latencyRise * f.usual / max(f.recent, 1e-6); {
	case f.failing():
		f.limit *= 0.7
		f.grown = true
	case gradient < 1:
		f.limit = max(f.limit*gradient, f.limit/2)
		f.grown = true
	case f.peak < f.allowed()*3/4:
		// Not what holds the requests back.
	case f.grown:
		f.limit += math.Sqrt(f.limit)
	default:
		f.limit *= 2
	}
	if !f.seenAt.IsZero() {
		// Twice as many as an even rate takes: what was not used early in a window is made up for at up to twice the rate.
		f.needed = 2*rate*max(f.recent, f.usual) + 4
	}
	f.limit = min(max(f.limit, min(leastFlight, float64(f.most))), float64(f.most))
}

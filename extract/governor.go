package extract

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// GovernorOptions configure a Governor.
type GovernorOptions struct {
	Headroom float64 // share of the organisation's budget that is left to its own traffic, 0 to 0.99
	Limit    int     // requests a minute, at most, whatever the API allows; 0 is no limit of one's own
}

// Governor paces every request of one organisation: it keeps the headroom free by what response headers say and lets all
// requests pause together after a 429. It may be used concurrently, owns no goroutine and needs no closing. See model
// for the arithmetic.
type Governor struct {
	turn chan struct{} // held by the one caller that waits for the model; the others queue behind it

	mu      sync.Mutex
	model   model
	waiting bool
	changed chan struct{} // an observation came; buffered by 1
}

// NewGovernor returns a governor that knows nothing yet of the API's limit.
func NewGovernor(o GovernorOptions) *Governor {
	return &Governor{
		turn: make(chan struct{}, 1), changed: make(chan struct{}, 1),
		model: newModel(o.Headroom, o.Limit),
	}
}

// Ticket is the permission to send one request. Every ticket has to come back through Observe, once.
type Ticket struct {
	number uint64    // its place in the order of sending
	at     time.Time // when it was given
}

// Acquire waits until a request may be sent. The error is the cause of the context's end.
func (g *Governor) Acquire(ctx context.Context, _ Op) (Ticket, error) {
	if ctx.Err() != nil {
		return Ticket{}, context.Cause(ctx)
	}
	// Who comes while others wait queues behind them.
	select {
	case g.turn <- struct{}{}:
	case <-ctx.Done():
		return Ticket{}, context.Cause(ctx)
	}
	defer func() { <-g.turn }()
	for {
		ticket, wait := g.try()
		if wait == 0 {
			return ticket, nil
		}
		if err := g.wait(ctx, wait); err != nil {
			return Ticket{}, err
		}
	}
}

// try issues a ticket, or returns how long to wait.
func (g *Governor) try() (Ticket, time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if wait := g.model.Next(now); wait > 0 {
		g.waiting = true
		return Ticket{}, wait
	}
	g.waiting = false
	return g.model.Send(now), 0
}

func (g *Governor) wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-g.changed:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// Observe gives a ticket back and takes in what the answer's headers say. status is 0, and the header nil, where no
// answer came.
func (g *Governor) Observe(t Ticket, h http.Header, status int) {
	now := time.Now()
	r := readBudget(h, now)
	g.mu.Lock()
	g.model.Observe(now, t, r, status)
	waiting := g.waiting
	g.mu.Unlock()
	if waiting {
		select {
		case g.changed <- struct{}{}:
		default:
		}
	}
}

// unanswered accounts for requests that were sent without a ticket and never answered.
func (g *Governor) unanswered(n int) {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	for range n {
		g.model.Observe(now, g.model.Send(now), readBudget(nil, now), 0)
	}
}

// Budget is what a governor knows at one moment.
type Budget struct {
	Limit       int           // requests a window that the API allows the organisation; 0 is unknown
	Remaining   int           // of them, as last seen; -1 is unknown
	Window      time.Duration // length of the API's window
	Used        float64       // part of this program's share that is spent or no longer free in the current window, 0 to 1
	InFlight    int           // requests sent and not answered
	PausedUntil time.Time     // zero where requests are not paused by a 429
}

// Snapshot returns what is known now, for a progress line.
func (g *Governor) Snapshot() Budget {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := &g.model
	b := Budget{Limit: m.limit, Remaining: -1, Window: m.window, InFlight: m.inFlight}
	if m.known {
		b.Remaining = m.observed
		b.Used = min(max(1-float64(m.available())/float64(m.share()), 0), 1)
	}
	if m.pausedTill.After(time.Now()) {
		b.PausedUntil = m.pausedTill
	}
	return b
}

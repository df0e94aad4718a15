package extract

import (
	"container/list"
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Bounds of what a governor sends at once where it finds the number itself.
const (
	MaxLists   = 256
	MaxDetails = 1024
)

// GovernorOptions configure a Governor.
type GovernorOptions struct {
	Headroom float64 // share of the organisation's budget that is left to its own traffic, 0 to 0.99
	Limit    int     // requests a minute, at most, whatever the API allows; 0 is no limit of one's own

	// How many list and detail requests are unanswered at once; 0 follows from the rate and the latency seen, up to MaxLists
	// and MaxDetails.
	Lists, Details int
}

// Governor paces every request of one organisation: it keeps the headroom free by what response headers say and lets all
// requests pause together after a 429. It may be used concurrently and needs no closing. List and usage requests go before
// details, whose ids they bring. Its time is that of package time, so that tests own it by testing/synctest. See model for
// the arithmetic.
type Governor struct {
	mu     sync.Mutex
	model  model
	queues [2]list.List // of *waiting, by flightOf
	timer  *time.Timer  // calls dispatch
	wake   time.Time    // when dispatch is called next for those who wait; zero where an answer or nothing is waited for
}

// waiting is one caller of Acquire.
type waiting struct {
	op       Op
	patience time.Duration
	ticket   chan Ticket // buffered by 1; closed without a ticket where the caller's patience is over
}

// NewGovernor returns a governor that knows nothing yet of the API's limit.
func NewGovernor(o GovernorOptions) *Governor {
	g := &Governor{model: newModel(o)}
	g.timer = time.AfterFunc(time.Hour, g.dispatchNow)
	g.timer.Stop()
	return g
}

// Ticket is the permission to send one request. Every ticket has to come back through Observe or Abandon, once.
type Ticket struct {
	number uint64    // its place in the order of sending
	at     time.Time // when it was given
	op     Op
	left   int // lowest remaining that had been seen of the window then; -1 for none
	limit  int // as it was known then
}

// PausedError says that the API asks for a longer pause than a request may wait.
type PausedError struct {
	Until time.Time
	Wait  time.Duration // what is left of the pause
}

func (e *PausedError) Error() string {
	return fmt.Sprintf("the API asks to send nothing for %s, until %s", e.Wait.Round(time.Second), e.Until.UTC().Format(time.RFC3339))
}

// Hint is what the user can do about it.
func (e *PausedError) Hint() string {
	return "run it again after that time, or raise extract.give_up_after above the pause"
}

// RefusedError says that the API has answered nothing but 429 for longer than a request may be retried.
type RefusedError struct {
	For time.Duration
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("the API has refused every request for %s (429 Too Many Requests)", e.For.Round(time.Second))
}

// Hint is what the user can do about it.
func (e *RefusedError) Hint() string {
	return "other traffic of the organisation uses all of its budget: run it again later, or raise extract.give_up_after"
}

// Acquire waits until a request may be sent. The error is the cause of the context's end; or, where patience is not 0, a
// *PausedError where the API asks for a longer pause than that, or a *RefusedError where it has refused every request for
// longer.
func (g *Governor) Acquire(ctx context.Context, op Op, patience time.Duration) (Ticket, error) {
	if ctx.Err() != nil {
		return Ticket{}, context.Cause(ctx)
	}
	w := &waiting{op: op, patience: patience, ticket: make(chan Ticket, 1)}
	g.mu.Lock()
	queue := &g.queues[flightOf(op)]
	at := queue.PushBack(w)
	g.dropImpatient(time.Now())
	g.dispatch()
	g.mu.Unlock()
	select {
	case t, ok := <-w.ticket:
		return g.granted(t, ok)
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case t, ok := <-w.ticket: // granted meanwhile
		if ok {
			g.model.Unsend(t)
		}
	default:
		queue.Remove(at)
	}
	g.dispatch()
	return Ticket{}, context.Cause(ctx)
}

func (g *Governor) granted(t Ticket, ok bool) (Ticket, error) {
	if ok {
		return t, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if refused := g.model.refusedFor(); refused > time.Until(g.model.pausedTill) {
		return Ticket{}, &RefusedError{For: refused}
	}
	return Ticket{}, &PausedError{Until: g.model.pausedTill, Wait: time.Until(g.model.pausedTill)}
}

func (g *Governor) dispatchNow() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dispatch()
}

// dispatch gives tickets to those who wait, as long as the model allows it, and sets the timer to when it will. The caller
// holds the lock.
func (g *Governor) dispatch() {
	now := time.Now()
	wake := untilAnswer
	for q := range g.queues {
		queue := &g.queues[q]
		for at := queue.Front(); at != nil; at = queue.Front() {
			w := at.Value.(*waiting)
			wait := g.model.Next(now, w.op)
			if wait > 0 {
				wake = min(wake, wait)
				break
			}
			queue.Remove(at)
			w.ticket <- g.model.Send(now, w.op)
		}
	}
	g.wake = time.Time{}
	if wake != untilAnswer {
		g.wake = now.Add(wake)
		g.timer.Reset(wake)
	}
}

// Observe gives a ticket back and takes in what the answer's headers say. status is 0, and the header nil, where no
// answer came.
func (g *Governor) Observe(t Ticket, h http.Header, status int) {
	now := time.Now()
	r := readBudget(h, now)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.model.Observe(now, t, r, status)
	g.dropImpatient(now)
	g.dispatch()
}

// Abandon gives a ticket back whose request was sent and tells nothing, as where its sender gave up.
func (g *Governor) Abandon(t Ticket) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.model.Abandon(t)
	g.dispatch()
}

// dropImpatient turns those away who can't wait for a pause to end, or for the API to answer again.
func (g *Governor) dropImpatient(now time.Time) {
	trouble := max(g.model.pausedTill.Sub(now), g.model.refusedFor())
	if trouble <= 0 {
		return
	}
	for q := range g.queues {
		queue := &g.queues[q]
		for at := queue.Front(); at != nil; {
			next := at.Next()
			if w := at.Value.(*waiting); w.patience > 0 && trouble > w.patience {
				queue.Remove(at)
				close(w.ticket)
			}
			at = next
		}
	}
}

// told takes in the limit that the message of a 429 names.
func (g *Governor) told(limit int, window time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.model.Told(limit, window, time.Now())
}

// unanswered accounts for requests that were sent without a ticket and never answered.
func (g *Governor) unanswered(op Op, n int) {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	for range n {
		g.model.Abandon(g.model.Send(now, op))
	}
}

// slack says that nobody waits for the budget: a further request would be sent at once or nearly so.
func (g *Governor) slack() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.queues[flightOfList].Len() == 0 && g.queues[flightOfDetail].Len() == 0
}

// detailsAtOnce is how many details are worth fetching at the same time.
func (g *Governor) detailsAtOnce() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.model.flights[flightOfDetail].allowed()
}

// Budget is what a governor knows at one moment.
type Budget struct {
	Limit       int           // requests a window that the API allows the organisation; 0 is unknown
	Remaining   int           // of them, as last seen; -1 is unknown
	Window      time.Duration // length of the API's window
	Used        float64       // part of this program's share that is spent or no longer free in the current window, 0 to 1
	InFlight    int           // requests sent and not answered
	Lists       int           // list requests that may be unanswered at once
	Details     int           // detail requests that may be
	Assumed     bool          // nobody has named a limit, neither the API nor the user: it is the documented one, or learnt from refusals
	PausedUntil time.Time     // zero where requests are not paused by a 429
	WaitUntil   time.Time     // requests wait for the budget, which is looked at again then; zero where they don't, or for a moment only
}

// momentary is what a wait is too short for to be told.
const momentary = 500 * time.Millisecond

// Snapshot returns what is known now, for a progress line.
func (g *Governor) Snapshot() Budget {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := &g.model
	b := Budget{
		Limit: m.limit, Remaining: -1, Window: m.window(), InFlight: m.inFlight, Assumed: m.assumed(),
		Lists: m.flights[flightOfList].allowed(), Details: m.flights[flightOfDetail].allowed(),
	}
	if m.cur.known {
		b.Remaining = m.cur.observed
		b.Used = min(max(1-float64(m.available())/float64(m.share()), 0), 1)
	}
	if m.pausedTill.After(time.Now()) {
		b.PausedUntil = m.pausedTill
	}
	if m.inFlight == 0 && time.Until(g.wake) > momentary {
		b.WaitUntil = g.wake
	}
	return b
}

package logsim

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Rate is the request limit of an organisation: so many in each fixed window, its own traffic included.
type Rate struct {
	// Limit of requests a window; default 2,000. Negative is no limit.
	Limit int
	// Window is its length; default a minute.
	Window time.Duration
	// Phase moves the windows, which otherwise begin at multiples of Window since 1970.
	Phase time.Duration
	// Rolling limits the requests of any stretch of a window's length (to a sixtieth of it) instead of fixed ones.
	Rolling bool
	// Changes of the limit, in the order of After.
	Changes []LimitChange
	// Background is the organisation's own traffic, requests a second, as a function of the time since New. It is
	// spent whenever a request arrives or the counters are read.
	Background func(since time.Duration) float64

	// HeaderWindow is the text of X-RateLimit-Window-Size; default the window in seconds, as `60s`.
	HeaderWindow string
	// OmitHeaders sends no X-RateLimit headers.
	OmitHeaders bool
	// OmitRetryAfter sends no Retry-After with a 429.
	OmitRetryAfter bool
	// RetryAfterDate sends Retry-After as an HTTP date.
	RetryAfterDate bool
}

// LimitChange sets another limit from a time after New on.
type LimitChange struct {
	After time.Duration
	Limit int
}

var errWindow = errors.New("a rate window is not positive")

func (r Rate) withDefaults() (Rate, error) {
	r.Limit = orUnlimited(orStandard(r.Limit, 2000))
	if r.Window == 0 {
		r.Window = time.Minute
	}
	if r.Window < 0 {
		return r, errWindow
	}
	if r.HeaderWindow == "" {
		r.HeaderWindow = fmt.Sprintf("%ds", int(math.Ceil(r.Window.Seconds())))
	}
	return r, nil
}

func orStandard(n, standard int) int {
	if n == 0 {
		return standard
	}
	return n
}

func orUnlimited(n int) int {
	if n < 0 {
		return math.MaxInt32
	}
	return n
}

// Window is what happened in one fixed window of an organisation.
type Window struct {
	Start             time.Time
	Limit             int // the last one that held in it
	Requests          int // admitted
	Background        int // the organisation's own calls, admitted
	Refused           int // 429s
	BackgroundRefused int // the organisation's own calls that found the budget spent
}

// limiter is the state of an organisation's limit.
type limiter struct {
	opts    Rate
	created time.Time

	mu      sync.Mutex
	windows []Window // oldest first; windows without any call are left out
	slots   [rollingSlots]int
	newest  int64     // absolute number of the newest slot
	spent   time.Time // background traffic is accounted for up to here
	carry   float64   // part of a background call
}

// rollingSlots is how finely a window is divided.
const rollingSlots = 60

func newLimiter(opts Rate, now time.Time) *limiter {
	return &limiter{opts: opts, created: now, spent: now}
}

// verdict is the limit's state after one request.
type verdict struct {
	refused          bool
	limit, remaining int
	reset            time.Duration // until the window ends, or until a rolling one has room
	now              time.Time
	opts             *Rate
}

// take asks for one request.
func (l *limiter) take(now time.Time) verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.advance(now)
	ok := l.spend(w, now, 1) == 1
	if ok {
		w.Requests++
	} else {
		w.Refused++
	}
	return l.verdict(w, now, !ok)
}

// look returns the state without asking for anything.
func (l *limiter) look(now time.Time) verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.verdict(l.advance(now), now, false)
}

// history returns a copy of all windows up to now.
func (l *limiter) history(now time.Time) []Window {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.advance(now)
	return append([]Window(nil), l.windows...)
}

// advance spends the background traffic up to now and returns the window of now.
func (l *limiter) advance(now time.Time) *Window {
	if l.opts.Background == nil {
		return l.window(now)
	}
	for step := l.opts.Window / rollingSlots; l.spent.Before(now); {
		next := l.spent.Add(step)
		if next.After(now) {
			next = now
		}
		l.carry += max(l.opts.Background(l.spent.Sub(l.created)), 0) * next.Sub(l.spent).Seconds()
		calls := int(l.carry)
		l.carry -= float64(calls)
		if calls > 0 {
			w := l.window(l.spent)
			admitted := l.spend(w, l.spent, calls)
			w.Background += admitted
			w.BackgroundRefused += calls - admitted
		}
		l.spent = next
	}
	return l.window(now)
}

// window returns the fixed window that contains t, which is not before that of an earlier call.
func (l *limiter) window(t time.Time) *Window {
	since := t.Add(-l.opts.Phase).UnixNano()
	start := time.Unix(0, since-modulo(since, int64(l.opts.Window))).Add(l.opts.Phase).UTC()
	if n := len(l.windows); n == 0 || l.windows[n-1].Start.Before(start) {
		l.windows = append(l.windows, Window{Start: start})
	}
	w := &l.windows[len(l.windows)-1]
	w.Limit = l.limitAt(t)
	return w
}

func (l *limiter) limitAt(t time.Time) int {
	limit := l.opts.Limit
	for _, c := range l.opts.Changes {
		if !t.Before(l.created.Add(c.After)) {
			limit = orUnlimited(c.Limit)
		}
	}
	return limit
}

// spend takes up to `calls` out of the budget and returns how many it gave.
func (l *limiter) spend(w *Window, t time.Time, calls int) int {
	given := min(calls, max(w.Limit-l.used(w, t), 0))
	if l.opts.Rolling {
		l.slots[modulo(l.newest, rollingSlots)] += given
	}
	return given
}

// used is how much of the budget is spent at t.
func (l *limiter) used(w *Window, t time.Time) int {
	if !l.opts.Rolling {
		return w.Requests + w.Background
	}
	slot := t.UnixNano() / int64(l.slotLength())
	if slot-l.newest >= rollingSlots {
		l.slots = [rollingSlots]int{}
	}
	for ; l.newest < slot; l.newest++ {
		l.slots[modulo(l.newest+1, rollingSlots)] = 0
		if slot-l.newest > rollingSlots {
			l.newest = slot - rollingSlots
		}
	}
	total := 0
	for _, n := range l.slots {
		total += n
	}
	return total
}

func (l *limiter) slotLength() time.Duration { return max(l.opts.Window/rollingSlots, 1) }

func (l *limiter) verdict(w *Window, now time.Time, refused bool) verdict {
	v := verdict{refused: refused, limit: w.Limit, remaining: max(w.Limit-l.used(w, now), 0), now: now, opts: &l.opts}
	v.reset = w.Start.Add(l.opts.Window).Sub(now)
	if l.opts.Rolling {
		v.reset = l.slotLength()
		for k := int64(1); k < rollingSlots && l.slots[modulo(l.newest+k, rollingSlots)] == 0; k++ {
			v.reset += l.slotLength()
		}
	}
	return v
}

func modulo(n, m int64) int64 { return ((n % m) + m) % m }

func (v verdict) writeHeaders(h http.Header) {
	if v.opts.OmitHeaders {
		return
	}
	h["X-Ratelimit"] = []string{strconv.Itoa(v.limit)}
	h["X-Ratelimit-Remaining"] = []string{strconv.Itoa(v.remaining)}
	h["X-Ratelimit-Window-Size"] = []string{v.opts.HeaderWindow}
}

// sendRateLimited answers with the documented 429.
func (x *exchange) sendRateLimited(v verdict) {
	if !v.opts.OmitRetryAfter {
		seconds := int(math.Ceil(v.reset.Seconds()))
		value := strconv.Itoa(max(seconds, 1))
		if v.opts.RetryAfterDate {
			value = v.now.Add(time.Duration(seconds) * time.Second).UTC().Format(http.TimeFormat)
		}
		x.w.Header()["Retry-After"] = []string{value}
	}
	x.send429(v)
}

func (x *exchange) send429(v verdict) {
	x.out = fmt.Appendf(x.out[:0], `{"message":"Rate limit exceeded. Limit: %d requests per %s"}`, v.limit, spell(v.opts.Window))
	x.sendJSON(http.StatusTooManyRequests)
}

func spell(d time.Duration) string {
	switch {
	case d == time.Minute:
		return "1 minute"
	case d%time.Minute == 0:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	default:
		return fmt.Sprintf("%g seconds", d.Seconds())
	}
}

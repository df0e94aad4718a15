package extract

import (
	"context"
	"math/rand/v2"
	"time"
)

// Defaults of a client's retries.
const (
	DefaultBackoffBase = 200 * time.Millisecond
	DefaultBackoffCap  = 30 * time.Second
	DefaultGiveUpAfter = 15 * time.Minute
)

// maxMalformed bounds the attempts at a detail that arrives complete and can't be read: it will often be the same again.
// With the default backoff they take about a minute.
const maxMalformed = 12

// maxThrottled bounds the attempts that may end in a 429. The pauses that it asks for don't count as time spent.
const maxThrottled = 30

// firstContact bounds the retries of a client that has never had an answer and can't connect: a wrong base_url should
// be reported within a minute, not after GiveUpAfter.
const firstContact = time.Minute

// retryPolicy is the only place that decides whether and when a request is tried again.
type retryPolicy struct {
	base, cap time.Duration
	giveUp    time.Duration
	random    func(n int64) int64 // uniform in [0, n)
}

func newRetryPolicy(base, limit, giveUp time.Duration) retryPolicy {
	if base <= 0 {
		base = DefaultBackoffBase
	}
	if limit <= 0 {
		limit = DefaultBackoffCap
	}
	if giveUp <= 0 {
		giveUp = DefaultGiveUpAfter
	}
	return retryPolicy{base: base, cap: max(limit, base), giveUp: giveUp, random: rand.Int64N}
}

// tries is what has been tried for one request.
type tries struct {
	attempts  int
	malformed int
	throttled int
	refused   time.Time     // of the first 429
	spent     time.Duration // attempts and pauses; waiting for the rate budget is not counted
}

// next takes an attempt that failed with a retryable verdict into account. It returns how long to pause before the next
// attempt, or a *GaveUpError.
//
// Pauses have full jitter: uniform between 0 and base*2^(attempt-1), at most cap. Where the answer named a time, the
// jitter comes on top, so that requests refused together don't return together.
func (p *retryPolicy) next(t *tries, op Op, v verdict, reached bool) (time.Duration, error) {
	switch {
	case v.malformed:
		t.malformed++
	case v.throttled:
		t.throttled++
		if t.refused.IsZero() {
			t.refused = time.Now()
		}
	}
	limit := p.giveUp
	if !reached && neverReached(v.err) {
		limit = min(limit, firstContact)
	}
	ceiling := p.cap
	if shift := t.attempts - 1; shift < 30 {
		ceiling = min(p.cap, p.base<<max(shift, 0))
	}
	left := limit - t.spent
	pause := min(time.Duration(p.random(int64(ceiling)+1)), max(left, 0))
	counted := pause
	if v.class == retryAfter && v.after > 0 {
		pause = v.after + min(pause, v.after/4+p.base)
		if !v.throttled {
			counted = pause
		}
	}
	tooLong := v.throttled && t.throttled > 1 && time.Since(t.refused) > p.patience()
	if left <= 0 || counted > left || tooLong || t.malformed >= maxMalformed || t.throttled >= maxThrottled {
		return 0, &GaveUpError{Op: op, Attempts: t.attempts, Spent: t.spent, Err: v.err}
	}
	t.spent += counted
	return pause, nil
}

// patience is how long a pause that the API asks for is waited for, and how long it may refuse everything: the end of its
// window, of 600 s at most as far as is known, always.
func (p *retryPolicy) patience() time.Duration { return max(p.giveUp, DefaultGiveUpAfter) }

// sleep waits for d or for the end of ctx, whose cause it returns.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

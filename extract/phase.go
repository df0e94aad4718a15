package extract

import "time"

// phase is what is known of the moments at which the API's window is reset: one of them lies in (after, until], and
// others whole windows apart. The zero phase knows nothing.
type phase struct {
	after, until time.Time
}

// learn takes in that the window was reset once or more in (after, until]. What was known is made more precise, or
// replaced where the two contradict each other.
func (p *phase) learn(after, until time.Time, window time.Duration) {
	if until.Sub(after) >= window {
		return // says nothing
	}
	if !p.until.IsZero() {
		known := p.shifted(until.Sub(p.until).Round(window))
		if known.until.After(after) && known.until.Before(until) {
			until = known.until
		}
		if known.after.After(after) && known.after.Before(until) {
			after = known.after
		}
	}
	*p = phase{after: after, until: until}
}

func (p *phase) shifted(d time.Duration) phase {
	return phase{after: p.after.Add(d), until: p.until.Add(d)}
}

// next returns when the window of now ends: in (after, until]. Nothing being known, it may end at once and ends within
// its length.
func (p *phase) next(now time.Time, window time.Duration) (after, until time.Time) {
	if p.until.IsZero() {
		return now, now.Add(window)
	}
	n := now.Sub(p.until)/window + 1
	if now.Before(p.until) {
		n = -((p.until.Sub(now) - 1) / window)
	}
	s := p.shifted(n * window)
	return s.after, s.until
}

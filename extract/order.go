package extract

// order is the order of a chain's entries by timestamp, as far as it can be told.
type order uint8

const (
	orderUnknown order = iota
	newestFirst
	oldestFirst
	unordered
)

const (
	// enoughSteps is how many changes of timestamp in one direction are taken for an order. A random order shows that
	// many with a probability of 2/13!, one in three billion.
	enoughSteps = 12
	// tail is how many of the latest entries are not relied on when a chain goes on from where it was: where entries
	// come in the order of their arrival, late ones stand a little out of place.
	tail = 16
)

// orderTracker watches the timestamps of a chain's entries. Entries of equal timestamp tell nothing.
type orderTracker struct {
	order  order
	steps  int
	last   int64
	any    bool
	recent [tail]int64 // ring
	count  int         // entries of the current attempt
}

// restart begins another attempt at the chain; the order seen so far is remembered.
func (t *orderTracker) restart() { t.any, t.count = false, 0 }

// inherit is what a chain begins with that another split off.
func (t *orderTracker) inherit() orderTracker { return orderTracker{order: t.order, steps: t.steps} }

func (t *orderTracker) see(micros int64) {
	if t.any && micros != t.last {
		direction := newestFirst
		if micros > t.last {
			direction = oldestFirst
		}
		switch t.order {
		case orderUnknown, direction:
			t.order = direction
			t.steps++
		default:
			t.order = unordered
		}
	}
	t.last, t.any = micros, true
	t.recent[t.count%tail] = micros
	t.count++
}

// trusted says whether enough entries came in one order.
func (t *orderTracker) trusted() bool {
	return (t.order == newestFirst || t.order == oldestFirst) && t.steps >= enoughSteps
}

// safe returns a timestamp in µs before which (newestFirst: after which) the current attempt has seen every entry. At the
// timestamp itself there may be more. ok is false where that can't be told.
func (t *orderTracker) safe() (micros int64, ok bool) {
	if !t.trusted() || t.count < tail {
		return 0, false
	}
	return t.recent[t.count%tail], true
}

// narrow returns what of an asked range is still to be read after this attempt: all of it where no order is trusted.
func (t *orderTracker) narrow(r TimeRange) TimeRange {
	micros, ok := t.safe()
	if !ok {
		return r
	}
	ms := floorDiv(micros, 1000)
	if t.order == newestFirst {
		// One more than the timestamp's own millisecond: `to` may be exclusive.
		return TimeRange{From: r.From, To: max(min(r.To, ms+1), r.From)}
	}
	return TimeRange{From: min(max(r.From, ms), r.To), To: r.To}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

package extract

import "time"

// others estimates the organisation's own traffic from how much faster the budget shrinks than this program spends it.
// The zero value knows of none.
type others struct {
	marks [othersMarks]othersMark // ring
	at    int                     // of the latest mark
	count int
	carry float64 // used in the windows before
	used  float64 // in the current window, as last seen
	again bool    // the next sight says nothing of what was used since the last one
}

type othersMark struct {
	at   time.Time
	used float64 // by others since the first mark
}

const (
	othersMarks = 64
	// othersSpan is the part of a window over which the rate is taken: short enough to give way soon, long enough that a
	// few answers overtaking one another don't count.
	othersSpan = 16
	// othersEnough is how many of their requests are taken for a rate; for fewer the span grows to a quarter of a window.
	othersEnough  = 16
	othersLongest = 4
)

// see takes in that others had used that many requests of the current window when a request sent at t was counted.
func (o *others) see(at time.Time, used float64, window time.Duration) {
	if o.again {
		o.carry, o.used, o.again = o.carry+o.used-used, used, false
	}
	// Answers overtake one another; what was used never becomes less.
	o.used = max(o.used, used)
	total := o.carry + o.used
	if o.count > 0 && at.Sub(o.marks[o.at].at) < window/othersLongest/(othersMarks-2) {
		o.marks[o.at].used = max(o.marks[o.at].used, total)
		return
	}
	o.at = (o.at + 1) % othersMarks
	o.marks[o.at] = othersMark{at: at, used: total}
	o.count = min(o.count+1, othersMarks)
}

// nextWindow says that the API began to count anew.
func (o *others) nextWindow() { o.carry, o.used = o.carry+o.used, 0 }

// lookAgain says that it is not known whether the API began to count anew since the last sight.
func (o *others) lookAgain() { o.again = true }

// forget drops everything.
func (o *others) forget() { *o = others{} }

// rate is their requests a second, over the last sixteenth of a window or more, where they are few.
func (o *others) rate(window time.Duration) float64 {
	if o.count < 2 {
		return 0
	}
	last := o.marks[o.at]
	var spent float64
	var span time.Duration
	for i := 1; i < o.count; i++ {
		m := o.marks[(o.at-i+othersMarks)%othersMarks]
		spent, span = last.used-m.used, last.at.Sub(m.at)
		if span >= window/othersSpan && spent >= othersEnough || span >= window/othersLongest {
			break
		}
	}
	return max(spent, 0) / max(span, window/othersSpan).Seconds()
}

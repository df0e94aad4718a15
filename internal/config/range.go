package config

import (
	"errors"
	"fmt"
	"time"

	"logferry/internal/window"
)

// retention is how long the service keeps logs.
const retention = 365 * day

// RangeError says why a range holds no instant to export.
type RangeError struct {
	Key     string // range.from or range.to
	Summary string
	Hint    string
}

func (e *RangeError) Error() string { return e.Key + ": " + e.Summary + "; " + e.Hint }

// Resolve returns the time that is exported at the clock's time: from, included, to to, excluded, in whole milliseconds
// of UTC. Nothing younger than clock - settle is ever in it: a later `to` is clipped there.
//
// A range that does not end after its start, and one that starts after the clock, are a *RangeError. One that starts between
// clock - settle and the clock has nothing to export yet: it is empty.
func (r Range) Resolve(clock time.Time) (window.Interval, error) {
	from, to := r.From.At(clock, r.Settle), r.To.At(clock, r.Settle)
	switch {
	case from.After(clock):
		return window.Interval{}, &RangeError{"range.from", fmt.Sprintf("the range starts in the future, at %s", stamp(from)), "nothing can be exported before that"}
	case !r.To.IsNow() && !from.Before(to):
		return window.Interval{}, &RangeError{
			"range.to",
			fmt.Sprintf("the range ends at %s and does not start before that, but at %s", stamp(to), stamp(from)), "to must be later than from",
		}
	}
	if settled := floorMilli(clock.Add(-r.Settle)); to.After(settled) {
		to = settled
	}
	if !from.Before(to) {
		return window.New(from, from), nil
	}
	return window.New(from, to), nil
}

func stamp(t time.Time) string { return t.Format(time.RFC3339Nano) }

// rangeSection decodes range.
func (d *decoder) rangeSection(o object) Range {
	r := Range{From: Time{kind: relative}}
	if from := o.get("from"); from.required(timeForms) {
		r.From = readTime(from, r.From, false)
	}
	r.To = readTime(o.get("to"), Time{kind: now}, true)
	r.Settle = readDuration(o.get("settle"), 15*time.Minute, 0, 30*day)
	r.Lookback = readDuration(o.get("lookback"), 48*time.Hour, 0, 366*day)
	r.Partition = granularity(choice(o.get("partition"), "day", "hour", "day", "month"))
	return r
}

// granularity translates a word that choice has let pass.
func granularity(word string) window.Granularity {
	for g := window.Hour; g < window.Month; g++ {
		if g.String() == word {
			return g
		}
	}
	return window.Month
}

// checkRange looks at the range as a whole, once its parts are known to be sound.
func (d *decoder) checkRange(o object, r Range) {
	for _, key := range []string{"range.from", "range.to", "range.settle"} {
		if d.failed(key) {
			return
		}
	}
	if o.broken {
		return
	}
	clock := d.opts.Now
	resolved, err := r.Resolve(clock)
	var e *RangeError
	if errors.As(err, &e) {
		d.report(Error, d.keyPosition(e.Key, o), e.Key, &problem{e.Summary, e.Hint})
		return
	}
	from, to, settled := r.From.At(clock, r.Settle), r.To.At(clock, r.Settle), clock.Add(-r.Settle)
	switch {
	case resolved.Empty():
		d.report(Warning, d.keyPosition("range.from", o), "range.from", &problem{
			"nothing to export yet: the range starts after now - settle", fmt.Sprintf("records are exported once they are %s old", FormatDuration(r.Settle)),
		})
	case to.After(settled):
		d.report(Warning, d.keyPosition("range.to", o), "range.to", &problem{
			fmt.Sprintf("lies after now - settle: the export ends at %s", stamp(floorMilli(settled))), "later runs go on from there",
		})
	}
	d.warnAge(o, from)
}

func (d *decoder) warnAge(o object, from time.Time) {
	if !from.Before(d.opts.Now.Add(-retention)) {
		return
	}
	p := &problem{fmt.Sprintf("%s is more than a year ago: the service has deleted those logs", stamp(from)), ""}
	if ms := from.UnixMilli(); ms > 0 && ms < 1e11 {
		p.hint = "a number here counts milliseconds, 13 digits long, not seconds"
	}
	d.report(Warning, d.keyPosition("range.from", o), "range.from", p)
}

// keyPosition is where the key stands, or the mapping that lacks it.
func (d *decoder) keyPosition(key string, parent object) position {
	if o := d.origins[key]; o.Line > 0 {
		return position{o.Line, o.Column}
	}
	return parent.of.at
}

package logsim

import "time"

// sight is which of a project's records can be seen at one moment.
type sight struct {
	p        *project
	opts     *Options
	now      int64 // µs
	requests int64 // list requests answered so far
	oldest   int64 // µs; retention
}

func (s *Server) sightOf(p *project, now time.Time) sight {
	v := sight{p: p, opts: &s.opts, now: now.UnixMicro(), requests: p.lists.Load(), oldest: -1 << 63}
	if s.opts.Retention > 0 {
		v.oldest = now.Add(-s.opts.Retention).UnixMicro()
	}
	return v
}

// all says that nothing is hidden, now or ever.
func (v *sight) all() bool {
	return !v.opts.Live && v.opts.Late.Share <= 0 && v.opts.Retention <= 0
}

func (v *sight) sees(n int) bool {
	t := v.p.times[n]
	if t < v.oldest || v.opts.Live && t > v.now {
		return false
	}
	late := v.opts.Late
	if !v.p.isLate(n, late) {
		return true
	}
	return v.now >= t+v.p.lateness(n, late) && v.requests >= int64(late.AfterRequests)
}

func (p *project) isLate(n int, late Late) bool { return p.late.chance(n, late.Share) }

// lateness is how long after its timestamp a late record becomes visible, µs.
func (p *project) lateness(n int, late Late) int64 {
	longest := late.After.Microseconds()
	return longest - int64(unit(mix(p.late.at(n)))*float64(longest)/2)
}

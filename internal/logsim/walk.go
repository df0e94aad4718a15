package logsim

// walk is one list query's way through the records of its time range, in the API's order.
type walk struct {
	p          *project
	order      Order
	begin, end int // record numbers of the time range
	filters    []Filter
	sight      sight
}

// timeRange is a request's, in ms since the epoch.
type timeRange struct{ from, to int64 }

// newWalk finds the records of a range; nil is all of them.
func (s *Server) newWalk(p *project, filters []Filter, r *timeRange, v sight) walk {
	w := walk{p: p, order: s.opts.Order, end: len(p.times), filters: filters, sight: v}
	if r == nil {
		return w
	}
	w.begin = p.find(r.from * 1000)
	switch s.opts.To {
	case ToInclusive:
		w.end = p.find(r.to*1000 + 1)
	case ToMillisecond:
		w.end = p.find(r.to*1000 + 1000)
	default:
		w.end = p.find(r.to * 1000)
	}
	w.end = max(w.end, w.begin)
	return w
}

func (w *walk) len() int { return w.end - w.begin }

// at returns the number of the record that stands at a place of the walk.
func (w *walk) at(place int) int {
	switch w.order {
	case Oldest:
		return w.begin + place
	case Shuffled:
		return w.begin + permute(w.p.order, place, w.len())
	default:
		return w.end - 1 - place
	}
}

// shows says whether the record belongs to the answer.
func (w *walk) shows(n int) bool {
	if !w.sight.all() && !w.sight.sees(n) {
		return false
	}
	if len(w.filters) == 0 {
		return true
	}
	a := w.p.attributesOf(n)
	return w.p.holds(w.filters, &a)
}

// page collects up to limit places from `from` on, looking at no more than scan of them, and returns where to go on.
func (w *walk) page(places []int, from, limit, scan int) (rows []int, next int) {
	stop := from + min(scan, w.len()-from)
	for next = from; next < stop && len(places) < limit; next++ {
		if w.shows(w.at(next)) {
			places = append(places, next)
		}
	}
	return places, next
}

// skip returns the place after the first `rows` rows.
func (w *walk) skip(rows int) (place int) {
	if w.sight.all() && len(w.filters) == 0 {
		return min(rows, w.len())
	}
	for ; place < w.len() && rows > 0; place++ {
		if w.shows(w.at(place)) {
			rows--
		}
	}
	return place
}

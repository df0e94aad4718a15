package logsim

import (
	"errors"
	"net/http"
)

// list answers a list request, or returns the mistake in it.
func (x *exchange) list() error {
	req, err := parseListRequest(x.in)
	if err != nil {
		return err
	}
	query := queryDigest(x.project, req.filters, req.span)
	from := cursor{query: query, previous: -1}
	if req.hasCursor {
		if from, err = decodeCursor(x.s.cursorKey, req.cursor); err == nil {
			err = from.check(query, x.now, &x.s.opts)
		}
		if err != nil {
			return cursorMistake(err)
		}
	}
	x.key = query.number(from.position).number(int64(from.nonce)).number(int64(req.limit))
	x.wait(x.s.opts.Latency.List)
	fault := x.chooseFault(req.hasCursor)
	if fault == ExpiredCursor {
		return cursorMistake(errCursorExpired)
	}
	if x.playStatus(fault) {
		return nil
	}
	w := x.s.newWalk(x.project, req.filters, req.span, x.s.sightOf(x.project, x.now))
	next := x.collect(&w, from, req.limit, fault)
	next.query = query
	next.issued = x.now.UnixMicro()
	x.out = append(x.out[:0], `{"logs":[`...)
	for i, place := range x.rows {
		if i > 0 {
			x.out = append(x.out, ',')
		}
		x.out = x.project.appendEntry(x.out, w.at(place))
	}
	switch {
	case fault == RepeatedCursor:
		x.out = append(append(append(x.out, `],"next_cursor":"`...), req.cursor...), `"}`...)
	case next.position < 0:
		x.out = append(x.out, `],"next_cursor":null}`...)
	default:
		x.out = append(append(append(x.out, `],"next_cursor":"`...), next.encode(x.s.cursorKey)...), `"}`...)
	}
	x.project.lists.Add(1)
	x.sendJSON(http.StatusOK)
	return nil
}

// collect puts the page's places of the walk into x.rows and returns where the next page begins; position -1 is nowhere.
func (x *exchange) collect(w *walk, from cursor, limit int, fault FaultKind) (next cursor) {
	x.rows = x.rows[:0]
	if fault == EmptyPage {
		from.nonce++
		return from
	}
	start, scan := int(from.position), x.s.opts.ScanLimit
	if x.s.opts.Cursors == Offset {
		start, scan = w.skip(start), w.len()
	}
	start = min(start, w.len())
	if fault == DuplicateRow && limit > 1 && from.previous >= 0 {
		x.rows = append(x.rows, min(int(from.previous), w.len()-1))
	}
	repeated := len(x.rows)
	var end int
	x.rows, end = w.page(x.rows, start, limit, scan)
	next = cursor{position: int64(end), previous: from.previous}
	if n := len(x.rows); n > 0 {
		next.previous = int64(x.rows[n-1])
	}
	if x.s.opts.Cursors == Offset {
		next.position = from.position + int64(len(x.rows)-repeated)
	}
	if end >= w.len() {
		next.position = -1
	}
	return next
}

// queryDigest identifies what a chain of pages is about.
func queryDigest(p *project, filters []Filter, span *timeRange) digest {
	d := emptyDigest.number(int64(p.index))
	if span != nil {
		d = d.number(span.from).number(span.to)
	}
	for _, f := range filters {
		d = d.text(f.Field).text(f.Operator).text(f.Value)
	}
	return d
}

func cursorMistake(err error) error {
	fix := "Start again without a cursor."
	if errors.Is(err, errCursorQuery) {
		fix = "Keep time_range and filters on every page."
	}
	return &badRequest{message: err.Error(), fix: fix}
}

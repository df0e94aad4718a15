package logsim

import "net/http"

// detail answers a detail request.
func (x *exchange) detail(id string) {
	x.key = emptyDigest.number(int64(x.project.index)).text(id)
	x.wait(x.s.opts.Latency.Detail)
	if x.playStatus(x.chooseFault(false)) {
		return
	}
	p := x.project
	n, ok := p.lookup(id)
	sight := x.s.sightOf(p, x.now)
	if !ok || !sight.all() && !sight.sees(n) {
		x.sendError(http.StatusNotFound, "Log not found: "+id, "Check the id and the project of the API key.")
		return
	}
	switch x.s.fateOf(p, n, id) {
	case DetailMissing:
		x.sendError(http.StatusNotFound, "Log not found: "+id, "Check the id and the project of the API key.")
	case DetailDenied:
		x.sendError(http.StatusForbidden, "Access to this log is denied", "")
	case DetailBroken:
		x.sendError(http.StatusInternalServerError, "Internal server error", "")
	case DetailInvalid:
		x.out = p.appendDetail(x.out[:0], n)
		x.out = x.out[:len(x.out)*2/3]
		x.sendJSON(http.StatusOK)
	default:
		p.details()[n].Add(1)
		x.out = p.appendDetail(x.out[:0], n)
		x.sendJSON(http.StatusOK)
	}
}

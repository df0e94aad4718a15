package logsim

import "slices"

// DetailFaults names records whose detail can't be had however often it is asked for: by id, or a share of all. The
// shares are of different records, and together at most 1.
type DetailFaults struct {
	Missing, Denied, Broken, Invalid                     []string
	MissingShare, DeniedShare, BrokenShare, InvalidShare float64
}

// Fate is what always comes of asking for a record's detail.
type Fate uint8

// The fates.
const (
	DetailServed  Fate = iota
	DetailMissing      // 404
	DetailDenied       // 403
	DetailBroken       // 500
	DetailInvalid      // 200 with invalid JSON
)

func (s *Server) fateOf(p *project, n int, id string) Fate {
	d := &s.opts.Details
	for fate, ids := range [...][]string{DetailMissing: d.Missing, DetailDenied: d.Denied, DetailBroken: d.Broken, DetailInvalid: d.Invalid} {
		if len(ids) > 0 && slices.Contains(ids, id) {
			return Fate(fate)
		}
	}
	u := unit(p.detail.at(n))
	for fate, share := range [...]float64{DetailMissing: d.MissingShare, DetailDenied: d.DeniedShare, DetailBroken: d.BrokenShare, DetailInvalid: d.InvalidShare} {
		if u < share {
			return Fate(fate)
		}
		u -= share
	}
	return DetailServed
}

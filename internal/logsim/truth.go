package logsim

import (
	"cmp"
	"slices"
	"time"
)

// Query asks the truth about a project's records: those with From <= timestamp < To that meet all filters.
type Query struct {
	From, To time.Time // the zero time is no bound
	Filters  []Filter
	// VisibleNow leaves out what a list request at this moment would not show. Otherwise late records count, too.
	VisibleNow bool
}

// Truth answers what a right reader of one project must have found. It never goes through the API: no request is
// counted, no fault fires. It is safe for concurrent use.
type Truth struct {
	s *Server
	p *project
}

// Fact is what the simulator knows about one record.
type Fact struct {
	Number     int    // its place by timestamp
	ID         string // also of a record whose entry does not say it
	Micros     int64  // timestamp, µs since the epoch
	Failed     bool
	Tool       string // slug
	Toolkit    string // slug
	User       string
	Session    string
	Request    string
	Account    string // connected account id
	AuthConfig string // auth config id
	Sandbox    string // "" for none
	ParentID   string // "" for none
	DurationMS int64
	Charge     string // instant_charge, "" for none; not of an OddCharge record
	Flat       bool   // flat metadata
	Odd        OddKind
	Unreadable Unreadable
	Late       bool
	Visible    int64 // when Late.After lets it be seen, µs since the epoch; Micros for a record that is not late
	Fate       Fate
}

// Truth returns the truth about a project, or nil for one that does not exist; "" is the first.
func (s *Server) Truth(project string) *Truth {
	for _, p := range s.projects {
		if project == "" || p.name == project {
			return &Truth{s: s, p: p}
		}
	}
	return nil
}

// Len is the number of records, visible or not.
func (t *Truth) Len() int { return len(t.p.times) }

// Numbers returns the records that match, in the order of (timestamp, id).
func (t *Truth) Numbers(q Query) []int {
	begin, end := 0, len(t.p.times)
	if !q.From.IsZero() {
		begin = t.p.find(q.From.UnixMicro())
	}
	if !q.To.IsZero() {
		end = t.p.find(q.To.UnixMicro())
	}
	sight := t.s.sightOf(t.p, t.s.opts.Now())
	var out []int
	for n := begin; n < end; n++ {
		if q.VisibleNow && !sight.sees(n) {
			continue
		}
		if len(q.Filters) > 0 {
			if a := t.p.attributesOf(n); !t.p.holds(q.Filters, &a) {
				continue
			}
		}
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b int) int {
		if c := cmp.Compare(t.p.times[a], t.p.times[b]); c != 0 {
			return c
		}
		return cmp.Compare(t.p.id(a), t.p.id(b))
	})
	return out
}

// IDs returns the ids of the records that match, in the order of (timestamp, id).
func (t *Truth) IDs(q Query) []string {
	numbers := t.Numbers(q)
	ids := make([]string, len(numbers))
	for i, n := range numbers {
		ids[i] = t.ID(n)
	}
	return ids
}

// ID returns the id of the n-th record.
func (t *Truth) ID(n int) string { return string(appendID(nil, t.p.id(n))) }

// Number returns the record that has an id.
func (t *Truth) Number(id string) (n int, ok bool) { return t.p.lookup(id) }

// Micros returns the timestamp of the n-th record, µs since the epoch.
func (t *Truth) Micros(n int) int64 { return t.p.times[n] }

// AppendEntry appends the exact JSON of the n-th record's list entry.
func (t *Truth) AppendEntry(dst []byte, n int) []byte { return t.p.appendEntry(dst, n) }

// AppendDetail appends the exact JSON of the n-th record's detail, as it would be if its fate let it be served.
func (t *Truth) AppendDetail(dst []byte, n int) []byte { return t.p.appendDetail(dst, n) }

// DetailsServed returns how often the n-th record's detail was answered with a 200 that was meant to be whole.
func (t *Truth) DetailsServed(n int) int {
	return int(t.p.details()[n].Load())
}

// Fact returns what is known about the n-th record.
func (t *Truth) Fact(n int) Fact {
	p := t.p
	a := p.attributesOf(n)
	field := func(name string) string { return string(p.appendField(nil, &a, name)) }
	f := Fact{
		Number: n, ID: t.ID(n), Micros: a.micros, Failed: a.failed, Tool: field("tool_slug"), Toolkit: field("toolkit_slug"),
		User: field("user_id"), Session: field("session_id"), Request: field("request_id"), Account: field("connected_account_id"),
		AuthConfig: field("auth_config_id"), Sandbox: field("sandbox_id"), DurationMS: a.durationMS(), Flat: p.flat(&a), Odd: a.odd,
		Unreadable: p.unreadableOf(n), Late: p.isLate(n, t.s.opts.Late), Fate: t.s.fateOf(p, n, t.ID(n)),
	}
	f.Visible = f.Micros
	if f.Late {
		f.Visible += p.lateness(n, t.s.opts.Late)
	}
	if a.parent >= 0 {
		f.ParentID = t.ID(a.parent)
	}
	if a.hasCharge() && a.odd&OddCharge == 0 {
		f.Charge = string(a.appendDollars(nil))
	}
	return f
}

package logsim

import (
	"fmt"
	"sort"
	"sync"
	"sync/atomic"
)

// project is one project's records and what was done with them. It is safe for concurrent use: everything but the
// counters is fixed.
type project struct {
	index        int
	name         string
	organisation *limiter
	denied       bool
	opts         Records
	times        []int64 // timestamps in µs, ascending; a record's number is its place
	users        []string
	text         *corpus
	sizes        *sizes

	ids                                                     stream // the server's: ids of all projects are distinct
	group, owner, record, shape, session, account           stream
	oddity, unreadable, payload, order, late, usage, detail stream

	lists  atomic.Int64 // list requests answered
	served struct {
		once   sync.Once
		counts []atomic.Uint32 // by record number
	}
}

func newProject(index int, p Project, seed uint64) *project {
	own := uint64(newStream(seed, saltProject)) + uint64(index)
	out := &project{
		index: index, name: p.Name, denied: p.Denied, opts: *p.Records, text: prose(),
		times: buildIndex(*p.Records, own), sizes: newSizes(p.Records.MedianPayload, p.Records.MaxPayload, p.Records.LargeShare),
		ids:   newStream(seed, saltID),
		group: newStream(own, saltGroup), owner: newStream(own, saltOwner), record: newStream(own, saltRecord),
		shape: newStream(own, saltShape), session: newStream(own, saltSession), account: newStream(own, saltSession+100),
		oddity: newStream(own, saltOdd), unreadable: newStream(own, saltUnreadable), payload: newStream(own, saltPayload),
		order: newStream(own, saltOrder), late: newStream(own, saltLate), usage: newStream(own, saltUsage),
		detail: newStream(own, saltDetailFate),
	}
	out.users = make([]string, p.Records.Users)
	for i := range out.users {
		out.users[i] = userName(i, out.owner.at(-1-i))
	}
	return out
}

// userName is what the product's users call their own users: numbers, mail addresses, uuids.
func userName(i int, h uint64) string {
	switch h % 4 {
	case 0:
		return fmt.Sprintf("user-%d@example.com", i)
	case 1:
		return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", uint32(h>>8), uint16(h>>16), h>>20&0xfff, h>>32&0xfff, mix(h)&0xffffffffffff)
	default:
		return fmt.Sprintf("user_%d", i)
	}
}

// find returns the first record at or after t, µs.
func (p *project) find(t int64) int {
	return sort.Search(len(p.times), func(i int) bool { return p.times[i] >= t })
}

func (p *project) id(n int) uint64 { return idNumber(p.ids, p.index, n) }

// lookup returns the record of an id, if this project has it.
func (p *project) lookup(id string) (n int, ok bool) {
	number, ok := parseID(id)
	if !ok {
		return 0, false
	}
	project, n := idRecord(p.ids, number)
	return n, project == p.index && n < len(p.times)
}

// details is how often each record's detail was served.
func (p *project) details() []atomic.Uint32 {
	p.served.once.Do(func() { p.served.counts = make([]atomic.Uint32, len(p.times)) })
	return p.served.counts
}

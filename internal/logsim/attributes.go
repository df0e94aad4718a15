package logsim

// attributes are the facts that a record's JSON is made of, and that filters look at.
type attributes struct {
	number  int
	h       uint64 // random bits of the record itself
	micros  int64
	tool    int
	user    int
	session uint64
	request uint64 // shared by a multi-execute and its children
	parent  int    // number of the multi-execute that this record is a child of, or -1
	failed  bool
	odd     OddKind
}

// A multi-execute and its children stand in one block of neighbouring records.
const (
	groupBlock   = 16
	groupShare   = 0.2 // of the blocks
	groupStarts  = 8   // a multi-execute is one of the first records of its block
	groupMaxSize = 7   // children
)

// attributesOf derives the facts of a project's n-th record.
func (p *project) attributesOf(n int) attributes {
	a := attributes{number: n, h: p.record.at(n), micros: p.times[n], parent: -1}
	owner := n
	block := n / groupBlock
	if g := p.group.at(block); unit(g) < groupShare {
		start := block*groupBlock + int(g&(groupStarts-1))
		children := 2 + int(g>>4)%(groupMaxSize-1)
		switch {
		case n == start:
			a.tool = words.multi
		case n > start && n <= start+children:
			a.parent, owner = start, start
		}
	}
	if a.tool != words.multi {
		u := unit(a.h)
		a.tool = int(u * u * float64(words.multi)) // few tools get most calls
	}
	o := p.owner.at(owner)
	u := unit(o)
	a.user = int(u * u * u * float64(p.opts.Users))
	a.session = p.session.at(a.user<<8 | int(o&0x3f))
	a.request = mix(o)
	a.failed = a.h&0xff < 20
	a.odd = p.oddOf(n)
	return a
}

// Bits of attributes.h, each for one trait.
func (a *attributes) hasSandbox() bool { return a.h>>8&0xf == 0 }
func (a *attributes) hasCharge() bool  { return a.h>>12&0x7 == 0 }
func (a *attributes) hasMessage() bool { return a.failed || a.h>>16&3 != 0 }
func (a *attributes) warns() bool      { return a.h>>20&0x1f == 0 }

// durationMS spreads from a few ms to minutes: most calls are short.
func (a *attributes) durationMS() int64 {
	u := unit(mix(a.h ^ 0xd))
	return 12 + int64(u*900) + int64(u*u*u*u*u*u*u*u*90_000)
}

func (p *project) flat(a *attributes) bool {
	return unit(p.shape.at(a.number)) < p.opts.FlatShare
}

// chargeDigits is the number of 10^-9 dollars that the call cost.
func (a *attributes) chargeDigits() uint64 { return mix(a.h^0xc) % 30_000_000 }

func (p *project) appendUser(dst []byte, user int) []byte {
	return append(dst, p.users[user]...)
}

func appendSession(dst []byte, session uint64) []byte {
	return appendBase32(append(dst, "trs_"...), session, 12)
}

func appendRequest(dst []byte, request uint64) []byte {
	return appendBase32(append(dst, "req_"...), request, 12)
}

func (a *attributes) appendSandbox(dst []byte) []byte {
	return appendBase32(append(dst, "sbx_"...), a.session^0x5b, 10)
}

// appendAccount writes the connected account: one for each user and toolkit.
func (p *project) appendAccount(dst []byte, a *attributes) []byte {
	return appendBase32(append(dst, "ca_"...), p.account.at(a.user<<8|words.tools[a.tool].toolkit), 12)
}

// appendAuthConfig writes the auth config: one for each toolkit of a project.
func (p *project) appendAuthConfig(dst []byte, a *attributes) []byte {
	return appendBase32(append(dst, "ac_"...), p.account.at(-1-words.tools[a.tool].toolkit), 12)
}

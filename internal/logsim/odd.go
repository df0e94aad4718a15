package logsim

import "math/bits"

// Odd makes a share of the records unlike the documentation, without making them wrong: a reader must keep all of it.
type Odd struct {
	// Share of the records is odd, in up to three ways each.
	Share float64
	// Kinds to choose from; default OddDefault.
	Kinds OddKind
	// Unreadable is the share of records whose list entry has no usable id or timestamp.
	Unreadable float64
}

// OddKind is a set of ways in which a record is odd.
type OddKind uint32

// The ways.
const (
	OddUnknownField  OddKind      = 1 << iota // top-level fields that nobody documented
	OddNull                                   // null for level, message, metadata, metrics, context, source or timings
	OddMissing                                // the same fields and type absent
	OddWrongType                              // another JSON type where a string or an object is documented
	OddBigNumber                              // integers over 2^53, more digits than float64 has, 1e400, -0
	OddControl                                // escaped control characters, U+0000 among them
	OddInvalidUTF8                            // bytes that are no UTF-8
	OddLoneSurrogate                          // \ud800 without its other half
	OddDuplicateKey                           // a key twice in one object
	OddTimestamp                              // offsets, other fractions, a space, epoch milliseconds: all of them readable
	OddCharge                                 // instant_charge with more digits than a decimal(18,9) holds, or as a number
	OddEscapedKey                             // a documented key written with \u escapes
	OddNesting                                // metadata nested 60 deep
	OddType                                   // another type: trigger.message, connected_account.created
	oddEnd                                    // the first bit that is no way
	OddDefault       = oddEnd - 1             // all of them
)

// Unreadable says why an entry can't be placed; "" is for one that can.
type Unreadable string

// The ways of being unreadable.
const (
	NoID           Unreadable = "id missing"
	NullID         Unreadable = "id null"
	NumericID      Unreadable = "id a number"
	NoTimestamp    Unreadable = "timestamp missing"
	NullTimestamp  Unreadable = "timestamp null"
	NonsenseTime   Unreadable = "timestamp no time"
	EntryNoObject  Unreadable = "entry not an object"
	EntryNullValue Unreadable = "entry null"
)

var unreadables = [...]Unreadable{NoID, NullID, NumericID, NoTimestamp, NullTimestamp, NonsenseTime, EntryNoObject, EntryNullValue}

// oddOf returns the ways in which the n-th record is odd.
func (p *project) oddOf(n int) OddKind {
	odd := p.opts.Odd
	if !p.oddity.chance(n, odd.Share) {
		return 0
	}
	h := mix(p.oddity.at(n))
	var got OddKind
	for range 1 + h%3 {
		h = mix(h + 1)
		got |= nthBit(odd.Kinds, below(h, bits.OnesCount32(uint32(odd.Kinds))))
	}
	return got
}

func nthBit(set OddKind, n int) OddKind {
	for ; n > 0; n-- {
		set &= set - 1
	}
	return set & -set
}

func (p *project) unreadableOf(n int) Unreadable {
	if !p.unreadable.chance(n, p.opts.Odd.Unreadable) {
		return ""
	}
	return unreadables[below(mix(p.unreadable.at(n)), len(unreadables))]
}

// choose picks one of n variants for one purpose of an odd record.
func (a *attributes) choose(salt uint64, n int) int { return below(mix(a.h^salt<<32), n) }

// dropped says whether a nullable field is the one that an OddNull or OddMissing record goes without.
func (a *attributes) dropped(kind OddKind, field int) bool {
	return a.odd&kind != 0 && a.choose(uint64(kind), droppable) == field
}

// Fields that OddNull and OddMissing choose from.
const (
	fieldLevel = iota
	fieldMessage
	fieldMetadata
	fieldMetrics
	fieldContext
	fieldSource
	fieldTimings
	fieldType
	droppable
)

// appendKey writes `,"name":` unless the field is missing, and a null where that is the odd thing; done says that there is no value to write.
func (a *attributes) appendKey(dst []byte, name string, field int) (out []byte, done bool) {
	if a.dropped(OddMissing, field) {
		return dst, true
	}
	dst = append(dst, ',', '"')
	if a.odd&OddEscapedKey != 0 && a.choose(7, 3) == 0 {
		const hex = "0123456789abcdef"
		dst = append(dst, `\u00`...)
		dst = append(dst, hex[name[0]>>4], hex[name[0]&15])
		name = name[1:]
	}
	dst = append(append(dst, name...), '"', ':')
	if a.dropped(OddNull, field) {
		return append(dst, "null"...), true
	}
	return dst, false
}

// appendOddText writes what is odd about a string, inside its quotes.
func (a *attributes) appendOddText(dst []byte) []byte {
	if a.odd&OddControl != 0 {
		dst = append(dst, `\u0000\u0001\b\f\u001f`+"\u007f\u2028"+`\/`...)
	}
	if a.odd&OddInvalidUTF8 != 0 {
		dst = append(dst, "\xff\xfe \xc3( \xed\xa0\x80 \xf4\x90\x80\x80"...)
	}
	if a.odd&OddLoneSurrogate != 0 {
		dst = append(dst, `\ud800 \udc00x \ud83d`...)
	}
	return dst
}

const deepNesting = 60

var nestedObject = func() (dst []byte) {
	for range deepNesting {
		dst = append(dst, `{"in":[`...)
	}
	for range deepNesting {
		dst = append(dst, `]}`...)
	}
	return dst
}()

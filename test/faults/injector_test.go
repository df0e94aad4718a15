// Package faults makes everything around a run fail, one operation after the other, and looks at what is left and at what the
// next run makes of it.
package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
)

// kind is what goes wrong with one operation.
type kind string

// The kinds. Each can happen to the operations that applies names.
const (
	fails     kind = "fails"         // nothing is done, and an error comes back
	lost      kind = "answer_lost"   // it is done, and an error comes back
	hangs     kind = "hangs"         // nothing is done until the caller gives up
	interrupt kind = "interrupt"     // the run is interrupted as the operation begins
	stops     kind = "stops"         // this and all later operations of its side fail
	dies      kind = "dies"          // this and all later operations of both sides fail
	kills     kind = "kills"         // the process is gone
	cuts      kind = "cut"           // what is read ends in an error
	short     kind = "short"         // what is read ends early, without an error
	twice     kind = "twice"         // it is done twice
	stale     kind = "same_again"    // the answer is the one before: of lists, the page that brought the cursor
	mixedUp   kind = "mixed_up"      // the answer is one to a list request of another time or place
	flipped   kind = "flip_packed"   // one bit of a compressed answer
	broken    kind = "flip_breaking" // one bit of a plain answer, which is no JSON then
	silent    kind = "flip_silent"   // one bit of a plain answer, which is other JSON then
	damaged   kind = "flip_read"     // one bit of what is read from the bucket
	half      kind = "half"          // an upload's body ends in an error
	there     kind = "says_exists"   // an object is created, and the answer is that it was there
	loses     kind = "lie_nothing"   // an upload succeeds, and nothing is there
	halves    kind = "lie_half"      // an upload succeeds, and half of it is there
	alters    kind = "lie_flip"      // an upload succeeds, and one bit is another
	keeps     kind = "lie_kept"      // a removal succeeds, and the object is there
	hides     kind = "lie_hidden"    // what is there is not found
)

// side is what an operation is one of.
type side uint8

const (
	api side = iota
	store
)

// verb is what an operation does.
type verb string

// The verbs. An answer is another operation than its request.
const (
	request verb = "request"
	again   verb = "again"  // a request of which there was one before
	other   verb = "other"  // a list request after another that is not the one before
	packed  verb = "packed" // a compressed answer
	plain   verb = "plain"  // an answer that is not compressed
	upload  verb = "upload"
	create  verb = "create"
	open    verb = "open"
	first   verb = "first"
	list    verb = "list"
	remove  verb = "delete"
	journal verb = "journal" // a write or a flush of the spool
)

var (
	writes     = []verb{upload, create}
	reads      = []verb{open, first, list}
	everything = []verb{request, upload, create, open, first, list, remove}
)

// applies are the verbs of each kind.
var applies = map[kind][]verb{
	fails: everything, lost: everything, hangs: everything, interrupt: everything, stops: everything, dies: everything, kills: append([]verb{journal}, everything...),
	cuts: {request, open}, short: {request, open}, twice: {request, upload, create, remove}, stale: {again}, mixedUp: {other},
	flipped: {packed}, broken: {plain}, silent: {plain}, damaged: {open},
	half: writes, there: {create}, loses: writes, halves: writes, alters: writes, keeps: {remove}, hides: reads,
}

// rule makes the nth operation that its kind can happen to go wrong, or a share of them.
type rule struct {
	kind  kind
	side  side
	nth   int // 0 is none
	share float64
}

func (r *rule) matches(s side, v verb) bool {
	if r.side != s && r.kind != kills {
		return false
	}
	return slices.Contains(applies[r.kind], v)
}

var errInjected = errors.New("injected failure")

// errInterrupted is the cause of an interrupted run.
var errInterrupted = errors.New("interrupted by the campaign")

// injector decides what goes wrong in one run. It may be used concurrently.
type injector struct {
	rules []rule
	never bool                    // answers may never come, whatever the rules
	end   context.CancelCauseFunc // interrupts the run; may be nil where no rule does
	die   func()                  // ends the process; may be nil where no rule does

	mu      sync.Mutex
	rnd     *rand.Rand
	seen    []int    // operations that each rule could have met
	fired   []int    // of them, those it made go wrong
	met     []string // what went wrong
	stopped [2]bool  // by side
}

func newInjector(seed uint64, rules ...rule) *injector {
	return &injector{rules: rules, rnd: rand.New(rand.NewPCG(seed, 0xfa17)), seen: make([]int, len(rules)), fired: make([]int, len(rules))}
}

// next decides what goes wrong with an operation: "" for nothing. It does what concerns more than the operation.
func (in *injector) next(s side, v verb, name string) kind {
	k := in.decide(s, v, name)
	switch k {
	case interrupt, hangs:
		if in.end != nil && (k == interrupt || s == store) { // nothing but an interrupt ends a bucket that hangs
			in.end(errInterrupted)
		}
	case kills:
		in.die()
	}
	return k
}

func (in *injector) decide(s side, v verb, name string) kind {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.stopped[s] {
		return fails
	}
	for i := range in.rules {
		r := &in.rules[i]
		if !r.matches(s, v) {
			continue
		}
		in.seen[i]++
		if in.seen[i] != r.nth && !(r.share > 0 && in.rnd.Float64() < r.share) {
			continue
		}
		in.fired[i]++
		in.met = append(in.met, fmt.Sprintf("%s at %s", r.kind, name))
		switch r.kind {
		case stops:
			in.stopped[s] = true
		case dies:
			in.stopped = [2]bool{true, true}
		}
		return r.kind
	}
	return ""
}

// endless says that answers of the API may never come.
func (in *injector) endless() bool {
	return in.never || slices.ContainsFunc(in.rules, func(r rule) bool {
		return r.kind == dies || r.side == api && (r.kind == hangs || r.kind == stops)
	})
}

// flip returns a copy with one bit changed.
func (in *injector) flip(b []byte) []byte {
	out := append([]byte(nil), b...)
	if len(out) > 0 {
		in.mu.Lock()
		defer in.mu.Unlock()
		out[in.rnd.IntN(len(out))] ^= 1 << in.rnd.IntN(8)
	}
	return out
}

// faults is how many there were, by kind.
func (in *injector) faults() map[kind]int {
	in.mu.Lock()
	defer in.mu.Unlock()
	out := map[kind]int{}
	for i, n := range in.fired {
		if n > 0 {
			out[in.rules[i].kind] += n
		}
	}
	return out
}

// what went wrong, for messages.
func (in *injector) what() string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return fmt.Sprint(in.met)
}

// candidates is how many operations the i-th rule could have met.
func (in *injector) candidates(i int) int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.seen[i]
}

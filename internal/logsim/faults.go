package logsim

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// FaultKind is what goes wrong with an answer.
type FaultKind uint8

// The kinds. The last four are only for list requests, and all of them but EmptyPage only for those with a cursor.
const (
	NoFault             FaultKind = iota
	InternalError                 // 500 in the error envelope
	BadGateway                    // 502 with HTML
	Unavailable                   // 503 with Retry-After
	TooManyRequests               // 429 with Retry-After, although the budget is not spent
	TooManyRequestsBare           // 429 without Retry-After
	Reset                         // the connection is reset before any answer
	Truncated                     // the connection ends in the middle of the body
	InvalidJSON                   // 200, and the body is no JSON
	Trickle                       // the body takes Delay
	ErrorStatus                   // Fault.Status in the error envelope
	Hang                          // nothing until the client gives up or the server is closed
	ExpiredCursor                 // 400
	DuplicateRow                  // the page begins with the last row of the page before
	RepeatedCursor                // next_cursor is the request's own cursor
	EmptyPage                     // no rows, and a new cursor to the same place
	faultKinds
)

var faultNames = [faultKinds]string{
	"none", "internal_error", "bad_gateway", "unavailable", "too_many_requests", "too_many_requests_bare", "reset",
	"truncated", "invalid_json", "trickle", "error_status", "hang", "expired_cursor", "duplicate_row", "repeated_cursor", "empty_page",
}

func (k FaultKind) String() string {
	if k < faultKinds {
		return faultNames[k]
	}
	return fmt.Sprintf("logsim.FaultKind(%d)", uint8(k))
}

// Fault is something that goes wrong with the requests that match it. It fires by Nth, by Every or by Probability,
// whichever are set. What Probability decides follows from the seed, from what the request asks for and from how often that has
// failed before: not from the order in which requests arrive, and another try can succeed.
type Fault struct {
	Kind        FaultKind
	Class       Class   // AnyClass matches every class
	Project     string  // "" matches every project
	ID          string  // "" matches every request; otherwise the detail of this id
	Probability float64 // of each matching request
	Nth         int     // fires on this matching request; the first is 1
	Every       int     // fires on every such matching request
	Times       int     // fires no more often than this in all; 0 is no bound
	PerRequest  int     // spares a request that has failed this often already; 0 is no bound
	Status      int     // of ErrorStatus, 400 to 599
	// Delay is the Retry-After of Unavailable and TooManyRequests, rounded up to seconds (default 1 s), and how long
	// Trickle takes (default 1 s).
	Delay time.Duration
}

var (
	errFaultKind    = errors.New("it has no known kind")
	errFaultStatus  = errors.New("its status is not from 400 to 599")
	errFaultTrigger = errors.New("it has no trigger: set Probability, Nth or Every")
)

func (f *Fault) validate() error {
	if f.Kind == NoFault || f.Kind >= faultKinds {
		return errFaultKind
	}
	if f.Kind == ErrorStatus && (f.Status < 400 || f.Status > 599) {
		return errFaultStatus
	}
	if f.Probability <= 0 && f.Nth <= 0 && f.Every <= 0 {
		return errFaultTrigger
	}
	return nil
}

func (f *Fault) matches(x *exchange, hasCursor bool) bool {
	switch {
	case f.Class != AnyClass && f.Class != x.class,
		f.Project != "" && f.Project != x.project.name,
		f.Kind >= ExpiredCursor && x.class != List,
		f.Kind >= ExpiredCursor && f.Kind != EmptyPage && !hasCursor:
		return false
	}
	return f.ID == "" || x.class == Detail && x.r.URL.Path[len(DetailPath):] == f.ID
}

// delay is Delay or its default.
func (f *Fault) delay() time.Duration {
	if f.Delay > 0 {
		return f.Delay
	}
	return time.Second
}

// faults counts what the triggers need.
type faults struct {
	declared []Fault
	chances  []stream

	mu       sync.Mutex
	seen     []int
	fired    []int
	attempts map[digest]int // failures of each request since it last succeeded
}

func newFaults(seed uint64, declared []Fault) *faults {
	f := &faults{declared: declared, seen: make([]int, len(declared)), fired: make([]int, len(declared)), attempts: map[digest]int{}}
	for i := range declared {
		f.chances = append(f.chances, newStream(seed, saltFault+uint64(i)<<16))
	}
	return f
}

// choose returns the fault that fires for a request, or nil.
func (f *faults) choose(x *exchange, hasCursor bool) *Fault {
	if len(f.declared) == 0 {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	attempt := f.attempts[x.key]
	for i := range f.declared {
		d := &f.declared[i]
		if !d.matches(x, hasCursor) {
			continue
		}
		f.seen[i]++
		if d.Times > 0 && f.fired[i] >= d.Times || d.PerRequest > 0 && attempt >= d.PerRequest {
			continue
		}
		random := f.chances[i].chance(int(x.key.number(int64(attempt))), d.Probability)
		if random || f.seen[i] == d.Nth || d.Every > 0 && f.seen[i]%d.Every == 0 {
			f.fired[i]++
			f.attempts[x.key] = attempt + 1
			return d
		}
	}
	delete(f.attempts, x.key)
	return nil
}

// counts returns how often each kind fired.
func (f *faults) counts() map[FaultKind]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := map[FaultKind]int{}
	for i, n := range f.fired {
		if n > 0 {
			out[f.declared[i].Kind] += n
		}
	}
	return out
}

package logsim

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Names that an Options without Projects gets.
const (
	DefaultProject      = "default"
	DefaultOrganisation = "org"
	DefaultKey          = "ak_simulated"
	DefaultCookie       = "session=simulated"
)

// Options are the switches of a Server. The zero value is a well-behaved API with a thousand records of one day.
type Options struct {
	// Seed decides everything that is random. Equal seeds and options give equal records and faults.
	Seed uint64
	// Projects are served side by side; default is one, with the Default* names above.
	Projects []Project
	// Records describes the records of every project that has no description of its own.
	Records Records

	// To says what the end of a time range means to the list; default ToExclusive.
	To ToMode
	// Order of the list; default Newest.
	Order Order
	// Cursors says how pages are continued; default Keyset.
	Cursors CursorStyle
	// CursorLifetime is how long a cursor is accepted after it was handed out; 0 is for ever.
	CursorLifetime time.Duration
	// CursorAnyQuery accepts a cursor together with another time range or other filters than those that it was made for,
	// which otherwise is a 400.
	CursorAnyQuery bool
	// ScanLimit is how many records one list request looks at before it answers with what it found, which may be an
	// empty page with a cursor; default 100,000.
	ScanLimit int
	// Late makes some records visible late.
	Late Late
	// Live hides records until the clock has reached their timestamp.
	Live bool
	// Retention hides records whose timestamp is older than this; 0 keeps all.
	Retention time.Duration

	// Usage says how the usage counts differ from the logs.
	Usage Usage
	// Rate is the organisation's rate limit. Every organisation has its own state.
	Rate Rate
	// Latency is waited before a request is answered.
	Latency Latency
	// Faults are tried in order; the first that fires decides.
	Faults []Fault
	// Details says which details can't be had.
	Details DetailFaults

	// NoGzip never compresses. Otherwise a response of at least 1 KiB is, when the request accepts gzip.
	NoGzip bool
	// GzipLevel is a level of klauspost/compress/gzip; 0 is its fastest, 1.
	GzipLevel int

	// Now is the clock; default time.Now. It is called from many goroutines.
	Now func() time.Time
	// Sleep waits for latency and for trickling bodies; default waits in real time. It returns early with an error when
	// ctx ends.
	Sleep func(ctx context.Context, d time.Duration) error
}

// Project is one project of an organisation.
type Project struct {
	Name         string
	Organisation string // projects of the same organisation share its rate limit; default DefaultOrganisation
	Key          string // accepted in x-api-key; default "ak_" + Name
	Cookie       string // accepted in Cookie, as name=value; "" accepts none
	Denied       bool   // the key is known and lacks the permission: 403
	Records      *Records
}

// ToMode says which records at the end of a time range belong to it. Times are compared in µs.
type ToMode uint8

// The ways of reading `to`.
const (
	ToExclusive   ToMode = iota // timestamp < to
	ToInclusive                 // timestamp <= to
	ToMillisecond               // timestamp < to + 1 ms: inclusive for an API that keeps milliseconds
)

// Order is the order of list entries.
type Order uint8

// The orders. Records of one microsecond come in no order of their ids.
const (
	Newest   Order = iota // newest first
	Oldest                // oldest first
	Shuffled              // none; the same at every time
)

// CursorStyle says what a cursor remembers.
type CursorStyle uint8

// The styles.
const (
	Keyset CursorStyle = iota // the place of the last row: stable while records arrive
	Offset                    // the number of rows before: shifts while records arrive, so that rows repeat
)

// Late makes a share of the records visible only some time after their timestamp. A late record needs all the
// conditions that are set.
type Late struct {
	Share float64
	// After is the longest delay after the timestamp; each late record has its own, in (After/2, After].
	After time.Duration
	// AfterRequests makes late records visible once this many list requests of their project were answered.
	AfterRequests int
}

// Usage switches how the usage counts disagree with the logs.
type Usage struct {
	// Lag leaves out records younger than this.
	Lag time.Duration
	// Nested says which records of a multi-execute count; default all.
	Nested NestedCount
	// MissingShare of the records is never counted.
	MissingShare float64
}

// NestedCount says which records of a multi-execute the usage counts.
type NestedCount uint8

// The ways of counting nested calls.
const (
	CountAll      NestedCount = iota
	CountOuter                // a child is not counted
	CountChildren             // the multi-execute itself is not counted
)

// Latency is the delay before an answer, by class of request.
type Latency struct {
	List, Detail, Usage Delay
}

// Delay is Base and something more, evenly spread over [0, Jitter) and fixed by the seed for each request.
type Delay struct{ Base, Jitter time.Duration }

// withDefaults returns a checked copy.
func (o Options) withDefaults() (Options, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.ScanLimit <= 0 {
		o.ScanLimit = 100_000
	}
	if o.GzipLevel == 0 {
		o.GzipLevel = 1
	}
	if len(o.Projects) == 0 {
		o.Projects = []Project{{Name: DefaultProject, Key: DefaultKey, Cookie: DefaultCookie}}
	}
	o.Projects = slices.Clone(o.Projects)
	seen := map[string]string{}
	for i := range o.Projects {
		p := &o.Projects[i]
		if p.Name == "" {
			return o, fmt.Errorf("logsim: project %d has no name", i)
		}
		if p.Organisation == "" {
			p.Organisation = DefaultOrganisation
		}
		if p.Key == "" {
			p.Key = "ak_" + p.Name
		}
		if p.Records == nil {
			p.Records = &o.Records
		}
		for _, unique := range []string{"name " + p.Name, "key " + p.Key} {
			if other, taken := seen[unique]; taken {
				return o, fmt.Errorf("logsim: projects %s and %s have the same %s", other, p.Name, unique)
			}
			seen[unique] = p.Name
		}
		r, err := p.Records.withDefaults()
		if err != nil {
			return o, fmt.Errorf("logsim: project %s: %w", p.Name, err)
		}
		p.Records = &r
	}
	var err error
	if o.Rate, err = o.Rate.withDefaults(); err != nil {
		return o, fmt.Errorf("logsim: %w", err)
	}
	for i := range o.Faults {
		if err := o.Faults[i].validate(); err != nil {
			return o, fmt.Errorf("logsim: fault %d: %w", i, err)
		}
	}
	return o, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

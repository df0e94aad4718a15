package logsim

import (
	"errors"
	"time"
)

// Records describes the records of a project.
type Records struct {
	// Count of records; default 1,000. Negative is none.
	Count int
	// From and To bound their timestamps: From <= t < To. Default is the day 2026-04-17, UTC.
	From, To time.Time
	// Skew puts a share of the records into a small part of the time.
	Skew Skew
	// BurstShare of the records, default 0.05, comes in bursts of BurstSize in one millisecond. Negative is none.
	BurstShare float64
	// BurstSize is the largest burst, default 400; the smallest is a third of it.
	BurstSize int
	// Users is how many distinct users there are, default 500.
	Users int
	// NoPayload leaves `data` empty, as for a project that stores no payloads.
	NoPayload bool
	// MedianPayload is the median size of `data` in bytes, default 2,048; the smallest are a fortieth of it and a
	// few dozen bytes.
	MedianPayload int
	// MaxPayload bounds the size of `data` in bytes, default 2 MiB.
	MaxPayload int
	// LargeShare of the payloads of successful calls, default none, is of a fifth of MaxPayload to all of it, spread evenly.
	LargeShare float64
	// FlatShare of the records has flat metadata (`tool_slug`), default 0.3. Negative is none.
	FlatShare float64
	// Odd makes records unlike the documentation.
	Odd Odd
}

// Skew puts Share of the records into one stretch of Within of the time, both in (0, 1). The zero value is no skew.
type Skew struct{ Share, Within float64 }

var (
	errBackwards = errors.New("records end before they begin")
	errSkew      = errors.New("a skew's share and within are both between 0 and 1")
)

func (r Records) withDefaults() (Records, error) {
	if r.From.IsZero() && r.To.IsZero() {
		r.From = time.Date(2026, 4, 17, 0, 0, 0, 0, time.UTC)
	}
	if r.To.IsZero() {
		r.To = r.From.Add(24 * time.Hour)
	}
	if r.From.IsZero() {
		r.From = r.To.Add(-24 * time.Hour)
	}
	if !r.From.Before(r.To) {
		return r, errBackwards
	}
	if r.Skew != (Skew{}) && (r.Skew.Share <= 0 || r.Skew.Share >= 1 || r.Skew.Within <= 0 || r.Skew.Within >= 1) {
		return r, errSkew
	}
	r.Count = orDefault(r.Count, 1000)
	r.BurstShare = orDefault(r.BurstShare, 0.05)
	r.BurstSize = orDefault(r.BurstSize, 400)
	r.Users = max(orDefault(r.Users, 500), 1)
	r.MedianPayload = max(orDefault(r.MedianPayload, 2048), 16)
	r.MaxPayload = max(orDefault(r.MaxPayload, 2<<20), r.MedianPayload)
	r.FlatShare = orDefault(r.FlatShare, 0.3)
	r.Odd.Kinds = orDefault(r.Odd.Kinds, OddDefault)
	return r, nil
}

// orDefault replaces zero by the default and anything below zero by zero.
func orDefault[N int | float64 | OddKind](n, standard N) N {
	if n == 0 {
		return standard
	}
	return max(n, 0)
}

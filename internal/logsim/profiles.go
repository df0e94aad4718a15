package logsim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Profile is a named set of faults.
type Profile struct {
	Faults  []Fault
	Details DetailFaults
}

// transient are the faults that another try gets over, each with the given probability.
func transient(probability float64) []Fault {
	kinds := []FaultKind{InternalError, BadGateway, Unavailable, TooManyRequests, TooManyRequestsBare, Reset, Truncated, InvalidJSON, Trickle}
	faults := make([]Fault, len(kinds))
	for i, kind := range kinds {
		faults[i] = Fault{Kind: kind, Probability: probability, PerRequest: 3}
	}
	return faults
}

// cursorFaults are those of list pages.
func cursorFaults(probability float64) []Fault {
	var faults []Fault
	for _, kind := range []FaultKind{ExpiredCursor, DuplicateRow, RepeatedCursor, EmptyPage} {
		faults = append(faults, Fault{Kind: kind, Probability: probability, PerRequest: 2})
	}
	return faults
}

var profiles = map[string]Profile{
	"none":    {},
	"light":   {Faults: transient(0.002)},
	"heavy":   {Faults: slices.Concat(transient(0.02), cursorFaults(0.02)), Details: DetailFaults{MissingShare: 0.005, DeniedShare: 0.005}},
	"cursors": {Faults: cursorFaults(0.1)},
	"details": {Details: DetailFaults{MissingShare: 0.02, DeniedShare: 0.02, BrokenShare: 0.02, InvalidShare: 0.02}},
	"outage":  {Faults: []Fault{{Kind: Unavailable, Probability: 1, Delay: 2 * time.Second}}},
	"hang":    {Faults: []Fault{{Kind: Hang, Every: 50}}},
}

// ProfileNames lists the profiles.
func ProfileNames() []string {
	names := make([]string, 0, len(profiles))
	for name := range profiles {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// NamedProfile returns a profile by its name.
func NamedProfile(name string) (Profile, error) {
	p, ok := profiles[name]
	if !ok {
		return p, fmt.Errorf("unknown fault profile %q: expected one of %s", name, strings.Join(ProfileNames(), ", "))
	}
	return p, nil
}

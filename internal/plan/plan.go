// Package plan says what has to be done so that the lake holds what a pipeline declares, why, and what it will cost. It is
// pure: it reads no clock, no bucket and no API. Who builds a plan brings the state, the time and what the sinks hold.
package plan

import (
	"path"
	"time"

	"logferry/internal/window"
)

// Action says what is done with a partition.
type Action string

// The actions, in the order in which a plan counts them.
const (
	Create  Action = "create"  // the state does not have it
	Extend  Action = "extend"  // a part of its declared time is not covered yet
	Refresh Action = "refresh" // list it again for late records, fetch the details of new ones only
	Replace Action = "replace" // its rows or files are not what is declared or recorded
	Retry   Action = "retry"   // try again to get the details of quarantined records
	Delete  Action = "delete"  // it left the declared range, or is partitioned otherwise
	None    Action = "none"
)

// Actions are all that change something, in their order.
var Actions = []Action{Create, Extend, Refresh, Replace, Retry, Delete}

// Interval is the time from From, included, to To, excluded, UTC.
type Interval struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Window is the interval as package window has it.
func (i Interval) Window() window.Interval { return window.New(i.From, i.To) }

// Step is what is done with one partition of one project: the unit of commit, retry and target. A step with neither Base
// nor List removes the partition.
type Step struct {
	Action    Action   `json:"action"`
	Project   string   `json:"project,omitempty"`
	Partition string   `json:"partition"` // its path: dt=2026-04-17
	Reasons   []string `json:"reasons"`
	// ChangedKeys are the configuration keys whose change makes a Replace.
	ChangedKeys []string `json:"changed_keys,omitempty"`

	// Version is the version of the partition that the plan saw, 0 where there was none.
	Version int `json:"version,omitempty"`
	// From and To are the time that the partition covers afterwards.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// List is what of it is listed by the API: nothing where files are only rewritten, or single records retried.
	List []Interval `json:"list,omitempty"`
	// Base names the partitions whose rows are kept, read from their files: mostly the partition itself, or those of another
	// size that covered its time. Empty: every row comes from the API.
	Base []string `json:"base,omitempty"`
	// Held names the partitions of the state whose records must all be among those that the API lists, where no rows are kept: what
	// it does not list any more would be gone. Fewer says that some may go: it was asked for, or the filters leave more out now.
	Held  []string `json:"held,omitempty"`
	Fewer bool     `json:"fewer,omitempty"`
	// Rewrite says that files are written even where no row is new.
	Rewrite bool `json:"rewrite,omitempty"`
	// Retry says that quarantined records that are due are tried again.
	Retry bool `json:"retry,omitempty"`
	// Gone are files that are missing or altered, which can't be read as a base.
	Gone []Object `json:"gone,omitempty"`

	Estimate Estimate `json:"estimate"`
}

// Name is the partition's path below its project's.
func (s *Step) Name() string { return path.Join(s.Project, s.Partition) }

// FromFiles says that no request lists anything: rows are only written anew.
func (s *Step) FromFiles() bool { return len(s.Base) > 0 && len(s.List) == 0 && s.Rewrite }

// ListsAll says that all of the partition's time is listed.
func (s *Step) ListsAll() bool {
	return len(s.List) == 1 && s.List[0].From.Equal(s.From) && s.List[0].To.Equal(s.To)
}

// Object is a data file of a sink.
type Object struct {
	Sink string `json:"sink"`
	Key  string `json:"key"` // below the sink's URL
	Size int64  `json:"size"`
}

// Plan is everything that has to be done, and what it was made of.
type Plan struct {
	Pipeline string    `json:"pipeline"`
	Lineage  string    `json:"lineage"` // "" where there is no state yet
	Serial   int64     `json:"serial"`
	Config   string    `json:"config"` // hash of the effective configuration
	MadeAt   time.Time `json:"made_at"`
	Version  string    `json:"version"` // the program's

	From time.Time `json:"from"` // the declared range, resolved
	To   time.Time `json:"to"`
	// Targeted says that only some of the partitions were looked at.
	Targeted bool `json:"targeted,omitempty"`

	Redaction Redaction `json:"redaction"` // the rules in force

	Steps []Step `json:"steps"` // in the order in which they are done
	// Strays are data files that no state names, in partitions that are this pipeline's and have no step. They are removed.
	Strays []Object `json:"strays"`
	// Unchanged partitions are as declared; Outside are in the state and not declared any more, and kept.
	Unchanged Count `json:"unchanged"`
	Outside   Count `json:"outside"`
	Quarantine
	// Warnings name what can't be had any more, or should be known before the plan is carried out.
	Warnings []string `json:"warnings"`

	Estimate Total `json:"estimate"`
}

// Count is a number of partitions and of the records in them.
type Count struct {
	Partitions int   `json:"partitions"`
	Records    int64 `json:"records"`
}

func (c *Count) add(records int64) {
	c.Partitions++
	c.Records += records
}

// Empty says that nothing has to be done.
func (p *Plan) Empty() bool { return len(p.Steps) == 0 && len(p.Strays) == 0 }

// Count returns how many steps have an action.
func (p *Plan) Count(a Action) int {
	n := 0
	for i := range p.Steps {
		if p.Steps[i].Action == a {
			n++
		}
	}
	return n
}

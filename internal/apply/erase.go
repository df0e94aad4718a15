package apply

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"path"

	"logferry/internal/plan"
	"logferry/internal/state"
)

// EraseOptions say what is erased.
type EraseOptions struct {
	UserIDs []string // whose records, as the column user_id has them, or had them before transform.redact hashed them
	Reason  string   // in words that are kept; must not have a user id in it
	Targets []plan.Target
	// Progress, which may be nil, is told of each partition that was searched, from several goroutines.
	Progress func(name string)
	// Random is where salts come from; nil for crypto/rand.
	Random io.Reader
}

// Erasable is what was found of the persons.
type Erasable struct {
	Searched    int                 // partitions
	Partitions  []ErasablePartition // those that have something of them, in the order of the state
	Rows        int64
	Quarantined int64 // records in quarantine, those with a row included
	// Unfinished counts the steps of killed runs of which something is kept, and Strays the objects that no state names in partitions
	// that the state has. Neither were searched: an erasure removes them all. Unsearched counts objects of others, which stay.
	Unfinished, Strays, Unsearched int
	// OtherRules counts the partitions that were written under another transform.redact than the one in force: of them a user id that was
	// masked then, or hashed with another key, is not found.
	OtherRules int
	// Refused is why nothing can be erased; nil where it can. See Session.Erase.
	Refused error

	persons *persons
	reason  string
	salt    []byte
}

// Nothing says that there is nothing to write or to remove.
func (e *Erasable) Nothing() bool {
	return len(e.Partitions) == 0 && e.Unfinished == 0 && e.Strays == 0
}

// ErasablePartition is a partition that has records of the persons, or may have some where nobody can look.
type ErasablePartition struct {
	Type        string `json:"type"` // "found"
	Project     string `json:"project,omitempty"`
	Partition   string `json:"partition"` // its path: dt=2026-04-17
	Rows        int64  `json:"rows"`
	Of          int64  `json:"of"` // rows that it has
	Quarantined int64  `json:"quarantined"`
	// Altered says that a sink has other files of it than were committed: what is in them was not searched, and goes.
	Altered bool `json:"altered,omitempty"`

	entry   state.Entry
	damaged []plan.Object // files that could not be read, which may be missing
}

// Name is the partition's with its project's.
func (p *ErasablePartition) Name() string { return path.Join(p.Project, p.Partition) }

// ErasedPartition is a partition that was written anew. Its JSON names are stable.
type ErasedPartition struct {
	Type        string `json:"type"`   // "partition"
	Action      string `json:"action"` // "erase"
	Project     string `json:"project,omitempty"`
	Partition   string `json:"partition"`
	Version     int    `json:"version"`
	Records     int64  `json:"records"` // rows that are left
	Rows        int64  `json:"rows"`    // that were erased
	Quarantined int64  `json:"quarantined"`
	IDsBefore   string `json:"ids_before"` // SHA-256, hex, as in the manifest
	IDsAfter    string `json:"ids_after"`
	RootBefore  string `json:"root_before,omitempty"`
	RootAfter   string `json:"root_after"`
}

// Erased is the end of an erasure, or of what it came to before an error. Its JSON names are stable.
type Erased struct {
	Type        string `json:"type"` // "summary"
	Result      Result `json:"result"`
	Pipeline    string `json:"pipeline"`
	Lineage     string `json:"lineage"`
	DryRun      bool   `json:"dry_run,omitempty"`
	Searched    int    `json:"searched"`    // partitions
	Partitions  int    `json:"partitions"`  // written anew
	Of          int    `json:"of"`          // that have records of the persons
	Rows        int64  `json:"rows"`        // erased
	Quarantined int64  `json:"quarantined"` // records that were erased from quarantine, those with a row included
	// Unfinished counts the steps of runs that were killed or failed, of which nothing is kept any more: they begin again.
	Unfinished int `json:"unfinished"`
	// StraysRemoved counts objects with records, of partitions that the state has, that no state named, StraysKept those that their buckets
	// keep, in partitions that were not written anew, and Unsearched those of others: none of them was looked at.
	StraysRemoved int   `json:"strays_removed"`
	StraysKept    int   `json:"strays_kept"`
	Unsearched    int   `json:"unsearched"`
	Retained      int64 `json:"retained"` // objects of the partitions written anew that their buckets keep
	// OtherRules counts the partitions that were written under another transform.redact than the one in force: whom that masked, or hashed
	// with another key, is not found there.
	OtherRules int    `json:"other_rules"`
	Serial     int64  `json:"serial"`
	Head       string `json:"head"`
}

// Erase writes each partition that was found anew, without the persons' records, in all sinks, and removes what else holds them: their
// records in quarantine, what runs had fetched and not committed, and data files that no state names. It needs the lock, and what
// FindErasable found under it. Where that is nothing, nothing is written or removed. done, which may be nil, is told of each partition. The error is found.Refused where that is one;
// then nothing was written. What was erased before another error stays so: who erases again erases the rest.
func (s *Session) Erase(ctx context.Context, found *Erasable, done func(ErasedPartition)) (*Erased, error) {
	switch {
	case s.lock == nil:
		return nil, errNoLock
	case found.Refused != nil:
		return nil, found.Refused
	}
	out, before := s.NewErased(found), s.Retained()
	if found.Nothing() {
		return out, nil
	}
	err := s.erase(ctx, found, out, done)
	out.Retained, out.Serial, out.Head = s.Retained()-before, s.state.Serial, s.state.Head
	if err == nil && out.Retained > 0 {
		err = &EraseLeftError{Objects: out.Retained}
	}
	out.Result = resultOf(ctx, err)
	return out, err
}

// NewErased is the summary of an erasure in which nothing was erased yet.
func (s *Session) NewErased(found *Erasable) *Erased {
	result := Succeeded
	if found.Refused != nil {
		result = Failed
	}
	return &Erased{
		Type: "summary", Result: result, Pipeline: s.pipeline.Name, Lineage: s.state.Lineage, Searched: found.Searched, Of: len(found.Partitions), Unsearched: found.Unsearched, OtherRules: found.OtherRules,
		Serial: s.state.Serial, Head: s.state.Head,
	}
}

func (s *Session) erase(ctx context.Context, found *Erasable, out *Erased, done func(ErasedPartition)) (err error) {
	if out.Unfinished, err = s.dropJournals(ctx); err != nil {
		return fmt.Errorf("remove what runs had fetched and not committed: %w", err)
	}
	r := s.eraseRun()
	for i := range found.Partitions {
		p := &found.Partitions[i]
		one, err := r.eraseOne(ctx, found, p)
		if one != nil {
			out.Partitions++
			out.Rows += one.Rows
			out.Quarantined += one.Quarantined
			if done != nil {
				done(*one)
			}
		}
		if err != nil {
			return fmt.Errorf("erase from %s: %w", p.Name(), err)
		}
	}
	return s.removeUnnamed(ctx, found, out)
}

// eraseRun is a run whose steps come from no plan.
func (s *Session) eraseRun() *run {
	return &run{Session: s, plan: &plan.Plan{Config: s.pipeline.Hash()}, operation: string(eraseAction), erasures: withErasures(s.state)}
}

// eraseStep is the step that looks at a partition, or writes it anew from its files.
func (r *run) eraseStep(ctx context.Context, e state.Entry, reason string) (*step, error) {
	steps, err := r.stepsOf([]plan.Step{{
		Action: eraseAction, Project: e.Project, Partition: e.Partition, Reasons: []string{reason}, Version: e.Version,
		From: e.From, To: e.To, Base: []string{e.Name()}, Rewrite: true,
	}})
	if err != nil {
		return nil, err
	}
	st := steps[0]
	if st.known, err = r.store.Manifest(ctx, &st.entry); err != nil {
		return nil, err
	}
	return st, nil
}

func (r *run) eraseOne(ctx context.Context, found *Erasable, p *ErasablePartition) (*ErasedPartition, error) {
	st, err := r.eraseStep(ctx, p.entry, found.reason)
	if err == nil {
		err = st.learnErased(ctx)
	}
	if err == nil {
		err = st.newErasing(found)
	}
	if err != nil {
		return nil, err
	}
	m, err := st.erase(ctx)
	if m == nil {
		return nil, err
	}
	return &ErasedPartition{
		Type: "partition", Action: m.Action, Project: m.Project, Partition: m.Partition, Version: m.Version, Records: m.Rows,
		Rows: st.erasing.rows, Quarantined: st.erasing.quarantined,
		IDsBefore: st.known.IDs, IDsAfter: m.IDs, RootBefore: st.known.Root, RootAfter: m.Root,
	}, err
}

// newSalt returns a salt for the hashes of erased ids.
func newSalt(random io.Reader) ([]byte, error) {
	if random == nil {
		random = rand.Reader
	}
	salt := make([]byte, state.SaltSize)
	if _, err := io.ReadFull(random, salt); err != nil {
		return nil, fmt.Errorf("make a salt: %w", err)
	}
	return salt, nil
}

package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"logferry/internal/plan"
	"logferry/internal/state"
	"logferry/internal/table"
	"logferry/sinks"
)

// searchedAtOnce is how many partitions are searched at the same time.
const searchedAtOnce = 4

// FindErasable searches the loaded state's partitions for records of the persons: the column user_id of every row, and the user id of
// every record in quarantine. It counts what was not searched and goes too, and writes nothing to a bucket. A partition that can't be searched is an error: who erases is to know that
// nothing was passed over. Where there is no state the error is a *NoStateError, of a target that names nothing a *plan.TargetError.
func (s *Session) FindErasable(ctx context.Context, o EraseOptions) (*Erasable, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if s.state.Serial == 0 {
		return nil, s.NoState()
	}
	entries, err := s.Select(o.Targets)
	if err != nil {
		return nil, err
	}
	out := &Erasable{Searched: len(entries), reason: strings.TrimSpace(o.Reason)}
	if out.persons, err = newPersons(s.pipeline, o.UserIDs); err != nil {
		return nil, err
	}
	if err := o.reasonOf(slices.Collect(maps.Keys(out.persons.ids))); err != nil { // which has the hashes too
		return nil, err
	}
	if out.salt, err = newSalt(o.Random); err != nil {
		return nil, err
	}
	out.OtherRules = s.underOtherRules(entries)
	listings, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	parts, err := s.search(ctx, entries, out, o.Progress)
	if err == nil {
		err = s.findAltered(ctx, parts, listings)
	}
	if err == nil {
		err = s.findLeft(ctx, out, listings)
	}
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		if p.Rows == 0 && p.Quarantined == 0 && !p.Altered {
			continue
		}
		out.Partitions = append(out.Partitions, p)
		out.Rows += p.Rows
		out.Quarantined += p.Quarantined
	}
	refused, err := s.refusesErase(ctx, out)
	out.Refused = refused
	return out, err
}

// underOtherRules counts the partitions with rows that were redacted by other rules than those in force.
func (s *Session) underOtherRules(entries []state.Entry) (n int) {
	const key = "transform.redact"
	ours := s.pipeline.Shape()[key]
	for _, e := range entries {
		theirs, known := s.state.Shapes[e.Shape]
		if e.Rows > 0 && known && theirs[key] != ours {
			n++
		}
	}
	return n
}

// findLeft counts what killed runs have left.
func (s *Session) findLeft(ctx context.Context, of *Erasable, listings map[string]plan.Listing) error {
	fetched, err := s.fetched(ctx)
	if err != nil {
		return fmt.Errorf("look for what runs had fetched and not committed: %w", err)
	}
	left, err := s.findUnnamed(ctx, listings)
	if err != nil {
		return err
	}
	of.Unfinished, of.Strays, of.Unsearched = len(fetched.steps), left.count(), left.others
	return nil
}

// findAltered marks the partitions of which a sink has files other than those that were committed, which the search of another sink does not
// show: a killed run has replaced some of them, and not all, or they proved to be damaged. Their rows can be anybody's.
func (s *Session) findAltered(ctx context.Context, parts []ErasablePartition, listings map[string]plan.Listing) error {
	notes, err := s.notes(ctx)
	if err != nil {
		return err
	}
	replaced := map[string]bool{}
	for _, n := range notes {
		if len(n.there) > 0 {
			replaced[(&state.EntryKey{Project: n.manifest.Project, Partition: n.manifest.Partition}).String()] = true
		}
	}
	for i := range parts {
		p := &parts[i]
		p.Altered = replaced[p.Name()]
		for _, o := range p.damaged {
			if _, there := listings[o.Sink][o.Key]; there {
				p.Altered = true
			}
		}
		for _, f := range p.entry.Files {
			if size, there := listings[f.Sink][f.Key]; there && size != f.Size {
				p.Altered = true
			}
		}
	}
	return nil
}

func (s *Session) search(ctx context.Context, entries []state.Entry, of *Erasable, progress func(string)) ([]ErasablePartition, error) {
	r := s.eraseRun()
	out := make([]ErasablePartition, len(entries))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(searchedAtOnce)
	for i, e := range entries {
		out[i] = ErasablePartition{Type: "found", Project: e.Project, Partition: e.Partition, Of: e.Rows, entry: e}
		group.Go(func() error {
			if err := r.searchOne(groupCtx, of, &out[i]); err != nil {
				return fmt.Errorf("search %s: %w", e.Name(), err)
			}
			if progress != nil {
				progress(e.Name())
			}
			return nil
		})
	}
	return out, group.Wait()
}

func (r *run) searchOne(ctx context.Context, of *Erasable, p *ErasablePartition) error {
	if p.entry.Rows == 0 && p.entry.Quarantined == 0 {
		return nil
	}
	st, err := r.eraseStep(ctx, p.entry, of.reason)
	if err != nil {
		return err
	}
	for {
		p.Rows, err = st.searchRows(ctx, of.persons)
		var damaged *sinks.DamagedError
		if err == nil {
			break
		}
		if !errors.As(err, &damaged) || !st.without(damaged) {
			return err
		}
		p.damaged = append(p.damaged, plan.Object{Sink: damaged.Sink, Key: damaged.Key})
	}
	p.Quarantined, err = st.searchQuarantine(ctx)
	return err
}

// searchRows reads two columns of the partition's files. What is in quarantine of a record with a row is told by the row's id.
func (s *step) searchRows(ctx context.Context, who *persons) (n int64, err error) {
	whole := s.run.flattener.Schema()
	schema := &table.Schema{Columns: []table.Column{whole.Columns[whole.Index("log_id")], whole.Columns[whole.Index("user_id")]}}
	s.erasing = &erasing{persons: who}
	s.erasing.begin()
	gone := s.erases(schema)
	rows, err := s.rowsOf(ctx, s.plan.Name(), schema)
	if err != nil {
		return 0, err
	}
	for row, err := range rows {
		if err != nil {
			return 0, err
		}
		gone(row)
	}
	return s.erasing.rows, nil
}

func (s *step) searchQuarantine(ctx context.Context) (n int64, err error) {
	if err := s.checkQuarantine(ctx); err != nil {
		return 0, err
	}
	for text, err := range s.earlierLines(ctx) {
		var line quarantined
		if err == nil {
			err = json.Unmarshal(text, &line)
		}
		if err != nil {
			return 0, fmt.Errorf("read the quarantine: %w", err)
		}
		s.erasesLine(&line)
	}
	return s.erasing.quarantined, nil
}

// checkQuarantine refuses what can't be searched: only of an object that is gone is it known that nothing is in it.
func (s *step) checkQuarantine(ctx context.Context) error {
	q := s.known.QuarantineObject
	if q == nil {
		return nil
	}
	sink := s.run.sink(q.Sink)
	if sink == nil {
		return &EraseUndeclaredError{Partitions: []string{s.plan.Name()}, Sinks: []string{q.Sink}}
	}
	sum, _, err := sink.HashObject(ctx, q.Key, io.Discard)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && sum != q.SHA256 {
		err = &sinks.DamagedError{Sink: q.Sink, Key: q.Key, Problem: "has other content"}
	}
	return err
}

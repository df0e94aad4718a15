package apply

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"time"

	"logferry/internal/plan"
	"logferry/internal/record"
	"logferry/internal/state"
)

// retryAt is when the next run is to try again for details that could not be had; zero where there is nothing to try. The
// run after the first tries at once, later ones wait longer and longer, and nobody asks for what the service has deleted.
func retryAt(m *state.Manifest, now time.Time) time.Time {
	var due time.Time
	for _, q := range m.Quarantine {
		at := q.LastTried.Add(backoff(q.Tries))
		if !q.Timestamp.IsZero() && q.Timestamp.Before(now.Add(-plan.Retention)) {
			continue
		}
		if due.IsZero() || at.Before(due) {
			due = at
		}
	}
	return due
}

const longestBackoff = 30 * 24 * time.Hour

// backoff is how long after so many tries the next one is due.
func backoff(tries int) time.Duration {
	switch {
	case tries <= 1:
		return 0
	case tries == 2:
		return time.Hour
	case tries == 3:
		return 6 * time.Hour
	case tries > 10:
		return longestBackoff
	}
	return min(24*time.Hour<<(tries-4), longestBackoff)
}

// earlierLines yields the lines of the quarantine object of the version before.
func (s *step) earlierLines(ctx context.Context) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if s.known == nil || s.known.QuarantineObject == nil {
			return
		}
		body, err := s.openQuarantine(ctx)
		if errors.Is(err, fs.ErrNotExist) {
			s.run.opts.Logger.Warn("the quarantine of the partition is gone or altered: what it had received can't be tried again", "partition", s.plan.Name(), "error", err)
			s.namedLines(yield)
			return
		}
		if err != nil {
			yield(nil, err)
			return
		}
		defer body.Close()
		in := bufio.NewReader(body)
		for {
			line, err := in.ReadBytes('\n')
			if len(line) > 0 && (err == nil || errors.Is(err, io.EOF)) && !yield(line, nil) {
				return
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// openQuarantine opens the quarantine object of the version before. One that was altered is as good as none.
func (s *step) openQuarantine(ctx context.Context) (io.ReadCloser, error) {
	q := s.known.QuarantineObject
	sink := s.run.sink(q.Sink)
	if sink == nil {
		return nil, fmt.Errorf("the quarantine lies in the sink %q, which is not declared any more: %w", q.Sink, fs.ErrNotExist)
	}
	sum, _, err := sink.HashObject(ctx, q.Key, io.Discard)
	if err != nil {
		return nil, err
	}
	if sum != q.SHA256 {
		return nil, fmt.Errorf("the quarantine %s is not what was written: %w", q.Key, fs.ErrNotExist)
	}
	return sink.OpenObject(ctx, q.Key)
}

// namedLines yields what the manifest says of the quarantined records, as lines without what was received.
func (s *step) namedLines(yield func([]byte, error) bool) {
	for _, q := range s.known.Quarantine {
		line, err := json.Marshal(quarantined{Quarantined: q, Project: s.plan.Project})
		if !yield(append(line, '\n'), err) {
			return
		}
	}
}

// received is what was received of the record.
func (q *quarantined) received() []byte {
	if q.EntryBase64 != nil {
		return q.EntryBase64
	}
	return q.Entry
}

// recall learns from the quarantine of the version before how often each record was tried.
func (s *step) recall(ctx context.Context, w *work) error {
	if len(s.plan.Base) == 0 {
		return nil
	}
	for text, err := range s.earlierLines(ctx) {
		if err != nil {
			return fmt.Errorf("read the quarantine: %w", err)
		}
		var line quarantined
		if err := json.Unmarshal(text, &line); err != nil {
			return fmt.Errorf("read the quarantine: %w", err)
		}
		w.bad.earlier[lineID(line.LogID, line.received())] = line.Quarantined
	}
	return nil
}

// carryOver keeps the lines of the version before whose records still are as they were.
func (s *step) carryOver(ctx context.Context, w *work) error {
	if len(s.plan.Base) == 0 {
		return nil // everything was fetched anew
	}
	for text, err := range s.earlierLines(ctx) {
		if err != nil {
			return err
		}
		var line quarantined
		if err := json.Unmarshal(text, &line); err != nil {
			return err
		}
		if s.erasesLine(&line) || w.resolved[line.LogID] || !line.Exported && s.plan.ListsAll() {
			continue
		}
		var micros int64
		if !line.Timestamp.IsZero() {
			micros = line.Timestamp.UnixMicro()
		}
		if err := w.bad.keep(ctx, micros, lineID(line.LogID, line.received()), text, record.Skipped); err != nil {
			return err
		}
	}
	return nil
}

// due yields the list entries of quarantined records whose detail is to be tried again now.
func (s *step) due(ctx context.Context, w *work) (iter.Seq2[record.Entry, error], error) {
	var entries []record.Entry // bounded by what is named in the manifest
	now := s.run.opts.Now
	for text, err := range s.earlierLines(ctx) {
		if err != nil {
			return nil, fmt.Errorf("read the quarantine: %w", err)
		}
		var line quarantined
		if err := json.Unmarshal(text, &line); err != nil {
			return nil, fmt.Errorf("read the quarantine: %w", err)
		}
		if !line.Exported || line.received() == nil || now.Before(line.LastTried.Add(backoff(line.Tries))) {
			continue
		}
		page, err := record.ParsePage(bytes.Join([][]byte{[]byte(`{"logs":[`), line.received(), []byte(`]}`)}, nil))
		if err == nil && len(page.Entries) != 1 {
			err = errors.New("it is no list entry")
		}
		if err != nil {
			return nil, fmt.Errorf("read the quarantine: the entry of %s can't be read: %w", line.LogID, err)
		}
		entries = append(entries, page.Entries[0])
		w.again[line.LogID] = true
	}
	return func(yield func(record.Entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}, nil
}

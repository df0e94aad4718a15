package apply

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"logferry/extract"
	"logferry/internal/record"
	"logferry/internal/spool"
	"logferry/internal/state"
	"logferry/sinks"
)

// quarantine collects what could not be had or read of one partition, sorted and within a memory bound like the records
// themselves. add may be called from several goroutines.
type quarantine struct {
	lines   *spool.Spool
	earlier map[string]state.Quarantined // of the version before, by lineID
	now     time.Time
	news    atomic.Bool // a record was added that the version before does not have
}

// quarantined is one line of a quarantine object: what the manifest says of the record, and what was received.
type quarantined struct {
	state.Quarantined
	Project string `json:"project,omitempty"`
	// Entry is what was received where that is JSON, EntryBase64 where it is not.
	Entry       json.RawMessage `json:"entry,omitempty"`
	EntryBase64 []byte          `json:"entry_base64,omitempty"`
}

// newQuarantine keeps its lines in a spool, which stays the caller's.
func newQuarantine(lines *spool.Spool, now time.Time) *quarantine {
	return &quarantine{lines: lines, earlier: map[string]state.Quarantined{}, now: now.UTC().Truncate(time.Second)}
}

func (q *quarantine) add(ctx context.Context, project string, b extract.Bad) error {
	line := quarantined{Project: project, Quarantined: state.Quarantined{
		LogID: b.ID, Reason: b.Reason, LastError: b.LastError, Attempts: b.Attempts, Tries: 1,
		FirstSeen: q.now, LastTried: q.now, Exported: b.Attempts > 0,
	}}
	id := lineID(b.ID, b.Raw)
	before, known := q.earlier[id]
	if !known {
		q.news.Store(true)
	} else {
		line.FirstSeen, line.Tries, line.Attempts = before.FirstSeen, before.Tries+1, before.Attempts+b.Attempts
	}
	if b.HasTime {
		line.Timestamp = time.UnixMicro(b.Micros).UTC()
	}
	if json.Valid(b.Raw) && utf8.Valid(b.Raw) {
		line.Entry = b.Raw
	} else {
		line.EntryBase64 = b.Raw
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(line); err != nil {
		return err
	}
	return q.keep(ctx, b.Micros, id, out.Bytes(), record.Fetched)
}

// lineID tells quarantined records apart: by their id, or where that can't be read by what was received. Space between tokens
// makes no difference: a line does not keep it.
func lineID(id string, raw []byte) string {
	if id != "" {
		return id
	}
	var compact bytes.Buffer
	if json.Compact(&compact, raw) == nil {
		raw = compact.Bytes()
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// keep adds a line. Of two lines of one record, the one of this run is kept: the spool prefers its outcome.
func (q *quarantine) keep(ctx context.Context, micros int64, id string, line []byte, rank record.Outcome) error {
	return q.lines.Add(ctx, []record.Record{{Entry: record.Entry{Key: record.Key{Micros: micros, ID: id}, Raw: line}, Outcome: rank}})
}

// quarantinePrefix begins the keys of a partition's quarantine objects below the first sink: never below tool_execution/.
func quarantinePrefix(project, partition string) string {
	key := sinks.Quarantine + "/"
	if project != "" {
		key += "project=" + project + "/"
	}
	return key + partition + "."
}

func quarantineKey(project, partition string, version int) string {
	key := quarantinePrefix(project, partition)
	if version > 1 {
		key += fmt.Sprintf("%05d.", version)
	}
	return key + "ndjson"
}

// putAside writes the partition's quarantine object to the first sink and names its records in the manifest.
func (s *step) putAside(ctx context.Context, w *work, m *state.Manifest) error {
	if err := s.carryOver(ctx, w); err != nil {
		return fmt.Errorf("read the quarantine: %w", err)
	}
	body, err := os.CreateTemp(s.run.dir, "quarantine-*")
	if err != nil {
		return fmt.Errorf("write the quarantine: %w", err)
	}
	defer func() {
		_ = body.Close()
		_ = os.Remove(body.Name())
	}()
	hash := sha256.New()
	out := bufio.NewWriter(io.MultiWriter(body, hash))
	err = w.bad.write(ctx, out, m)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("write the quarantine: %w", err)
	}
	if len(m.Quarantine) == 0 {
		return nil
	}
	size, err := body.Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = body.Seek(0, io.SeekStart)
	}
	var key string
	if err == nil {
		key, err = s.uploadQuarantine(ctx, m, body, size)
	}
	if err != nil {
		return fmt.Errorf("write the quarantine: %w", err)
	}
	m.QuarantineObject = &state.Object{Sink: s.run.sinks[0].Name(), Key: key, Size: size, SHA256: hex.EncodeToString(hash.Sum(nil))}
	return nil
}

// write writes the lines by timestamp, then id, and names their records in the manifest.
func (q *quarantine) write(ctx context.Context, w io.Writer, m *state.Manifest) error {
	for r, err := range q.lines.Sorted(ctx) {
		if err != nil {
			return err
		}
		var line quarantined
		if err := json.Unmarshal(r.Raw, &line); err != nil {
			return err
		}
		m.Quarantine = append(m.Quarantine, line.Quarantined)
		if _, err := w.Write(r.Raw); err != nil {
			return err
		}
	}
	return nil
}

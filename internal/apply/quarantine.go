package apply

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"path"
	"time"
	"unicode/utf8"

	"logferry/extract"
	"logferry/internal/record"
	"logferry/internal/spool"
)

// quarantine collects what could not be had or read of one partition, sorted and within a memory bound like the records
// themselves. add may be called from several goroutines; the owner calls close.
type quarantine struct {
	lines *spool.Spool
	now   time.Time
}

// quarantined is one line of a quarantine object.
type quarantined struct {
	LogID     string    `json:"log_id,omitempty"`
	Timestamp string    `json:"timestamp,omitempty"`
	Project   string    `json:"project,omitempty"`
	Reason    string    `json:"reason"`
	Attempts  int       `json:"attempts"`
	LastError string    `json:"last_error,omitempty"`
	SeenAt    time.Time `json:"seen_at"`
	// Exported says that the record has a row in the partition, made of what the list said of it.
	Exported bool `json:"exported"`
	// Entry is what was received where that is JSON, EntryBase64 where it is not.
	Entry       json.RawMessage `json:"entry,omitempty"`
	EntryBase64 []byte          `json:"entry_base64,omitempty"`
}

// newQuarantine keeps its lines in a spool, which it owns.
func newQuarantine(lines *spool.Spool, now time.Time) *quarantine {
	return &quarantine{lines: lines, now: now}
}

func (q *quarantine) add(ctx context.Context, project string, b extract.Bad) error {
	line := quarantined{
		LogID: b.ID, Project: project, Reason: b.Reason, Attempts: b.Attempts,
		SeenAt: q.now.UTC().Truncate(time.Second), Exported: b.Attempts > 0, LastError: b.LastError,
	}
	if b.HasTime {
		line.Timestamp = time.UnixMicro(b.Micros).UTC().Format("2006-01-02T15:04:05.000000Z")
	}
	switch {
	case line.Exported: // the row has it
	case json.Valid(b.Raw) && utf8.Valid(b.Raw):
		line.Entry = b.Raw
	default:
		line.EntryBase64 = b.Raw
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(line); err != nil {
		return err
	}
	r := record.Record{Entry: record.Entry{Key: record.Key{Micros: b.Micros, ID: b.ID}, Raw: out.Bytes()}}
	if r.ID == "" {
		sum := sha256.Sum256(b.Raw)
		r.ID = hex.EncodeToString(sum[:])
	}
	return q.lines.Add(ctx, []record.Record{r})
}

// writeTo writes the lines by timestamp, then id, and returns how many there are.
func (q *quarantine) writeTo(ctx context.Context, w io.Writer) (int64, error) {
	var n int64
	for r, err := range q.lines.Sorted(ctx) {
		if err != nil {
			return n, err
		}
		if _, err := w.Write(r.Raw); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func (q *quarantine) close() error { return q.lines.Close() }

// quarantineKey is the object's key below the sink: never below tool_execution/.
func quarantineKey(project, partition string) string {
	key := "_logferry/quarantine"
	if project != "" {
		key = path.Join(key, "project="+project)
	}
	return path.Join(key, partition+".ndjson")
}

package apply_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/logsim"
	"logferry/internal/plan"
)

// editor changes the entries of list answers: edit returns an entry as it is to be, nil to leave it out.
type editor struct {
	mu   sync.Mutex
	edit func(id string, entry json.RawMessage) json.RawMessage
}

func (e *editor) set(edit func(id string, entry json.RawMessage) json.RawMessage) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.edit = edit
}

// hide leaves entries out.
func (e *editor) hide(ids ...string) {
	e.set(func(id string, entry json.RawMessage) json.RawMessage {
		for _, hidden := range ids {
			if id == hidden {
				return nil
			}
		}
		return entry
	})
}

func (e *editor) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		edit := e.edit
		e.mu.Unlock()
		if edit == nil || r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		r.Header.Del("Accept-Encoding")
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		var page struct {
			Logs   []json.RawMessage `json:"logs"`
			Cursor json.RawMessage   `json:"next_cursor"`
		}
		body := answer.Body.Bytes()
		if json.Unmarshal(body, &page) == nil && page.Logs != nil {
			kept := []json.RawMessage{}
			for _, entry := range page.Logs {
				var named struct {
					ID string `json:"id"`
				}
				_ = json.Unmarshal(entry, &named)
				if entry = edit(named.ID, entry); entry != nil {
					kept = append(kept, entry)
				}
			}
			page.Logs = kept
			out := &bytes.Buffer{}
			encoder := json.NewEncoder(out)
			encoder.SetEscapeHTML(false)
			_ = encoder.Encode(page)
			body = out.Bytes()
		}
		for k, v := range answer.Header() {
			if k != "Content-Length" {
				w.Header()[k] = v
			}
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(body)
	})
}

// applyWith plans with options and carries the plan out.
func (w *world) applyWith(e export, o apply.PlanOptions) error {
	w.t.Helper()
	s, err := apply.Open(context.Background(), w.config(e), apply.Options{Now: clock, Version: "test"})
	require.NoError(w.t, err)
	defer s.Close()
	ctx, unlock, err := s.Lock(context.Background(), "apply", nil)
	require.NoError(w.t, err)
	defer unlock()
	pl, err := s.Plan(ctx, o)
	require.NoError(w.t, err)
	_, err = s.Apply(ctx, pl)
	return err
}

// parts are all data files of the world's sinks.
func (w *world) parts() map[string]string {
	w.t.Helper()
	out := map[string]string{}
	require.NoError(w.t, filepath.WalkDir(w.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "/tool_execution/") {
			return err
		}
		content, err := os.ReadFile(path)
		out[path] = string(content)
		return err
	}))
	return out
}

// TestAPartitionIsNotReplacedByOneThatLacksRecords: whatever makes a partition be fetched anew, what the service does not list any more is
// not taken out of the lake without being asked for.
func TestAPartitionIsNotReplacedByOneThatLacksRecords(t *testing.T) {
	replace := apply.PlanOptions{Replace: []plan.Target{"dt=2026-04-17"}}
	for name, c := range map[string]struct {
		change  func(t *testing.T, w *world, e *export)
		options apply.PlanOptions
		counted bool // the files can't be read,
		unsure  bool // and there is nothing to count
	}{
		"asked for":         {options: replace},
		"other columns":     {change: func(_ *testing.T, _ *world, e *export) { e.raw = true }},
		"fewer details":     {change: func(_ *testing.T, _ *world, e *export) { e.details = "none" }},
		"another size, too": {change: func(_ *testing.T, _ *world, e *export) { e.raw, e.partition = true, "hour" }},
		"a larger size, too": {change: func(_ *testing.T, _ *world, e *export) {
			e.raw, e.partition = true, "month"
			e.from, e.to = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
		}},
		"a larger size, and a file that is gone": {counted: true, change: func(t *testing.T, w *world, e *export) {
			e.partition = "month"
			e.from, e.to = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
			for i := range 2 {
				require.NoError(t, os.RemoveAll(filepath.Join(w.sinkDir(i), "tool_execution", "dt=2026-04-17")))
			}
		}},
		"a smaller size, and a file that is gone": {counted: true, unsure: true, change: func(t *testing.T, w *world, e *export) {
			e.partition = "hour"
			for i := range 2 {
				require.NoError(t, os.RemoveAll(filepath.Join(w.sinkDir(i), "tool_execution", "dt=2026-04-17")))
			}
		}},
		"files that are gone": {counted: true, change: func(t *testing.T, w *world, _ *export) {
			for i := range 2 {
				require.NoError(t, os.RemoveAll(filepath.Join(w.sinkDir(i), "tool_execution", "dt=2026-04-17")))
			}
		}},
		"files that are damaged": {counted: true, options: replace, change: func(t *testing.T, w *world, _ *export) {
			for path, content := range w.parts() {
				require.NoError(t, os.WriteFile(path, append([]byte(content[:len(content)-1]), 0), 0o600))
			}
		}},
	} {
		if testing.Short() && name != "another size, too" && name != "files that are damaged" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			e, records := aDay(150)
			e.from, e.to = time.Date(2026, 4, 17, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 18, 0, 0, 0, 0, time.UTC)
			records.Odd = logsim.Odd{}
			api := &editor{}
			w := newWorld(t, logsim.Options{Seed: 7, Records: records, Rate: openRate}, api.around)
			require.NoError(t, w.applyWith(e, apply.PlanOptions{}))
			lost := w.sources(e)[75].id
			if c.change != nil {
				c.change(t, w, &e)
			}
			before := w.parts()

			api.hide(lost)
			details := w.sim.Stats().Requests[logsim.Detail]
			err := w.applyWith(e, c.options)
			var fewer *apply.FewerError
			require.ErrorAs(t, err, &fewer)
			if e.partition != "hour" { // of which most are whole
				require.Equal(t, details, w.sim.Stats().Requests[logsim.Detail], "no detail is asked for in vain")
			}
			require.Contains(t, fewer.Hint(), "--allow-fewer")
			if c.unsure {
				require.Zero(t, fewer.Lost)
				c.options.AllowFewer = true
			} else {
				require.EqualValues(t, 1, fewer.Lost)
			}
			if c.counted {
				require.Empty(t, fewer.IDs)
			} else {
				require.Equal(t, []string{lost}, fewer.IDs)
			}
			after := w.parts()
			for path, content := range before {
				require.Equal(t, content, after[path], "nothing was changed")
			}

			t.Run("and is once the listing is whole again", func(t *testing.T) {
				api.set(nil)
				require.NoError(t, w.applyWith(e, c.options))
				w.mustEqual(e, w.sources(e))
			})
		})
	}
}

func TestWithAWordAPartitionIsReplacedByOneThatLacksRecords(t *testing.T) {
	e, records := aDay(120)
	records.Odd = logsim.Odd{}
	api := &editor{}
	w := newWorld(t, logsim.Options{Seed: 7, Records: records, Rate: openRate}, api.around)
	w.mustRun(e)
	all := w.sources(e)
	api.hide(all[60].id)
	e.raw = true
	require.Error(t, w.applyWith(e, apply.PlanOptions{}))
	require.NoError(t, w.applyWith(e, apply.PlanOptions{AllowFewer: true}))
	w.mustEqual(e, append(all[:60:60], all[61:]...))
	requireReason(t, w, "1 records that it had are not listed any more")
	require.Zero(t, lastRun(t, w).Summary.NewRecords, "what went is not counted against it")
}

// requireReason looks for the reason of a version among the manifests.
func requireReason(t *testing.T, w *world, reason string) {
	t.Helper()
	for _, path := range w.objects("/manifests/") {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		if strings.Contains(string(content), reason) {
			return
		}
	}
	t.Errorf("no manifest has the reason %q", reason)
}

// As many records as before are not the same records.
func TestAPartitionIsNotReplacedByOneThatHasOthersInstead(t *testing.T) {
	e, records := aDay(120)
	records.Odd = logsim.Odd{}
	api := &editor{}
	w := newWorld(t, logsim.Options{Seed: 7, Records: records, Rate: openRate}, api.around)
	all := w.sources(e)
	api.hide(all[60].id)
	w.mustRun(e)
	api.hide(all[61].id)
	e.raw = true
	var fewer *apply.FewerError
	require.ErrorAs(t, w.applyWith(e, apply.PlanOptions{}), &fewer)
	require.Equal(t, []string{all[61].id}, fewer.IDs)
}

// A record whose timestamp the service has corrected is the same record.
func TestARecordUnderAnotherTimestampIsNotMissing(t *testing.T) {
	e, records := aDay(120)
	records.Odd = logsim.Odd{}
	api := &editor{}
	w := newWorld(t, logsim.Options{Seed: 7, Records: records, Rate: openRate}, api.around)
	w.mustRun(e)
	moved := w.sources(e)[60]
	at := time.UnixMicro(moved.micros).UTC()
	api.set(func(id string, entry json.RawMessage) json.RawMessage {
		if id != moved.id {
			return entry
		}
		text := at.Format("2006-01-02T15:04:05")
		require.Contains(t, string(entry), text)
		return bytes.Replace(entry, []byte(text), []byte(at.Add(time.Second).Format("2006-01-02T15:04:05")), 1)
	})
	e.raw = true
	require.NoError(t, w.applyWith(e, apply.PlanOptions{}))
}

// That one of several partitions can't be read does not keep the others from being compared id by id.
func TestOnlyPartitionsThatCantBeReadAreCounted(t *testing.T) {
	e, records := aDay(100)
	e.from, e.to = time.Date(2026, 4, 17, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 17, 4, 0, 0, 0, time.UTC)
	e.partition, records.Odd = "hour", logsim.Odd{}
	records.From, records.To = e.from, e.to
	api := &editor{}
	w := newWorld(t, logsim.Options{Seed: 7, Records: records, Rate: openRate}, api.around)
	require.NoError(t, w.applyWith(e, apply.PlanOptions{}))
	lost := w.sources(e)[0]
	for i := range 2 {
		require.NoError(t, os.RemoveAll(filepath.Join(w.sinkDir(i), "tool_execution", "dt=2026-04-17", "hour=03")))
	}
	require.Equal(t, 0, time.UnixMicro(lost.micros).UTC().Hour())
	api.hide(lost.id)
	e.partition = "day"
	var fewer *apply.FewerError
	require.ErrorAs(t, w.applyWith(e, apply.PlanOptions{}), &fewer)
	require.Equal(t, []string{lost.id}, fewer.IDs)
}

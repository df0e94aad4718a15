package apply_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/logsim"
)

// aDay is an export of one day and a bit, cut at odd places, and the records for it.
func aDay(records int) (export, logsim.Records) {
	e := export{
		from: time.Date(2026, 4, 16, 21, 59, 59, 1e6, time.UTC), to: time.Date(2026, 4, 18, 2, 0, 0, 999e6, time.UTC), windows: 5, inFlight: 16,
		sinks: []sinkForm{{format: "ndjson", compression: "none"}, {format: "parquet", compression: "snappy"}},
	}
	return e, logsim.Records{
		Count: records, From: e.from.Add(-time.Hour), To: e.to.Add(time.Hour), MedianPayload: 100, MaxPayload: 5000,
		BurstShare: 0.4, BurstSize: 250, Odd: logsim.Odd{Share: 0.2},
	}
}

// quickly are bounds with which a fault costs little time.
func quickly() map[string]any { return map[string]any{"timeout": "300ms", "give_up_after": "60s"} }

// openRate is a limit that is not met, in windows of a second, so that a 429 that has no reason is soon over.
var openRate = logsim.Rate{Limit: 100_000, Window: time.Second}

// TestFaultsLeaveNoTraceInTheExport survives each fault alone, at a share of the requests, and all of them together.
func TestFaultsLeaveNoTraceInTheExport(t *testing.T) {
	type faults []logsim.Fault
	everywhere := func(kind logsim.FaultKind, share float64, delay time.Duration) faults {
		return faults{{Kind: kind, Probability: share, PerRequest: 3, Delay: delay}}
	}
	inLists := func(kind logsim.FaultKind, share float64) faults {
		return faults{{Kind: kind, Class: logsim.List, Probability: share, PerRequest: 2}}
	}
	cases := map[string]faults{
		"internal error":           everywhere(logsim.InternalError, 0.2, 0),
		"bad gateway":              everywhere(logsim.BadGateway, 0.2, 0),
		"unavailable":              everywhere(logsim.Unavailable, 0.05, 0),
		"too many requests":        {{Kind: logsim.TooManyRequests, Every: 60, Times: 2}},
		"too many requests, bare":  {{Kind: logsim.TooManyRequestsBare, Every: 60, Times: 2}},
		"reset":                    everywhere(logsim.Reset, 0.2, 0),
		"truncated":                everywhere(logsim.Truncated, 0.2, 0),
		"invalid JSON":             everywhere(logsim.InvalidJSON, 0.2, 0),
		"trickle within the bound": everywhere(logsim.Trickle, 0.05, 100*time.Millisecond),
		"trickle beyond the bound": everywhere(logsim.Trickle, 0.05, 2*time.Second),
		"hang":                     {{Kind: logsim.Hang, Probability: 0.05, PerRequest: 1}},
		"expired cursor":           inLists(logsim.ExpiredCursor, 0.2),
		"duplicate row":            inLists(logsim.DuplicateRow, 0.3),
		"empty page":               inLists(logsim.EmptyPage, 0.3),
		"repeated cursor":          inLists(logsim.RepeatedCursor, 0.2),
	}
	var together faults
	for name, f := range cases {
		if name == "too many requests" || name == "too many requests, bare" {
			continue // a pause of all requests each
		}
		for _, one := range f {
			one.Probability /= 5
			together = append(together, one)
		}
	}
	cases["all together"] = append(together, cases["too many requests"]...)
	isolate(t)
	var playing sync.WaitGroup // most of them only wait
	room := make(chan struct{}, 6)
	if testing.Short() {
		maps.DeleteFunc(cases, func(name string, f faults) bool {
			return name == "all together" || name != "hang" && name != "truncated" && name != "too many requests" && f[0].Class != logsim.List
		})
	}
	for name, f := range cases {
		for _, order := range []logsim.Order{logsim.Newest, logsim.Oldest, logsim.Shuffled} {
			if testing.Short() && order != logsim.Newest || order != logsim.Newest && f[0].Class != logsim.List && name != "all together" {
				continue
			}
			playing.Go(func() {
				room <- struct{}{}
				defer func() { <-room }()
				t.Run(name+"/"+[]string{"newest", "oldest", "shuffled"}[order], func(t *testing.T) { playFaults(t, f, order) })
			})
		}
	}
	playing.Wait()
}

func playFaults(t *testing.T, faults []logsim.Fault, order logsim.Order) {
	e, records := aDay(400)
	e.extract = quickly()
	if faults[0].Class == logsim.List {
		e.details = "failed"
		records.Count = 2000
	}
	w := sharedWorld(t, logsim.Options{Seed: 7, Records: records, Order: order, To: logsim.ToInclusive, Rate: openRate, Faults: faults}, nil)
	start := time.Now()
	sum := w.mustRun(e)
	t.Logf("%s, %+v, %v", time.Since(start).Round(time.Millisecond), sum.Requests, w.sim.Stats().Faults)
	require.NotEmpty(t, w.sim.Stats().Faults, "no fault was played")
	w.mustEqual(e, w.sources(e))
}

// TestDetailsThatCannotBeHad keeps the rows of such records and names them in quarantine.
func TestDetailsThatCannotBeHad(t *testing.T) {
	e, records := aDay(300)
	records.Odd.Unreadable = 0.04
	e.extract = map[string]any{"timeout": "300ms", "give_up_after": "300ms"}
	opts := logsim.Options{
		Seed: 3, Records: records, Rate: openRate, To: logsim.ToInclusive,
		Details: logsim.DetailFaults{MissingShare: 0.05, DeniedShare: 0.05, BrokenShare: 0.03, InvalidShare: 0.03},
	}
	t.Run("quarantine", func(t *testing.T) {
		w := newWorld(t, opts, nil)
		w.mustRun(e)
		sources := w.sources(e)
		w.mustEqual(e, sources)

		aside := w.quarantined(t)
		outcomes, named := map[string]int{}, map[string]int{}
		for _, s := range sources {
			outcomes[s.outcome]++
			if aside[s.id] != nil {
				named[s.outcome]++
			}
		}
		for _, o := range []string{"fetched", "missing", "denied", "failed"} {
			require.Positive(t, outcomes[o], o)
		}
		require.Equal(t, outcomes["failed"], named["failed"])
		require.Zero(t, named["fetched"])
		truth, unreadable := w.sim.Truth(""), 0
		for _, n := range truth.Numbers(logsim.Query{From: e.from, To: e.to}) {
			switch f := truth.Fact(n); f.Unreadable {
			case logsim.NoTimestamp, logsim.NullTimestamp, logsim.NonsenseTime:
				require.True(t, aside[f.ID] != nil, "%s: %s", f.ID, f.Unreadable)
				unreadable++
			case logsim.NoID, logsim.NullID, logsim.NumericID:
				unreadable++
			}
		}
		require.Positive(t, unreadable)
		require.GreaterOrEqual(t, len(aside), outcomes["failed"]+unreadable)
		for _, o := range []string{"missing", "denied"} {
			t.Run(o, func(t *testing.T) { require.Equal(t, outcomes[o], named[o], "records in quarantine") })
		}
	})
	for name, d := range map[string]logsim.DetailFaults{
		"missing": {MissingShare: 0.02}, "denied": {DeniedShare: 0.02}, "broken": {BrokenShare: 0.02}, "invalid": {InvalidShare: 0.02}, "unreadable": {},
	} {
		t.Run("fail/"+name, func(t *testing.T) { failOnBadRecord(t, e, opts, d) })
	}
	t.Run("a later run that can have them", func(t *testing.T) {
		w := newWorld(t, opts, nil)
		w.mustRun(e)
		whole := opts
		whole.Details, whole.Records.Odd.Unreadable = logsim.DetailFaults{}, 0
		later := newWorld(t, whole, nil)
		later.dir = w.dir
		later.mustRun(e)
		later.mustEqual(e, later.sources(e))
		require.Empty(t, later.quarantined(t), "it still names what is had by now")
	})
}

// failOnBadRecord ends a run with details that can't be had, or with entries that can't be read where there are none.
func failOnBadRecord(t *testing.T, e export, opts logsim.Options, d logsim.DetailFaults) {
	opts.Details = d
	if d.MissingShare+d.DeniedShare+d.BrokenShare+d.InvalidShare > 0 {
		opts.Records.Odd.Unreadable = 0
	}
	w := newWorld(t, opts, nil)
	e.extract = map[string]any{"timeout": "300ms", "give_up_after": "300ms", "on_bad_record": "fail"}
	_, err := w.run(context.Background(), e)
	var bad *apply.BadRecordError
	require.ErrorAs(t, err, &bad)
	require.NoDirExists(t, filepath.Join(w.sinkDir(0), "_logferry", "quarantine"))
	for i, form := range e.sinks {
		_, err := readLake(w.sinkDir(i), form, e.columns())
		require.NoError(t, err, "what was written before the end is whole")
	}
}

// quarantined returns the lines below _logferry/quarantine/ of the first sink by the id or the entry that they name.
func (w *world) quarantined(t *testing.T) map[string]object {
	t.Helper()
	out := map[string]object{}
	root := filepath.Join(w.sinkDir(0), "_logferry", "quarantine")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, line := range strings.Split(strings.TrimSuffix(string(content), "\n"), "\n") {
			require.True(t, json.Valid([]byte(line)), line)
			fields, _ := readObject([]byte(line))
			name, ok := readString(fields.get("log_id"))
			if !ok {
				name = string(fields.get("entry")) + string(fields.get("entry_base64"))
			}
			reason, _ := readString(fields.get("reason"))
			require.NotEmpty(t, reason, line)
			require.NotContains(t, out, name, "it stands there twice")
			out[name] = fields
		}
		return nil
	})
	if err != nil {
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
	return out
}

// TestRefusedKey ends a run at once, and writes nothing.
func TestRefusedKey(t *testing.T) {
	e, records := aDay(100)
	w := newWorld(t, logsim.Options{
		Seed: 1, Records: records, Rate: openRate, Projects: []logsim.Project{{Name: "prod", Key: "ak_prod"}, {Name: "locked", Key: "ak_locked", Denied: true}},
	}, nil)
	_, err := w.run(context.Background(), e)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "ak_locked")
	require.NoDirExists(t, filepath.Join(w.sinkDir(0), "tool_execution", "project=locked"))
}

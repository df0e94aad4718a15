package resume

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/extract"
	"logferry/internal/logsim"
	"logferry/internal/record"
	"logferry/internal/spool"
)

func open(t *testing.T, d *disk, header string) *Run {
	t.Helper()
	run, err := Open(t.Context(), d, []byte(header), extract.DetailsFailed, time.Now(), spool.JournalOptions{})
	require.NoError(t, err)
	return run
}

// entry makes an entry whose detail DetailsFailed wants, if it is failed.
func entry(id, status string) record.Entry {
	return record.Entry{Key: record.Key{ID: id, Micros: day.From.UnixMicro()}, Status: status, Raw: []byte(`{"id":"` + id + `"}`)}
}

func pendingIDs(t *testing.T, r *extract.Resume) (ids []string) {
	t.Helper()
	for e, err := range r.Pending {
		require.NoError(t, err)
		ids = append(ids, e.ID)
	}
	return ids
}

// told opens a journal, tells it what the tests below ask for, and closes it.
func told(t *testing.T) *disk {
	t.Helper()
	d := newDisk(0)
	run := open(t, d, "header")
	require.Nil(t, run.Resume(), "there was nothing")
	require.NoError(t, run.Replay(t.Context(), &gathered{}))
	mark := extract.Mark{Window: 1, Pass: 1, From: 5, To: 9, Cursor: []byte(`"c"`)}
	page := []record.Entry{entry("skipped", "success"), entry("settled", "failed"), entry("denied", "failed"), entry("pending", "failed")}
	require.NoError(t, run.Journal().Page(page, mark))
	settled := record.Record{Entry: page[1], Outcome: record.Fetched, Detail: []byte(`{"a":1}`)}
	denied := record.Record{Entry: page[2], Outcome: record.Denied}
	require.NoError(t, run.Bad(extract.Bad{Bad: record.Bad{ID: "denied", Reason: "denied"}, Attempts: 1}))
	require.NoError(t, run.Journal().Settled(&denied))
	require.NoError(t, run.Bad(extract.Bad{Bad: record.Bad{ID: "pending", Reason: "missing"}, Attempts: 1}))
	require.NoError(t, run.Bad(extract.Bad{Bad: record.Bad{Reason: "no id", Raw: []byte("\xff")}}))
	require.NoError(t, run.Journal().Settled(&settled))
	mark.Done = true
	require.NoError(t, run.Journal().Mark(extract.Mark{From: 1, To: 2, Assumed: true}, mark))
	require.NoError(t, run.Close())
	require.NoError(t, run.Close())
	return d
}

func TestARunHandsOnWhatWasHadAndLeavesTheRestToTheWalk(t *testing.T) {
	run := open(t, told(t), "header")
	defer run.Close()
	g := &gathered{}
	require.NoError(t, run.Replay(t.Context(), g))
	require.Equal(t, []record.Record{
		{Entry: entry("skipped", "success"), Outcome: record.Skipped},
		{Entry: entry("denied", "failed"), Outcome: record.Denied},
		{Entry: entry("settled", "failed"), Outcome: record.Fetched, Detail: []byte(`{"a":1}`)},
	}, g.records)
	require.Equal(t, []extract.Bad{
		{Bad: record.Bad{ID: "denied", Reason: "denied"}, Attempts: 1},
		{Bad: record.Bad{Reason: "no id", Raw: []byte("\xff")}},
	}, g.bads, "a record that is pending may be had this time")

	r := run.Resume()
	require.Equal(t, []string{"pending"}, pendingIDs(t, r))
	require.Equal(t, []string{"pending"}, pendingIDs(t, r), "as often as asked")
	require.ElementsMatch(t, []extract.Mark{
		{From: 1, To: 2, Assumed: true}, {Window: 1, Pass: 1, From: 5, To: 9, Done: true, Cursor: []byte(`"c"`)},
	}, r.Marks)
	for id, known := range map[string]bool{"skipped": true, "settled": true, "pending": true, "denied": true, "other": false} {
		require.Equal(t, known, r.Known(id), id)
	}
	require.False(t, run.Damaged())
}

func TestAPendingEntryIsTheWalksOwn(t *testing.T) {
	run := open(t, told(t), "header")
	defer run.Close()
	for e := range run.Resume().Pending {
		clear(e.Raw)
	}
	require.Equal(t, []string{"pending"}, pendingIDs(t, run.Resume()))
}

func TestAJournalOfAnotherHeaderIsRemoved(t *testing.T) {
	d := told(t)
	run := open(t, d, "another")
	require.Nil(t, run.Resume())
	require.NoError(t, run.Close())
	run = open(t, d, "header")
	require.Nil(t, run.Resume())
	require.NoError(t, run.Close())
}

func TestAJournalOfAnotherVersionIsBegunAnew(t *testing.T) {
	for name, add := range map[string]func(j *spool.Journal) error{
		"marks":   func(j *spool.Journal) error { return j.AddMarks([]byte(`{"v":2,"marks":[]}`)) },
		"a page":  func(j *spool.Journal) error { return j.AddPage(nil, []byte(`{}`)) },
		"a bad":   func(j *spool.Journal) error { return j.AddBad([]byte(`{"v":2}`)) },
		"no JSON": func(j *spool.Journal) error { return j.AddMarks([]byte(`marks`)) },
	} {
		d := newDisk(0)
		j, err := spool.CreateJournal(t.Context(), d, []byte("header"), time.Now(), spool.JournalOptions{})
		require.NoError(t, err)
		require.NoError(t, add(j))
		require.NoError(t, j.Close())
		run := open(t, d, "header")
		require.Nil(t, run.Resume(), name)
		require.NoError(t, run.Close())
	}
}

func TestRemoveLeavesNothing(t *testing.T) {
	d := told(t)
	run := open(t, d, "header")
	require.NoError(t, run.Remove(t.Context()))
	require.NoError(t, run.Close())
	require.Empty(t, d.files)
}

func TestADamagedJournalIsToldAndTheRestFetchedAgain(t *testing.T) {
	d := told(t)
	d.flip(d.size()-1, 0)
	run := open(t, d, "header")
	defer run.Close()
	require.True(t, run.Damaged())
	g := &gathered{}
	require.NoError(t, run.Replay(t.Context(), g))
	require.Empty(t, g.records)
}

// refusing is a Receiver that takes nothing.
type refusing struct{}

var errRefused = errors.New("refused")

func (refusing) Records(context.Context, []record.Record) error { return errRefused }
func (refusing) Bad(context.Context, extract.Bad) error         { return errRefused }

func TestTheReceiversErrorEndsAReplay(t *testing.T) {
	run := open(t, told(t), "header")
	defer run.Close()
	require.ErrorIs(t, run.Replay(t.Context(), refusing{}), errRefused)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, run.Replay(ctx, &gathered{}), context.Canceled)
}

func TestABadRecordThatIsRefusedIsNotJournalled(t *testing.T) {
	d := newDisk(0)
	run := open(t, d, "header")
	bad := extract.Bad{Bad: record.Bad{Reason: "no id"}}
	require.ErrorIs(t, run.Receiver(refusing{}).Bad(t.Context(), bad), errRefused)
	require.NoError(t, run.Receiver(&gathered{}).Bad(t.Context(), bad))
	require.NoError(t, run.Close())
	run = open(t, d, "header")
	defer run.Close()
	g := &gathered{}
	require.NoError(t, run.Replay(t.Context(), g))
	require.Equal(t, []extract.Bad{bad}, g.bads)
}

func TestReplayHandsOnBoundedBatches(t *testing.T) {
	d := newDisk(0)
	run := open(t, d, "header")
	for i := range 700 {
		r := record.Record{Entry: entry(fmt.Sprint("log_", i), "failed"), Outcome: record.Fetched, Detail: []byte(strings.Repeat("x", i*20))}
		require.NoError(t, run.Journal().Settled(&r))
	}
	require.NoError(t, run.Close())
	run = open(t, d, "header")
	defer run.Close()
	sizes := &measured{}
	require.NoError(t, run.Replay(t.Context(), sizes))
	require.Equal(t, 700, sizes.records)
	require.LessOrEqual(t, sizes.most, batchRecords)
	require.LessOrEqual(t, sizes.bytes, batchBytes+20_000)
}

// measured is a Receiver that measures batches.
type measured struct {
	refusing
	records, most, bytes int
}

func (m *measured) Records(_ context.Context, batch []record.Record) error {
	m.records += len(batch)
	m.most = max(m.most, len(batch))
	bytes := 0
	for i := range batch {
		bytes += batch[i].Size()
	}
	m.bytes = max(m.bytes, bytes)
	return nil
}

func TestAFullJournalCostsRequestsAndNoRecord(t *testing.T) {
	bounds := []int64{1, 40_000, 300_000}
	if testing.Short() {
		bounds = bounds[1:2]
	}
	for _, bound := range bounds {
		synctest.Test(t, func(t *testing.T) {
			w, err := newWorld(logsim.Options{Records: logsim.Records{Count: 600}}, extract.Options{}, extract.Step{Interval: day, Details: extract.DetailsAll})
			require.NoError(t, err)
			defer w.closed()
			w.bound = bound
			_, err = w.killed(t.Context(), 400)
			require.NoError(t, err)
			res, err := w.run(t.Context(), 0)
			require.NoError(t, err)
			require.Empty(t, w.problem(res))
		})
	}
}

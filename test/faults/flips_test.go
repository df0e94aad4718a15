package faults

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
	"logferry/test/crash/lake"
)

// TestAnAnswerThatIsAnotherAndLooksWell counts what an answer alone can't tell. Where one bit of an answer without a checksum is another,
// and the answer still is JSON of the right form, nobody can notice: with gzip, which the API is asked for, and with TLS no bit flips
// unseen; see the kinds flip_packed and flip_breaking of TestEveryOperationThatFailsLeavesNoTrace. Such a flip concerns one record, and
// never anything else. Where a page is that of another list request, the API's counts tell (`reconcile`), or nothing does.
//
// LOGFERRY_FAULTS=all plays every answer.
func TestAnAnswerThatIsAnotherAndLooksWell(t *testing.T) {
	seed := seedOf(t)
	c := newCampaign("an answer that is another", seed)
	isolate(t, c)
	some, rounds := 12, 1
	switch {
	case whole():
		rounds = 8 // another bit of each answer
	case testing.Short():
		some = 3
	}
	s := scenes[0]
	s.plain = true
	st := newStage(t, s, seed)
	for round := range rounds {
		c.series(t, st, api, silent, some, func(t *testing.T, st *stage, r rule) bool { return c.flip(t, st, r, uint64(round)) })
	}
	s = often
	s.records, s.windows, s.compared = 900, 1, true
	c.series(t, newStage(t, s, seed), api, mixedUp, some/3, func(t *testing.T, st *stage, r rule) bool { return c.flip(t, st, r, 0) })
}

// flip plays a stage with one answer that is another.
func (c *campaign) flip(t *testing.T, st *stage, r rule, round uint64) (met bool) {
	dir, err := os.MkdirTemp("", "play-")
	require.NoError(t, err)
	defer func() { c.leave(t, dir) }()
	w, in := st.copied(t, dir), newInjector(st.seed+uint64(r.nth)+round<<32, r)
	sum, err := c.disturbed(t, w, in)
	if len(in.faults()) == 0 {
		require.NoError(t, err)
		return false
	}
	story := fmt.Sprintf("%s, n=%d, after which the run said %v", in.what(), r.nth, err)
	told := err != nil || sum.Reconcile.Differ > 0
	c.next(t, w, story)
	d, err := w.rows()
	require.NoError(t, err, story)
	look, err := w.look()
	require.NoError(t, err, story)
	require.True(t, look.report.OK, "%s: %+v", story, look.report.Findings)
	outcome := string(r.kind) + ": noticed or without effect"
	if !d.Empty() {
		outcome = string(r.kind) + ": other values in a row"
		if lostIDs(t, w) > 0 {
			outcome = string(r.kind) + ": records are missing"
		}
		if told {
			outcome += ", and the run says so"
		} else {
			c.count(func(f *figures) { f.Undetected++ })
		}
	}
	c.count(func(f *figures) { f.Lies[outcome]++ })
	t.Logf("%s: %s: %d rows lost, %d surplus; %.200s", outcome, story, d.Lost, d.Surplus, d.First)
	if r.kind == mixedUp {
		return true
	}
	require.LessOrEqual(t, d.Lost, len(sinkNames)*mostOfAnAnswer(in.met[0]), "%s: one bit altered more than what it stood in: %.300s", story, d.First)
	require.Zero(t, d.Double, story)
	return true
}

// mostOfAnAnswer is how many records one answer can concern.
func mostOfAnAnswer(met string) int {
	if met == string(silent)+" at list answer" {
		return 100
	}
	return 1
}

// lostIDs is how many records have no row.
func lostIDs(t *testing.T, w *world) (n int) {
	count, err := lake.IDs(context.Background(), w.sinkDir(sinkNames[0].name))
	require.NoError(t, err)
	for _, id := range w.sims[w.night].Truth("").IDs(logsim.Query{From: from, To: from.AddDate(0, 0, w.shape.days), VisibleNow: true}) {
		if count[id] == 0 {
			n++
		}
	}
	return n
}

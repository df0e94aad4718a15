package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/plan"
)

// lies are the kinds in which a bucket says what is not so.
var lies = []kind{loses, halves, alters, keeps, hides}

// TestABucketThatLiesIsFoundOut plays a bucket that says that it has done what it has not, at every operation. The run that is lied to
// can't always know. What it believed is found by it, by the next run, which puts it right, or by verify, which names it; and where
// verify finds nothing, the rows are those that the API holds.
//
// LOGFERRY_FAULTS=all plays every operation.
func TestABucketThatLiesIsFoundOut(t *testing.T) {
	seed := seedOf(t)
	c := newCampaign("a bucket that lies", seed)
	isolate(t, c)
	t.Run("scenes", func(t *testing.T) {
		p := newPlaying(10)
		for i, s := range scenes {
			if testing.Short() && !whole() && (i+int(seed))%len(scenes) != 0 {
				continue
			}
			st := newStage(t, s, seed)
			for _, k := range lies {
				p.do(func() {
					t.Run(fmt.Sprintf("%s/%s", st.name, k), func(t *testing.T) { c.series(t, st, store, k, 1, c.lie) })
				})
			}
		}
		p.group.Wait()
	})
}

// verdict is how a lie ended.
type verdict string

const (
	harmless verdict = "harmless" // it changed nothing
	refused  verdict = "refused"  // the run that was lied to ended in an error, and the next one put it right
	healed   verdict = "healed"   // the run believed it, and the next one found it and put it right
	found    verdict = "found"    // no run puts it right by itself: verify or an error names it
)

// lie plays a stage with one lie and says whether it was told.
func (c *campaign) lie(t *testing.T, st *stage, r rule) (met bool) {
	dir, err := os.MkdirTemp("", "play-")
	require.NoError(t, err)
	defer func() { c.leave(t, dir) }()
	w, in := st.copied(t, dir), newInjector(st.seed+uint64(r.nth), r)
	_, err = c.disturbed(t, w, in)
	if len(in.faults()) == 0 {
		require.NoError(t, err)
		c.same(t, w, "nothing went wrong")
		return false
	}
	story := fmt.Sprintf("%s, %s, n=%d, after which the run said %v", st.name, in.what(), r.nth, err)
	v, detail := c.judge(t, w, err, story)
	t.Logf("%s: %s: %.300s", v, story, detail)
	c.count(func(f *figures) {
		f.Lies[string(v)]++
		if v == found {
			f.Unhealed[in.met[0]]++
		}
	})
	return true
}

// judge says what became of a lie.
func (c *campaign) judge(t *testing.T, w *world, first error, story string) (v verdict, detail string) {
	before, err := w.rows()
	clean := err == nil && before.Empty()
	look, err := w.look()
	clean = clean && err == nil && look.report.OK && look.todo() == ""
	c.count(func(f *figures) { f.Runs++ })
	_, next := w.run(context.Background(), w.night, w.shape, newInjector(0))
	after, rowsErr := w.rows()
	right := rowsErr == nil && after.Empty()
	look, err = w.look()
	named := err != nil || !look.report.OK
	switch {
	case next == nil && right && !named && clean && first == nil:
		return harmless, ""
	case next == nil && right && !named && first != nil:
		return refused, ""
	case next == nil && right && !named:
		return healed, ""
	case next != nil && isHelpful(next), named:
		if err == nil {
			detail = fmt.Sprintf("%+v", look.report.Findings)
		}
		c.afterReplace(t, w, story)
		return found, fmt.Sprintf("the next run said %v; %v %s", next, err, detail)
	}
	c.count(func(f *figures) { f.Losses += max(after.Lost, 1) })
	t.Errorf("%s: nobody finds it: the next run said %v; %+v %v", story, next, after, rowsErr)
	return found, ""
}

// isHelpful says that an error tells what the user can do.
func isHelpful(err error) bool {
	var h interface{ Hint() string }
	return errors.As(err, &h) && h.Hint() != ""
}

// afterReplace does what a finding advises: to replace the partitions. It must not make anything worse.
func (c *campaign) afterReplace(t *testing.T, w *world, story string) {
	if err := w.replace(); err != nil {
		t.Logf("%s: replacing the partitions ends in %v", story, err)
		return
	}
	d, err := w.rows()
	require.NoError(t, err, story)
	if !d.Empty() {
		c.count(func(f *figures) { f.Losses += d.Lost })
		t.Errorf("%s: after replacing the partitions %d rows are lost, %d surplus, %d double; %.300s", story, d.Lost, d.Surplus, d.Double, d.First)
	}
	c.count(func(f *figures) { f.Replaced++ })
}

// replace fetches all partitions anew.
func (w *world) replace() error {
	p, err := w.pipeline(w.shape, w.dir, patient)
	if err != nil {
		return err
	}
	s, err := apply.Open(context.Background(), p, w.options(w.night, nights[w.night], newInjector(0)))
	if err != nil {
		return err
	}
	defer s.Close()
	ctx, unlock, err := s.Lock(context.Background(), "apply", nil)
	if err != nil {
		return err
	}
	defer unlock()
	var o apply.PlanOptions
	for _, e := range s.State().All() {
		o.Replace = append(o.Replace, plan.Target(e.Name()))
	}
	pl, err := s.Plan(ctx, o)
	if err != nil {
		return err
	}
	_, err = s.Apply(ctx, pl)
	return err
}

package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/test/crash/lake"
)

// honest are the kinds of which the run is told, or that change nothing, or that a checksum finds: by side.
var honest = map[side][]kind{
	api:   {fails, lost, hangs, interrupt, stops, dies, cuts, short, twice, stale, flipped, broken},
	store: {fails, lost, hangs, interrupt, stops, dies, cuts, short, twice, damaged, half, there},
}

var sideNames = map[side]string{api: "api", store: "bucket"}

// TestEveryOperationThatFailsLeavesNoTrace plays every scene once for every operation and every way in which it can fail, runs it
// again, and finds the rows that the API holds, each once, a state that names just what is there, and nothing else.
//
// LOGFERRY_FAULTS=all plays every operation, LOGFERRY_FAULTS_SEED another choice of them.
func TestEveryOperationThatFailsLeavesNoTrace(t *testing.T) {
	seed := seedOf(t)
	c := newCampaign("every operation", seed)
	isolate(t, c)
	t.Run("scenes", func(t *testing.T) {
		p := newPlaying(10)
		for _, s := range scenes {
			st := newStage(t, s, seed)
			for s, kinds := range honest {
				for i, k := range kinds {
					if turn := i + int(seed) + len(st.name); !whole() && (turn%2 != 0 || testing.Short() && turn%8 != 0) {
						continue // other seeds play others
					}
					name := fmt.Sprintf("%s/%s/%s", st.name, sideNames[s], k)
					p.do(func() {
						t.Run(name, func(t *testing.T) { c.series(t, st, s, k, 1, c.play) })
					})
				}
			}
		}
		p.group.Wait()
	})
}

// series plays a fault at the first operation, the second one and so on, until a run does not meet it any more; or some of these.
func (c *campaign) series(t *testing.T, st *stage, s side, k kind, some int, play func(*testing.T, *stage, rule) bool) {
	if whole() {
		n := 1
		for ; play(t, st, rule{kind: k, side: s, nth: n}); n++ {
			if t.Failed() {
				return
			}
		}
		t.Logf("%d operations", n-1)
		return
	}
	rnd := rand.New(rand.NewPCG(st.seed, uint64(len(st.name)+len(k))<<8|uint64(s)))
	chosen := rnd.Perm(st.operations(t)[rule{kind: k, side: s}])
	for _, n := range chosen[:min(some, len(chosen))] {
		play(t, st, rule{kind: k, side: s, nth: n + 1})
	}
}

// operations counts, by rules without a number, the operations of an undisturbed run.
func (st *stage) operations(t *testing.T) map[rule]int {
	st.counting.Do(func() {
		var rules []rule
		for k := range applies {
			rules = append(rules, rule{kind: k, side: api}, rule{kind: k, side: store})
		}
		in := newInjector(0, rules...)
		dir, err := os.MkdirTemp("", "play-")
		require.NoError(t, err)
		defer os.RemoveAll(dir)
		_, err = st.copied(t, dir).run(context.Background(), st.night, st.shape, in)
		require.NoError(t, err)
		st.counts = map[rule]int{}
		for i, r := range rules {
			st.counts[r] = in.candidates(i)
		}
	})
	return st.counts
}

// disturbed plays a stage with something that goes wrong. It looks for goroutines that were left.
func (c *campaign) disturbed(t *testing.T, w *world, in *injector) (sum *apply.Summary, err error) {
	left := labelled(context.Background(), func(ctx context.Context) { sum, err = w.run(ctx, w.night, w.shape, in) })
	if left != "" {
		c.count(func(f *figures) { f.Leaks++ })
		t.Errorf("after %s goroutines are left: %s", in.what(), left)
	}
	c.met(in)
	c.count(func(f *figures) { f.Runs++ })
	c.ended(len(in.faults()) > 0, err)
	return sum, err
}

// play plays a stage with one thing that goes wrong and says whether it did.
func (c *campaign) play(t *testing.T, st *stage, r rule) (met bool) {
	dir, err := os.MkdirTemp("", "play-")
	require.NoError(t, err)
	defer func() { c.leave(t, dir) }()
	w, in := st.copied(t, dir), newInjector(st.seed+uint64(r.nth), r)
	sum, err := c.disturbed(t, w, in)
	story := fmt.Sprintf("%s, %s, n=%d, after which the run said %v", st.name, in.what(), r.nth, err)
	if len(in.faults()) == 0 {
		require.NoError(t, err, story)
		c.same(t, w, story)
		return false
	}
	c.asLeft(t, w, story)
	c.stateAsLeft(t, w, story)
	if err == nil && sum.Quarantined == w.aside {
		c.same(t, w, story+", before another run")
	}
	c.next(t, w, story)
	c.settled(t, w, story)
	return true
}

// asLeft reads what a disturbed run has left: files are whole, and where partitions have one file no record stands in two.
func (c *campaign) asLeft(t *testing.T, w *world, story string) {
	for _, sink := range sinkNames {
		count, err := lake.IDs(context.Background(), w.sinkDir(sink.name))
		if err != nil {
			c.count(func(f *figures) { f.Torn++ })
			t.Errorf("%s: a file is not whole: %v", story, err)
		}
		if slices.Contains([]string{"parts", "relayout"}, w.name) {
			continue
		}
		for id, n := range count {
			if n > 1 {
				c.count(func(f *figures) { f.Duplicates++ })
				t.Errorf("%s: a reader who globs sees %s %d times", story, id, n)
			}
		}
	}
}

// stateAsLeft reads what the state names after a disturbed run, as a reader does who goes by it.
func (c *campaign) stateAsLeft(t *testing.T, w *world, story string) {
	torn, err := w.torn()
	if err != nil {
		torn = []string{err.Error()}
	}
	if len(torn) > 0 {
		c.count(func(f *figures) { f.Torn += len(torn) })
		t.Errorf("%s: what the state names is not whole: %v", story, torn)
	}
}

// next runs again, with nothing that goes wrong.
func (c *campaign) next(t *testing.T, w *world, story string) {
	c.count(func(f *figures) { f.Runs++ })
	if _, err := w.run(context.Background(), w.night, w.shape, newInjector(0)); err != nil {
		c.count(func(f *figures) { f.Torn++ })
		t.Errorf("%s: the next run failed: %v", story, err)
	}
}

// same compares every value of every row with the simulator's truth.
func (c *campaign) same(t *testing.T, w *world, story string) bool {
	d, err := w.rows()
	if err != nil {
		c.count(func(f *figures) { f.Torn++ })
		t.Errorf("%s: %v", story, err)
		return false
	}
	c.count(func(f *figures) {
		f.Losses, f.Duplicates = f.Losses+d.Lost, f.Duplicates+d.Double+max(d.Surplus-d.Lost, 0)
	})
	if !d.Empty() {
		t.Errorf("%s: %d rows lost, %d surplus, %d double; %.600s", story, d.Lost, d.Surplus, d.Double, d.First)
	}
	return d.Empty()
}

// settled says that a run after which nothing is left to do has left nothing but what it should.
func (c *campaign) settled(t *testing.T, w *world, story string) {
	look, err := w.look()
	if err == nil && look.report.Quarantined > w.aside {
		// Details were given up, rows say so and quarantine names them: the run after the first that could not have them tries again.
		c.count(func(f *figures) { f.GivenUp++ })
		c.next(t, w, story)
		look, err = w.look()
	}
	if err != nil {
		c.count(func(f *figures) { f.Torn++ })
		t.Errorf("%s: %v", story, err)
		return
	}
	c.same(t, w, story)
	c.count(func(f *figures) { f.Leftovers += look.report.Leftovers })
	if !look.report.OK {
		c.count(func(f *figures) { f.Torn++ })
		t.Errorf("%s: verify finds %+v", story, look.report.Findings)
	}
	if todo := look.todo(); todo != "" {
		t.Errorf("%s: a plan after it is not empty: %s", story, todo)
	}
	orphans, err := w.orphans(&look)
	require.NoError(t, err)
	if len(orphans) > 0 {
		c.count(func(f *figures) { f.Orphans += len(orphans) })
		t.Errorf("%s: nothing names %v", story, orphans)
	}
}

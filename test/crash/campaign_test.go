package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
)

// kills is how many kills the campaign makes: LOGFERRY_CRASH_KILLS, or a cut of it.
func kills(t *testing.T) int {
	if text := os.Getenv("LOGFERRY_CRASH_KILLS"); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		return n
	}
	if testing.Short() {
		return 6
	}
	return 28
}

// scenes are all of them: what is done × format × partition × order.
func scenes() (out []scene) {
	for _, kind := range []string{"create", "late", "change", "parts"} {
		for _, format := range []string{"parquet", "ndjson"} {
			for _, partition := range []string{"hour", "day", "month"} {
				for _, order := range []logsim.Order{logsim.Newest, logsim.Oldest, logsim.Shuffled} {
					out = append(out, scene{kind, format, partition, order})
				}
			}
		}
	}
	return out
}

// control is what a scene comes to where nothing is killed.
type control struct {
	contents string
	requests int           // of the run that would be killed
	length   time.Duration // of it
	points   map[string]int
}

// result is what one kill came to.
type result struct {
	scene  scene
	at     string
	twice  int     // requests more than without the kill
	share  float64 // of those without it
	killed bool
}

// TestAKilledRunIsAsIfNothingHadHappened kills runs at every named point and at random instants, in every scene, and runs them
// again: the rows are those of a run that nobody killed, every record is there once, the state is whole, and hardly a request
// was spent twice.
//
// LOGFERRY_CRASH_KILLS=300 sets the number of kills, LOGFERRY_CRASH_SEED another seed.
func TestAKilledRunIsAsIfNothingHadHappened(t *testing.T) {
	seed := uint64(1)
	if text := os.Getenv("LOGFERRY_CRASH_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	rnd := rand.New(rand.NewPCG(seed, 0xdead))
	all := scenes()
	rnd.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	controls := map[scene]*control{}
	points := map[string]int{} // kills at each
	var results []result
	for n := range kills(t) {
		s := all[n%len(all)]
		if controls[s] == nil {
			controls[s] = measure(t, s, seed)
		}
		c := controls[s]
		var r result
		ok := t.Run(fmt.Sprintf("%d/%s", n, s), func(t *testing.T) { r = oneKill(t, rnd, s, c, seed, points) })
		if !ok {
			t.Fatalf("LOGFERRY_CRASH_SEED=%d repeats it", seed)
		}
		results = append(results, r)
	}
	report(t, results, points)
}

// measure runs a scene without a kill.
func measure(t *testing.T, s scene, seed uint64) *control {
	t.Helper()
	w := newWorld(t, s, seed)
	w.prepare()
	before, start := w.requests(), time.Now()
	c := &control{points: w.apply(true)}
	c.length, c.requests = time.Since(start), w.requests()-before
	w.verify()
	w.complete()
	c.contents = w.contents()
	return c
}

// choose picks the point that was killed at the least, or a random instant.
func choose(rnd *rand.Rand, c *control, points map[string]int) string {
	names := []string{"instant", "instant"} // twice as often as others
	for name := range c.points {
		names = append(names, name)
	}
	sort.Strings(names)
	rnd.Shuffle(len(names), func(i, k int) { names[i], names[k] = names[k], names[i] })
	slices.SortStableFunc(names, func(a, b string) int { return points[a] - points[b] })
	return names[0]
}

func oneKill(t *testing.T, rnd *rand.Rand, s scene, c *control, seed uint64, points map[string]int) result {
	w := newWorld(t, s, seed)
	w.prepare()
	before := w.requests()
	point := choose(rnd, c, points)
	points[point]++
	r := result{scene: s, at: point}
	if point == "instant" {
		r.killed = w.killAfter(time.Duration(rnd.Float64() * float64(c.length)))
	} else {
		r.at = fmt.Sprintf("%s:%d", point, 1+rnd.IntN(c.points[point]))
		r.killed = w.killAt(r.at)
	}
	t.Logf("killed at %s: %t", r.at, r.killed)
	w.look()
	w.apply(true)
	r.twice = w.requests() - before - c.requests
	r.share = float64(max(r.twice, 0)) / float64(c.requests)
	w.verify()
	w.complete()
	require.Equal(t, c.contents, w.contents(), "the rows are not those of a run that nobody killed")
	require.Empty(t, w.temporary())
	return r
}

// killAt runs a child that kills itself at the n-th pass of a point.
func (w *world) killAt(at string) (killed bool) {
	w.t.Helper()
	out, err := w.command(true, killVar+"="+at).CombinedOutput()
	if err == nil {
		return false // it did not pass so often this time
	}
	require.ErrorContains(w.t, err, "killed", "%s", out)
	return true
}

// killAfter kills a child from outside.
func (w *world) killAfter(d time.Duration) (killed bool) {
	w.t.Helper()
	cmd := w.command(true)
	require.NoError(w.t, cmd.Start())
	var once sync.Once
	timer := time.AfterFunc(d, func() { once.Do(func() { killed = cmd.Process.Kill() == nil }) })
	err := cmd.Wait()
	timer.Stop()
	once.Do(func() {})
	if err != nil {
		require.ErrorContains(w.t, err, "killed")
	}
	return err != nil
}

// look reads the lake as it was left: files are whole, and where each partition has one file no record is there twice.
func (w *world) look() {
	w.t.Helper()
	count, err := w.rows()
	require.NoError(w.t, err, "a file that is not whole")
	if w.scene.kind == "parts" {
		return
	}
	for id, n := range count {
		require.Equal(w.t, 1, n, "record %s for a reader who globs", id)
	}
}

// report prints the figures and holds them against the bar.
func report(t *testing.T, results []result, points map[string]int) {
	t.Helper()
	var shares []float64
	killed := 0
	for _, r := range results {
		if r.killed {
			killed++
			shares = append(shares, r.share)
		}
	}
	sort.Float64s(shares)
	require.NotEmpty(t, shares)
	at := func(q float64) float64 { return 100 * shares[min(int(q*float64(len(shares))), len(shares)-1)] }
	t.Logf("%d runs, %d of them killed, at %d points; requests spent twice a kill: median %.2f %%, p90 %.2f %%, most %.2f %%",
		len(results), killed, len(points), at(0.5), at(0.9), at(1))
	require.Less(t, at(0.5), 2.0, "per cent of requests spent twice, at the median")
	names := make([]string, 0, len(points))
	for name := range points {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		t.Logf("%4d kills at %s", points[name], name)
	}
}

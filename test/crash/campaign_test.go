package crash

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
)

// number reads an environment variable.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err)
	return n
}

// kills is how many kills the campaign makes: a cut of it where nobody says otherwise.
func kills(t *testing.T) int {
	if testing.Short() {
		return 2
	}
	return int(number(t, "LOGFERRY_CRASH_KILLS", 8))
}

// killPoints are where runs are killed, in turn; at an instant where a scene does not pass the point.
var killPoints = []string{
	"instant", "request.before", "commit.after", "spool.write.before", "upload.after", "manifest.after", "instant", "remove_upload.before",
	"request.after", "pending.after", "commit.before", "spool.sync.before", "upload.before", "remove_pending.before", "instant", "manifest.before",
	"spool.write.after", "lock.after", "pending.before", "remove_upload.after", "probe.after", "spool.sync.after", "instant", "remove_pending.after",
	"checkpoint.before", "lock.before", "object.after", "remove_lock.before", "checkpoint.after", "object.before", "instant", "remove_lock.after",
	"remove_object.before", "remove_object.after", "probe.before", "remove_probe.before", "remove_probe.after",
}

// scenes are all of them: what is done × format × partition × order.
func scenes() (out []scene) {
	chosen := kinds
	if text := os.Getenv("LOGFERRY_CRASH_KINDS"); text != "" {
		chosen = strings.Split(text, ",")
	}
	for _, kind := range chosen {
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
	scene    scene
	point    string
	killed   bool
	fetching bool    // it came before the last request
	share    float64 // of a run's requests, those spent twice
}

// campaign gathers what kills came to.
type campaign struct {
	mu      sync.Mutex
	results []result
}

// TestAKilledRunIsAsIfNothingHadHappened kills runs at every named point and at random instants, in every scene, and runs them
// again: the rows are those of a run that nobody killed, every record is there once, the state is whole, and hardly a request
// was spent twice.
//
// LOGFERRY_CRASH_KILLS=300 sets the number of kills, LOGFERRY_CRASH_SEED another seed, LOGFERRY_CRASH_KINDS=swap,late some scenes.
func TestAKilledRunIsAsIfNothingHadHappened(t *testing.T) {
	seed, total := number(t, "LOGFERRY_CRASH_SEED", 1), kills(t)
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	all := scenes()
	rnd := rand.New(rand.NewPCG(seed, 0xdead))
	rnd.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	points := map[scene][]string{}
	for n := range total {
		points[all[n%len(all)]] = append(points[all[n%len(all)]], killPoints[n%len(killPoints)])
	}
	c := &campaign{}
	t.Run("kills", func(t *testing.T) {
		for i, s := range all[:min(total, len(all))] {
			t.Run(s.String(), func(t *testing.T) {
				t.Parallel()
				c.scene(t, s, points[s], rand.New(rand.NewPCG(seed, uint64(i))), seed)
			})
		}
	})
	if t.Failed() {
		t.Fatalf("LOGFERRY_CRASH_SEED=%d repeats it", seed)
	}
	c.report(t)
}

// scene measures a scene and then kills runs in it.
func (c *campaign) scene(t *testing.T, s scene, points []string, rnd *rand.Rand, seed uint64) {
	undisturbed := measure(t, s, seed)
	for _, point := range points {
		r := oneKill(t, rnd, s, undisturbed, seed, point)
		c.mu.Lock()
		c.results = append(c.results, r)
		c.mu.Unlock()
	}
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

func oneKill(t *testing.T, rnd *rand.Rand, s scene, c *control, seed uint64, point string) result {
	w := newWorld(t, s, seed)
	w.prepare()
	before := w.requests()
	r := result{scene: s, point: "instant"}
	at := "an instant"
	if c.points[point] == 0 {
		r.killed = w.killAfter(time.Duration(rnd.Float64() * float64(c.length)))
	} else {
		r.point, at = point, fmt.Sprintf("%s:%d", point, 1+rnd.IntN(c.points[point]))
		r.killed = w.killAt(at)
	}
	r.fetching = w.requests()-before < c.requests
	w.look()
	w.apply(true)
	twice := w.requests() - before - c.requests
	r.share = float64(max(twice, 0)) / float64(max(c.requests, 1))
	t.Logf("killed at %s: %t, after which %d requests of %d were spent twice", at, r.killed, twice, c.requests)
	w.verify()
	w.complete()
	require.Equal(t, c.contents, w.contents(), "the rows are not those of a run that nobody killed")
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
	if w.scene.manyFiles() || w.scene.kind == "relayout" {
		return
	}
	for id, n := range count {
		require.Equal(w.t, 1, n, "record %s for a reader who globs", id)
	}
}

// report prints the figures and holds them against the bar.
func (c *campaign) report(t *testing.T) {
	t.Helper()
	all, fetching := shares{}, shares{}
	points := map[string]int{}
	for _, r := range c.results {
		if !r.killed {
			continue
		}
		points[r.point]++
		all = append(all, r.share)
		if r.fetching {
			fetching = append(fetching, r.share)
		}
	}
	require.NotEmpty(t, all)
	t.Logf("%d runs, %d of them killed, at %d kinds of points; requests spent twice a kill, of those of a run: %s", len(c.results), len(all), len(points), all)
	t.Logf("of the kills, %d came before the last request: %s", len(fetching), fetching)
	for _, name := range slices.Sorted(maps.Keys(points)) {
		t.Logf("%4d kills at %s", points[name], name)
	}
	require.Less(t, all.at(0.5), 0.02, "requests spent twice, at the median")
}

// shares are parts of a whole.
type shares []float64

func (s shares) at(q float64) float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[min(int(q*float64(len(s))), len(s)-1)]
}

func (s shares) String() string {
	return fmt.Sprintf("median %.2f %%, p90 %.2f %%, most %.2f %%", 100*s.at(0.5), 100*s.at(0.9), 100*s.at(1))
}

package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
)

// often1 makes one of a hundred operations of each side go wrong.
var often1 = shared(0.01)

// shared are rules by which a share of the operations goes wrong in every way that time heals or a checksum finds.
func shared(share float64) (out []rule) {
	kinds := map[side][]kind{
		api:   {fails, lost, hangs, cuts, short, twice, stale, flipped, broken},
		store: {fails, lost, cuts, short, twice, damaged, half, there},
	}
	for _, s := range []side{api, store} {
		for _, k := range kinds[s] {
			out = append(out, rule{kind: k, side: s, share: share / float64(len(kinds[s]))})
		}
	}
	return out
}

// soak is a month of nightly runs.
type soak struct {
	c      *campaign
	t      *testing.T
	rnd    *rand.Rand
	sim    *logsim.Server
	url    string
	dir    string
	start  time.Time
	now    atomic.Int64 // µs
	shape  soakShape
	passed int // operations of the last run that came to its end
	perDay int

	known     [2]int // records by sink at the last check
	leftovers int64  // by verify, at the last check
	story     []string
}

// TestSoak exports a simulated month night by night: with late records, with faults at one of a hundred operations of either side,
// with runs that are killed or interrupted, and with a configuration that changes. After each night the lake holds what the API shows,
// every value of every record once, in both formats.
//
// LOGFERRY_SOAK=1h goes on for an hour: months of thirty nights, each with as many records as the rest of the time allows.
// LOGFERRY_FAULTS_SEED begins with another month.
func TestSoak(t *testing.T) {
	seed := seedOf(t)
	c := newCampaign("soak", seed)
	isolate(t, c)
	t.Run("months", func(t *testing.T) {
		text := os.Getenv("LOGFERRY_SOAK")
		if text == "" {
			lasting := 6
			if testing.Short() {
				lasting = 2
			}
			c.month(t, seed, lasting, 60)
			return
		}
		budget, err := time.ParseDuration(text)
		require.NoError(t, err)
		end := time.Now().Add(budget)
		for perDay := 60; ; seed++ {
			began := time.Now()
			c.month(t, seed, 30, perDay)
			took, left := time.Since(began), time.Until(end)
			t.Logf("seed %d: 30 nights of %d records a day in %s", seed, perDay, took.Round(time.Second))
			if t.Failed() || left < took/3 {
				return
			}
			perDay = max(20, int(float64(perDay)*min(float64(left)/float64(took)*0.8, 40)))
		}
	})
}

// month plays one.
func (c *campaign) month(t *testing.T, seed uint64, lasting, perDay int) {
	s := &soak{
		c: c, t: t, rnd: rand.New(rand.NewPCG(seed, 0x50a1)), start: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		shape: firstShape, passed: 200, perDay: perDay,
	}
	dir, err := os.MkdirTemp("", "soak-")
	require.NoError(t, err)
	defer func() { c.leave(t, dir) }()
	s.dir = dir
	s.now.Store(s.start.UnixMicro())
	var faults []logsim.Fault
	kinds := []logsim.FaultKind{
		logsim.InternalError, logsim.BadGateway, logsim.Unavailable, logsim.TooManyRequests, logsim.Reset, logsim.Truncated, logsim.InvalidJSON,
		logsim.Trickle, logsim.Hang, logsim.ExpiredCursor, logsim.DuplicateRow, logsim.RepeatedCursor, logsim.EmptyPage,
	}
	for _, k := range kinds {
		faults = append(faults, logsim.Fault{Kind: k, Probability: 0.01 / float64(len(kinds)), Delay: 200 * time.Millisecond})
	}
	s.sim, err = logsim.New(logsim.Options{
		Seed: seed, Now: s.time, Live: true, Rate: logsim.Rate{Limit: 1_000_000, Window: time.Second}, Order: logsim.Order(seed % 3), Faults: faults,
		Late: logsim.Late{Share: 0.08, After: 40 * time.Hour},
		Records: logsim.Records{
			Count: lasting * perDay, From: s.start, To: s.start.AddDate(0, 0, lasting), MedianPayload: 300, MaxPayload: 20_000, BurstSize: 30,
			Odd: logsim.Odd{Share: 0.02},
		},
	})
	require.NoError(t, err)
	defer s.sim.Close()
	server := httptest.NewServer(s.sim)
	defer server.Close()
	s.url = server.URL
	defer func() {
		if t.Failed() {
			t.Log(strings.Join(s.story, "\n"))
		}
	}()
	for night := 1; night <= lasting && !t.Failed(); night++ {
		if s.rnd.IntN(12) == 0 && night < lasting {
			continue // the machine was down
		}
		s.night(night)
	}
	c.count(func(f *figures) {
		f.Leftovers += s.leftovers
		for _, n := range s.sim.Stats().Requests {
			f.Requests += n
		}
		for k, n := range s.sim.Stats().Faults {
			f.Faults["api_"+k.String()] += n
		}
	})
}

func (s *soak) time() time.Time { return time.UnixMicro(s.now.Load()).UTC() }

// mostAttempts is how many attempts of a night may meet faults; the next one meets only those of the API itself.
const mostAttempts = 5

// night runs until a run ends well, as an operator would, and checks what there is then.
func (s *soak) night(night int) {
	s.now.Store(s.start.AddDate(0, 0, night).Add(2*time.Hour + time.Duration(s.rnd.IntN(3600))*time.Second).UnixMicro())
	if s.rnd.IntN(3) == 0 {
		s.shape = s.shape.changed(s.rnd)
		s.c.count(func(f *figures) { f.Changes++ })
	}
	s.pipeline()
	s.note("night %d at %s: %+v", night, s.time().Format(time.RFC3339), s.shape)
	before := descriptors()
	done := false
	for attempt := 0; attempt < mostAttempts && !done; attempt++ {
		if s.rnd.IntN(3) == 0 {
			done = s.killed()
		} else {
			done = s.tried(s.rnd.IntN(3) == 0)
		}
	}
	if !done {
		require.NoError(s.t, s.apply(newInjector(0)), "night %d", night)
	}
	s.c.count(func(f *figures) { f.Nights++ })
	s.check(night)
	after := descriptors()
	for end := time.Now().Add(settleTime); after > before+4 && time.Now().Before(end); after = descriptors() {
		time.Sleep(10 * time.Millisecond) // the server's side of connections that the run has closed
	}
	if after > before+4 {
		s.c.count(func(f *figures) { f.Leaks++ })
		s.t.Errorf("night %d: %d descriptors were open before, and %d are now", night, before, after)
	}
}

// apply runs in this process.
func (s *soak) apply(in *injector) error {
	p, err := load(s.file(), s.time())
	require.NoError(s.t, err)
	left := labelled(context.Background(), func(ctx context.Context) {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		in.end = cancel
		_, err = run(ctx, p, soakOptions(s.time(), in), false)
	})
	if left != "" {
		s.c.count(func(f *figures) { f.Leaks++ })
		s.t.Errorf("after %s goroutines are left: %s", in.what(), left)
	}
	s.c.count(func(f *figures) { f.Runs++ })
	return err
}

// note keeps what happened, to be told where something is wrong.
func (s *soak) note(format string, args ...any) {
	s.story = append(s.story, fmt.Sprintf(format, args...))
}

// tried is a run with faults, which may be interrupted too. It says whether it ended well.
func (s *soak) tried(interrupted bool) bool {
	rules := often1
	if interrupted {
		rules = append(rules[:len(rules):len(rules)], rule{kind: interrupt, side: side(s.rnd.IntN(2)), nth: 1 + s.rnd.IntN(s.passed/2)})
	}
	in := newInjector(s.rnd.Uint64(), append(rules[:len(rules):len(rules)], rule{kind: kills})...) // which counts
	err := s.apply(in)
	if err == nil {
		s.passed = max(in.candidates(len(rules)), 10)
	}
	s.note("  %s: %v", in.what(), err)
	s.c.met(in)
	s.c.ended(len(in.faults()) > 0, err)
	s.c.count(func(f *figures) { f.Interrupted += in.faults()[interrupt] })
	return err == nil
}

// killed is a run with faults in a process of its own, which is killed at some operation. It says whether it ended well.
func (s *soak) killed() bool {
	o := order{
		Pipeline: s.file(), Now: s.time(), Seed: s.rnd.Uint64(), Kill: 1 + s.rnd.IntN(s.passed), Faults: filepath.Join(s.dir, "faults.json"),
	}
	text, err := json.Marshal(o)
	require.NoError(s.t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), orderVar+"="+string(text))
	out, err := cmd.CombinedOutput()
	s.c.count(func(f *figures) { f.Runs++ })
	met := map[kind]int{}
	if b, readErr := os.ReadFile(o.Faults); readErr == nil {
		require.NoError(s.t, json.Unmarshal(b, &met))
		require.NoError(s.t, os.Remove(o.Faults))
	}
	s.c.count(func(f *figures) {
		for k, n := range met {
			f.Faults[string(k)] += n
		}
		f.Kills += met[kills]
	})
	s.c.ended(len(met) > 0, err)
	s.note("  a child killed at %d: %v: %v %.300s", o.Kill, met, err, out)
	return err == nil
}

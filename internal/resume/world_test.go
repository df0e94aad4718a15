package resume

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"logferry/extract"
	"logferry/internal/logsim"
	"logferry/internal/record"
	"logferry/internal/spool"
	"logferry/internal/window"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		_ = flag.Set("rapid.checks", "20")
	}
	goleak.VerifyTestMain(m)
}

// day is the day of logsim's records.
var day = window.New(time.Date(2026, 4, 17, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 18, 0, 0, 0, 0, time.UTC))

// errKilled is how a walk ends that a test kills.
var errKilled = errors.New("killed")

// world is a simulated API, a journal's disk, and what one run after the other did. To be used in a synctest bubble.
type world struct {
	sim    *logsim.Server
	client *extract.Client
	wire   *wire
	disk   *disk
	step   extract.Step
	x      extract.Options
	header string
	bound  int64 // of the journal, in bytes
	closed func()
}

// wire counts requests, and kills at one of them.
type wire struct {
	http.RoundTripper
	lists, details atomic.Int64
	left           atomic.Int64
	kill           func()
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.left.Add(-1) == 0 {
		w.kill()
	}
	if strings.HasSuffix(r.URL.Path, "/tool_execution") {
		w.lists.Add(1)
	} else {
		w.details.Add(1)
	}
	return w.RoundTripper.RoundTrip(r)
}

// pipes is a listener of connections in memory, which testing/synctest can tell to be idle.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (l *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.conns <- there:
		return here, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func newWorld(api logsim.Options, x extract.Options, step extract.Step) (*world, error) {
	if api.Rate.Limit == 0 {
		api.Rate.Limit = -1
	}
	sim, err := logsim.New(api)
	if err != nil {
		return nil, err
	}
	l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	server := &http.Server{Handler: sim}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(l) })
	transport := extract.NewTransport(128, nil)
	transport.Proxy, transport.DialContext = nil, l.dial
	w := &world{sim: sim, wire: &wire{RoundTripper: transport}, disk: newDisk(0), step: step, x: x, header: "header"}
	w.closed = func() {
		transport.CloseIdleConnections()
		_ = server.Close()
		served.Wait()
		sim.Close()
	}
	w.client, err = extract.NewClient(extract.ClientOptions{
		BaseURL: "http://api.test", APIKey: logsim.DefaultKey, Transport: w.wire, Timeout: 20 * time.Second,
	})
	return w, err
}

// result is what one run did.
type result struct {
	replayed, walked gathered
	lists, details   int64
	settled, pages   int64 // that the walk told the journal of
	stats            extract.Stats
	began            time.Time
	damaged          bool
}

// telling counts what a walk tells its journal.
type telling struct {
	extract.Journal
	settled, pages atomic.Int64
}

func (t *telling) Settled(r *record.Record) error {
	t.settled.Add(1)
	return t.Journal.Settled(r)
}

func (t *telling) Page(entries []record.Entry, m extract.Mark) error {
	t.pages.Add(1)
	return t.Journal.Page(entries, m)
}

// run is one run of the program, killed at its nth request; 0 lets it end. The disk is then as the kill left it.
func (w *world) run(ctx context.Context, kill int) (*result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	live, left := w.disk, (*disk)(nil)
	w.wire.kill = func() { left = live.freeze(); cancel(errKilled) }
	w.wire.left.Store(int64(kill))
	w.wire.lists.Store(0)
	w.wire.details.Store(0)
	res := &result{}
	run, err := Open(ctx, live, []byte(w.header), w.step.Details, time.Now(), spool.JournalOptions{MaxBytes: w.bound})
	if err != nil {
		return res, err
	}
	defer func() {
		if left != nil {
			w.disk = left
		}
	}()
	defer run.Close()
	res.began, res.damaged = run.Started(), run.Damaged()
	if err := run.Replay(ctx, &res.replayed); err != nil {
		return res, err
	}
	x := extract.New(w.x)
	defer x.Close()
	told := &telling{Journal: run.Journal()}
	step := w.step
	step.Client, step.Journal, step.Resume = w.client, told, run.Resume()
	res.stats, err = x.Walk(ctx, step, run.Receiver(&res.walked))
	res.lists, res.details = w.wire.lists.Load(), w.wire.details.Load()
	res.settled, res.pages = told.settled.Load(), told.pages.Load()
	return res, err
}

// killed is run for a kill that is expected, unless the walk needed fewer requests.
func (w *world) killed(ctx context.Context, kill int) (*result, error) {
	res, err := w.run(ctx, kill)
	if errors.Is(err, errKilled) {
		err = nil
	}
	return res, err
}

// gathered is a Receiver that remembers everything.
type gathered struct {
	mu      sync.Mutex
	records []record.Record
	bads    []extract.Bad
}

func (g *gathered) Records(_ context.Context, batch []record.Record) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.records = append(g.records, batch...)
	return nil
}

func (g *gathered) Bad(_ context.Context, bad extract.Bad) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.bads = append(g.bads, bad)
	return nil
}

// problem says how a run's result differs from the truth, "" for not at all: each id once, entries, details and outcomes.
func (w *world) problem(res *result) string {
	truth := w.sim.Truth("")
	got := map[string]bool{}
	for _, r := range slices.Concat(res.replayed.records, res.walked.records) {
		n, ok := truth.Number(r.ID)
		switch {
		case !ok:
			return "unknown record " + r.ID
		case got[r.ID]:
			return r.ID + " was received twice"
		case string(truth.AppendEntry(nil, n)) != string(r.Raw) || r.Micros != truth.Micros(n):
			return "the entry of " + r.ID + " is another"
		case r.Outcome != w.outcome(n):
			return fmt.Sprintf("the detail of %s is %s, expected %s", r.ID, r.Outcome, w.outcome(n))
		case r.Outcome == record.Fetched && string(truth.AppendDetail(nil, n)) != string(r.Detail):
			return "the detail of " + r.ID + " is another"
		}
		got[r.ID] = true
	}
	want := 0
	for _, n := range truth.Numbers(logsim.Query{From: w.step.Interval.From, To: w.step.Interval.To}) {
		if truth.Fact(n).Unreadable != "" {
			continue
		}
		if want++; !got[truth.ID(n)] {
			return truth.ID(n) + " is missing"
		}
	}
	if want != len(got) {
		return fmt.Sprintf("%d received, %d exist", len(got), want)
	}
	return w.problemOfBads(res, got)
}

// problemOfBads says whether each record that can't be had is reported, and no other.
func (w *world) problemOfBads(res *result, got map[string]bool) string {
	truth := w.sim.Truth("")
	reported := map[string]bool{}
	for _, b := range slices.Concat(res.replayed.bads, res.walked.bads) {
		n, ok := truth.Number(b.ID)
		if ok && b.Attempts > 0 && w.outcome(n) == record.Fetched {
			return b.ID + " is reported as bad and can be had"
		}
		reported[b.ID] = true
	}
	for id := range got {
		n, _ := truth.Number(id)
		if o := w.outcome(n); o != record.Fetched && o != record.Skipped && !reported[id] {
			return id + " is not reported as bad"
		}
	}
	return ""
}

func (w *world) outcome(n int) record.Outcome {
	truth := w.sim.Truth("")
	if w.step.Details == extract.DetailsNone || w.step.Details == extract.DetailsFailed && !truth.Fact(n).Failed {
		return record.Skipped
	}
	return map[logsim.Fate]record.Outcome{
		logsim.DetailServed: record.Fetched, logsim.DetailMissing: record.Missing, logsim.DetailDenied: record.Denied,
	}[truth.Fact(n).Fate]
}

// journalHas returns how many pages and distinct records a disk's journal holds.
func journalHas(t *testing.T, d *disk, header string) (pages, records int64) {
	ids := map[string]bool{}
	_, err := spool.ReadJournal(t.Context(), d, []byte(header), func(f spool.Frame) error {
		switch f.Kind {
		case spool.FramePage:
			pages++
		case spool.FrameRecord:
			id, err := f.RecordID()
			ids[id] = true
			return err
		}
		return nil
	})
	if err != nil && !errors.Is(err, spool.ErrNoJournal) {
		t.Error(err)
	}
	return pages, int64(len(ids))
}

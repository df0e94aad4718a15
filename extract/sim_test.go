package extract

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"logferry/internal/logsim"
	"logferry/internal/record"
	"logferry/internal/window"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// day is the day of logsim's records.
var day = window.New(time.Date(2026, 4, 17, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 18, 0, 0, 0, 0, time.UTC))

// passing are the faults that a later attempt does not meet again.
var passing = []logsim.FaultKind{
	logsim.InternalError, logsim.BadGateway, logsim.Unavailable, logsim.TooManyRequests, logsim.TooManyRequestsBare, logsim.Reset,
	logsim.Truncated, logsim.InvalidJSON, logsim.Trickle, logsim.Hang,
	logsim.ExpiredCursor, logsim.DuplicateRow, logsim.RepeatedCursor, logsim.EmptyPage,
}

// pipeListener accepts in-memory connections, which testing/synctest can tell to be idle.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
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

// inMemory serves a handler without a network and returns a transport that reaches it, and a function that ends both.
func inMemory(h http.Handler) (*http.Transport, func()) {
	l := newPipeListener()
	server := &http.Server{Handler: h}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(l) })
	transport := NewTransport(128, nil)
	transport.Proxy = nil
	transport.DialContext = l.dial
	return transport, func() {
		transport.CloseIdleConnections()
		_ = server.Close()
		served.Wait()
	}
}

// limited ends endless reading: after so many requests nothing answers any more.
type limited struct {
	http.RoundTripper
	left atomic.Int64
}

func (l *limited) RoundTrip(r *http.Request) (*http.Response, error) {
	if l.left.Add(-1) < 0 {
		return nil, errors.New("too many requests for a test")
	}
	return l.RoundTripper.RoundTrip(r)
}

// simulation is a simulated API with a client and an extractor. To be used in a synctest bubble.
type simulation struct {
	sim       *logsim.Server
	client    *Client
	extractor *Extractor
	governor  *Governor
	close     func()
}

func simulate(api logsim.Options, o Options, g GovernorOptions) (*simulation, error) {
	if api.Rate.Limit == 0 {
		api.Rate.Limit = -1
	}
	sim, err := logsim.New(api)
	if err != nil {
		return nil, err
	}
	transport, closeServer := inMemory(sim)
	bounded := &limited{RoundTripper: transport}
	bounded.left.Store(30_000)
	s := &simulation{sim: sim, governor: NewGovernor(g), extractor: New(o)}
	s.client, err = NewClient(ClientOptions{
		BaseURL: "http://api.test", APIKey: logsim.DefaultKey, Transport: bounded, Governor: s.governor,
		Timeout: 20 * time.Second,
	})
	s.close = func() {
		s.extractor.Close()
		sim.Close()
		closeServer()
	}
	return s, err
}

// gathered is a Receiver that remembers everything.
type gathered struct {
	mu      sync.Mutex
	records []record.Record
	bads    []Bad
	fail    error // returned by Records
	failBad error
}

func (g *gathered) Records(_ context.Context, batch []record.Record) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.records = append(g.records, batch...)
	return g.fail
}

func (g *gathered) Bad(_ context.Context, bad Bad) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.bads = append(g.bads, bad)
	return g.failBad
}

// ids returns the distinct ids, sorted.
func (g *gathered) ids() []string {
	ids := make([]string, 0, len(g.records))
	for i := range g.records {
		ids = append(ids, g.records[i].ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// truth returns the readable ids of an interval, sorted.
func (s *simulation) truth(i window.Interval) []string {
	truth := s.sim.Truth("")
	var ids []string
	for _, n := range truth.Numbers(logsim.Query{From: i.From, To: i.To}) {
		if truth.Fact(n).Unreadable == "" {
			ids = append(ids, truth.ID(n))
		}
	}
	slices.Sort(ids)
	return ids
}

// unlike says how the gathered records differ from the truth, "" for not at all: ids, entries and details byte for byte.
func (s *simulation) unlike(g *gathered, i window.Interval) string {
	got, want := g.ids(), s.truth(i)
	if !slices.Equal(got, want) {
		return fmt.Sprintf("%d distinct records received, %d exist", len(got), len(want))
	}
	truth := s.sim.Truth("")
	for _, r := range g.records {
		n, ok := truth.Number(r.ID)
		if !ok {
			return "unknown record " + r.ID
		}
		if want := truth.AppendEntry(nil, n); string(want) != string(r.Raw) {
			return fmt.Sprintf("entry of %s: %.300s is not %.300s", r.ID, r.Raw, want)
		}
		if r.Outcome == record.Fetched && string(r.Detail) != string(truth.AppendDetail(nil, n)) {
			return "detail of " + r.ID + " is another"
		}
		if r.Micros != truth.Micros(n) {
			return fmt.Sprintf("timestamp of %s: %d, not %d", r.ID, r.Micros, truth.Micros(n))
		}
	}
	return ""
}

func (s *simulation) walk(ctx context.Context, step Step, g Receiver) (Stats, error) {
	step.Client = s.client
	return s.extractor.Walk(ctx, step, g)
}

// mustWalk walks without an error and compares with the truth.
func (s *simulation) mustWalk(t *testing.T, step Step) (*gathered, Stats) {
	t.Helper()
	g := &gathered{}
	stats, err := s.walk(t.Context(), step, g)
	require.NoError(t, err)
	require.Empty(t, s.unlike(g, step.Interval))
	return g, stats
}

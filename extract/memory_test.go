package extract

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"weak"

	"github.com/stretchr/testify/require"

	"logferry/internal/record"
)

func testBudget(total, estimate int64) *budget {
	return newBudget(total, estimate, new(atomic.Int64), func() {})
}

func nothing() {}

func TestBudgetLetsOneThatIsTooLargePassAlone(t *testing.T) {
	b := testBudget(10, 100)
	r, err := b.reserve(t.Context())
	require.NoError(t, err)
	require.NoError(t, r.grow(t.Context(), 5000, nothing, nothing))
	r.settle(6000)
	require.EqualValues(t, 6000, b.used)
	r.release()
	require.Zero(t, b.used)
	require.Nil(t, b.overdraft)
}

func TestBudgetServesWaitersInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := testBudget(100, 60)
		first, err := b.reserve(t.Context())
		require.NoError(t, err)
		var order []int
		for i := range 3 {
			go func() {
				r, err := b.reserve(t.Context())
				if err == nil {
					order = append(order, i)
					r.release()
				}
			}()
			synctest.Wait()
		}
		require.Empty(t, order)
		require.EqualValues(t, 3, b.waiting.Load())
		first.release()
		synctest.Wait()
		require.Equal(t, []int{0, 1, 2}, order)
		require.Zero(t, b.used)
	})
}

func TestBudgetLetsOneBodyAtATimeGrowBeyondIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := testBudget(100, 50)
		one, err := b.reserve(t.Context())
		require.NoError(t, err)
		two, err := b.reserve(t.Context())
		require.NoError(t, err)
		require.NoError(t, one.grow(t.Context(), 200, nothing, nothing))
		grown := false
		go func() {
			grown = two.grow(t.Context(), 150, nothing, nothing) == nil
		}()
		synctest.Wait()
		require.False(t, grown)
		require.NoError(t, one.grow(t.Context(), 400, nothing, nothing), "who has begun may end, whoever waits")
		one.settle(300)
		one.release()
		synctest.Wait()
		require.True(t, grown)
		require.EqualValues(t, 150, b.used)
		two.release()
	})
}

func TestBudgetIsFreedByAnAnswerOfWhichNothingIsKept(t *testing.T) {
	b := testBudget(10, 5)
	one, err := b.reserve(t.Context())
	require.NoError(t, err)
	require.NoError(t, one.grow(t.Context(), 100, nothing, nothing))
	one.resize(0)
	require.Nil(t, b.overdraft)
	one.release()
}

func TestBudgetForgetsWhoIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := testBudget(100, 60)
		r, err := b.reserve(t.Context())
		require.NoError(t, err)
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() { cancel(cause) }()
		_, err = b.reserve(ctx)
		require.ErrorIs(t, err, cause)
		r.release()
		require.Zero(t, b.used)
		require.Zero(t, b.fresh.Len())
		require.Zero(t, b.waiting.Load())
	})
}

func TestBudgetLearnsTheSizeOfAnswers(t *testing.T) {
	b := testBudget(1<<30, 1000)
	for range 50 {
		r, err := b.reserve(t.Context())
		require.NoError(t, err)
		r.settle(5 << 20)
		r.release()
	}
	r, err := b.reserve(t.Context())
	require.NoError(t, err)
	require.InDelta(t, 5<<20, r.bytes, 1<<18)
	r.release()
}

// TestDetailsAreNotHeldOnceReceived: a page's records are jobs in one array, of which one may last for long.
func TestDetailsAreNotHeldOnceReceived(t *testing.T) {
	if testing.Short() {
		t.Skip("measures memory")
	}
	const large = 1 << 19
	api := &fakeAPI{entries: newestEntries(PageLimit)}
	var others chan struct{} // of the bubble
	api.detail = func(w http.ResponseWriter, _ *http.Request, id string, _ int) bool {
		if id == "log_00000" {
			<-others
		}
		_, _ = fmt.Fprintf(w, `{"id":%q,"data":%q}`, id, strings.Repeat("x", large))
		return true
	}
	withFake(t, api, Options{DetailsInFlight: 4}, func(t *testing.T, x *Extractor, c *Client) {
		others = make(chan struct{})
		r := &forgetful{most: PageLimit - 1, done: others}
		_, err := x.Walk(t.Context(), Step{Client: c, Interval: day}, r)
		require.NoError(t, err)
		require.LessOrEqual(t, r.held, 8, "details that were received and are still in memory")
	})
}

// forgetful receives details and forgets them. When it has had most of them, it counts those that are still in memory.
type forgetful struct {
	mu      sync.Mutex
	details []weak.Pointer[byte]
	most    int
	held    int
	done    chan struct{}
}

func (f *forgetful) Records(_ context.Context, batch []record.Record) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range batch {
		f.details = append(f.details, weak.Make(&batch[i].Detail[0]))
	}
	if len(f.details) != f.most {
		return nil
	}
	runtime.GC()
	for _, p := range f.details {
		if p.Value() != nil {
			f.held++
		}
	}
	close(f.done)
	return nil
}

func (f *forgetful) Bad(context.Context, Bad) error { return nil }

func TestUnreadAnswersAreBoundedByMemoryAndRequests(t *testing.T) {
	for _, c := range []struct {
		conns  int
		memory int64
		each   int
	}{
		{conns: 1, memory: 64 << 20, each: 1 << 20},
		{conns: 128, memory: 32 << 20, each: 256 << 10},
		{conns: 1280, memory: 20 << 20, each: 64 << 10},
		{conns: 0, memory: 512 << 10, each: 512 << 10},
	} {
		transport := NewTransport(c.conns, nil)
		BoundUnread(transport, c.conns, c.memory)
		require.Equal(t, c.each, transport.HTTP2.MaxReceiveBufferPerStream)
	}
}

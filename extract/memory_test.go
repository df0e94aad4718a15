package extract

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
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

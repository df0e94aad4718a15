package extract

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestModelHoldsTheUsersLimitInEveryMinute(t *testing.T) {
	for _, headers := range []bool{true, false} {
		m := newModel(GovernorOptions{Headroom: 0.2, Limit: 100})
		now := time.Unix(0, 0)
		var sent []time.Time
		for now.Before(time.Unix(600, 0)) {
			wait := m.Next(now, OpDetail)
			if wait > 0 {
				now = now.Add(wait)
				continue
			}
			n := m.Send(now, OpDetail)
			sent = append(sent, now)
			r := reading{remaining: -1}
			if headers {
				r.limit, r.remaining = 10_000, 9_000
			}
			m.Observe(now, n, r, 200)
		}
		for i := 100; i < len(sent); i++ {
			require.GreaterOrEqual(t, sent[i].Sub(sent[i-100]), time.Minute)
		}
		require.GreaterOrEqual(t, len(sent), 900)
	}
}

func TestModelPausesEverythingAfterA429AndRestartsGradually(t *testing.T) {
	m := newModel(GovernorOptions{})
	m.ramp, m.tokens = fullRamp, 100
	now := time.Unix(0, 0)
	var numbers []Ticket
	for range 50 {
		numbers = append(numbers, m.Send(now, OpDetail))
	}
	for _, n := range numbers {
		m.Observe(now, n, reading{remaining: -1, retryAfter: 7 * time.Second, hasRetryAfter: true}, 429)
	}
	require.Equal(t, 7*time.Second, m.Next(now, OpDetail))
	now = now.Add(7 * time.Second)
	first := m.Send(now, OpDetail)
	require.Equal(t, untilAnswer, m.Next(now, OpDetail), "one request finds out whether it is over")
	m.Observe(now, first, reading{remaining: -1}, 200)
	require.Zero(t, m.Next(now, OpDetail))
	m.Send(now, OpDetail)
	require.Zero(t, m.Next(now, OpDetail))
	m.Send(now, OpDetail)
	require.Equal(t, untilAnswer, m.Next(now, OpDetail))
}

func TestModelPausesLongerForEachBare429(t *testing.T) {
	m := newModel(GovernorOptions{})
	now := time.Unix(0, 0)
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		require.Zero(t, m.Next(now, OpDetail))
		m.Observe(now, m.Send(now, OpDetail), reading{remaining: -1}, 429)
		require.Equal(t, want*time.Second, m.Next(now, OpDetail))
		now = now.Add(want * time.Second)
	}
}

func TestModelWaitsForAWindowThatIsSpent(t *testing.T) {
	m := newModel(GovernorOptions{Headroom: 0.5})
	now := time.Unix(0, 0)
	m.Observe(now, m.Send(now, OpDetail), reading{limit: 10, remaining: 5}, 200)
	require.Positive(t, m.Next(now, OpDetail))
	require.Positive(t, m.Next(now.Add(59*time.Second), OpDetail))
	require.Zero(t, m.Next(now.Add(time.Minute), OpDetail), "the window is over for certain")
}

// seen is a model that was shown one answer, and has not learnt when its window ends.
func seen(limit, remaining int) (model, time.Time) {
	m, now := newModel(GovernorOptions{Headroom: 0.2}), time.Unix(0, 0)
	first := m.Send(now, OpDetail)
	now = now.Add(100 * time.Millisecond)
	m.Observe(now, first, reading{limit: limit, remaining: remaining, window: time.Minute}, 200)
	return m, now
}

func TestModelDoesNotCountOnAWindowsEndThatItHasNotLearnt(t *testing.T) {
	m, now := seen(100, 20) // the headroom is all that is left
	now = now.Add(time.Minute)
	require.Zero(t, m.Next(now, OpDetail), "one request looks whether it is over")
	first := m.Send(now, OpDetail)
	require.Equal(t, untilAnswer, m.Next(now, OpDetail))
	now = now.Add(time.Second)
	m.Observe(now, first, reading{limit: 100, remaining: 19}, 200)
	for range 9 { // a 64th of a window
		require.Positive(t, m.Next(now, OpDetail), "it is not over, and nothing is left")
		now = now.Add(100 * time.Millisecond)
	}
}

func TestModelGoesOnAtAnEndThatItHasNotLearntWithWhatIsLeft(t *testing.T) {
	m, now := seen(1000, 900)
	m.flights[flightOfDetail] = newFlight(100, 0, 0)
	now = now.Add(61 * time.Second)
	m.Next(now, OpDetail)
	sent := 0
	for end := now.Add(2 * time.Second); now.Before(end); now = now.Add(50 * time.Millisecond) {
		for m.Next(now, OpDetail) == 0 {
			m.Send(now, OpDetail) // answered later
			sent++
		}
	}
	require.InDelta(t, 2*800/60, sent, 8, "at the even rate, without waiting for an answer")
}

func TestModelTellsAnotherLimitFromAReset(t *testing.T) {
	m, now := seen(1000, 500)
	a, b := m.Send(now, OpDetail), m.Send(now, OpDetail)
	m.Observe(now.Add(time.Second), b, reading{limit: 2000, remaining: 1498}, 200)
	require.Equal(t, 2000, m.limit)
	require.Equal(t, 1498, m.cur.observed)
	require.Zero(t, m.cur.begun.Compare(now), "no window has begun")
	m.Observe(now.Add(time.Second), a, reading{limit: 1000, remaining: 499}, 200)
	require.Equal(t, 2000, m.limit, "an answer that comes late tells of the limit before")
}

func TestModelGoesByTheLimitThatARefusalNames(t *testing.T) {
	m, now := newModel(GovernorOptions{Headroom: 0.2}), time.Unix(0, 0)
	m.Told(500, 10*time.Second, now)
	require.InDelta(t, 40, m.even(), 0.01)
	m.Observe(now, m.Send(now, OpDetail), reading{limit: 600, remaining: 500, window: time.Minute}, 200)
	require.InDelta(t, 8, m.even(), 0.01, "headers count for more")
}

func TestModelWaitsForWhatItSentBeforeItKnewTheLimit(t *testing.T) {
	m, now := newModel(GovernorOptions{}), time.Unix(0, 0)
	m.flights[flightOfDetail] = newFlight(10_000, 0, 0)
	m.ramp = fullRamp
	for range 1500 {
		m.Observe(now, m.Send(now, OpDetail), reading{remaining: -1}, 200)
	}
	m.Told(1000, time.Minute, now)
	m.tokens = 10
	require.Positive(t, m.Next(now.Add(50*time.Second), OpDetail))
	require.Zero(t, m.Next(now.Add(61*time.Second), OpDetail))
}

func TestModelTakesTheWindowsLengthOfTheLatestRequest(t *testing.T) {
	m, now := seen(1000, 500)
	a, b := m.Send(now, OpDetail), m.Send(now, OpDetail)
	m.Observe(now, b, reading{limit: 1000, remaining: 498, window: 10 * time.Minute}, 200)
	m.Observe(now, a, reading{limit: 1000, remaining: 499, window: time.Minute}, 200)
	require.Equal(t, 10*time.Minute, m.window(), "an answer that comes late tells of the length before")
}

func TestModelCountsOnNothingOfAWindowThatBeganLongAgo(t *testing.T) {
	for _, c := range []struct {
		late  time.Duration // after the window's end
		known bool
	}{{time.Second, true}, {5 * time.Second, false}, {10*time.Minute + 30*time.Second, false}} {
		m := learnt(t)
		now := m.cur.till.Add(c.late)
		m.Next(now, OpDetail)
		require.Equal(t, c.known, m.cur.known, "%s late", c.late)
		if c.late < time.Minute {
			continue
		}
		// Others have begun meanwhile: much of the window is spent, and that is no sign of anything.
		m.Observe(now.Add(100*time.Millisecond), m.Send(now, OpDetail), reading{limit: 1000, remaining: 700}, 200)
		require.True(t, m.cur.known)
		require.Equal(t, 700, m.cur.observed)
		require.Zero(t, m.blind.odd)
	}
}

// learnt is a model that has seen two resets.
func learnt(t *testing.T) model {
	m, now := newModel(GovernorOptions{}), time.Unix(0, 0)
	for i := range 1750 {
		m.Observe(now.Add(10*time.Millisecond), m.Send(now, OpDetail), reading{limit: 1000, remaining: 999 - i%600, window: time.Minute}, 200)
		now = now.Add(100 * time.Millisecond)
		m.Next(now, OpDetail)
	}
	require.True(t, m.edges.confirmed)
	return m
}

func TestModelNeedsOneAnswerToGoOnWithoutALimit(t *testing.T) {
	m, now := newModel(GovernorOptions{}), time.Unix(0, 0)
	without := reading{limit: maxCount, remaining: maxCount}
	m.Observe(now, m.Send(now, OpList), without, 200)
	allowed := func() (n int) {
		for ; n < 20 && m.Next(now, OpDetail) == 0; n++ {
			defer m.Unsend(m.Send(now, OpDetail))
		}
		return n
	}
	require.Equal(t, 20, allowed())
	m.Observe(now, m.Send(now, OpList), reading{limit: maxCount, remaining: maxCount, retryAfter: time.Second, hasRetryAfter: true}, 429)
	now = now.Add(time.Second)
	require.Equal(t, 1, allowed(), "but not after a pause")
	m.Observe(now, m.Send(now, OpList), without, 200)
	require.Equal(t, 2, allowed())
}

func TestModelCountsOnlyTheTimeBetweenRefusalsAsRefused(t *testing.T) {
	m, now := newModel(GovernorOptions{}), time.Unix(0, 0)
	m.Observe(now, m.Send(now, OpDetail), reading{remaining: -1}, 429)
	require.Zero(t, m.refusedFor(), "nothing was asked since")
	now = now.Add(time.Hour)
	m.Observe(now, m.Send(now, OpDetail), reading{remaining: -1}, 429)
	require.Zero(t, m.refusedFor(), "nothing was asked for an hour")
	for range 30 {
		now = now.Add(time.Minute)
		m.Observe(now, m.Send(now, OpDetail), reading{remaining: -1}, 429)
	}
	require.Equal(t, 30*time.Minute, m.refusedFor())
	m.Observe(now, m.Send(now, OpDetail), reading{remaining: -1}, 200)
	require.Zero(t, m.refusedFor())
}

func TestModelLooksAtASpentRollingWindowWithOneRequestAtATime(t *testing.T) {
	m, now := newModel(GovernorOptions{Headroom: 0.2}), time.Unix(0, 0)
	m.limit, m.blind.forGood, m.ramp = 100_000, true, fullRamp // a burst is more than 300
	first := m.Send(now, OpDetail)
	now = now.Add(time.Second)
	m.Observe(now, first, reading{limit: 100_000, remaining: 20_003}, 200)
	var sent []Ticket
	for range 3 {
		require.Zero(t, m.Next(now, OpDetail))
		sent = append(sent, m.Send(now, OpDetail))
	}
	require.Positive(t, m.Next(now, OpDetail), "nothing is left but the headroom")
	for _, ticket := range sent {
		m.Observe(now, ticket, reading{limit: 100_000, remaining: 20_000}, 200)
	}
	require.Positive(t, m.Next(now.Add(time.Second), OpDetail))
	now = now.Add(2 * time.Second)
	require.Zero(t, m.Next(now, OpDetail), "a look")
	second := m.Send(now, OpDetail)
	require.Positive(t, m.Next(now, OpDetail))
	now = now.Add(30 * time.Second)
	require.Positive(t, m.Next(now, OpDetail), "one look at a time")
	m.Observe(now, second, reading{limit: 100_000, remaining: 19_999}, 200)
	require.Positive(t, m.Next(now.Add(time.Second), OpDetail))
}

func TestModelSaysWhenNobodyHasNamedALimit(t *testing.T) {
	for name, c := range map[string]struct {
		o       GovernorOptions
		answers []reading
		told    int
		want    bool
	}{
		"nothing was asked":     {},
		"no headers":            {answers: []reading{{remaining: -1}}, want: true},
		"the user names one":    {o: GovernorOptions{Limit: 100}, answers: []reading{{remaining: -1}}},
		"a refusal names one":   {answers: []reading{{remaining: -1}}, told: 700},
		"a limit alone":         {answers: []reading{{limit: 500, remaining: -1}}},
		"all that there may be": {answers: []reading{{limit: 500, remaining: 400}}},
	} {
		m, now := newModel(c.o), time.Unix(0, 0)
		for _, r := range c.answers {
			m.Observe(now, m.Send(now, OpDetail), r, 200)
		}
		if c.told > 0 {
			m.Told(c.told, time.Minute, now)
		}
		require.Equal(t, c.want, m.assumed(), name)
	}
}

func TestToldLimitIsTheDocumentedMessage(t *testing.T) {
	for message, want := range map[string]reading{
		"Rate limit exceeded. Limit: 2000 requests per 1 minute":    {limit: 2000, window: time.Minute},
		"Rate limit exceeded. Limit: 10000 requests per 10 minutes": {limit: 10_000, window: 10 * time.Minute},
		"limit: 7 requests per 30 seconds":                          {limit: 7, window: 30 * time.Second},
		"Limit: 2000 requests per 1 fortnight":                      {},
		"Limit: 0 requests per 1 minute":                            {},
		"Limit: 5 requests per 0.0001 seconds":                      {},
		"slow down":                                                 {},
	} {
		limit, window, ok := toldLimit(message)
		require.Equal(t, want.limit > 0, ok, message)
		if ok {
			require.Equal(t, want, reading{limit: limit, window: window}, message)
		}
	}
}

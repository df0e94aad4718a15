package extract

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestRecentCountsAnyStretchOfAWindow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		limit := rapid.IntRange(1, 50).Draw(rt, "limit")
		var r recent
		start := time.Unix(1000, 0)
		now := start
		r.setWindow(time.Minute, now)
		var sent []time.Time
		for range 300 {
			if wait := r.next(now, limit); wait > 0 {
				now = now.Add(wait)
			}
			if wait := r.next(now, limit); wait > 0 {
				rt.Fatalf("waits for %s again", wait)
			}
			r.add(now)
			sent = append(sent, now)
			now = now.Add(time.Duration(rapid.IntRange(0, 5000).Draw(rt, "pause")) * time.Millisecond)
		}
		for i := limit; i < len(sent); i++ {
			if got := sent[i].Sub(sent[i-limit]); got < time.Minute {
				rt.Fatalf("%d requests in %s", limit+1, got)
			}
		}
	})
}

func TestEdgesForetellTheNextReset(t *testing.T) {
	at := func(s float64) time.Time { return time.Unix(0, 0).Add(time.Duration(s * float64(time.Second))) }
	next := func(s *edges, t time.Time) [2]time.Time {
		from, till, _ := s.next(t)
		return [2]time.Time{from, till}
	}
	s := edges{window: time.Minute}
	_, _, ok := s.next(at(0))
	require.False(t, ok)
	s.add(edge{old: at(0), new: at(40)})
	require.Empty(t, s.list, "too vague")
	s.add(edge{old: at(10), new: at(12)})
	require.False(t, s.confirmed)
	require.Equal(t, [2]time.Time{at(70), at(72)}, next(&s, at(12)))
	s.add(edge{old: at(71), new: at(73)})
	require.True(t, s.confirmed)
	require.Equal(t, [2]time.Time{at(131), at(132)}, next(&s, at(73)), "where they agree")
	s.sawOld(at(71.5))
	require.Equal(t, [2]time.Time{at(131.5), at(132)}, next(&s, at(73)), "and more precisely still")
	s.sawNew(at(71.8))
	require.Equal(t, [2]time.Time{at(131.5), at(131.8)}, next(&s, at(73)))
	require.Equal(t, [2]time.Time{at(731.5), at(731.8)}, next(&s, at(700)), "windows later")
	require.Equal(t, [2]time.Time{at(731.5), at(731.8)}, next(&s, at(726)), "late in a window")
	require.Equal(t, [2]time.Time{at(791.5), at(791.8)}, next(&s, at(731)), "a little early, since moments are never seen exactly")
	s.add(edge{old: at(161), new: at(162)})
	require.Len(t, s.list, 1, "can't be: forgotten")
	require.False(t, s.confirmed)
	s.add(edge{old: at(192), new: at(193)})
	s.add(edge{old: at(223), new: at(224)})
	require.Equal(t, 31*time.Second, s.window, "twice the same length is the window's")
}

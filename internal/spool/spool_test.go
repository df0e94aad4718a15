package spool

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"logferry/internal/record"
)

func rec(micros int64, id string, o record.Outcome, detail string) record.Record {
	r := record.Record{Outcome: o}
	r.Micros, r.ID, r.Status = micros, id, "success"
	r.Raw = []byte(`{"id":"` + id + `"}`)
	if o == record.Fetched {
		r.Detail = []byte(detail)
	}
	return r
}

// tiny makes every record a run of its own: memory is used up by the first chunk.
func tiny(dir string) *Spool { return New(Options{Dir: dir, Budget: NewBudget(1)}) }

func collect(t require.TestingT, s *Spool) []record.Record {
	var out []record.Record
	for r, err := range s.Sorted(context.Background()) {
		require.NoError(t, err)
		c := *r
		c.Raw, c.Detail = slices.Clone(r.Raw), slices.Clone(r.Detail)
		out = append(out, c)
	}
	return out
}

// expected is the plain way: sort all, keep the best of each id.
func expected(in []record.Record) []record.Record {
	out := slices.Clone(in)
	slices.SortStableFunc(out, func(a, b record.Record) int {
		if c := a.Compare(b.Key); c != 0 {
			return c
		}
		return int(rank(b.Outcome)) - int(rank(a.Outcome))
	})
	return slices.CompactFunc(out, func(a, b record.Record) bool { return a.Key == b.Key })
}

func TestSortedYieldsEachRecordOnceInOrderWhateverFitsIntoMemory(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		var in []record.Record
		for range rapid.IntRange(0, 40).Draw(t, "n") {
			outcome := rapid.SampledFrom(outcomes[:]).Draw(t, "outcome")
			n := rapid.IntRange(0, 12).Draw(t, "id")
			size := []int{0, 10, 1000, largeRecord + 1, blockSize * 2}[n%5]
			id := fmt.Sprint("log_", n)
			micros := int64(len(id)) - 6 // two times for thirteen ids, one of them before the epoch
			in = append(in, rec(micros, id, outcome, strings.Repeat(id, size/len(id))))
		}
		s := New(Options{Dir: dir, Budget: NewBudget(64 << 20)})
		if rapid.Bool().Draw(t, "on disk") {
			s = tiny(dir)
		}
		defer s.Close()
		for rest := in; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "batch")
			require.NoError(t, s.Add(context.Background(), rest[:n]))
			rest = rest[n:]
		}
		got := collect(t, s)
		want := expected(in)
		require.Len(t, got, len(want))
		for i := range want {
			require.Equal(t, want[i].Key, got[i].Key)
			require.Equal(t, want[i].Outcome, got[i].Outcome)
			require.Equal(t, want[i].Detail == nil, got[i].Detail == nil)
			require.Equal(t, len(want[i].Detail), len(got[i].Detail))
			require.Equal(t, want[i].Raw, got[i].Raw)
		}
	})
}

func TestMoreRunsThanTheFanInAreMergedInPasses(t *testing.T) {
	s := tiny(t.TempDir())
	defer s.Close()
	var want []record.Key
	for i := range maxRuns + maxFanIn + 5 {
		r := rec(int64((i*7919)%1000), fmt.Sprintf("log_%03d", i), record.Fetched, `{}`)
		want = append(want, r.Key)
		require.NoError(t, s.Add(context.Background(), []record.Record{r}))
	}
	slices.SortFunc(want, record.Key.Compare)
	var got []record.Key
	for _, r := range collect(t, s) {
		got = append(got, r.Key)
	}
	require.Empty(t, cmp.Diff(want, got))
	require.LessOrEqual(t, len(s.runs), maxFanIn)
}

func TestAddFromSeveralGoroutinesLosesNothing(t *testing.T) {
	s := New(Options{Dir: t.TempDir(), Budget: NewBudget(4 << 20)})
	defer s.Close()
	payload := strings.Repeat("x", 8<<10)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				r := rec(int64(i), fmt.Sprintf("log_%d_%d", g, i), record.Fetched, payload)
				if err := s.Add(context.Background(), []record.Record{r}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.NotEmpty(t, s.runs, "nothing was written to disk: the test shows nothing")
	require.Len(t, collect(t, s), 1600)
	require.EqualValues(t, 1600, s.Count())
}

func TestSpoolsOfOneBudgetHoldNoMoreThanItTogether(t *testing.T) {
	budget := NewBudget(16 << 20)
	payload := strings.Repeat("x", 10<<10)
	var spools []*Spool
	for i := range 3 {
		s := New(Options{Dir: t.TempDir(), Budget: budget})
		defer s.Close()
		spools = append(spools, s)
		for n := range 2000 {
			require.NoError(t, s.Add(context.Background(), []record.Record{rec(int64(n), fmt.Sprint(i, n), record.Fetched, payload)}))
			require.LessOrEqual(t, budget.used.Load(), int64(16<<20+len(spools)*(ownBytes+chunkSize)))
		}
	}
	for _, s := range spools {
		require.Len(t, collect(t, s), 2000)
		require.NoError(t, s.Close())
	}
	require.Zero(t, budget.used.Load(), "closed spools give everything back")
}

func TestNothingIsLeftInTheFolder(t *testing.T) {
	dir := t.TempDir()
	s := tiny(dir)
	for i := range 5 {
		require.NoError(t, s.Add(context.Background(), []record.Record{rec(1, fmt.Sprint(i), record.Skipped, "")}))
	}
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "twice is allowed")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
	require.ErrorIs(t, s.Add(context.Background(), []record.Record{rec(1, "x", record.Skipped, "")}), errClosed)
}

func TestADamagedRunIsAnErrorAndNeverAWrongRecord(t *testing.T) {
	build := func(t *testing.T) *Spool {
		s := tiny(t.TempDir())
		big := strings.Repeat("abcdefgh", largeRecord/8+100)
		require.NoError(t, s.Add(context.Background(), []record.Record{
			rec(1, "a", record.Fetched, big), rec(2, "b", record.Fetched, "{}"), rec(3, "c", record.Skipped, ""),
		}))
		require.NotEmpty(t, s.runs)
		return s
	}
	probe := build(t)
	size := probe.runs[0].size
	probe.Close()
	for at := int64(0); at < size; at += 1 + size/97 {
		s := build(t)
		var b [1]byte
		_, err := s.runs[0].file.ReadAt(b[:], at)
		require.NoError(t, err)
		b[0] ^= 0x40
		_, err = s.runs[0].file.WriteAt(b[:], at)
		require.NoError(t, err)
		var failed error
		for _, err := range s.Sorted(context.Background()) {
			failed = err
		}
		require.ErrorIs(t, failed, errCorrupt, "byte %d", at)
		s.Close()
	}
}

func TestAFullDiskIsReportedOnceAndForAll(t *testing.T) {
	s := tiny(filepath.Join(t.TempDir(), "absent"))
	defer s.Close()
	one := []record.Record{rec(1, "a", record.Skipped, "")}
	require.NoError(t, s.Add(context.Background(), one), "the first record fits into memory")
	require.ErrorIs(t, s.Add(context.Background(), one), os.ErrNotExist)
	require.ErrorIs(t, s.Add(context.Background(), one), os.ErrNotExist)
}

func TestACancelledContextEndsAddAndSorted(t *testing.T) {
	s := tiny(t.TempDir())
	defer s.Close()
	require.NoError(t, s.Add(context.Background(), []record.Record{rec(1, "a", record.Skipped, ""), rec(2, "b", record.Skipped, "")}))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n := 0
	for _, err := range s.Sorted(ctx) {
		if n++; n == 1 {
			require.NoError(t, err)
			cancel()
			continue
		}
		require.ErrorIs(t, err, context.Canceled)
	}
	require.Equal(t, 2, n)
	require.ErrorIs(t, s.Add(ctx, []record.Record{rec(1, "c", record.Skipped, "")}), context.Canceled)
}

func FuzzDecode(f *testing.F) {
	r := rec(1, "log_1", record.Fetched, `{"id":"log_1"}`)
	f.Add(appendRecord(nil, &r))
	r = rec(-5, "", record.Skipped, "")
	f.Add(appendRecord(nil, &r))
	f.Add([]byte{})
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x00\x04\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var r record.Record
		if stored(b).decode(&r) != nil {
			return
		}
		again := appendRecord(nil, &r)
		var back record.Record
		require.NoError(t, stored(again).decode(&back))
		require.Equal(t, r, back)
	})
}

func BenchmarkSpool(b *testing.B) {
	for _, c := range []struct {
		name string
		size int
	}{{"600B", 600}, {"4KB", 4 << 10}} {
		b.Run(c.name, func(b *testing.B) {
			payload := strings.Repeat(`{"key":"some value","n":12345}`, c.size/30)
			dir := b.TempDir()
			for b.Loop() {
				s := New(Options{Dir: dir, Budget: NewBudget(16 << 20)})
				batch := make([]record.Record, 100)
				for i := range 200 {
					for k := range batch {
						batch[k] = rec(int64((i*100+k)*7919%20000), fmt.Sprintf("log_%06d", i*100+k), record.Fetched, payload)
					}
					if err := s.Add(context.Background(), batch); err != nil {
						b.Fatal(err)
					}
				}
				for _, err := range s.Sorted(context.Background()) {
					if err != nil {
						b.Fatal(err)
					}
				}
				s.Close()
			}
			b.ReportMetric(float64(b.N)*20000/b.Elapsed().Seconds(), "records/s")
		})
	}
}

func TestStoredSizeIsWhatAppendRecordAdds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string) string {
			return strings.Repeat("x", rapid.SampledFrom([]int{0, 1, 126, 127, 128, 129, 16382, 16383, 16384}).Draw(t, name))
		}
		r := record.Record{Entry: record.Entry{Key: record.Key{ID: text("id")}, Status: text("status"), Raw: []byte(text("raw"))}}
		if rapid.Bool().Draw(t, "detail") {
			r.Detail = []byte(text("detail bytes"))
		}
		require.Len(t, appendRecord(nil, &r), storedSize(&r))
	})
}

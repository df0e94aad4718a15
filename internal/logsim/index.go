package logsim

import (
	"math"
	"slices"
	"time"
)

// buildIndex returns the timestamps of a project's records in µs, ascending. A record's number is its place in it.
func buildIndex(r Records, seed uint64) []int64 {
	if r.Count == 0 {
		return nil
	}
	from, span := r.From.UnixMicro(), r.To.Sub(r.From).Microseconds()
	draws, forms := newStream(seed, saltTime), newStream(seed, saltTimeForm)
	times := make([]int64, 0, r.Count)
	weights := bucketWeights(r, seed)
	total, done := sum(weights), 0.0
	for b, w := range weights {
		done += w
		want := int(math.Round(done / total * float64(r.Count)))
		if b == len(weights)-1 {
			want = r.Count
		}
		start := from + int64(float64(span)*float64(b)/float64(len(weights)))
		end := max(from+int64(float64(span)*float64(b+1)/float64(len(weights))), start+1)
		for n := len(times); n < want; n++ {
			t := start + int64(unit(draws.at(n))*float64(end-start))
			times = append(times, clampTime(quantize(t, forms.at(n)), from, from+span))
		}
	}
	slices.Sort(times)
	addBursts(times, r, seed)
	return times
}

// bucketWeights says how busy each stretch of the range is: a daily wave, weekends, noise, and the declared skew.
func bucketWeights(r Records, seed uint64) []float64 {
	const buckets = 4096
	noise := newStream(seed, saltTraffic)
	span := r.To.Sub(r.From)
	weights := make([]float64, buckets)
	for b := range weights {
		at := r.From.Add(time.Duration(float64(span) * (float64(b) + 0.5) / buckets)).UTC()
		hour := float64(at.Hour()) + float64(at.Minute())/60
		w := 1.2 + math.Sin((hour-9)/24*2*math.Pi)
		if day := at.Weekday(); day == time.Saturday || day == time.Sunday {
			w *= 0.4
		}
		u := unit(noise.at(b))
		weights[b] = w * (0.3 + u + 12*math.Pow(u, 60)) // now and then a stretch of many times the usual traffic
	}
	if r.Skew == (Skew{}) {
		return weights
	}
	hot := max(int(r.Skew.Within*buckets), 1)
	first := below(noise.at(-1), buckets-hot)
	inside := sum(weights[first : first+hot])
	outside := sum(weights) - inside
	for b := range weights {
		if b >= first && b < first+hot {
			weights[b] *= r.Skew.Share / inside
		} else {
			weights[b] *= (1 - r.Skew.Share) / outside
		}
	}
	return weights
}

// quantize rounds most times down to milliseconds, some to seconds and few to hours, where partitions and windows have
// their edges; the rest keeps its microseconds.
func quantize(t int64, h uint64) int64 {
	switch u := unit(h); {
	case u < 0.02:
		return t
	case u < 0.025:
		return t - t%3_600_000_000
	case u < 0.07:
		return t - t%1_000_000
	default:
		return t - t%1000
	}
}

// addBursts moves neighbouring records into one millisecond. It keeps times sorted: a burst takes the time of its first record.
func addBursts(times []int64, r Records, seed uint64) {
	s := newStream(seed, saltBurst)
	for moved, n := 0, 0; moved < int(r.BurstShare*float64(len(times))) && n < len(times); n++ {
		h := s.at(n)
		size := r.BurstSize/3 + below(mix(h), max(r.BurstSize-r.BurstSize/3, 1))
		size = min(size, max(len(times)/3, 1))
		first := below(h, len(times)-size+1)
		t := times[first]
		for i := first; i < first+size; i++ {
			times[i] = t
		}
		moved += size
	}
}

func clampTime(t, from, to int64) int64 { return min(max(t, from), to-1) }

func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
}

package extract

import "time"

// recent counts the requests of the last window's length, and those of up to a thousandth more. It bounds what is sent where no header says
// how much is left. Unlike slidingLimit it needs not know the limit before, and is less exact. The zero value has counted none.
type recent struct {
	buckets [recentBuckets]int
	newest  int64 // number of the newest bucket since the zero time of its clock
	total   int
	length  time.Duration // of a bucket
	epoch   time.Time     // of bucket 0; zero before the first request
}

const recentBuckets = 1024

// setWindow changes the window's length; what was counted is kept as if it had just happened.
func (r *recent) setWindow(window time.Duration, now time.Time) {
	length := window / (recentBuckets - 1)
	if length == r.length {
		return
	}
	total := r.total
	*r = recent{length: length, epoch: now, total: total}
	r.buckets[0] = total
}

func (r *recent) advance(now time.Time) {
	if r.epoch.IsZero() {
		r.epoch = now
	}
	n := int64(now.Sub(r.epoch) / r.length)
	for ; r.newest < n && r.total > 0; r.newest++ {
		slot := &r.buckets[(r.newest+1)%recentBuckets]
		r.total -= *slot
		*slot = 0
	}
	r.newest = max(r.newest, n)
}

func (r *recent) add(now time.Time) {
	r.advance(now)
	r.buckets[r.newest%recentBuckets]++
	r.total++
}

// count is how many requests were sent in the last window's length.
func (r *recent) count(now time.Time) int {
	r.advance(now)
	return r.total
}

// next is how long to wait until fewer than limit are counted.
func (r *recent) next(now time.Time, limit int) time.Duration {
	r.advance(now)
	left := r.total
	for i := int64(1); i <= recentBuckets; i++ {
		if left < limit {
			return max(r.epoch.Add(time.Duration(r.newest+i-1)*r.length).Sub(now), 0)
		}
		left -= r.buckets[(r.newest+i)%recentBuckets]
	}
	return r.epoch.Add(time.Duration(r.newest+recentBuckets) * r.length).Sub(now)
}

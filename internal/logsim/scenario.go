package logsim

import "time"

// Scenario draws the switches of everything that the API's documentation leaves open: where a range ends, the order, what
// cursors do, how metadata is written, pages that come short or empty, windows of the rate limit. A reader must be right in
// every scenario. It sets no faults, nothing late and nothing odd, and leaves the number and the time of records alone.
func Scenario(seed uint64) Options {
	s := newStream(seed, saltScenario)
	pick := func(n int, choices ...int) int { return choices[below(s.at(n), len(choices))] }
	o := Options{
		Seed:    seed,
		To:      ToMode(pick(0, int(ToExclusive), int(ToInclusive), int(ToMillisecond))),
		Order:   Order(pick(1, int(Newest), int(Oldest), int(Shuffled))),
		Cursors: CursorStyle(pick(2, int(Keyset), int(Offset))),
		// A small one makes pages short, and filtered ones often empty.
		ScanLimit: pick(3, 100_000, 300, 37),
		NoGzip:    pick(4, 0, 1) == 1,
	}
	o.Records.FlatShare = []float64{-1, 0.3, 1}[pick(5, 0, 1, 2)]
	o.Records.BurstSize = pick(6, 400, 150, 12)
	o.Records.NoPayload = pick(7, 0, 0, 0, 1) == 1
	o.Records.MedianPayload = pick(8, 2048, 300, 40)
	if pick(9, 0, 1, 1) == 0 {
		o.Records.Skew = Skew{Share: 0.8, Within: 0.02}
	}
	o.Rate.Phase = time.Duration(unit(s.at(10)) * float64(time.Minute))
	o.Rate.Rolling = pick(11, 0, 0, 1) == 1
	o.Rate.OmitHeaders = pick(12, 0, 0, 0, 1) == 1
	o.Rate.OmitRetryAfter = pick(13, 0, 0, 1) == 1
	o.Rate.HeaderWindow = []string{"", "60s", "600s"}[pick(14, 0, 1, 2)]
	o.Usage.Nested = NestedCount(pick(15, int(CountAll), int(CountOuter), int(CountChildren)))
	return o
}

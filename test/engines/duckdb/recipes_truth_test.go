package duckdb_test

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"time"
)

// group is the records that have one value of a column.
type group struct {
	key     any // string, or nil for null
	records []*record
}

// grouped are the groups by a column, null last.
func grouped(records []*record, column string) []group {
	byKey := map[any][]*record{}
	for _, r := range records {
		byKey[r.row[column]] = append(byKey[r.row[column]], r)
	}
	var out []group
	for key, members := range byKey {
		out = append(out, group{key, members})
	}
	slices.SortFunc(out, func(a, b group) int { return compareText(a.key, b.key) })
	return out
}

// compareText orders texts, null last.
func compareText(a, b any) int {
	x, isText := a.(string)
	y, both := b.(string)
	if isText && both {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(rank(isText), rank(both))
}

func rank(isText bool) int {
	if isText {
		return 0
	}
	return 1
}

// where keeps the records of which a condition holds.
func where(records []*record, holds func(*record) bool) (out []*record) {
	for _, r := range records {
		if holds(r) {
			out = append(out, r)
		}
	}
	return out
}

func has(column string) func(*record) bool {
	return func(r *record) bool { return r.row[column] != nil }
}

func failed(r *record) bool { return r.row["status"] == "failed" }

// distinct counts the values that are not null.
func distinct(records []*record, column string) int64 {
	return int64(len(grouped(where(records, has(column)), column)))
}

// durations are those of the records that have one, the shortest first.
func durations(records []*record) (out []float64) {
	for _, r := range where(records, has("duration_ms")) {
		out = append(out, float64(r.row["duration_ms"].(int64)))
	}
	slices.Sort(out)
	return out
}

// percentile lies between two values as far as its place does.
func percentile(sorted []float64, p float64) float64 {
	place := p * float64(len(sorted)-1)
	low := int(place)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (place-float64(low))*(sorted[high]-sorted[low])
}

func dailyVolumes(records []*record) (out [][]any) {
	byDay := map[time.Time][]*record{}
	for _, r := range records {
		day := r.at().Truncate(24 * time.Hour)
		byDay[day] = append(byDay[day], r)
	}
	for day, of := range byDay {
		out = append(out, []any{day, int64(len(of)), int64(len(where(of, failed))), distinct(of, "user_id"), distinct(of, "tool_slug")})
	}
	slices.SortFunc(out, func(a, b []any) int { return a[0].(time.Time).Compare(b[0].(time.Time)) })
	return out
}

func failuresByToolkit(records []*record) (out [][]any) {
	for _, g := range grouped(records, "toolkit_slug") {
		if n := len(where(g.records, failed)); n > 0 {
			percent := math.Round(1000*float64(n)/float64(len(g.records))) / 10
			out = append(out, []any{g.key, int64(len(g.records)), int64(n), percent})
		}
	}
	slices.SortStableFunc(out, func(a, b []any) int { return cmp.Compare(b[2].(int64), a[2].(int64)) })
	return out
}

func p95ByTool(records []*record) (out [][]any) {
	for _, g := range grouped(where(records, has("tool_slug")), "tool_slug") {
		if ms := durations(g.records); len(ms) >= 20 {
			out = append(out, []any{g.key, int64(len(ms)), percentile(ms, 0.5), percentile(ms, 0.95)})
		}
	}
	slices.SortStableFunc(out, func(a, b []any) int { return cmp.Compare(b[3].(float64), a[3].(float64)) })
	return out
}

func slowestConnections(records []*record) (out [][]any) {
	timed := where(where(records, has("connected_account_id")), has("duration_ms"))
	for _, g := range grouped(timed, "connected_account_id") {
		ms := durations(g.records)
		if len(ms) < 5 {
			continue
		}
		sum := 0.0
		for _, v := range ms {
			sum += v
		}
		out = append(out, []any{
			g.key, grouped(g.records, "toolkit_slug")[0].key, grouped(g.records, "user_id")[0].key, int64(len(ms)),
			sum / float64(len(ms)), int64(ms[len(ms)-1]),
		})
	}
	slices.SortStableFunc(out, func(a, b []any) int { return cmp.Compare(b[4].(float64), a[4].(float64)) })
	return out[:min(20, len(out))]
}

func spendByUser(records []*record) (out [][]any) {
	sums := map[any]*big.Int{}
	for _, g := range grouped(where(records, has("instant_charge")), "user_id") {
		sums[g.key] = new(big.Int)
		for _, r := range g.records {
			sums[g.key].Add(sums[g.key], r.row["instant_charge"].(*big.Int))
		}
		out = append(out, []any{g.key, int64(len(g.records)), sums[g.key].String()})
	}
	slices.SortStableFunc(out, func(a, b []any) int { return sums[b[0]].Cmp(sums[a[0]]) })
	return out
}

func errorsOfAUser(records []*record) (out [][]any) {
	of := where(where(records, failed), func(r *record) bool { return r.row["user_id"] == "user_2" })
	slices.SortFunc(of, func(a, b *record) int {
		return cmp.Or(cmp.Compare(b.fact.Micros, a.fact.Micros), cmp.Compare(a.fact.ID, b.fact.ID))
	})
	for _, r := range of {
		out = append(out, []any{r.at(), r.fact.ID, r.row["tool_slug"], r.row["duration_ms"], r.row["message"], r.extract("response", "body.error")})
	}
	return out[:min(100, len(out))]
}

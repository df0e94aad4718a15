package config

import "strings"

// nearest returns the candidate that was most likely meant, or "": one that differs by at most a third of its letters
// (a swap of two neighbours counts once), or one that begins with what was written or the other way round.
func nearest(written string, candidates []string) string {
	fold := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "-", "_") }
	w := fold(written)
	if w == "" || len(w) > 64 {
		return ""
	}
	best, bestCost := "", 1<<30
	for _, c := range candidates {
		f := fold(c)
		cost := distance(w, f)
		if limit := max(1, len(f)/3); cost > limit {
			if len(w) < 3 || len(f) < 3 || !strings.HasPrefix(f, w) && !strings.HasPrefix(w, f) {
				continue
			}
			cost += 100 // any near spelling is better than a common beginning
		}
		if cost < bestCost {
			best, bestCost = c, cost
		}
	}
	return best
}

// distance is the optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours that
// turn a into b, in bytes.
func distance(a, b string) int {
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			replace := row[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			next[j] = min(row[j]+1, next[j-1]+1, replace)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

func didYouMean(written string, candidates []string) string {
	if n := nearest(written, candidates); n != "" {
		return `did you mean "` + n + `"?`
	}
	return ""
}

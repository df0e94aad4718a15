package extract

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// reading is what one response's headers say about the budget.
type reading struct {
	limit         int           // requests a window; 0 where not said
	remaining     int           // -1 where not said
	window        time.Duration // 0 where not said
	retryAfter    time.Duration
	hasRetryAfter bool
}

// The names in http.Header's canonical form: looked up without canonicalising them again for every response.
const (
	headerLimit      = "X-Ratelimit"
	headerRemaining  = "X-Ratelimit-Remaining"
	headerWindow     = "X-Ratelimit-Window-Size"
	headerRetryAfter = "Retry-After"
)

// readBudget takes the budget out of response headers. What is absent, no number or absurd counts as not said.
func readBudget(h http.Header, now time.Time) reading {
	r := reading{remaining: -1}
	if limit, ok := headerInt(h, headerLimit); ok && limit > 0 {
		r.limit = limit
	}
	if remaining, ok := headerInt(h, headerRemaining); ok {
		r.remaining = max(remaining, 0)
	}
	if v := h[headerWindow]; len(v) > 0 {
		r.window = parseWindow(v[0])
	}
	if v := h[headerRetryAfter]; len(v) > 0 {
		r.retryAfter, r.hasRetryAfter = parseRetryAfter(strings.TrimSpace(v[0]), serverTime(h, now))
	}
	return r
}

// maxCount bounds counts from headers: larger ones are no limit in practice and must not overflow sums.
const maxCount = 1 << 30

func headerInt(h http.Header, name string) (int, bool) {
	v := h[name]
	if len(v) == 0 {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(v[0]), 10, 64)
	if err != nil {
		return 0, false
	}
	return int(min(max(n, -1), maxCount)), true
}

const (
	minWindow = time.Second
	maxWindow = time.Hour
)

// parseWindow reads `60s`, any other Go duration, or a bare number: seconds, or milliseconds where seconds would be more
// than an hour. It returns 0 for anything else and for what is not between minWindow and maxWindow.
func parseWindow(text string) time.Duration {
	text = strings.TrimSpace(text)
	d, err := time.ParseDuration(text)
	if n, numErr := strconv.ParseInt(text, 10, 32); numErr == nil {
		d, err = time.Duration(n)*time.Second, nil
		if d > maxWindow {
			d = time.Duration(n) * time.Millisecond
		}
	}
	if err != nil || d < minWindow || d > maxWindow {
		return 0
	}
	return d
}

// toldPattern is the documented message of a 429.
var toldPattern = regexp.MustCompile(`(?i)limit: *([0-9]{1,9}) requests per +([0-9.]+) *(second|minute|hour)`)

// toldLimit takes limit and window out of a 429's message: `Limit: 2000 requests per 1 minute`. It is only a hint, for where
// the headers are missing.
func toldLimit(message string) (limit int, window time.Duration, ok bool) {
	m := toldPattern.FindStringSubmatch(message)
	if m == nil {
		return 0, 0, false
	}
	limit, err := strconv.Atoi(m[1])
	count, countErr := strconv.ParseFloat(m[2], 64)
	unit := map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour}[strings.ToLower(m[3])]
	window = time.Duration(min(count, 1e4) * float64(unit))
	return limit, window, err == nil && countErr == nil && limit > 0 && window >= minWindow && window <= maxWindow
}

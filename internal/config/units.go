package config

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

var durationForm = regexp.MustCompile(`^(?:(\d{1,5})d)?((?:\d{1,9}(?:\.\d{1,9})?(?:h|ms|m|s))*)$`)

// duration reads 500ms, 30s, 1h30m, 7d, 1d12h, 0. It is not negative and a whole number of milliseconds.
func duration(text string) (time.Duration, bool) {
	if text == "0" {
		return 0, true
	}
	m := durationForm.FindStringSubmatch(text)
	if m == nil || text == "" {
		return 0, false
	}
	var sum time.Duration
	if m[1] != "" {
		days, err := strconv.Atoi(m[1])
		if err != nil {
			return 0, false
		}
		sum = time.Duration(days) * day // 99999 days at most: no overflow
	}
	if m[2] != "" {
		rest, err := time.ParseDuration(m[2])
		if err != nil {
			return 0, false
		}
		sum += rest
	}
	return sum, sum >= 0 && sum%time.Millisecond == 0
}

// FormatDuration writes a duration as pipeline.yaml has it: 30s, 1h30m, 48h, 7d, 0s. It takes whole milliseconds.
func FormatDuration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	if d > 2*day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	var b strings.Builder
	for _, u := range []struct {
		of   time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}, {time.Millisecond, "ms"}} {
		if n := d / u.of; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			d -= n * u.of
		}
	}
	return b.String()
}

// readDuration reads a duration within the bounds.
func readDuration(v value, otherwise, from, to time.Duration) time.Duration {
	want := fmt.Sprintf("a duration from %s to %s, such as 30s, 15m, 48h or 7d", FormatDuration(from), FormatDuration(to))
	return read(v, otherwise, want, func(s scalar) (time.Duration, *problem) {
		d, ok := duration(s.text)
		if !ok || d < from || d > to {
			if _, err := strconv.ParseUint(s.text, 10, 64); err == nil && s.text != "0" {
				return 0, unexpected("a number needs its unit")
			}
			return 0, unexpected("")
		}
		return d, nil
	})
}

var (
	sizeForm  = regexp.MustCompile(`^(\d{1,18})(?:\.(\d{1,9}))? ?([A-Za-z]*)$`)
	sizeUnits = map[string]int64{
		"": 1, "B": 1, "KB": 1e3, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
		"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
	}
)

// size reads 512MiB, 256MB, 1.5GiB or plain bytes. Units are powers of 1000, with an i powers of 1024.
func size(text string) (int64, bool) {
	m := sizeForm.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	unit, known := sizeUnits[m[3]]
	whole, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil || !known || whole > math.MaxInt64/unit {
		return 0, false
	}
	bytes := whole * unit
	if m[2] != "" {
		part, err := strconv.ParseFloat("0."+m[2], 64)
		if err != nil || unit == 1 || bytes > math.MaxInt64-unit {
			return 0, false
		}
		bytes += int64(math.Round(part * float64(unit)))
	}
	return bytes, true
}

// FormatSize writes bytes as pipeline.yaml has them, exactly: in the largest power of 1024 that divides them.
func FormatSize(bytes int64) string {
	for _, unit := range []string{"TiB", "GiB", "MiB", "KiB"} {
		if of := sizeUnits[unit]; bytes >= of && bytes%of == 0 {
			return fmt.Sprintf("%d%s", bytes/of, unit)
		}
	}
	return strconv.FormatInt(bytes, 10)
}

// readSize reads a size within the bounds.
func readSize(v value, otherwise, from, to int64) int64 {
	want := fmt.Sprintf("a size from %s to %s, such as 512MiB, 256MB or a number of bytes", FormatSize(from), FormatSize(to))
	return read(v, otherwise, want, func(s scalar) (int64, *problem) {
		bytes, ok := size(s.text)
		if !ok || !s.is("!!str", "!!int", "!!float") || bytes < from || bytes > to {
			return 0, unexpected("")
		}
		return bytes, nil
	})
}

var percentForm = regexp.MustCompile(`^(\d{1,3}(?:\.\d{1,4})?) ?%$|^(0?\.\d{1,6}|0)$`)

// parseShare reads 20% or 0.2: a share from 0 up to, but not, all.
func parseShare(s scalar) (float64, *problem) {
	m := percentForm.FindStringSubmatch(s.text)
	if m == nil {
		if n, err := strconv.Atoi(s.text); err == nil && n > 0 && n < 100 && !s.fromEnvironment() {
			return 0, unexpected(fmt.Sprintf("did you mean %d%%?", n))
		}
		return 0, unexpected("")
	}
	digits, perMillion := m[2], 1e6
	if m[1] != "" {
		digits, perMillion = m[1], 1e4
	}
	f, err := strconv.ParseFloat(digits, 64)
	millionths := math.Round(f * perMillion) // so that 20% and 0.2 are the same number
	if err != nil || millionths >= 1e6 {
		return 0, unexpected("")
	}
	return millionths / 1e6, nil
}

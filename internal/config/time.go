package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"logferry/internal/window"
)

type timeKind uint8

const (
	absolute timeKind = iota
	relative
	now
)

// Time is an instant as pipeline.yaml writes it: a date, an RFC 3339 time, epoch milliseconds, an age (-30d, -6h), or
// now. Only At turns it into an instant.
type Time struct {
	kind timeKind
	at   time.Time     // absolute: UTC, whole milliseconds
	ago  time.Duration // relative
}

// IsNow says that the time is `now`.
func (t Time) IsNow() bool { return t.kind == now }

// IsRelative says that the time moves with the clock: an age, or `now`.
func (t Time) IsRelative() bool { return t.kind != absolute }

// At is the instant that is meant, UTC, in whole milliseconds. `now` means clock - settle, an age is counted from the clock.
func (t Time) At(clock time.Time, settle time.Duration) time.Time {
	switch t.kind {
	case relative:
		return floorMilli(clock.Add(-t.ago))
	case now:
		return floorMilli(clock.Add(-settle))
	}
	return t.at
}

func floorMilli(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }

// String writes the time so that pipeline.yaml takes it for the same: now, -30d, or RFC 3339 in UTC.
func (t Time) String() string {
	switch t.kind {
	case relative:
		return "-" + FormatDuration(t.ago)
	case now:
		return "now"
	}
	return t.at.Format("2006-01-02T15:04:05.999Z07:00")
}

const (
	timeForms = "a date (2026-01-31), an RFC 3339 time (2026-01-31T13:00:00Z), epoch milliseconds or an age (-30d, -6h)"
	maxAge    = 100 * 366 * day
	maxMillis = 253402300799999 // 9999-12-31T23:59:59.999Z
)

var (
	zoneless = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d+)?)$`)
	digits   = regexp.MustCompile(`^\d+$`)
)

// readTime reads a time, or `now` where nowToo allows it.
func readTime(v value, otherwise Time, nowToo bool) Time {
	want := timeForms
	if nowToo {
		want += " or now"
	}
	return read(v, otherwise, want, func(s scalar) (Time, *problem) {
		if !s.is("!!str", "!!int", "!!timestamp") {
			return Time{}, unexpected("")
		}
		if s.text == "now" && nowToo {
			return Time{kind: now}, nil
		}
		return parseTime(s)
	})
}

func parseTime(s scalar) (Time, *problem) {
	switch {
	case s.text == "now":
		return Time{}, &problem{"now can't be the start of a range: nothing lies after it", "write an age such as -30d"}
	case digits.MatchString(s.text):
		return parseMillis(s)
	case strings.HasPrefix(s.text, "-"):
		if ago, ok := duration(s.text[1:]); ok && ago <= maxAge {
			return Time{kind: relative, ago: ago}, nil
		}
		return Time{}, unexpected("")
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, s.text); err == nil {
			return checkTime(at.UTC())
		}
	}
	if s.fromEnvironment() {
		return Time{}, unexpected("")
	}
	if m := zoneless.FindStringSubmatch(s.text); m != nil {
		return Time{}, unexpected(fmt.Sprintf("did you mean %sT%sZ?", m[1], m[2]))
	}
	if _, ok := duration(strings.TrimPrefix(s.text, "+")); ok {
		return Time{}, unexpected(fmt.Sprintf("did you mean -%s?", strings.TrimPrefix(s.text, "+")))
	}
	return Time{}, unexpected("")
}

func parseMillis(s scalar) (Time, *problem) {
	ms, err := strconv.ParseInt(s.text, 10, 64)
	if err != nil || ms > maxMillis {
		return Time{}, unexpected("")
	}
	return Time{at: time.UnixMilli(ms).UTC()}, nil
}

func checkTime(at time.Time) (Time, *problem) {
	switch {
	case at.UnixMilli() < 0 || at.UnixMilli() > maxMillis:
		return Time{}, unexpected("years go from 1970 to 9999")
	case at.Nanosecond()%int(window.Resolution) != 0:
		return Time{}, &problem{"finer than a millisecond", "the API's time range is in milliseconds"}
	}
	return Time{at: at}, nil
}

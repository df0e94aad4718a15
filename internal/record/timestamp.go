package record

import (
	"errors"
	"time"

	"logferry/internal/record/span"
)

// ErrTimestamp says that a value is no point in time that ParseTimestamp knows how to read.
var ErrTimestamp = errors.New("no readable timestamp: expected an RFC 3339 string or epoch milliseconds within the years 0000 to 9999")

// The first and the last µs that RFC 3339 can write.
const (
	minMicros = -62_167_219_200_000_000
	maxMicros = 253_402_300_799_999_999
)

// ParseTimestamp reads a JSON value as a point in time, in µs since the epoch, UTC; what is finer is cut off (towards the
// past). It reads RFC 3339 strings with or without a fraction, and leniently a space for the `T`, a missing zone (UTC),
// and epoch milliseconds as a JSON number or as digits in a string.
//
// exact is false when µs UTC do not say all that the value says, or the value has one of the lenient forms, so that the
// original has to be kept: more than six digits of fraction that are not all zero, an offset other than zero, a leap second.
// The error is ErrTimestamp.
func ParseTimestamp(raw []byte) (micros int64, exact bool, err error) {
	ok := false
	switch {
	case span.IsNumber(raw):
		micros, exact, ok = parseMillis(raw)
	case len(raw) > 0 && raw[0] == '"':
		var scratch []byte
		if text, isText := span.Text(raw, &scratch); isText {
			micros, exact, ok = parseText(text)
		}
	}
	if !ok || micros < minMicros || micros > maxMicros {
		return 0, false, ErrTimestamp
	}
	return micros, exact, nil
}

func parseMillis(number []byte) (micros int64, exact, ok bool) {
	micros, rest, ok := span.Scaled(number, 3)
	return micros, rest == span.Exact, ok
}

func parseText(text []byte) (micros int64, exact, ok bool) {
	if len(text) < len("2026-04-17T10:11:12") || text[4] != '-' {
		if span.IsPlainDecimal(text) {
			micros, _, ok = parseMillis(text)
		}
		return micros, false, ok
	}
	seconds, exact, ok := parseSeconds(text[:19])
	if !ok {
		return 0, false, false
	}
	fraction, finer, text, ok := parseFraction(text[19:])
	if !ok {
		return 0, false, false
	}
	offset, usual, ok := parseZone(text)
	return (seconds-offset)*1e6 + fraction, exact && !finer && usual, ok
}

// parseSeconds reads 19 bytes like 2026-04-17T10:11:12 as seconds since the epoch.
func parseSeconds(t []byte) (seconds int64, exact, ok bool) {
	if t[4] != '-' || t[7] != '-' || t[13] != ':' || t[16] != ':' || t[10] != 'T' && t[10] != 't' && t[10] != ' ' {
		return 0, false, false
	}
	century, ok1 := twoDigits(t, 0)
	year, ok2 := twoDigits(t, 2)
	month, ok3 := twoDigits(t, 5)
	day, ok4 := twoDigits(t, 8)
	hour, ok5 := twoDigits(t, 11)
	minute, ok6 := twoDigits(t, 14)
	second, ok7 := twoDigits(t, 17)
	year += century * 100
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && ok7) || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 60 {
		return 0, false, false
	}
	if day > 28 && day > daysIn(year, month) {
		return 0, false, false
	}
	seconds = days(year, month, day)*86_400 + int64(hour*3600+minute*60+second)
	return seconds, t[10] == 'T' && second < 60, true
}

// days counts from the epoch to a day of the Gregorian calendar. Years begin in March here, so that a leap day is the last
// of its year; 400 of them have 146,097 days, and its months before one of them 153 in five.
func days(year, month, day int) int64 {
	if month <= 2 {
		year, month = year-1, month+12
	}
	if year < 0 { // the only one: the January and February of year 0
		return days(year+400, month, day) - 146_097
	}
	return int64(year*365 + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 719_469)
}

func daysIn(year, month int) int {
	// Day 0 of a month is the last day of the month before.
	return time.Date(year, time.Month(month+1), 0, 0, 0, 0, 0, time.UTC).Day()
}

// parseFraction reads `.` and digits, if there are any, as µs; finer says that digits that are not zero were cut off.
func parseFraction(t []byte) (micros int64, finer bool, rest []byte, ok bool) {
	if len(t) == 0 || t[0] != '.' {
		return 0, false, t, true
	}
	i := 1
	for ; i < len(t) && '0' <= t[i] && t[i] <= '9'; i++ {
		if i <= 6 {
			micros = micros*10 + int64(t[i]-'0')
		} else if t[i] != '0' {
			finer = true
		}
	}
	for digits := i - 1; digits < 6; digits++ {
		micros *= 10
	}
	return micros, finer, t[i:], i > 1
}

// parseZone reads `Z`, an offset or nothing as seconds east of UTC; usual says that it was Z or an offset of zero.
func parseZone(t []byte) (offset int64, usual, ok bool) {
	switch {
	case len(t) == 0:
		return 0, false, true
	case len(t) == 1 && (t[0] == 'Z' || t[0] == 'z'):
		return 0, t[0] == 'Z', true
	case len(t) != 6 || t[0] != '+' && t[0] != '-' || t[3] != ':':
		return 0, false, false
	}
	hours, ok1 := twoDigits(t, 1)
	minutes, ok2 := twoDigits(t, 4)
	if !ok1 || !ok2 || hours > 23 || minutes > 59 {
		return 0, false, false
	}
	offset = int64(hours*3600 + minutes*60)
	if t[0] == '-' {
		offset = -offset
	}
	return offset, offset == 0, true
}

func twoDigits(t []byte, i int) (int, bool) {
	a, b := t[i]-'0', t[i+1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

package logsim

import (
	"strconv"
	"time"
)

// appendTimestamp writes a record's timestamp as JSON: with milliseconds and Z, or as fine as it is; whole seconds often without fraction.
func (a *attributes) appendTimestamp(dst []byte) []byte {
	if a.odd&OddTimestamp != 0 {
		return a.appendOddTimestamp(dst)
	}
	dst = append(dst, '"')
	dst = appendSeconds(dst, a.micros, 'T')
	fraction := micros(a.micros)
	switch {
	case fraction == 0 && a.h>>24&3 != 0:
	case fraction%1000 == 0:
		dst = appendPadded(append(dst, '.'), fraction/1000, 3)
	default:
		dst = appendPadded(append(dst, '.'), fraction, 6)
	}
	return append(dst, 'Z', '"')
}

// appendOddTimestamp writes forms that are readable and rare. All of them say the same µs.
func (a *attributes) appendOddTimestamp(dst []byte) []byte {
	fraction := micros(a.micros)
	variant := a.choose(11, 6)
	if variant == 5 && fraction%1000 == 0 {
		return strconv.AppendInt(dst, a.micros/1000, 10)
	}
	dst = append(dst, '"')
	switch variant {
	case 0:
		dst = appendPadded(append(appendSeconds(dst, a.micros, 'T'), '.'), fraction, 6)
		dst = append(dst, "+00:00"...)
	case 1:
		dst = appendPadded(append(appendSeconds(dst, a.micros+19_800_000_000, 'T'), '.'), fraction, 6)
		dst = append(dst, "+05:30"...)
	case 2: // nanoseconds, which a reader in µs cuts off
		dst = appendPadded(append(appendSeconds(dst, a.micros, 'T'), '.'), fraction*1000+int64(a.choose(12, 1000)), 9)
		dst = append(dst, 'Z')
	case 3:
		dst = appendPadded(append(appendSeconds(dst, a.micros, ' '), '.'), fraction, 6)
		dst = append(dst, 'Z')
	default:
		dst = appendPadded(append(appendSeconds(dst, a.micros-3_600_000_000*8, 'T'), '.'), fraction*10, 7)
		dst = append(dst, "-08:00"...)
	}
	return append(dst, '"')
}

// micros is the part of a second, also before 1970.
func micros(t int64) int64 { return ((t % 1_000_000) + 1_000_000) % 1_000_000 }

func appendSeconds(dst []byte, t int64, separator byte) []byte {
	at := time.UnixMicro(t).UTC()
	year, month, day := at.Date()
	hour, minute, second := at.Clock()
	dst = appendPadded(dst, int64(year), 4)
	dst = appendPadded(append(dst, '-'), int64(month), 2)
	dst = appendPadded(append(dst, '-'), int64(day), 2)
	dst = appendPadded(append(dst, separator), int64(hour), 2)
	dst = appendPadded(append(dst, ':'), int64(minute), 2)
	return appendPadded(append(dst, ':'), int64(second), 2)
}

func appendPadded(dst []byte, n int64, width int) []byte {
	var digits [20]byte
	for i := width - 1; i >= 0; i-- {
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	return append(dst, digits[:width]...)
}

package span

import "math"

// Rest says what Scaled cut off: how the part below the last unit compares with half a unit.
type Rest uint8

// The rests.
const (
	Exact Rest = iota
	BelowHalf
	Half
	AboveHalf
)

func (r Rest) mirrored() Rest {
	switch r {
	case BelowHalf:
		return AboveHalf
	case AboveHalf:
		return BelowHalf
	}
	return r
}

// IsNumber says whether a JSON value is a number.
func IsNumber(value []byte) bool {
	return len(value) > 0 && (value[0] == '-' || isDigit(value[0]))
}

// IsPlainDecimal says whether text is digits with at most one point between them and at most one minus before them: no
// exponent, no plus, no space.
func IsPlainDecimal(text []byte) bool {
	if len(text) > 0 && text[0] == '-' {
		text = text[1:]
	}
	digits, point := 0, false
	for _, c := range text {
		switch {
		case isDigit(c):
			digits++
		case c == '.' && !point && digits > 0:
			point, digits = true, 0
		default:
			return false
		}
	}
	return digits > 0
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// Scaled returns floor(number · 10^scale) and what was cut off, computed in decimal: no float64 comes near it. It is
// false when the result does not fit an int64. number is a JSON number or a plain decimal; its exponent may be of any size.
func Scaled(number []byte, scale int) (floor int64, rest Rest, ok bool) {
	magnitude, rest, negative, ok := scaled(number, scale)
	if negative && rest != Exact {
		magnitude, rest = magnitude+1, rest.mirrored()
	}
	floor, fits := signed(magnitude, negative)
	return floor, rest, ok && fits
}

// Rounded returns number · 10^scale rounded half to even, like Scaled.
func Rounded(number []byte, scale int) (n int64, ok bool) {
	magnitude, rest, negative, ok := scaled(number, scale)
	if rest == AboveHalf || rest == Half && magnitude&1 != 0 {
		magnitude++
	}
	n, fits := signed(magnitude, negative)
	return n, ok && fits
}

// scaled is Scaled on the number without its sign.
func scaled(number []byte, scale int) (magnitude uint64, rest Rest, negative, ok bool) {
	negative = len(number) > 0 && number[0] == '-'
	if negative {
		number = number[1:]
	}
	mantissa, exponent := splitExponent(number)
	digits, power := significant(mantissa)
	if digits == 0 {
		return 0, Exact, negative, true
	}
	// whole counts the digits before the point of number · 10^scale.
	whole := power + exponent + int64(scale)
	if whole > 19 {
		return 0, Exact, negative, false
	}
	magnitude, rest = cut(mantissa, whole)
	return magnitude, rest, negative, true
}

func signed(magnitude uint64, negative bool) (n int64, fits bool) {
	if negative {
		return int64(-magnitude), magnitude <= 1<<63
	}
	return int64(magnitude), magnitude <= math.MaxInt64
}

// splitExponent returns what stands before the exponent, and the exponent: clamped, since no text in memory has enough
// digits to bring a larger one back into range.
func splitExponent(number []byte) (mantissa []byte, exponent int64) {
	const clamp = 1 << 40
	for i, c := range number {
		if c != 'e' && c != 'E' {
			continue
		}
		negative := false
		for _, d := range number[i+1:] {
			switch {
			case d == '-':
				negative = true
			case isDigit(d) && exponent < clamp:
				exponent = exponent*10 + int64(d-'0')
			}
		}
		if negative {
			exponent = -exponent
		}
		return number[:i], exponent
	}
	return number, 0
}

// significant counts the digits from the first that is not zero on; 0.<those digits> · 10^power is the number's value.
func significant(mantissa []byte) (digits int, power int64) {
	point := false
	for _, c := range mantissa {
		switch {
		case c == '.':
			point = true
		case c == '0' && digits == 0:
			if point {
				power--
			}
		default:
			digits++
			if !point {
				power++
			}
		}
	}
	return digits, power
}

// cut returns the first `whole` significant digits, filled up with zeros, as a number of at most 19 digits, and how the
// digits behind compare with a half.
func cut(mantissa []byte, whole int64) (magnitude uint64, rest Rest) {
	if whole < 0 {
		return 0, BelowHalf
	}
	seen, started := int64(0), false
	for _, c := range mantissa {
		if c == '.' || c == '0' && !started {
			continue
		}
		started = true
		switch seen++; {
		case seen <= whole:
			magnitude = magnitude*10 + uint64(c-'0')
		case seen == whole+1:
			rest = compareHalf(c)
		case c != '0' && rest == Exact:
			rest = BelowHalf
		case c != '0' && rest == Half:
			rest = AboveHalf
		}
	}
	for ; seen < whole; seen++ {
		magnitude *= 10
	}
	return magnitude, rest
}

func compareHalf(digit byte) Rest {
	switch {
	case digit == '0':
		return Exact
	case digit < '5':
		return BelowHalf
	case digit == '5':
		return Half
	}
	return AboveHalf
}

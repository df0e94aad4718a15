package logsim

// idAlphabet is in ASCII order, so that ids sort like the numbers that they spell.
const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

const (
	idPrefix = "log_"
	idDigits = 13 // five bits each
	idLength = len(idPrefix) + idDigits
	// numberBits are for a record's number; the rest of an id says which project it belongs to.
	numberBits = 40
)

// idNumber is what the id of a project's n-th record spells: a bijection, so that an id leads back to its record.
func idNumber(key stream, project, n int) uint64 {
	return mix(uint64(project)<<numberBits | uint64(n) ^ uint64(key))
}

// idRecord is the inverse of idNumber.
func idRecord(key stream, number uint64) (project, n int) {
	x := unmix(number) ^ uint64(key)
	return int(x >> numberBits), int(x & (1<<numberBits - 1))
}

func appendID(dst []byte, number uint64) []byte {
	dst = append(dst, idPrefix...)
	return appendBase32(dst, number, idDigits)
}

// appendBase32 writes the lowest digits of a number, the most significant first.
func appendBase32(dst []byte, number uint64, digits int) []byte {
	for shift := 5 * (digits - 1); shift >= 0; shift -= 5 {
		dst = append(dst, idAlphabet[number>>shift&31])
	}
	return dst
}

func parseID(id string) (number uint64, ok bool) {
	if len(id) != idLength || id[:len(idPrefix)] != idPrefix {
		return 0, false
	}
	for _, c := range []byte(id[len(idPrefix):]) {
		d := digitOf[c]
		if d < 0 || number>>59 != 0 {
			return 0, false
		}
		number = number<<5 | uint64(d)
	}
	return number, true
}

var digitOf = func() (table [256]int8) {
	for i := range table {
		table[i] = -1
	}
	for d, c := range []byte(idAlphabet) {
		table[c] = int8(d)
	}
	return table
}()

package logsim

import "math/bits"

// stream is a family of random numbers of one seed and one purpose: at(n) is always the same for the same n.
type stream uint64

// newStream derives the stream that one purpose (salt) has under a seed.
func newStream(seed, salt uint64) stream { return stream(mix(seed + mix(salt*0x9e3779b97f4a7c15+1))) }

func (s stream) at(n int) uint64 { return mix(uint64(s) + uint64(n)*0xd1342543de82ef95) }

// chance says whether the n-th event, which has the given probability, happens.
func (s stream) chance(n int, probability float64) bool {
	return probability > 0 && unit(s.at(n)) < probability
}

// mix is the finalizer of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators): a bijection.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// unmix is the inverse of mix: multiplication by the modular inverses, in the opposite order.
func unmix(x uint64) uint64 {
	x = (x ^ x>>31 ^ x>>62) * 0x319642b2d24d8ec3
	x = (x ^ x>>27 ^ x>>54) * 0x96de1b173f119089
	return x ^ x>>30 ^ x>>60
}

// unit maps a random number to [0, 1).
func unit(h uint64) float64 { return float64(h>>11) / (1 << 53) }

// below maps a random number to [0, n) without division.
func below(h uint64, n int) int {
	hi, _ := bits.Mul64(h, uint64(n))
	return int(hi)
}

// digest is FNV-1a over 64 bits, for keys that must be the same in every run.
type digest uint64

const emptyDigest digest = 0xcbf29ce484222325

func (d digest) text(s string) digest {
	for i := range len(s) {
		d = (d ^ digest(s[i])) * 0x100000001b3
	}
	return (d ^ 0xff) * 0x100000001b3 // 0xff is in no UTF-8 text: it ends the field
}

func (d digest) number(n int64) digest { return digest(mix(uint64(d) ^ mix(uint64(n)))) }

// permute is a bijection of [0, n): a Feistel network over the next power of four, walked until it falls below n.
func permute(key stream, r, n int) int {
	half := (bits.Len(uint(n-1)) + 1) / 2
	mask := uint64(1)<<half - 1
	x := uint64(r)
	for {
		left, right := x>>half, x&mask
		for round := range uint64(4) {
			left, right = right, left^(mix(uint64(key)+right<<3+round)&mask)
		}
		x = left<<half | right
		if x < uint64(n) {
			return int(x)
		}
	}
}

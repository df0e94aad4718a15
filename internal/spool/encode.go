package spool

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"logferry/internal/record"
)

// errCorrupt is returned for bytes that appendRecord did not write.
var errCorrupt = errors.New("spooled record is damaged")

// outcomes maps the one byte that is stored to the record's outcome. The order is the preference: of two copies of one
// record, the one with the higher byte is kept.
var outcomes = [...]record.Outcome{record.Skipped, record.Failed, record.Denied, record.Missing, record.Fetched}

func rank(o record.Outcome) byte {
	for i, known := range outcomes {
		if known == o {
			return byte(i)
		}
	}
	return 0
}

// appendRecord appends the stored form of r: timestamp (8 bytes, little endian, two's complement), rank of the outcome
// (1 byte), then id, status, entry and detail, each behind its length as a varint; the detail's length is one more
// than its bytes, so that 0 says "no detail".
func appendRecord(dst []byte, r *record.Record) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Micros))
	dst = append(dst, rank(r.Outcome))
	dst = binary.AppendUvarint(dst, uint64(len(r.ID)))
	dst = append(dst, r.ID...)
	dst = binary.AppendUvarint(dst, uint64(len(r.Status)))
	dst = append(dst, r.Status...)
	dst = binary.AppendUvarint(dst, uint64(len(r.Raw)))
	dst = append(dst, r.Raw...)
	if r.Detail == nil {
		return append(dst, 0)
	}
	dst = binary.AppendUvarint(dst, uint64(len(r.Detail))+1)
	return append(dst, r.Detail...)
}

// storedSize is how many bytes appendRecord adds for r.
func storedSize(r *record.Record) int {
	size := 9 + fieldSize(len(r.ID), 0) + fieldSize(len(r.Status), 0) + fieldSize(len(r.Raw), 0)
	if r.Detail == nil {
		return size + 1
	}
	return size + fieldSize(len(r.Detail), 1)
}

// fieldSize is how many bytes a field of n bytes takes behind its length, which is stored with bias added.
func fieldSize(n, bias int) int { return (bits.Len(uint(n+bias)|1)+6)/7 + n }

// stored is one record in its stored form.
type stored []byte

func (s stored) micros() int64 { return int64(binary.LittleEndian.Uint64(s)) }
func (s stored) rank() byte    { return s[8] }

// id returns the record's id, without copying it.
func (s stored) id() []byte {
	n, w := binary.Uvarint(s[9:])
	return s[9+w : 9+w+int(n)]
}

// decode fills r, whose byte slices then alias s.
func (s stored) decode(r *record.Record) error {
	if len(s) < 10 || int(s[8]) >= len(outcomes) {
		return errCorrupt
	}
	r.Micros = s.micros()
	r.Outcome = outcomes[s.rank()]
	rest := []byte(s[9:])
	var field []byte
	var err error
	if field, rest, err = cutField(rest, 0); err != nil {
		return err
	}
	r.ID = string(field)
	if field, rest, err = cutField(rest, 0); err != nil {
		return err
	}
	r.Status = internStatus(field)
	if r.Raw, rest, err = cutField(rest, 0); err != nil {
		return err
	}
	r.Detail = nil
	if len(rest) == 1 && rest[0] == 0 {
		return nil
	}
	if r.Detail, rest, err = cutField(rest, 1); err != nil {
		return err
	}
	if len(rest) != 0 {
		return errCorrupt
	}
	return nil
}

// cutField takes one length-prefixed field off the front of b. The stored length is the field's plus bias.
func cutField(b []byte, bias uint64) (field, rest []byte, err error) {
	n, w := binary.Uvarint(b)
	if w <= 0 || n < bias || n-bias > uint64(len(b)-w) {
		return nil, nil, errCorrupt
	}
	end := w + int(n-bias)
	return b[w:end:end], b[end:], nil
}

func internStatus(b []byte) string {
	switch string(b) {
	case "success":
		return "success"
	case "failed":
		return "failed"
	}
	return string(b)
}

package logsim

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"
)

// cursor is what `next_cursor` says, sealed so that a cursor that was not handed out is recognised.
type cursor struct {
	query    digest // of the project, filters and time range that it continues
	position int64  // Keyset: records of the walk that are behind it. Offset: rows that are behind it
	previous int64  // the position of the last row before it, or -1
	issued   int64  // µs since the epoch
	nonce    uint64 // tells cursors to the same position apart
}

var (
	errCursorInvalid = errors.New("cursor is not one that this endpoint returned")
	errCursorExpired = errors.New("cursor has expired: start again without a cursor")
	errCursorQuery   = errors.New("cursor belongs to another time_range or other filters: keep both on every page")
)

const cursorBytes = 6 * 8

func (c cursor) encode(key stream) string {
	var raw [cursorBytes]byte
	fields := [...]uint64{uint64(c.query), uint64(c.position), uint64(c.previous), uint64(c.issued), c.nonce}
	seal := uint64(key)
	for i, f := range fields {
		binary.LittleEndian.PutUint64(raw[i*8:], f)
		seal = mix(seal ^ f)
	}
	binary.LittleEndian.PutUint64(raw[cursorBytes-8:], seal)
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

func decodeCursor(key stream, text string) (cursor, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != cursorBytes {
		return cursor{}, errCursorInvalid
	}
	var fields [cursorBytes / 8]uint64
	seal := uint64(key)
	for i := range fields {
		fields[i] = binary.LittleEndian.Uint64(raw[i*8:])
		if i < len(fields)-1 {
			seal = mix(seal ^ fields[i])
		}
	}
	if seal != fields[len(fields)-1] {
		return cursor{}, errCursorInvalid
	}
	return cursor{query: digest(fields[0]), position: int64(fields[1]), previous: int64(fields[2]), issued: int64(fields[3]), nonce: fields[4]}, nil
}

// check says whether the cursor may continue a query now.
func (c cursor) check(query digest, now time.Time, o *Options) error {
	if c.query != query && !o.CursorAnyQuery {
		return errCursorQuery
	}
	if o.CursorLifetime > 0 && now.UnixMicro() > c.issued+o.CursorLifetime.Microseconds() {
		return errCursorExpired
	}
	return nil
}

package spool

import (
	"bytes"
	"cmp"
	"container/heap"
	"errors"
	"io"
)

// source yields stored records in key order. What current returns is valid until next.
type source interface {
	next() error // io.EOF after the last
	currentKey() stored
	current() (stored, error)
}

func (r *runReader) currentKey() stored       { return r.key }
func (r *runReader) current() (stored, error) { return r.record() }

// bufferReader is the source over a sorted buffer.
type bufferReader struct {
	buf *buffer
	i   int // one past the current record
}

func (r *bufferReader) next() error {
	if r.i == len(r.buf.refs) {
		return io.EOF
	}
	r.i++
	return nil
}

func (r *bufferReader) currentKey() stored       { return r.buf.at(r.buf.refs[r.i-1]) }
func (r *bufferReader) current() (stored, error) { return r.currentKey(), nil }

// merger is a heap of sources by their current key; of equal keys the better outcome comes first.
type merger []source

func (m merger) Len() int           { return len(m) }
func (m merger) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *merger) Push(x any)        { *m = append(*m, x.(source)) }
func (m *merger) Pop() any          { old := *m; x := old[len(old)-1]; *m = old[:len(old)-1]; return x }
func (m merger) Less(i, j int) bool { return compare(m[i].currentKey(), m[j].currentKey()) < 0 }

// compare orders by timestamp, id, and then the better outcome first.
func compare(x, y stored) int {
	if c := cmp.Compare(x.micros(), y.micros()); c != 0 {
		return c
	}
	if c := bytes.Compare(x.id(), y.id()); c != 0 {
		return c
	}
	return cmp.Compare(y.rank(), x.rank())
}

// merge calls emit with each record of the sources in key order, one of each key: the one with the best outcome.
func merge(sources []source, emit func(stored) error) error {
	m := make(merger, 0, len(sources))
	for _, s := range sources {
		switch err := s.next(); {
		case err == nil:
			m = append(m, s)
		case !errors.Is(err, io.EOF):
			return err
		}
	}
	heap.Init(&m)
	var micros int64
	var id []byte
	for first := true; len(m) > 0; first = false {
		key := m[0].currentKey()
		if first || key.micros() != micros || !bytes.Equal(key.id(), id) {
			micros, id = key.micros(), append(id[:0], key.id()...)
			s, err := m[0].current()
			if err != nil {
				return err
			}
			if err := emit(s); err != nil {
				return err
			}
		}
		switch err := m[0].next(); {
		case err == nil:
			heap.Fix(&m, 0)
		case errors.Is(err, io.EOF):
			heap.Pop(&m)
		default:
			return err
		}
	}
	return nil
}

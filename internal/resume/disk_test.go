package resume

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"logferry/internal/spool"
)

// disk is a JournalStore in memory, which tests cut and damage as kills and bad disks do.
type disk struct {
	limit int64 // bytes of a segment

	mu    sync.Mutex
	files map[int][]byte
}

func newDisk(limit int64) *disk { return &disk{limit: limit, files: map[int][]byte{}} }

func (d *disk) Segments(context.Context) ([]int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.files)), nil
}

func (d *disk) Open(_ context.Context, n int) (io.ReadCloser, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	data, ok := d.files[n]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (d *disk) Create(_ context.Context, n int) (spool.Segment, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.files[n]; ok {
		return nil, fs.ErrExist
	}
	d.files[n] = nil
	return &diskFile{disk: d, n: n}, nil
}

func (d *disk) Remove(_ context.Context, n int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.files, n)
	return nil
}

func (d *disk) Limits() (int64, time.Duration) { return d.limit, 0 }

type diskFile struct {
	disk *disk
	n    int
}

func (f *diskFile) Write(b []byte) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.disk.files[f.n] = append(f.disk.files[f.n], b...)
	return len(b), nil
}

func (f *diskFile) Sync() error  { return nil }
func (f *diskFile) Close() error { return nil }

// freeze returns the disk as a kill at this instant leaves it.
func (d *disk) freeze() *disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := newDisk(d.limit)
	for n, data := range d.files {
		out.files[n] = bytes.Clone(data)
	}
	return out
}

// size is the sum of all bytes.
func (d *disk) size() int {
	total := 0
	for _, data := range d.files {
		total += len(data)
	}
	return total
}

// cut lets only the first so many bytes be, in the order of the segments.
func (d *disk) cut(at int) {
	for _, n := range slices.Sorted(maps.Keys(d.files)) {
		if at == 0 {
			delete(d.files, n)
			continue
		}
		length := min(at, len(d.files[n]))
		d.files[n] = d.files[n][:length]
		at -= length
	}
}

// flip changes one bit of the byte at an offset, counted like cut's.
func (d *disk) flip(at int, bit uint) {
	for _, n := range slices.Sorted(maps.Keys(d.files)) {
		if at < len(d.files[n]) {
			d.files[n][at] ^= 1 << bit
			return
		}
		at -= len(d.files[n])
	}
}

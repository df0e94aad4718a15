package spool

import (
	"context"
	"time"
)

// run is the journal's goroutine: it takes the buffer when that is full or old, and flushes the segment now and then.
func (j *Journal) run() {
	defer close(j.done)
	var old, unsynced <-chan time.Time
	for {
		due := false
		select {
		case <-j.wake:
		case <-old:
			due = true
		case <-unsynced:
			unsynced = nil
			j.fail(j.out.settle())
			continue
		}
		buffered, closed := j.state()
		switch {
		case buffered >= blockSize || due || closed:
			old = nil
			j.writeBuffer()
		case buffered > 0 && old == nil:
			old = time.After(blockAge)
		}
		if closed {
			j.fail(j.out.close())
			return
		}
		if unsynced == nil && j.out.dirty {
			unsynced = time.After(j.out.age())
		}
	}
}

func (j *Journal) state() (buffered int, closed bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.buffer), j.closed
}

// writeBuffer makes a block of the buffer.
func (j *Journal) writeBuffer() {
	j.mu.Lock()
	frames, err := j.buffer, j.err
	j.buffer, j.spare = j.spare[:0], nil
	j.taken.Broadcast()
	j.mu.Unlock()
	var n int64
	if err == nil && len(frames) > 0 {
		n, err = j.out.write(frames)
		j.fail(err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stored += n
	if cap(frames) <= 2*maxBuffered {
		j.spare = frames
	}
}

// fail makes an error the journal's last.
func (j *Journal) fail(err error) {
	if err == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil {
		j.err = journalError("write", err)
	}
	j.buffer = nil
	j.taken.Broadcast()
}

// journalOutput writes blocks into segments. It belongs to one goroutine.
type journalOutput struct {
	ctx   context.Context
	store JournalStore
	head  segmentHead // of the segment that is open, or the next one
	hook  func(point string)

	segment Segment // nil until there is something to write
	size    int64   // of the segment, in bytes
	sum     uint32  // of its last block
	dirty   bool    // something is not flushed
	block   []byte
}

// write stores one block and returns how many bytes that took.
func (o *journalOutput) write(frames []byte) (n int64, err error) {
	o.block = o.block[:0]
	if o.segment == nil {
		if o.segment, err = o.store.Create(o.ctx, o.head.Number); err != nil {
			return 0, err
		}
		o.size = 0
		if o.block, o.sum, err = appendHead(o.block, o.head); err != nil {
			return 0, err
		}
	}
	o.block, o.sum = appendBlock(o.block, frames, o.sum)
	o.hook("spool.write.before")
	_, err = o.segment.Write(o.block)
	o.hook("spool.write.after")
	if err != nil {
		return 0, err
	}
	n = int64(len(o.block))
	o.size += n
	o.dirty = true
	if cap(o.block) > 2*maxBuffered {
		o.block = nil
	}
	if bytes, _ := o.store.Limits(); bytes > 0 && o.size >= bytes {
		err = o.close()
	}
	return n, err
}

// age is how long what was written may wait for settle.
func (o *journalOutput) age() time.Duration {
	if _, age := o.store.Limits(); age > 0 {
		return age
	}
	return syncAge
}

// settle makes sure that what was written outlives the machine.
func (o *journalOutput) settle() error {
	if o.segment == nil || !o.dirty {
		return nil
	}
	if _, age := o.store.Limits(); age > 0 {
		return o.close()
	}
	o.hook("spool.sync.before")
	err := o.segment.Sync()
	o.hook("spool.sync.after")
	o.dirty = false
	return err
}

// close ends the segment. The next one continues it.
func (o *journalOutput) close() error {
	if o.segment == nil {
		return nil
	}
	o.hook("spool.sync.before")
	err := o.segment.Close()
	o.hook("spool.sync.after")
	o.segment, o.dirty = nil, false
	o.head = o.head.next(o.head.Number+1, part{number: o.head.Number, size: o.size, sum: o.sum})
	return err
}

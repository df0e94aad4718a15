package extract

import (
	"sync"
	"time"

	"logferry/internal/record"
)

// Bounds of a batch of records with details. Small enough that a crash costs little, large enough that receiving costs little.
const (
	batchRecords = 128
	batchBytes   = 256 << 10
	batchAge     = time.Second
)

// batch is what is handed to the receiver in one call, and the memory to be released after it.
type batch struct {
	records []record.Record
	held    []held
	bytes   int64
	since   time.Time // when the first record came
}

// held is a part of a reservation that a record occupies.
type held struct {
	of    *reservation
	bytes int64
}

func (b *batch) release() {
	for _, h := range b.held {
		h.of.releasePart(h.bytes)
	}
}

// collector gathers the records of one walk into batches and counts what is outstanding.
type collector struct {
	mu          sync.Mutex
	idle        sync.Cond // outstanding is 0
	pending     batch
	outstanding int // jobs not settled and deliveries not ended
}

// begin counts n more outstanding things.
func (c *collector) begin(n int) {
	c.mu.Lock()
	c.outstanding += n
	c.mu.Unlock()
}

func (c *collector) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outstanding--
	if c.outstanding == 0 {
		c.idle.Broadcast()
	}
}

// wait returns once nothing is outstanding.
func (c *collector) wait() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.outstanding > 0 {
		c.idle.Wait()
	}
}

// add takes a record. Where a batch is due it returns that batch, to be delivered by the caller.
func (c *collector) add(r record.Record, parts ...held) (due batch, ok bool) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	p := &c.pending
	if len(p.records) == 0 {
		p.since = now
		p.records = make([]record.Record, 0, 16)
	}
	p.records = append(p.records, r)
	p.held = append(p.held, parts...)
	p.bytes += int64(r.Size())
	if len(p.records) < batchRecords && p.bytes < batchBytes && now.Sub(p.since) < batchAge {
		return batch{}, false
	}
	due, c.pending = c.pending, batch{}
	return due, true
}

// take returns what is pending, counted as outstanding until end is called.
func (c *collector) take() (batch, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pending.records) == 0 {
		return batch{}, false
	}
	due := c.pending
	c.pending = batch{}
	c.outstanding++
	return due, true
}

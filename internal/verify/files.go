package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"logferry/internal/state"
	"logferry/sinks"
)

// checker verifies one partition.
type checker struct {
	*verifier
	entry    *state.Entry
	manifest *state.Manifest
	whole    []string // names of the sinks that have the partition as it was committed
	found    []pending
}

// find takes a finding in. What puts it right depends on the sinks that are yet to be looked at.
func (c *checker) find(kind Kind, by repair, sink, key, format string, args ...any) {
	c.found = append(c.found, pending{Finding{Kind: kind, Partition: c.entry.Name(), Sink: sink, Key: key, Problem: fmt.Sprintf(format, args...)}, by})
}

// sink verifies the partition's files in one sink.
func (c *checker) sink(ctx context.Context, s *sinks.Sink) error {
	var files []state.File
	rows := int64(0)
	for _, f := range c.manifest.Files {
		if f.Sink == s.Name() {
			files = append(files, f)
			rows += f.Rows
		}
	}
	before := len(c.found)
	if rows != c.manifest.Rows {
		c.find(Content, apply, s.Name(), "", "the files have %d rows by the manifest, the partition has %d", rows, c.manifest.Rows)
	}
	t := newTally(c.manifest)
	whole := true
	for i := range files {
		ok, err := c.file(ctx, s, &files[i], t)
		if err != nil {
			return err
		}
		whole = whole && ok
	}
	if c.Deep && whole && len(files) > 0 {
		if problem := t.compare(); problem != "" {
			c.find(Content, removal, s.Name(), "", "%s", problem)
		}
	}
	if len(c.found) == before {
		c.whole = append(c.whole, s.Name())
	}
	return nil
}

// file verifies one file: by its size and hash, and with Deep by its rows.
func (c *checker) file(ctx context.Context, s *sinks.Sink, f *state.File, t *tally) (ok bool, err error) {
	copyTo := io.Discard
	path := ""
	if c.Deep {
		temp, err := os.CreateTemp(c.Dir, "verify-*")
		if err != nil {
			return false, err
		}
		path, copyTo = temp.Name(), temp
		defer func() {
			_ = temp.Close()
			_ = os.Remove(path)
		}()
	}
	sum, size, err := s.HashObject(ctx, f.Key, copyTo)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.find(Missing, apply, s.Name(), f.Key, "is not there")
		return false, nil
	case err != nil:
		return false, err
	case size != f.Size:
		c.find(Altered, apply, s.Name(), f.Key, "has %d bytes, and %d were committed", size, f.Size)
		return false, nil
	case sum != f.SHA256:
		c.find(Altered, removal, s.Name(), f.Key, "has the SHA-256 %s, and %s was committed", sum, f.SHA256)
		return false, nil
	}
	c.count(func(r *Report) {
		r.Files++
		r.Bytes += size
	})
	if !c.Deep {
		return true, nil
	}
	return c.rows(ctx, s, f, path, t)
}

// undeclared reports files in sinks that are not declared any more.
func (c *checker) undeclared() {
	for _, f := range c.manifest.Files {
		if !slices.ContainsFunc(c.Sinks, func(s *sinks.Sink) bool { return s.Name() == f.Sink }) {
			c.verifier.find(Finding{
				Kind: Undeclared, Partition: c.entry.Name(), Sink: f.Sink, Key: f.Key, Problem: "its sink is not declared or given: it was not looked at",
				Advice: "declare the sink again, or give it as --archive " + f.Sink + "=URL",
			})
		}
	}
}

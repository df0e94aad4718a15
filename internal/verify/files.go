package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"logferry/internal/plan"
	"logferry/internal/state"
	"logferry/sinks"
)

// checker verifies one partition.
type checker struct {
	*verifier
	entry    *state.Entry
	manifest *state.Manifest
}

func (c *checker) find(kind Kind, sink, key, format string, args ...any) {
	c.verifier.find(Finding{
		Kind: kind, Partition: c.entry.Name(), Sink: sink, Key: key, Problem: fmt.Sprintf(format, args...), Advice: replaceAdvice(c.entry.Name()),
	})
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
	if rows != c.manifest.Rows {
		c.find(Content, s.Name(), "", "the files have %d rows by the manifest, the partition has %d", rows, c.manifest.Rows)
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
			c.find(Content, s.Name(), "", "%s", problem)
		}
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
		c.find(Missing, s.Name(), f.Key, "is not there")
		return false, nil
	case err != nil:
		return false, err
	case size != f.Size:
		c.find(Altered, s.Name(), f.Key, "has %d bytes, and %d were committed", size, f.Size)
		return false, nil
	case sum != f.SHA256:
		c.find(Altered, s.Name(), f.Key, "has the SHA-256 %s, and %s was committed", sum, f.SHA256)
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
				Kind: Undeclared, Partition: c.entry.Name(), Sink: f.Sink, Key: f.Key, Problem: "its sink is not declared any more: it was not looked at",
				Advice: "declare the sink again to verify its files",
			})
		}
	}
}

// quarantine verifies the object with what is known of the quarantined records.
func (c *checker) quarantine(ctx context.Context) error {
	q := c.manifest.QuarantineObject
	if q == nil {
		return nil
	}
	at := slices.IndexFunc(c.Sinks, func(s *sinks.Sink) bool { return s.Name() == q.Sink })
	if at < 0 {
		c.verifier.find(Finding{
			Kind: Undeclared, Partition: c.entry.Name(), Sink: q.Sink, Key: q.Key, Problem: "its sink is not declared any more: it was not looked at",
			Advice: "declare the sink again to verify it",
		})
		return nil
	}
	s := c.Sinks[at]
	sum, _, err := s.HashObject(ctx, q.Key, io.Discard)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.find(Missing, s.Name(), q.Key, "is not there")
	case err != nil:
		return err
	case sum != q.SHA256:
		c.find(Altered, s.Name(), q.Key, "has the SHA-256 %s, and %s was committed", sum, q.SHA256)
	}
	return nil
}

// strays finds what lies in the buckets and is named by nothing.
func (v *verifier) strays(ctx context.Context, st *state.State) error {
	named := map[string]bool{} // under whatever sink: it may have been given another name
	for _, e := range st.All() {
		for _, f := range e.Files {
			named[f.Key] = true
		}
	}
	for _, s := range v.Sinks {
		for o, err := range s.List(ctx, sinks.Table+"/") {
			if err != nil {
				return err
			}
			if !named[o.Key] {
				advice := "remove it by hand: it is no data file of this pipeline"
				if _, ok := plan.PartitionOf(o.Key); ok {
					advice = "logferry apply removes or replaces it where its partition is declared or in the state; otherwise remove it by hand"
				}
				v.find(Finding{Kind: Stray, Sink: s.Name(), Key: o.Key, Problem: "no state names it, and a glob reads it", Advice: advice})
			}
		}
	}
	for o, err := range v.Store.Objects(ctx, &v.names) {
		if err != nil {
			return err
		}
		switch o.Kind {
		case state.CommitObject:
			if !o.Named {
				v.find(Finding{Kind: BrokenState, Key: o.Key, Problem: "it is no commit of this chain", Advice: "find out who put it there; the chain that the head names is whole"})
			}
		case state.CheckpointObject, state.ManifestObject, state.PendingObject, state.ProbeObject:
			if !o.Named {
				v.report.Leftovers++
			}
		}
	}
	return nil
}

package apply

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"logferry/extract"
	"logferry/internal/plan"
	"logferry/internal/resume"
	"logferry/internal/spool"
	"logferry/internal/window"
	"logferry/sinks/bucket"
)

// journalHeader says what a journal is about: what was fetched is only used again where all of it is the same.
type journalHeader struct {
	Format    int              `json:"format"`
	Pipeline  string           `json:"pipeline"`
	Project   string           `json:"project,omitempty"`
	Partition string           `json:"partition"`
	Phase     string           `json:"phase"` // what of the step was fetched
	From      int64            `json:"from"`  // of what was listed, µs
	Details   extract.Details  `json:"details"`
	Filters   []extract.Filter `json:"filters"`
	BaseURL   string           `json:"base_url"`
	Base      string           `json:"base,omitempty"` // SHA-256 of the manifest that the step goes on from
	Redact    string           `json:"redact"`         // the rules that what was journalled went through, and which keys they had
}

// openJournal opens the journal of one walk of the step, or begins one.
func (s *step) openJournal(ctx context.Context, phase string, st extract.Step) (*resume.Run, error) {
	r := s.run
	shape := r.pipeline.Shape()
	header, err := json.Marshal(journalHeader{
		Format: 1, Pipeline: r.pipeline.Name, Project: s.plan.Project, Partition: s.plan.Partition, Phase: phase,
		From: st.Interval.From.UnixMicro(), Details: st.Details, Filters: st.Filters, BaseURL: r.pipeline.Source.BaseURL, Base: s.entry.Manifest,
		Redact: shape["transform.redact"] + shape["transform.redact_secrets"],
	})
	if err != nil {
		return nil, err
	}
	store, err := r.journals(s.plan.Name(), phase)
	if err != nil {
		return nil, err
	}
	open := func() (*resume.Run, error) {
		return resume.Open(ctx, store, header, st.Details, r.opts.Now, spool.JournalOptions{
			Hook: r.opts.Hook,
			Full: func() {
				r.opts.Logger.Warn("the spool is full: a crash from now on costs the requests again", "partition", s.plan.Name())
			},
		})
	}
	run, err := open()
	if err == nil && reachesBeyond(run.Resume(), st.Interval) { // the clock went back
		if err = run.Remove(ctx); err == nil {
			run, err = open()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open the spool: %w", err)
	}
	if run.Damaged() {
		r.opts.Logger.Warn("a part of the spool is damaged: it is fetched again", "partition", s.plan.Name())
	}
	return run, nil
}

// reachesBeyond says that an earlier walk was of a longer interval, which can't be gone on with.
func reachesBeyond(r *extract.Resume, interval window.Interval) bool {
	if r == nil {
		return false
	}
	for _, m := range r.Marks {
		if time.UnixMicro(m.To).After(interval.To) {
			return true
		}
	}
	return false
}

// journals is where the journal of a step's phase lies: in the folder or the bucket that extract.spool names.
func (s *Session) journals(name, phase string) (spool.JournalStore, error) {
	flat := strings.ReplaceAll(name, "/", ",") + "," + phase
	if s.spoolBucket != nil {
		return spool.ObjectJournal(objects{s.spoolBucket}, s.pipeline.Name+"-"+s.place.id()+"/"+flat+"/"), nil
	}
	dir, err := s.spoolFolder()
	if err != nil {
		return nil, err
	}
	return spool.LocalJournal(filepath.Join(dir, flat)), nil
}

// openSpool opens the bucket that extract.spool names, if it does.
func (s *Session) openSpool(ctx context.Context) error {
	url := s.pipeline.Extract.Spool
	if !strings.Contains(url, "://") {
		return nil
	}
	b, err := bucket.Open(ctx, url)
	if err != nil {
		return fmt.Errorf("open the spool: %w", err)
	}
	s.spoolBucket = b
	s.cleanup = append(s.cleanup, func() error { return bucket.Close(b) })
	return nil
}

// sweepSpool removes the journals that are left once a plan was carried out: nobody will go on with them. Failing is
// harmless: the next run tries again.
func (s *Session) sweepSpool(ctx context.Context, pl *plan.Plan) {
	if pl.Targeted {
		return
	}
	if s.spoolBucket != nil {
		var keys []string
		for o, err := range s.spoolBucket.List(ctx, s.pipeline.Name+"-"+s.place.id()+"/") {
			if err != nil {
				return
			}
			keys = append(keys, o.Key)
		}
		for _, key := range keys {
			_ = s.spoolBucket.Delete(ctx, key)
		}
		return
	}
	dir, err := s.spoolFolder()
	if err != nil {
		return
	}
	found, _ := os.ReadDir(dir)
	for _, f := range found {
		if f.IsDir() {
			_ = os.RemoveAll(filepath.Join(dir, f.Name()))
		}
	}
}

// objects makes a bucket keep a journal.
type objects struct{ bucket bucket.Bucket }

// Put implements spool.JournalObjects.
func (o objects) Put(ctx context.Context, key string, data []byte) error {
	return o.bucket.Upload(ctx, key, bytes.NewReader(data), int64(len(data)), "application/octet-stream")
}

// Get implements spool.JournalObjects.
func (o objects) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	return o.bucket.Open(ctx, key)
}

// List implements spool.JournalObjects.
func (o objects) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for object, err := range o.bucket.List(ctx, prefix) {
			if !yield(object.Key, err) {
				return
			}
		}
	}
}

// Delete implements spool.JournalObjects.
func (o objects) Delete(ctx context.Context, key string) error { return o.bucket.Delete(ctx, key) }

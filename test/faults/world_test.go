package faults

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/apply"
	"logferry/internal/plan"
	"logferry/internal/record"
	"logferry/internal/verify"
	"logferry/internal/window"
	"logferry/sinks/bucket"
	"logferry/test/crash/lake"
	"logferry/transform"
)

// world is what one play of a stage writes to.
type world struct {
	*stage
	dir    string
	gaveUp bool // details were given up in one of its runs
}

// world makes an empty one.
func (st *stage) world(dir string) *world { return &world{stage: st, dir: dir} }

// copied is a world with what the run before left.
func (st *stage) copied(t *testing.T, dir string) *world {
	t.Helper()
	if st.base != "" {
		require.NoError(t, os.CopyFS(dir, os.DirFS(st.base)))
	}
	return st.world(dir)
}

func (w *world) sinkDir(name string) string { return filepath.Join(w.dir, "sinks", name) }

// options are those of a run of a night.
func (w *world) options(night int, at time.Time, in *injector) apply.Options {
	return apply.Options{
		Now: at, Version: "faults",
		WrapBucket: func(sink string, _ bucket.Bucket) bucket.Bucket {
			b, err := bucket.Open(context.Background(), "file://"+filepath.ToSlash(w.sinkDir(sink)))
			if err != nil {
				panic(err) // a path is no reason for one
			}
			return &faulty{Bucket: b, in: in}
		},
		WrapTransport: func(next http.RoundTripper) http.RoundTripper {
			return &transport{next: next, in: in, tag: strconv.Itoa(night)}
		},
	}
}

// run applies a shape in a night.
func (w *world) run(ctx context.Context, night int, s shape, in *injector) (*apply.Summary, error) {
	wait := patient
	if in.endless() {
		wait = impatient
	}
	p, err := w.pipeline(s, w.dir, wait)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	in.end = cancel
	sum, err := run(ctx, p, w.options(night, nights[night], in), s.delete)
	w.gaveUp = w.gaveUp || sum != nil && sum.Details[record.Failed] > 0
	return sum, err
}

// rows compares what the sinks hold with what they have to. Where details were given up once, the rows of those that the API
// does not have may go on saying so: no later run makes such a row anew.
func (w *world) rows() (lake.Difference, error) {
	var sum lake.Difference
	f, err := transform.New(transform.Options{Raw: w.shape.raw})
	if err != nil {
		return sum, err
	}
	for _, sink := range sinkNames {
		got, err := lake.Rows(context.Background(), w.sinkDir(sink.name), w.dir, f.Schema())
		if err != nil {
			return sum, err
		}
		for i, line := range got {
			if answered, ok := w.failed[line]; ok && w.gaveUp {
				got[i] = answered
			}
		}
		d := lake.Compare(w.wanted[sink.name], got)
		sum.Lost, sum.Surplus, sum.Double = sum.Lost+d.Lost, sum.Surplus+d.Surplus, sum.Double+d.Double
		if sum.First == "" && d.First != "" {
			sum.First = sink.name + ": " + d.First
		}
	}
	return sum, nil
}

// check is what verification and a plan say once things have settled.
type check struct {
	report *verify.Report
	plan   *plan.Plan
	aside  map[string]bool // quarantine objects that manifests name
}

// look verifies, and makes a plan.
func (w *world) look() (c check, err error) {
	p, err := w.pipeline(w.shape, w.dir, patient)
	if err != nil {
		return c, err
	}
	ctx := context.Background()
	s, err := apply.Open(ctx, p, w.options(w.night, nights[w.night], newInjector(0)))
	if err != nil {
		return c, err
	}
	defer s.Close()
	if c.report, err = s.Verify(ctx, apply.VerifyOptions{Deep: true}); err != nil {
		return c, fmt.Errorf("verify: %w", err)
	}
	if c.plan, err = s.Plan(ctx, apply.PlanOptions{AllowDelete: w.shape.delete}); err != nil {
		return c, fmt.Errorf("plan: %w", err)
	}
	c.aside = map[string]bool{}
	for _, e := range s.State().All() {
		m, _, err := s.Manifest(ctx, e.Project, e.Partition)
		if err != nil {
			return c, err
		}
		if m.QuarantineObject != nil {
			c.aside[m.QuarantineObject.Key] = true
		}
	}
	return c, nil
}

// torn is what a state names and is not there as it says, after a run that something ended. Two things are no fault, and in
// docs/GUARANTEES.md: a file that was replaced under its key, of which a note tells, and files of partitions that are about to leave.
func (w *world) torn() (out []string, err error) {
	p, err := w.pipeline(w.shape, w.dir, patient)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	s, err := apply.Open(ctx, p, w.options(w.night, nights[w.night], newInjector(0)))
	if err != nil {
		return nil, err
	}
	defer s.Close()
	report, err := s.Verify(ctx, apply.VerifyOptions{})
	var none *apply.NoStateError
	if errors.As(err, &none) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, f := range report.Findings {
		noted := filepath.Join(w.sinkDir(sinkNames[0].name), "_logferry", "faults", "pending", filepath.FromSlash(f.Partition)+".json")
		_, missing := os.Stat(noted)
		switch {
		case f.Kind == verify.Stray, f.Kind == verify.Altered && missing == nil, f.Kind == verify.Missing && w.leaving(f.Partition):
		default:
			out = append(out, fmt.Sprintf("%s %s: %s", f.Kind, f.Key, f.Problem))
		}
	}
	return out, nil
}

// leaving says that a partition is one that the run removes.
func (w *world) leaving(name string) bool {
	partition, err := window.ParsePartition(name)
	return err == nil && w.before != nil &&
		(w.before.partition != w.shape.partition && partition.Granularity == w.before.partition ||
			w.shape.delete && !partition.Start.Before(from.AddDate(0, 0, w.shape.days)))
}

// todo is what the plan would change but for listing partitions again, and trying again what could not be had once.
func (c *check) todo() string {
	var out []string
	for _, s := range c.plan.Steps {
		if s.Action != plan.Refresh && s.Action != plan.Retry {
			out = append(out, fmt.Sprintf("%s %s: %v", s.Action, s.Name(), s.Reasons))
		}
	}
	for _, o := range c.plan.Strays {
		out = append(out, "stray "+o.Key)
	}
	return strings.Join(out, "; ")
}

// orphans are objects that nothing names. Those among data files and state objects are verify's, which finds or counts them.
func (w *world) orphans(c *check) (orphans []string, err error) {
	released := 0
	for _, sink := range sinkNames {
		root := w.sinkDir(sink.name)
		err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			key := strings.TrimPrefix(filepath.ToSlash(strings.TrimPrefix(name, root)), "/")
			switch what(key) {
			case "data", "commit", "manifest", "checkpoint", "probe", "owner", "last-run":
				return nil
			case "quarantine":
				if c.aside[key] {
					return nil
				}
			case "lock":
				if strings.HasSuffix(key, ".released.json") && released == 0 {
					released++ // the newest lock's end stays, so that its number is not given again
					return nil
				}
			}
			orphans = append(orphans, sink.name+" "+key)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return orphans, nil
}

package apply

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"logferry/internal/merkle"
	"logferry/internal/plan"
	"logferry/internal/state"
	"logferry/internal/table"
	"logferry/internal/verify"
	"logferry/sinks"
	"logferry/sinks/bucket"
)

// ProveOptions say which record is to be proven, and where it may be.
type ProveOptions struct {
	LogID   string
	Targets []plan.Target // the partitions to look for it in; none for all
	At      time.Time     // only in those that cover this moment; zero for all
}

// NotInLakeError says that no partition that was looked at has a record.
type NotInLakeError struct {
	LogID      string
	Partitions int // that were looked at
}

func (e *NotInLakeError) Error() string {
	return fmt.Sprintf("none of %d partitions has a row of %q", e.Partitions, e.LogID)
}

// Hint is what the user can do about it.
func (e *NotInLakeError) Hint() string {
	return "check the id, --partition and --at; `logferry verify --census` compares the lake with what the API lists"
}

// Prove makes a proof that a record is in the lake. It needs no API, takes no lock and writes nothing to a bucket.
func (s *Session) Prove(ctx context.Context, o ProveOptions) (*verify.Proof, error) {
	st, err := s.Load(ctx)
	if err != nil {
		return nil, err
	}
	if st.Serial == 0 {
		return nil, s.NoState()
	}
	return (&prover{s.store, s.place.bucket, s.place.prefix, s.sinks}).prove(ctx, st, o)
}

// ProveArchive is Session.Prove with nothing but the buckets of an export, or a copy of them.
func ProveArchive(ctx context.Context, a Archive, o ProveOptions) (*verify.Proof, error) {
	v, err := openArchive(ctx, a, "prove")
	if err != nil {
		return nil, err
	}
	defer v.close()
	if v.broken != nil {
		return nil, v.broken
	}
	return (&prover{v.store, v.bucket, v.prefix, v.sinks}).prove(ctx, v.state, o)
}

// prover makes proofs of what a state says of sinks.
type prover struct {
	store  *state.Store
	bucket bucket.Bucket // of the state
	prefix string        // of the state in it
	sinks  []*sinks.Sink
}

// errFound ends the reading of rows.
var errFound = errors.New("found")

func (p *prover) prove(ctx context.Context, st *state.State, o ProveOptions) (*verify.Proof, error) {
	entries, err := plan.Select(st, o.Targets)
	if err != nil {
		return nil, err
	}
	looked := 0
	for i := range entries {
		e := &entries[i]
		if e.Rows == 0 || !o.At.IsZero() && (o.At.Before(e.From) || !o.At.Before(e.To)) {
			continue
		}
		looked++
		m, err := p.store.Manifest(ctx, e)
		if err != nil {
			return nil, err
		}
		index, err := p.find(ctx, m, o.LogID)
		if err != nil {
			return nil, fmt.Errorf("look for the record in %s: %w", e.Name(), err)
		}
		if index >= 0 {
			return p.proof(ctx, e, m, o.LogID, index)
		}
	}
	return nil, &NotInLakeError{o.LogID, looked}
}

// rows reads a partition from the first sink that has it whole, and goes on with the next one where a file is damaged: begin is called
// before each attempt.
func (p *prover) rows(ctx context.Context, m *state.Manifest, schema *table.Schema, begin func(), row func(table.Row) error) error {
	err := error(&noSourceError{state.EntryKey{Project: m.Project, Partition: m.Partition}.String()})
	for _, sink := range p.sinks {
		var files []sinks.Stored
		if files, err = storedInOr(m, sink.Name(), err); len(files) == 0 {
			continue
		}
		begin()
		err = nil
		for values, readErr := range sink.Read(ctx, schema, files) {
			if err = readErr; err == nil {
				err = row(values)
			}
			if err != nil {
				break
			}
		}
		var damaged *sinks.DamagedError
		if !errors.As(err, &damaged) {
			return err
		}
	}
	return err
}

// storedInOr is storedIn; where the sink has no files it passes an earlier error on.
func storedInOr(m *state.Manifest, sink string, earlier error) ([]sinks.Stored, error) {
	files, err := storedIn(m, sink)
	if err == nil && len(files) == 0 {
		err = earlier
	}
	return files, err
}

// find returns the index of a record's row in a partition, -1 where there is none.
func (p *prover) find(ctx context.Context, m *state.Manifest, id string) (int64, error) {
	ids := &table.Schema{Columns: []table.Column{{Name: "log_id", Kind: table.String}}}
	index, want := int64(-1), []byte(id)
	err := p.rows(ctx, m, ids, func() { index = -1 }, func(row table.Row) error {
		index++
		if bytes.Equal(row[0].Bytes, want) {
			return errFound
		}
		return nil
	})
	switch {
	case errors.Is(err, errFound):
		return index, nil
	case err != nil:
		return 0, err
	}
	return -1, nil
}

// proof proves a row by its index.
func (p *prover) proof(ctx context.Context, e *state.Entry, m *state.Manifest, id string, index int64) (*verify.Proof, error) {
	if m.Root == "" {
		return nil, fmt.Errorf("%s was committed before there were Merkle roots: nothing proves single rows of it", e.Name())
	}
	schema, err := verify.SchemaOf(m)
	if err != nil {
		return nil, err
	}
	var tree *merkle.Tree
	var form, row bytes.Buffer
	canonical := table.NewCanonical(schema)
	err = p.rows(ctx, m, schema, func() { tree = &merkle.Tree{}; tree.Track(index) }, func(values table.Row) error {
		form.Reset()
		if err := canonical.Write(&form, values); err != nil {
			return err
		}
		if tree.Size() == index {
			row = *bytes.NewBuffer(bytes.Clone(form.Bytes()))
		}
		tree.Add(merkle.HashLeaf(form.Bytes()))
		return nil
	})
	if err != nil {
		return nil, err
	}
	root, leaf := tree.Root(), merkle.HashLeaf(row.Bytes())
	way, there := tree.Proof()
	if hex.EncodeToString(root[:]) != m.Root || !there {
		return nil, fmt.Errorf("the rows of %s are not those that were committed: `logferry verify --deep` says more", e.Name())
	}
	out := &verify.Proof{
		Type: "proof", Format: verify.ProofFormat, Pipeline: m.Pipeline, LogID: id, Partition: e.Name(), Version: e.Version,
		Row: row.Bytes(), Leaf: hex.EncodeToString(leaf[:]), Index: way.Index, Size: way.Size, Path: []string{}, Root: m.Root,
	}
	for _, h := range way.Path {
		out.Path = append(out.Path, hex.EncodeToString(h[:]))
	}
	return out, p.chain(ctx, e, out)
}

// chain adds the manifest, and the commits from the one that it came with to the head.
func (p *prover) chain(ctx context.Context, e *state.Entry, to *verify.Proof) error {
	content, err := p.read(ctx, p.prefix+state.ManifestKey(e.Project, e.Partition, e.Version, e.Manifest))
	if err != nil {
		return err
	}
	to.Manifest = verify.Seal(content)
	var serials []int64
	for c, err := range p.store.History(ctx) {
		if err != nil {
			return err
		}
		if len(serials) == 0 {
			to.Head = verify.Anchor{Serial: c.Serial, Hash: c.Hash}.String()
		}
		serials = append(serials, c.Serial)
		sets, otherwise := verify.Sets(c, e)
		if otherwise {
			return fmt.Errorf("%s was written anew meanwhile, by commit %d: run it again", e.Name(), c.Serial)
		}
		if sets {
			break
		}
	}
	slices.Reverse(serials)
	to.Commits = make([]verify.Sealed, len(serials))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(holdsAtOnce)
	for i, serial := range serials {
		group.Go(func() error {
			content, err := p.read(ctx, p.store.CommitKey(serial))
			to.Commits[i] = verify.Seal(content)
			return err
		})
	}
	return group.Wait()
}

func (p *prover) read(ctx context.Context, key string) (content []byte, err error) {
	r, err := p.bucket.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	content, err = io.ReadAll(r)
	return content, errors.Join(err, r.Close())
}

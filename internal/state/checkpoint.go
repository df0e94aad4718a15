package state

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// CheckpointRef names a checkpoint object.
type CheckpointRef struct {
	Span
	Key    string `json:"key"`    // below the prefix
	SHA256 string `json:"sha256"` // hex, of the object's bytes as stored
	Size   int64  `json:"size"`   // bytes as stored
}

// checkpoint is the content of a checkpoint object: the last change of each partition that the commits of its span
// changed. Where the span begins with the first commit, removals are left out, and shapes that no entry names.
type checkpoint struct {
	Pipeline string `json:"pipeline"`
	Lineage  string `json:"lineage"`
	Span
	Shapes  []ShapeChange     `json:"shapes,omitempty"`
	Changes []PartitionChange `json:"changes"`
}

func (c *checkpoint) format() int {
	if anyErased(c.Changes) {
		return 2
	}
	return firstFormat
}

func (*checkpoint) newestFormat() int { return 2 }

// maxPlain bounds what a checkpoint may hold uncompressed, so that a wrong object can't use up all memory.
const maxPlain = 4 << 30

// newCheckpoint collects what the span holds as of the commit that follows the state's newest one. What it costs depends
// on the size of the checkpoint only, not on that of the state.
func newCheckpoint(st *State, next *Commit, s Span) *checkpoint {
	c := &checkpoint{Pipeline: st.Pipeline, Lineage: next.Lineage, Span: s}
	for _, part := range st.checkpoints {
		if part.Level <= s.Level {
			c.Changes = newest(c.Changes, part.Changes)
			c.Shapes = append(c.Shapes, part.Shapes...)
		}
	}
	c.Changes = newest(newest(c.Changes, st.recent), next.Changes)
	c.Shapes = slices.Concat(c.Shapes, st.recentShapes, next.Shapes)
	if s.From == 0 {
		c.forget()
	}
	slices.SortFunc(c.Changes, func(a, b PartitionChange) int {
		ka, kb := a.Key(), b.Key()
		return cmp.Or(cmp.Compare(ka.Partition, kb.Partition), cmp.Compare(ka.Project, kb.Project))
	})
	return c
}

// forget leaves out removals, and shapes that no entry names.
func (c *checkpoint) forget() {
	used := map[string]bool{}
	c.Changes = slices.DeleteFunc(c.Changes, func(p PartitionChange) bool {
		if p.Set != nil {
			used[p.Set.Shape] = true
		}
		return p.Set == nil
	})
	c.Shapes = slices.DeleteFunc(c.Shapes, func(s ShapeChange) bool { return !used[s.Name] })
}

// pack returns the object to store for a checkpoint and what names it.
func (c *checkpoint) pack() ([]byte, CheckpointRef, error) {
	text, err := encode(c)
	if err != nil {
		return nil, CheckpointRef{}, err
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, CheckpointRef{}, fmt.Errorf("compress checkpoint: %w", err)
	}
	content := encoder.EncodeAll(text, nil)
	sha := hexSum(content)
	return content, CheckpointRef{
		Span: c.Span, SHA256: sha, Size: int64(len(content)),
		Key: c.key(sha),
	}, nil
}

// key is where the checkpoint lies below the prefix; sha is the SHA-256, hex, of its object.
func (c *checkpoint) key(sha string) string {
	return fmt.Sprintf("%s%d-%012d-%s.json.zst", checkpointsFolder, c.Level, c.Through, sha[:shortHash])
}

// readCheckpoint reads and checks the checkpoint that the commit names.
func (s *Store) readCheckpoint(ctx context.Context, ref CheckpointRef, by *Commit) (*checkpoint, error) {
	content, err := s.named(ctx, ref.Key, ref.SHA256, fmt.Sprintf("commit %d", by.Serial))
	if err != nil {
		return nil, err
	}
	return s.unpack(content, ref, by.Lineage)
}

func (s *Store) unpack(content []byte, ref CheckpointRef, lineage string) (*checkpoint, error) {
	key := s.prefix + ref.Key
	c, err := decodeCheckpoint(key, content)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Pipeline != s.pipeline:
		return nil, unusable(key, OtherPipeline, "it belongs to the pipeline %q, not to %q", c.Pipeline, s.pipeline)
	case c.Lineage != lineage:
		return nil, unusable(key, OtherLineage, "it has the lineage %s, and the commit that names it %s", c.Lineage, lineage)
	case c.Span != ref.Span:
		return nil, unusable(key, Malformed, "it holds the commits %d to %d, not %d to %d", c.From+1, c.Through, ref.From+1, ref.Through)
	}
	if problem := checkChanges(c.Changes, c.Shapes, c.From, c.Through); problem != "" {
		return nil, unusable(key, Malformed, "%s", problem)
	}
	return c, nil
}

// decodeCheckpoint reads the object under key, without looking at what it holds.
func decodeCheckpoint(key string, content []byte) (*checkpoint, error) {
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxPlain), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("decompress checkpoint: %w", err)
	}
	defer decoder.Close()
	text, err := decoder.DecodeAll(content, nil)
	if err != nil {
		return nil, unusable(key, Malformed, "it can't be decompressed: %v", err)
	}
	return decode[checkpoint](key, text)
}

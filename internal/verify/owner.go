package verify

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"

	"logferry/internal/state"
	"logferry/sinks"
)

// ownerKey is where a sink says whose table it holds; see docs/FORMAT.md.
const ownerKey = "_logferry/owner.json"

// owners checks that each sink that has files says that it belongs to this state, in the very bytes that were written.
func (v *verifier) owners(ctx context.Context, st *state.State) error {
	want, err := json.Marshal(struct {
		Format   int    `json:"format"`
		Pipeline string `json:"pipeline"`
		Lineage  string `json:"lineage"`
	}{1, st.Pipeline, st.Lineage})
	if err != nil {
		return err
	}
	entries := st.All()
	for _, s := range v.Sinks {
		has := slices.ContainsFunc(entries, func(e state.Entry) bool {
			return slices.ContainsFunc(e.Files, func(f state.FileRef) bool { return f.Sink == s.Name() })
		})
		if err := v.owner(ctx, s, string(want), has); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) owner(ctx context.Context, s *sinks.Sink, want string, needed bool) error {
	found, err := s.ReadObject(ctx, ownerKey)
	f := Finding{Sink: s.Name(), Key: ownerKey}
	switch {
	case errors.Is(err, fs.ErrNotExist) && !needed:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		f.Kind, f.Problem = Missing, "is not there, and the sink has files of this state"
		f.Advice = "restore it from a copy; the next apply that writes to the sink makes it anew"
	case err != nil:
		return err
	case string(found) == want:
		return nil
	default:
		f.Kind, f.Problem = Altered, "does not say that the sink belongs to this pipeline and lineage: expected "+want
		f.Advice = "restore it from a copy; where the sink belongs to another pipeline, give this one a place of its own"
	}
	v.find(f)
	return nil
}

package apply

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"logferry/internal/state"
	"logferry/sinks"
)

// ownerKey is where a sink says whose table it holds: two pipelines in one place would remove each other's files.
const ownerKey = stateFolder + "owner.json"

// owner is the pipeline that a sink belongs to.
type owner struct {
	Format   int    `json:"format"`
	Pipeline string `json:"pipeline"`
	Lineage  string `json:"lineage"` // of its state
}

// OwnerError says that a sink holds the export of another pipeline, or of another state of this one.
type OwnerError struct {
	Sink                 string
	Pipeline, Lineage    string // whose it is
	Ours                 string // lineage of our state
	OfAnotherPipeline    bool
	pipelineThatWantedIt string
}

func (e *OwnerError) Error() string {
	if e.OfAnotherPipeline {
		return fmt.Sprintf("sink %q holds the export of the pipeline %q, and this is %q", e.Sink, e.Pipeline, e.pipelineThatWantedIt)
	}
	if e.Ours == "" {
		return fmt.Sprintf("sink %q belongs to a state of the lineage %s, and no state was found", e.Sink, e.Lineage)
	}
	return fmt.Sprintf("sink %q belongs to a state of the lineage %s, and the state that was found has the lineage %s", e.Sink, e.Lineage, e.Ours)
}

// Hint is what the user can do about it.
func (e *OwnerError) Hint() string {
	if e.OfAnotherPipeline {
		return "give each pipeline a path of its own; to hand this one over, remove " + ownerKey + " below the sink's URL"
	}
	return "check name and state.url; where the state was lost, restore it from a copy. To begin anew without it, remove " + ownerKey +
		" below the sink's URL: everything is fetched again, files are replaced by what the API still lists, and what was erased comes back"
}

// checkOwners refuses sinks that belong to somebody else, or to a state that is not the one that was found.
func (s *Session) checkOwners(ctx context.Context) error {
	for _, sink := range s.sinks {
		o, err := readOwner(ctx, sink)
		if err != nil {
			return err
		}
		switch {
		case o == nil:
		case o.Pipeline != s.pipeline.Name:
			return &OwnerError{Sink: sink.Name(), Pipeline: o.Pipeline, Lineage: o.Lineage, OfAnotherPipeline: true, pipelineThatWantedIt: s.pipeline.Name}
		case o.Lineage != s.state.Lineage:
			return &OwnerError{Sink: sink.Name(), Pipeline: o.Pipeline, Lineage: o.Lineage, Ours: s.state.Lineage}
		}
	}
	return nil
}

// readOwner returns nil where a sink belongs to nobody yet.
func readOwner(ctx context.Context, sink *sinks.Sink) (*owner, error) {
	b, err := sink.ReadObject(ctx, ownerKey)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var o owner
	err = json.Unmarshal(b, &o)
	if err == nil && (o.Pipeline == "" || o.Lineage == "") {
		err = errors.New("it names no pipeline or no lineage")
	}
	if err != nil {
		return nil, fmt.Errorf("sink %q: %s is damaged: remove it, or put it back from a copy: %w", sink.Name(), ownerKey, err)
	}
	return &o, nil
}

// claim makes sure that the sinks belong to this state, before the first of them is written to.
func (r *run) claim(ctx context.Context) error {
	r.committing.Lock()
	defer r.committing.Unlock()
	if r.claimed {
		return nil
	}
	if r.state.Serial == 0 { // so that whoever finds the sinks claimed finds the state too
		if err := r.store.Commit(ctx, r.state, state.Change{Operation: "init", Config: r.plan.Config}); err != nil {
			return fmt.Errorf("begin the state: %w", err)
		}
	}
	body, err := json.Marshal(owner{Format: 1, Pipeline: r.pipeline.Name, Lineage: r.state.Lineage})
	if err != nil {
		return err
	}
	for _, sink := range r.sinks {
		if err := claimSink(ctx, sink, body); err != nil {
			return fmt.Errorf("claim the sink %q: %w", sink.Name(), err)
		}
	}
	if err := r.checkOwners(ctx); err != nil {
		return err
	}
	r.claimed = true
	return nil
}

// claimSink writes the owner into a sink that has none. A store that can't create objects only if absent is good enough for
// data: where two runs claim such a sink at the same moment, the later one is its owner, and the other is refused.
func claimSink(ctx context.Context, sink *sinks.Sink, body []byte) error {
	err := sink.Bucket().Create(ctx, ownerKey, bytes.NewReader(body), int64(len(body)), "application/json")
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	if o, readErr := readOwner(ctx, sink); o != nil || readErr != nil {
		return readErr
	}
	return sink.WriteObject(ctx, ownerKey, body, "application/json")
}

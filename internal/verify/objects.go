package verify

import (
	"context"
	"crypto/ed25519"
	"errors"

	"logferry/internal/state"
	"logferry/sinks"
)

// everything looks at what belongs to no partition of now: what lies in the buckets and is named by nothing, what was replaced,
// the sinks' owners, and signatures.
func (v *verifier) everything(ctx context.Context, st *state.State) error {
	if err := v.owners(ctx, st); err != nil {
		return err
	}
	if err := v.strayFiles(ctx, st); err != nil {
		return err
	}
	if !v.whole {
		return nil // what the history names is not known
	}
	if err := v.Store.CheckNamed(ctx, &v.names, st.All(), v.broken); err != nil {
		return err
	}
	if err := v.strayQuarantine(ctx, st, v.quarantined); err != nil {
		return err
	}
	return v.strayObjects(ctx)
}

// broken reports a state object that is not what it should be.
func (v *verifier) broken(err *state.UnusableError) {
	v.find(Finding{Kind: BrokenState, Key: err.Key, Problem: err.Problem, Advice: err.Hint()})
}

// strayFiles finds data files that are named by nothing.
func (v *verifier) strayFiles(ctx context.Context, st *state.State) error {
	named := map[string]bool{} // under whatever sink: it may have been given another name
	for _, e := range st.All() {
		for _, f := range e.Files {
			named[f.Key] = true
		}
	}
	var found []*stray
	for _, s := range v.Sinks {
		for o, err := range s.List(ctx, sinks.Table+"/") {
			if err != nil {
				return err
			}
			if !named[o.Key] {
				found = append(found, &stray{sink: s, key: o.Key, size: o.Size})
			}
		}
	}
	return v.strays(ctx, found)
}

// strayObjects looks at the state's objects that the history does not name, and at the signatures, without their keys.
func (v *verifier) strayObjects(ctx context.Context) error {
	for o, err := range v.Store.Objects(ctx, &v.names) {
		if err != nil {
			return err
		}
		switch o.Kind {
		case state.SignatureObject:
			err = v.signatureObject(ctx, o)
		case state.CommitObject:
			if !o.Named {
				v.find(Finding{Kind: BrokenState, Key: o.Key, Problem: "it is no commit of this chain", Advice: "find out who put it there; the chain that the head names is whole"})
			}
		case state.CheckpointObject, state.ManifestObject:
			if !o.Named {
				err = v.leftover(ctx, o)
			}
		case state.PendingObject, state.ProbeObject:
			v.report.Leftovers++
		}
		if err != nil {
			return err
		}
	}
	if len(v.Keys) == 0 { // otherwise they were looked for already
		for key, serial := range v.signed {
			v.lostSignature(key, serial)
		}
	}
	return nil
}

// leftover counts what a killed run left, which is never read, and reports what can't be that.
func (v *verifier) leftover(ctx context.Context, o state.Found) error {
	err := v.Store.CheckLeftover(ctx, o)
	var broken *state.UnusableError
	switch {
	case errors.As(err, &broken):
		v.broken(broken)
		return nil
	case err == nil:
		v.report.Leftovers++
	}
	return err
}

// signatureObject looks at what can be told of a signature without a key.
func (v *verifier) signatureObject(ctx context.Context, o state.Found) error {
	f := Finding{Kind: Signature, Key: o.Key, Advice: "restore the state from a copy that has both, and find out who can write to the bucket"}
	use := state.OfACommit
	if _, named := v.signed[o.Key]; !named {
		var err error
		if use, err = v.Store.SignatureUse(ctx, o.Key); err != nil {
			return err
		}
	}
	delete(v.signed, o.Key)
	switch {
	case use == state.OfNoCommit:
		f.Problem = "there is no commit that it could sign: the newest commits were removed, or it was put there"
		v.find(f)
	case o.Size != ed25519.SignatureSize:
		f.Problem = "is no signature: it has another size"
		v.find(f)
	case use == state.LeftOver:
		v.count(func(r *Report) { r.Leftovers++ })
	}
	return nil
}

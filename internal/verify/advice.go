package verify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"logferry/internal/plan"
	"logferry/internal/state"
)

// repair is what puts a finding right, where another sink has the partition's files whole: a plan sees that a file is missing or has
// another size, and has it written anew from there.
type repair int

const (
	none    repair = iota // there is nothing to write it anew from
	apply                 // a plan sees it
	removal               // it does not, as long as the object is there
)

// pending is a finding of a partition whose advice depends on what is found in its other sinks.
type pending struct {
	Finding
	repair repair
}

// advise reports what was found of the partition, with what helps. A next version's manifest without a note of the run that wrote it may
// be all that is left of a commit.
func (c *checker) advise(ctx context.Context) error {
	before := ""
	if len(c.found) > 0 && !c.half[c.entry.Name()] {
		next, err := c.Store.HasManifest(ctx, c.entry.Project, c.entry.Partition, c.entry.Version+1)
		if err != nil {
			return err
		}
		if next {
			before = "a manifest of the partition's next version is there, and no commit that names it: the newest commit may have been taken away. " +
				"Compare the state with what was written down (--against), and restore it first; where nothing is missing of it, "
		}
	}
	for _, p := range c.found {
		p.Advice = before + c.advice(p)
		c.verifier.find(p.Finding)
	}
	return nil
}

func (c *checker) advice(p pending) string {
	if c.half[c.entry.Name()] {
		return "a run that did not end has replaced files of this partition and left a note of it: run logferry apply, or the same erasure, again, which ends what it began, and verify then"
	}
	at := slices.IndexFunc(c.whole, func(sink string) bool { return sink != p.Sink })
	switch {
	case p.repair == none:
		return replaceAdvice(c.entry.Name(), c.entry.From)
	case at < 0:
		return "no other sink that was looked at has the partition whole; " + replaceAdvice(c.entry.Name(), c.entry.From)
	case p.repair == apply:
		return fmt.Sprintf("logferry apply writes it anew from the files of sink %q, without the API", c.whole[at])
	}
	what := "remove the object"
	if p.Key == "" {
		what = "remove the partition's files from the sink"
	}
	return fmt.Sprintf("%s, and logferry apply writes it anew from the files of sink %q: as long as it is there with its size, a plan takes it for whole", what, c.whole[at])
}

// manifestAdvice is for a partition whose manifest can't be read.
func manifestAdvice(e *state.Entry) string {
	if e.Erased > 0 {
		return fmt.Sprintf("restore it from a copy: it tells the %d records that were erased, and without it logferry does not fetch the partition anew, as they would come back", e.Erased)
	}
	return replaceAdvice(e.Name(), e.From)
}

// replaceAdvice is for a partition of which nothing has the rows any more.
func replaceAdvice(name string, from time.Time) string {
	if from.Before(time.Now().Add(-plan.Retention)) {
		return "restore it from a copy: the service has deleted logs that are this old"
	}
	return "restore it from a copy, or logferry apply --replace " + name +
		" fetches the partition anew; where the API does not list all of its records any more, that is refused: --allow-fewer goes on, and they are lost"
}

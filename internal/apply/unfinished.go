package apply

import (
	"context"
	"time"

	"logferry/sinks"
	"logferry/sinks/bucket"
)

// unfinishedAge is how old an upload in parts is that nobody goes on with: each request of one is given up after seconds.
const unfinishedAge = 24 * time.Hour

// unfinishedTimeout bounds the looking for them, while the lock is held.
const unfinishedTimeout = 30 * time.Second

// removeUnfinished removes what killed runs have sent of large objects. Failing is harmless: the right to list them may be missing, a
// rule of the bucket may do it, and the next run tries again.
func (s *Session) removeUnfinished(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, unfinishedTimeout)
	defer cancel()
	for _, sink := range s.sinks {
		s.removeUnfinishedIn(ctx, sink.Bucket(), sinks.Table+"/", stateFolder)
	}
	if s.pipeline.State.URL != "" {
		s.removeUnfinishedIn(ctx, s.place.bucket, s.place.prefix)
	}
	if s.spoolBucket != nil {
		s.removeUnfinishedIn(ctx, s.spoolBucket, s.pipeline.Name+"-"+s.place.id()+"/")
	}
}

// removeUnfinishedIn keeps to what is this pipeline's: others may write to the bucket too.
func (s *Session) removeUnfinishedIn(ctx context.Context, b bucket.Bucket, prefixes ...string) {
	for _, prefix := range prefixes {
		switch removed, err := bucket.RemoveUnfinished(ctx, b, prefix, time.Now().Add(-unfinishedAge)); {
		case err != nil:
			s.opts.Logger.Debug("unfinished uploads were not looked for", "error", err)
		case removed > 0:
			s.opts.Logger.Info("unfinished uploads were removed", "uploads", removed)
		}
	}
}

package apply

import (
	"context"
	"time"

	"logferry/sinks/bucket"
)

// unfinishedAge is how old an upload in parts is that nobody goes on with: each request of one is given up after seconds.
const unfinishedAge = 24 * time.Hour

// removeUnfinished removes what killed runs have sent of large objects. Failing is harmless: the right to list them may be missing, a
// rule of the bucket may do it, and the next run tries again.
func (s *Session) removeUnfinished(ctx context.Context) {
	var buckets []bucket.Bucket
	for _, sink := range s.sinks {
		buckets = append(buckets, sink.Bucket())
	}
	if s.pipeline.State.URL != "" {
		buckets = append(buckets, s.place.bucket)
	}
	if s.spoolBucket != nil {
		buckets = append(buckets, s.spoolBucket)
	}
	for _, b := range buckets {
		switch removed, err := bucket.RemoveUnfinished(ctx, b, time.Now().Add(-unfinishedAge)); {
		case err != nil:
			s.opts.Logger.Debug("unfinished uploads were not looked for", "error", err)
		case removed > 0:
			s.opts.Logger.Info("unfinished uploads were removed", "uploads", removed)
		}
	}
}

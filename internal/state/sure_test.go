package state

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/sinks/bucket"
)

// liar confirms that it has created an object, whatever lie makes of the content: nil is nothing at all.
type liar struct {
	bucket.Bucket
	about string // a part of the key
	lie   func(content []byte) []byte
}

func (l liar) Create(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	if !strings.Contains(key, l.about) {
		return l.Bucket.Create(ctx, key, body, size, contentType)
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if content = l.lie(content); content == nil {
		return nil
	}
	return l.Bucket.Create(ctx, key, bytes.NewReader(content), int64(len(content)), contentType)
}

func TestWhatABucketConfirmsAndDoesNotHoldIsAnError(t *testing.T) {
	for lie, change := range map[string]func(content []byte) []byte{
		"nothing is stored": func([]byte) []byte { return nil },
		"half of it":        func(content []byte) []byte { return content[:len(content)/2] },
		"a bit is another":  func(content []byte) []byte { content[len(content)/2] ^= 1; return content },
	} {
		for about, do := range map[string]func(s *Store, st *State) error{
			commitsFolder:    func(s *Store, st *State) error { return s.Commit(t.Context(), st, testChange(20, 1)) },
			signaturesFolder: func(s *Store, st *State) error { return s.Commit(t.Context(), st, testChange(20, 1)) },
			checkpointsFolder: func(s *Store, st *State) (err error) {
				for i := 0; i < 16 && err == nil; i++ {
					err = s.Commit(t.Context(), st, testChange(20+i, 1))
				}
				return err
			},
			manifestsFolder: func(s *Store, _ *State) error { _, err := s.PutManifest(t.Context(), goldenManifest()); return err },
		} {
			t.Run(about+" "+lie, func(t *testing.T) {
				b := openBucket(t, "mem://")
				st := commitEach(t, signingStore(b, testKey()), testChanges(3)...)
				err := do(signingStore(liar{b, about, change}, testKey()), st)
				var e *NotStoredError
				require.ErrorAs(t, err, &e)
				require.Contains(t, e.Key, about)
				require.NotEmpty(t, e.Hint())
			})
		}
	}
}

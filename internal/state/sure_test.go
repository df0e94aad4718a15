package state

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
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

// flipping answers the nth reading of an object with one bit altered.
type flipping struct {
	bucket.Bucket
	about string // a part of the key
	n     atomic.Int64
	nth   int64
	at    int // the bit
}

func (f *flipping) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	r, err := f.Bucket.Open(ctx, key)
	if err != nil || !strings.Contains(key, f.about) || f.n.Add(1) != f.nth {
		return r, err
	}
	content, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	content[f.at/8%len(content)] ^= 1 << (f.at % 8)
	return io.NopCloser(bytes.NewReader(content)), nil
}

// What is read wrong just once is not what the next commit goes on from.
func TestAHeadThatIsReadWithAnAlteredBitIsNotBelieved(t *testing.T) {
	b := openBucket(t, "mem://")
	commitEach(t, testStore(b), testChanges(3)...)
	for nth := int64(1); nth <= 2; nth++ {
		every := 1
		if testing.Short() {
			every = 13
		}
		for at := 0; at < 8*4096; at += every {
			_, err := testStore(&flipping{Bucket: b, about: commitsFolder, nth: nth, at: at}).Load(t.Context())
			var e *UnusableError
			require.ErrorAs(t, err, &e, "bit %d", at)
		}
	}
	st, err := testStore(b).Load(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 3, st.Serial)
}

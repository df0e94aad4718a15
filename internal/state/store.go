package state

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/google/uuid"

	"logferry/sinks/bucket"
)

// The folders below a state's prefix.
const (
	commitsFolder     = "commits/"
	checkpointsFolder = "checkpoints/"
	manifestsFolder   = "manifests/"
	pendingFolder     = "pending/"
	locksFolder       = "locks/"
	probeFolder       = "probe/"
	signaturesFolder  = "signatures/"
)

const (
	jsonType = "application/json"
	zstdType = "application/zstd"
)

// readers bounds how many objects are read at the same time.
const readers = 16

// Options are what a Store needs to know besides its place. The zero value is good.
type Options struct {
	Now     func() time.Time // stamps what is written; nil for time.Now
	Version string           // of this program
	User    string           // who writes; "" for the user of this process
	Host    string           // where; "" for the name of this machine
	Machine string           // tells this machine from all others; "" for what the system says, see LockInfo
	NewID   func() string    // makes unique names; nil for random UUIDs
	// SigningKey signs every commit; nil for none.
	SigningKey ed25519.PrivateKey
}

// Store is one pipeline's state in a bucket. All methods may be called concurrently, as long as no two share a State.
type Store struct {
	bucket   bucket.Bucket
	prefix   string
	pipeline string
	o        Options
}

// New returns the state of a pipeline below prefix, which is empty or ends in a slash. It makes no request. The bucket
// stays the caller's to close.
func New(b bucket.Bucket, prefix, pipeline string, o Options) *Store {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = uuid.NewString
	}
	if o.User == "" {
		o.User = userName()
	}
	if o.Host == "" {
		o.Host = hostName()
	}
	if o.Machine == "" {
		o.Machine = machineID(o.Host)
	}
	return &Store{bucket: b, prefix: prefix, pipeline: pipeline, o: o}
}

// NewLineage makes the name of a new state, for State.Lineage where manifests are written before the first commit.
func (s *Store) NewLineage() string { return s.o.NewID() }

func (s *Store) now() time.Time { return s.o.Now().UTC().Round(0) }

// read returns the whole object under key, which is below the prefix.
func (s *Store) read(ctx context.Context, key string) (content []byte, err error) {
	r, err := s.bucket.Open(ctx, s.prefix+key)
	if err != nil {
		return nil, err
	}
	content, err = io.ReadAll(r)
	if e := r.Close(); err == nil {
		err = e
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.prefix+key, err)
	}
	return content, nil
}

// named reads an object that another one names: that it is missing makes the state unusable.
func (s *Store) named(ctx context.Context, key, sha, by string) ([]byte, error) {
	content, err := s.read(ctx, key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, unusable(s.prefix+key, Missing, "it is named by %s and not there", by)
	case err != nil:
		return nil, err
	case hexSum(content) != sha:
		return nil, unusable(s.prefix+key, Altered, "its SHA-256 is %s, and %s names %s", hexSum(content), by, sha)
	}
	return content, nil
}

// create writes an object that must not exist. That the very same bytes are there is success: our own request was
// repeated after its answer had been lost. Otherwise found is what is there, and nil where that isn't known.
func (s *Store) create(ctx context.Context, key string, content []byte, contentType string) (found []byte, err error) {
	err = s.bucket.Create(ctx, s.prefix+key, bytes.NewReader(content), int64(len(content)), contentType)
	if err == nil {
		return nil, nil
	}
	found, readErr := s.read(ctx, key)
	if readErr == nil && bytes.Equal(found, content) {
		return nil, nil
	}
	if readErr != nil && errors.Is(err, fs.ErrExist) {
		err = fmt.Errorf("%w, and it can't be read: %w", err, readErr)
	}
	return found, err
}

// createSure is create for what the chain is made of, which is read back once: of an object that a bucket has not stored as it was sent
// nobody would hear before the day on which it is needed. That it can't be read just now says nothing.
func (s *Store) createSure(ctx context.Context, key string, content []byte, contentType string) (found []byte, err error) {
	if found, err = s.create(ctx, key, content, contentType); err != nil {
		return found, err
	}
	there, err := s.read(ctx, key)
	if err == nil && !bytes.Equal(there, content) || errors.Is(err, fs.ErrNotExist) {
		return nil, &NotStoredError{Key: s.prefix + key}
	}
	return nil, nil
}

// createNamed is createSure for an object whose key holds the hash of its content.
func (s *Store) createNamed(ctx context.Context, key string, content []byte, contentType string) error {
	found, err := s.createSure(ctx, key, content, contentType)
	if err != nil && found != nil {
		err := unusable(s.prefix+key, Altered, "its content does not match the hash in its name")
		err.Advice = "delete the object, and run again"
		return err
	}
	return err
}

func (s *Store) upload(ctx context.Context, key string, content []byte) error {
	return s.bucket.Upload(ctx, s.prefix+key, bytes.NewReader(content), int64(len(content)), jsonType)
}

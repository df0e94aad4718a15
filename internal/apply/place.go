package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"logferry/internal/signing"
	"logferry/internal/state"
	"logferry/sinks/bucket"
)

// place is where a pipeline's state lies.
type place struct {
	bucket bucket.Bucket
	prefix string // ends in a slash
	url    string // with the prefix, for messages and to tell states apart
	folder string // of this machine that holds it, "" where it is in a remote bucket or in memory
}

// stateFolder is where the state lies below the first sink.
const stateFolder = "_logferry/"

func (s *Session) openState(ctx context.Context) error {
	p := s.pipeline
	at := place{bucket: s.sinks[0].Bucket(), prefix: stateFolder + p.Name + "/", url: p.Sinks[0].URL}
	if p.State.URL != "" {
		b, err := bucket.Open(ctx, p.State.URL)
		if err != nil {
			return fmt.Errorf("open the state: %w", err)
		}
		s.cleanup = append(s.cleanup, func() error { return bucket.Close(b) })
		if b, err = s.keepState(b); err != nil {
			return fmt.Errorf("open the state: %w", err)
		}
		at = place{bucket: b, prefix: p.Name + "/", url: p.State.URL}
		if s.opts.WrapBucket != nil {
			at.bucket = s.opts.WrapBucket("", b)
		}
	}
	folder, err := bucket.Folder(at.url)
	if err != nil {
		return err
	}
	if folder != "" {
		at.folder = filepath.Join(folder, filepath.FromSlash(at.prefix))
	}
	o := state.Options{Version: s.opts.Version}
	if !p.State.SigningKey.IsZero() {
		if o.SigningKey, err = signing.ParsePrivate(p.State.SigningKey.Reveal()); err != nil {
			return fmt.Errorf("state.signing_key: %w", err)
		}
	}
	s.place = at
	s.store = state.New(at.bucket, at.prefix, p.Name, o)
	return nil
}

// String is where the state lies, for messages.
func (p *place) String() string {
	if p.folder != "" {
		return p.folder
	}
	return bucket.Redact(p.url) + "/" + p.prefix
}

// id tells this state from all others, in the names of folders.
func (p *place) id() string {
	where := bucket.Redact(p.url) + "\n" + p.prefix
	if p.folder != "" {
		where = p.folder
	}
	sum := sha256.Sum256([]byte(where))
	return hex.EncodeToString(sum[:4])
}

// spoolFolder is the folder of this machine that a pipeline's spool and lock file lie in, which is made where it has to be.
func (s *Session) spoolFolder() (string, error) {
	name := s.pipeline.Name + "-" + s.place.id()
	if base := s.pipeline.Extract.Spool; base != "" && !strings.Contains(base, "://") {
		dir := filepath.Join(base, name)
		if err := privateFolder(dir); err != nil {
			return "", fmt.Errorf("make the spool's folder (extract.spool): %w", err)
		}
		return dir, nil
	}
	var errs []error
	for _, base := range cacheFolders() {
		dir := filepath.Join(base, name)
		err := privateFolder(dir)
		if err == nil {
			return dir, nil
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("make a folder for the spool: %w (set extract.spool or XDG_CACHE_HOME to a folder that can be written)", errors.Join(errs...))
}

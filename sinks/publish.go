package sinks

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Seal ends the last file, reads every file back and returns their facts, which have no keys yet. A partition without
// rows has no files. Only Publish and Abort are left after it; only Abort after an error.
func (w *PartitionWriter) Seal(ctx context.Context) ([]File, error) {
	if w.state != writing {
		return nil, ErrEnded
	}
	if w.failed != nil {
		return nil, fmt.Errorf("an earlier write failed: %w", w.failed)
	}
	files, err := w.seal(ctx)
	if err != nil {
		w.failed = w.wrap(err)
		return nil, w.failed
	}
	w.state, w.sealed = sealed, files
	w.sink.open.Add(-1) // no encoder holds memory any more
	return append([]File(nil), files...), nil
}

func (w *PartitionWriter) seal(ctx context.Context) ([]File, error) {
	if n := len(w.parts); n > 0 && !w.parts[n-1].finished {
		if err := w.parts[n-1].finish(); err != nil {
			return nil, err
		}
	}
	files := make([]File, 0, len(w.parts))
	for _, p := range w.parts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		file, err := p.verify()
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// Publish uploads the sealed files, the n-th one under keys[n], replacing what has that key, and removes the staged
// files. Keys of no data file are refused (*ForeignKeyError). It removes nothing in the bucket. It returns what Seal did with the keys filled in. After an error some of the
// files may be uploaded; Publish may be called again, with the same keys or others.
func (w *PartitionWriter) Publish(ctx context.Context, keys []string) ([]File, error) {
	switch w.state {
	case writing:
		return nil, w.wrap(errors.New("publish: the partition is not sealed"))
	case ended:
		return nil, ErrEnded
	}
	if len(keys) != len(w.parts) {
		return nil, w.wrap(fmt.Errorf("publish: %d keys for %d files", len(keys), len(w.parts)))
	}
	for _, key := range keys {
		if err := own(key); err != nil {
			return nil, w.wrap(err)
		}
	}
	files := append([]File(nil), w.sealed...)
	for n, p := range w.parts {
		if err := p.upload(ctx, w.sink.bucket, keys[n]); err != nil {
			return nil, w.wrap(err)
		}
		files[n].Key = keys[n]
	}
	_ = w.end() // what can't be removed is found with what killed processes left
	return files, nil
}

// Close is Seal and Publish under the keys of a first version, and then removes the files that the partition had before
// and hasn't any more. When it returns an error, nothing or some files were replaced: writing the partition again puts
// it right. Whatever it returns, the staged files are gone.
func (w *PartitionWriter) Close(ctx context.Context) ([]File, error) {
	if w.state != writing {
		return nil, ErrEnded
	}
	defer func() { _ = w.Abort() }()
	files, err := w.Seal(ctx)
	if err != nil {
		return nil, err
	}
	keys := make([]string, len(files))
	for n := range keys {
		keys[n] = w.sink.FileKey(w.partition.Prefix, n, 1)
	}
	if files, err = w.Publish(ctx, keys); err != nil {
		return nil, err
	}
	keep := map[string]bool{}
	for _, key := range keys {
		keep[key] = true
	}
	if err := w.sink.RemoveParts(ctx, w.partition.Prefix, keep); err != nil {
		return nil, err
	}
	return files, nil
}

// Abort drops what was written and not published. The bucket stays as it was.
func (w *PartitionWriter) Abort() error {
	if w.state == ended {
		return nil
	}
	return w.end()
}

func (w *PartitionWriter) end() error {
	if w.state == writing {
		w.sink.open.Add(-1)
	}
	w.state = ended
	var errs []error
	for _, p := range w.parts {
		errs = append(errs, p.discard())
	}
	if w.folder != "" {
		errs = append(errs, os.RemoveAll(w.folder))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("sink %q: remove staged files: %w", w.sink.options.Name, err)
	}
	return nil
}

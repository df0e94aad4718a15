package bucket

import (
	"context"
	"io"

	"gocloud.dev/blob"
)

// Folders lists one level of what is below prefix, which is empty or ends in a slash: the folders, each with a slash at its
// end, and the objects that are in none of them. Only remote buckets have it: what they hold can be listed folder by folder
// at the same time, while the pages of one listing come one after the other.
func (r *remote) Folders(ctx context.Context, prefix string) (folders []string, objects []Object, err error) {
	if err := checkPrefix("list", prefix); err != nil {
		return nil, nil, err
	}
	level := r.bucket.List(&blob.ListOptions{Prefix: prefix, Delimiter: "/"})
	for {
		o, err := level.Next(ctx)
		if err == io.EOF { //nolint:errorlint // an error that wraps it is no end
			return folders, objects, nil
		}
		if err == nil {
			err = ctx.Err() // which not every driver looks at
		}
		if err != nil {
			return nil, nil, fail("list", prefix, err)
		}
		if o.IsDir {
			folders = append(folders, o.Key)
		} else {
			objects = append(objects, Object{Key: o.Key, Size: o.Size, ModTime: o.ModTime})
		}
	}
}

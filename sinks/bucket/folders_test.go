package bucket_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"logferry/sinks/bucket"
)

type foldered interface {
	Folders(ctx context.Context, prefix string) (folders []string, objects []bucket.Object, err error)
}

func TestFoldersListsOneLevel(t *testing.T) {
	for _, url := range []string{"mem://", "mem://bucket/some/prefix"} {
		b := open(t, url)
		tree := b.(foldered)
		for _, key := range []string{"top", "a/x", "a/b/y", "a/b/z", "a/c/d/e", "a-b/f"} {
			put(t, b, key, key)
		}
		for prefix, want := range map[string]string{
			"":       "[a-b/ a/] [top]",
			"a/":     "[a/b/ a/c/] [a/x]",
			"a/b/":   "[] [a/b/y a/b/z]",
			"a/c/":   "[a/c/d/] []",
			"none/":  "[] []",
			"a/b/y/": "[] []",
		} {
			folders, objects, err := tree.Folders(t.Context(), prefix)
			require.NoError(t, err)
			keys := []string{}
			for _, o := range objects {
				require.EqualValues(t, len(o.Key), o.Size)
				keys = append(keys, o.Key)
			}
			slices.Sort(folders)
			require.Equal(t, want, fmt.Sprint(folders, keys), "below %q of %s", prefix, url)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, err := tree.Folders(ctx, "")
		require.ErrorIs(t, err, context.Canceled)
		_, _, err = tree.Folders(t.Context(), "../")
		require.Error(t, err)
	}
}

package bucket

import (
	"fmt"
	"net/url"
)

// Folder returns the folder of this machine that a bucket URL names, absolute and cleaned, and "" for a URL of a remote
// bucket or of memory.
func Folder(rawURL string) (string, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", fmt.Errorf("the bucket URL cannot be parsed: write it like file://./out or s3://bucket/prefix")
	}
	if u.Scheme != "file" {
		return "", nil
	}
	b, err := openLocal(u)
	if err != nil {
		return "", err
	}
	return b.(*local).root, nil
}

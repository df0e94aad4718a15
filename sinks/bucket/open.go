package bucket

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob" // azblob://
	_ "gocloud.dev/blob/gcsblob"   // gs://
	_ "gocloud.dev/blob/memblob"   // mem://
	_ "gocloud.dev/blob/s3blob"    // s3://
)

// Open opens a Go CDK bucket URL; the URL's path is the prefix of all keys (for file:// the folder). The query is the
// one Go CDK documents for the scheme, `prefix` included, and `allow_http=true`, without which a store that is spoken to
// without TLS is refused (*PlainError) unless it is on this machine. No request is made and nothing is created: file:// makes its
// folder with the first object. Each opened mem:// is a bucket of its own.
//
// What it returns has a Close method if it holds something; see Close.
func Open(ctx context.Context, rawURL string) (Bucket, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		// The parser's error repeats the whole text, secrets in a query included.
		return nil, fmt.Errorf("the bucket URL cannot be parsed: write it like file://./out or s3://bucket/prefix")
	}
	if u.Fragment != "" {
		return nil, fmt.Errorf("open bucket %s: write a # in the path as %%23", Redact(rawURL))
	}
	if u.Scheme == "file" {
		return openLocal(u)
	}
	return openRemote(ctx, u)
}

// Close closes b if it holds something to close.
func Close(b Bucket) error {
	if c, ok := b.(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}

// Redact returns the URL without its user part and query, for messages.
func Redact(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "(unreadable URL)"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

func openRemote(ctx context.Context, u *url.URL) (Bucket, error) {
	if err := requireTLS(u); err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", Redact(u.String()), err)
	}
	prefix := strings.Trim(u.Path, "/")
	if prefix != "" {
		if err := ValidKey(prefix); err != nil {
			return nil, fmt.Errorf("open bucket %s: the path is used as prefix: %w", Redact(u.String()), err)
		}
		prefix += "/"
	}
	host := *u
	host.Path, host.RawPath = "", ""
	switch u.Scheme {
	case "s3":
		host.RawQuery = quiet(u.Query()).Encode()
	case "gs":
		if err := googleCredentials(ctx, u.Query()); err != nil {
			return nil, fmt.Errorf("open bucket %s: %w", Redact(u.String()), err)
		}
	}
	b, err := blob.OpenBucket(ctx, host.String())
	if err != nil {
		// Its text repeats the URL with the query, which may hold a key.
		text := strings.ReplaceAll(err.Error(), host.String(), Redact(host.String()))
		for _, values := range u.Query() {
			for _, v := range values {
				if v != "" {
					text = strings.ReplaceAll(text, v, "***")
				}
			}
		}
		return nil, fmt.Errorf("open bucket %s: %s", Redact(u.String()), text)
	}
	googleRetries(b)
	parts := newPartsOf(b, u.Host, u.Query().Get("prefix")+prefix)
	keeper := newKeeper(b, u.Scheme, u.Host)
	if prefix != "" {
		b = blob.PrefixedBucket(b, prefix)
	}
	return &remote{bucket: b, aborts: u.Scheme == "s3", parts: parts, keeper: keeper}, nil
}

// quiet keeps the S3 client from printing a warning for every object that it read and has no checksum of: one that was
// uploaded in parts, and each in a store that makes none. What is read is compared with the SHA-256 of manifests and commits.
func quiet(query url.Values) url.Values {
	const validation = "response_checksum_validation"
	if !query.Has(validation) {
		query.Set(validation, "when_required")
	}
	return query
}

// localParams are the parameters of Go CDK's file:// URLs that ask for what this package does anyway.
var localParams = map[string]bool{"create_dir": true, "no_tmp_dir": true, "metadata": true, "prefix": true}

// openLocal follows Go CDK in reading the URL: host "." is a path relative to the working folder.
func openLocal(u *url.URL) (Bucket, error) {
	path := u.Path
	switch u.Host {
	case "", "localhost":
	case ".":
		path = strings.TrimPrefix(path, "/")
	default:
		return nil, fmt.Errorf("open bucket file://%s%s: write file://./%s for a folder below the working folder, file:///%s for an absolute path",
			u.Host, u.Path, u.Host+u.Path, u.Host+u.Path)
	}
	if path == "" && u.Host != "." {
		return nil, fmt.Errorf("open bucket %s: no folder: write it like file://./out", Redact(u.String()))
	}
	query := u.Query()
	for name := range query {
		if !localParams[name] {
			return nil, fmt.Errorf("open bucket %s: unknown parameter %q", Redact(u.String()), name)
		}
	}
	if m := query.Get("metadata"); m != "" && m != "skip" {
		return nil, fmt.Errorf("open bucket %s: metadata is always skip, not %q", Redact(u.String()), m)
	}
	root, err := filepath.Abs(filepath.FromSlash(path))
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", Redact(u.String()), err)
	}
	if prefix := strings.Trim(query.Get("prefix"), "/"); prefix != "" {
		if err := ValidKey(prefix); err != nil {
			return nil, fmt.Errorf("open bucket %s: prefix: %w", Redact(u.String()), err)
		}
		root = filepath.Join(root, filepath.FromSlash(prefix))
	}
	return &local{root: root, link: os.Link}, nil
}

package ddl

import (
	"errors"
	"net/url"
	"path/filepath"
	"strings"

	"logferry/sinks"
	"logferry/sinks/bucket"
)

// store is a kind of place that files lie in.
type store uint8

const (
	folder store = iota + 1
	s3
	gcs
	azure
)

// place is where the table lies.
type place struct {
	store    store
	bucket   string // the container of Azure; empty for a folder
	table    string // the key of the table's folder, or its absolute path with slashes, without a slash at its end
	region   string // of S3, empty where the URL does not say it
	endpoint string // of an S3 that is not Amazon's
	account  string // of Azure, empty where the URL does not say it
}

var errPlace = errors.New("its URL is none of a folder or a bucket")

// parsePlace reads a sink's URL as package bucket does. Its errors don't repeat the URL, which may hold a key.
func parsePlace(rawURL string) (place, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return place{}, errPlace
	}
	query := u.Query()
	key := strings.Trim(u.Path, "/")
	if key != "" {
		key += "/"
	}
	p := place{bucket: u.Host, table: query.Get("prefix") + key + sinks.Table}
	switch u.Scheme {
	case "file":
		root, err := bucket.Folder(rawURL)
		if err != nil {
			return place{}, errPlace
		}
		return place{store: folder, table: strings.TrimSuffix(filepath.ToSlash(root), "/") + "/" + sinks.Table}, nil
	case "mem":
		return place{}, errors.New("what is in memory ends with the process")
	case "s3":
		p.store, p.region = s3, query.Get("region")
		p.endpoint = strings.TrimSuffix(query.Get("endpoint"), "/")
	case "gs":
		p.store = gcs
	case "azblob":
		p.store, p.account = azure, query.Get("storage_account")
	default:
		return place{}, errPlace
	}
	if p.bucket == "" {
		return place{}, errPlace
	}
	return p, nil
}

// account returns the storage account, or what stands for it where the URL does not say it: the client takes it from its environment.
func (b *builder) account() string {
	if b.place.account != "" {
		return b.place.account
	}
	return b.variable("AZURE_STORAGE_ACCOUNT", "the storage account of the container")
}

// remote refuses what an engine that runs elsewhere can't reach.
func (b *builder) remote() error {
	if b.place.store == folder {
		return b.refuse("its files are in a folder of this machine", "give the pipeline a sink in a bucket, or use --engine duckdb")
	}
	return nil
}

// amazon refuses S3 stores that are not Amazon's.
func (b *builder) amazon() error {
	if b.place.endpoint != "" {
		return b.refuse("its S3 store is at an endpoint of its own", "use --engine duckdb, trino, spark or clickhouse")
	}
	return nil
}

// abfss is the URI by which Hadoop's file systems know a container of Azure.
func (b *builder) abfss() string {
	return "abfss://" + b.place.bucket + "@" + b.account() + ".dfs.core.windows.net/" + b.place.table
}

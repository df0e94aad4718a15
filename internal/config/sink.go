package config

import (
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

var (
	bucketSchemes = []string{"file", "s3", "gs", "azblob", "mem"}
	compressions  = map[Format][]Compression{Parquet: {Zstd, Snappy, None}, NDJSON: {Gzip, Zstd, None}}
)

const bucketForm = "a bucket URL such as file://./out or s3://bucket/prefix"

// sinkSection decodes sinks.
func (d *decoder) sinkSection(list value) []Sink {
	items := list.list("sinks, each with a name and a url")
	if len(items) == 0 && !list.mute && !d.failed(list.key) {
		list.failKey(&problem{"no sink", "expected at least one, with a name and a url"})
	}
	names, places := make(map[string]int), make(map[string]int)
	var out []Sink
	for _, v := range items {
		o := v.object()
		s := Sink{Name: uniqueName(o, "sink", names)}
		if at := o.get("url"); at.required(bucketForm) {
			s.URL = read(at, "", bucketForm, parseBucket)
			uniquePlace(at, s.URL, places)
		}
		s.Format = choice(o.get("format"), Parquet, Parquet, NDJSON)
		s.Compression = compression(o.get("compression"), s.Format)
		s.MaxFileSize = readSize(o.get("max_file_size"), 256*mib, 4<<10, 64<<30)
		s.Retention, _ = o.get("retention").retention(s.URL)
		out = append(out, s)
	}
	return out
}

func compression(v value, f Format) Compression {
	of := compressions[f]
	words := make([]string, len(of))
	for k, c := range of {
		words[k] = string(c)
	}
	all := []Compression{Zstd, Snappy, Gzip, None}
	c := choice(v, Zstd, all...)
	if !slices.Contains(of, c) {
		v.fail(&problem{fmt.Sprintf("the format %s has no compression %s", f, c), "expected one of " + strings.Join(words, ", ")})
	}
	return c
}

// parseBucket checks a URL as far as the drivers' own rules are the same for everybody. Their options, in the query, are
// checked when the bucket is opened.
func parseBucket(s scalar) (string, *problem) {
	text, p := parseText(s)
	if p != nil {
		return "", p
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || !strings.Contains(text, "://") {
		return "", unexpected("")
	}
	switch {
	case !slices.Contains(bucketSchemes, u.Scheme):
		p := &problem{"no such kind of bucket", "expected one of file://, s3://, gs://, azblob://, mem://"}
		return "", p
	case u.User != nil:
		return "", &problem{"the URL holds a user or password", "credentials of a bucket come from its provider's own environment"}
	case u.Fragment != "":
		return "", &problem{"the URL holds a fragment", "write %23 for a # in a path"}
	case u.Scheme == "file" && u.Host != "" && u.Host != "." && u.Host != "localhost":
		return "", &problem{"the URL names a host, not a folder", "write file://./ before a relative path, file:/// before an absolute one"}
	case u.Scheme == "file" && u.Path == "":
		return "", &problem{"the URL names no folder", "write file://./out or file:///srv/out"}
	case u.Scheme != "file" && u.Scheme != "mem" && u.Host == "":
		return "", &problem{"the URL names no bucket", fmt.Sprintf("write %s://bucket/prefix", u.Scheme)}
	}
	return text, nil
}

// parseFolder takes a folder or a bucket URL.
func parseFolder(s scalar) (string, *problem) {
	if strings.Contains(s.text, "://") {
		return parseBucket(s)
	}
	return parseText(s)
}

// uniquePlace refuses the second sink in one place: a glob over it would read every record twice. Every mem:// is a
// bucket of its own.
func uniquePlace(v value, text string, places map[string]int) {
	u, err := url.Parse(text)
	if err != nil || text == "" || u.Scheme == "mem" {
		return
	}
	place := u.Scheme + "://" + strings.TrimPrefix(u.Host, "localhost") + path.Join("/", u.Query().Get("prefix"), u.Path)
	if u.Scheme == "file" {
		relative := path.Clean(u.Path)
		if u.Host == "." {
			relative = "." + u.Path
		}
		if abs, err := filepath.Abs(filepath.FromSlash(relative)); err == nil {
			place = abs
		}
	}
	if line, twice := places[place]; twice {
		v.fail(&problem{fmt.Sprintf("a second sink in the same place, first in line %d", line), "give each sink a prefix of its own"})
		return
	}
	places[place] = v.node.Line
}

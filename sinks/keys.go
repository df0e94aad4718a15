package sinks

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Table is the folder below a sink's URL in which the data files lie, and nothing else.
const Table = "tool_execution"

// Quarantine is the folder below a sink's URL for what is known of records that could not be had or read.
const Quarantine = "_logferry/quarantine"

// ForeignKeyError says that a key which something else named, a state or a plan, is of no object that a sink writes. Nothing
// was done to it.
type ForeignKeyError struct{ Key string }

func (e *ForeignKeyError) Error() string {
	return fmt.Sprintf("%q is no data file and lies not in %s/: nothing was done to it", e.Key, Quarantine)
}

// Hint says what the user can do.
func (*ForeignKeyError) Hint() string {
	return "what names it was written by something else than logferry, or altered: `logferry verify` looks at the state"
}

// own refuses keys of objects that sinks don't write, so that an altered state can't have anything else removed or replaced.
func own(key string) error {
	if file, ok := strings.CutPrefix(key, Table+"/"); ok && partName.MatchString(path.Base(file)) {
		return nil
	}
	if strings.HasPrefix(key, Quarantine+"/") {
		return nil
	}
	return &ForeignKeyError{Key: key}
}

// Keepable says whether a key is of a data file or of an object in Quarantine: what a sink's retention is for. What else is written
// beside them is small, and overwritten or removed by every run.
func Keepable(key string) bool { return own(key) == nil }

// PartitionPrefix returns the folder of a partition such as "dt=2026-04-17/hour=13", which is below a folder of the
// project unless project is empty.
func PartitionPrefix(project, partition string) string {
	if project == "" {
		return Table + "/" + partition
	}
	return Table + "/project=" + escapeHive(project) + "/" + partition
}

// escapedByHive are the printable ASCII characters that Hive and Spark percent-encode in the value of a partition column
// (FileUtils.charToEscape and ExternalCatalogUtils.charToEscape).
const escapedByHive = "\"#%'*/:=?\\{[]^"

// escapeHive encodes a partition column's value as Hive and Spark do, so that they and everything that follows them
// decode it: as %XX, upper case, and only where needed; other characters, those outside ASCII included, stay. Bytes that
// are no UTF-8 can't be part of a key and are encoded too.
func escapeHive(value string) string {
	var b strings.Builder
	for i, r := range value {
		c := value[i]
		switch {
		case r == '\uFFFD' && !strings.HasPrefix(value[i:], "\uFFFD"),
			c < ' ', c == 0x7f, strings.IndexByte(escapedByHive, c) >= 0:
			fmt.Fprintf(&b, "%%%02X", c)
		case r >= 0x80 && r < 0xa0: // control characters, which a key can't have
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// partName matches the names of data files of any format, whatever program version wrote them.
var partName = regexp.MustCompile(`^part-[^/]*\.(parquet|ndjson|ndjson\.gz|ndjson\.zst)$`)

// FileKey returns the key of the n-th file, from 0, of a version of the partition with this prefix, in the sink's format.
// Versions up to 1 have the plain names, part-00000.parquet; later ones carry their number, part-00000-00002.parquet.
func (s *Sink) FileKey(prefix string, n, version int) string {
	name := fmt.Sprintf("part-%05d", n)
	if version > 1 {
		name += fmt.Sprintf("-%05d", version)
	}
	return prefix + "/" + name + s.Extension()
}

// Extension returns what the names of the sink's files end in, such as ".parquet" or ".ndjson.gz".
func (s *Sink) Extension() string { return s.options.extension() }

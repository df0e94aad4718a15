package verify

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"logferry/internal/state"
	"logferry/internal/window"
	"logferry/sinks"
)

// quarantineFolder holds the quarantine objects of a sink; see docs/FORMAT.md.
const quarantineFolder = sinks.Quarantine + "/"

// quarantine verifies the object with what is known of the quarantined records: its hash, and that it has each record that the
// manifest names, and no other.
func (c *checker) quarantine(ctx context.Context) error {
	q := c.manifest.QuarantineObject
	if q == nil {
		if n := len(c.manifest.Quarantine); n > 0 {
			c.find(Missing, none, "", "", "%d records are quarantined, and no object has what is known of them", n)
		}
		return nil
	}
	at := slices.IndexFunc(c.Sinks, func(s *sinks.Sink) bool { return s.Name() == q.Sink })
	if at < 0 {
		c.verifier.find(Finding{
			Kind: Undeclared, Partition: c.entry.Name(), Sink: q.Sink, Key: q.Key, Problem: "its sink is not declared or given: it was not looked at",
			Advice: "declare the sink again, or give it as --archive " + q.Sink + "=URL",
		})
		return nil
	}
	s := c.Sinks[at]
	body, err := s.OpenObject(ctx, q.Key)
	if errors.Is(err, fs.ErrNotExist) {
		c.find(Missing, none, s.Name(), q.Key, "is not there")
		return nil
	}
	if err != nil {
		return err
	}
	defer body.Close()
	read := quarantineReader{hash: sha256.New(), want: c.manifest.Quarantine}
	if err := read.all(body); err != nil {
		return fmt.Errorf("read %q of sink %q: %w", q.Key, s.Name(), err)
	}
	switch sum := hex.EncodeToString(read.hash.Sum(nil)); {
	case read.size != q.Size:
		c.find(Altered, none, s.Name(), q.Key, "has %d bytes, and %d were committed", read.size, q.Size)
	case sum != q.SHA256:
		c.find(Altered, none, s.Name(), q.Key, "has the SHA-256 %s, and %s was committed", sum, q.SHA256)
	case read.problem != "":
		c.find(Content, none, s.Name(), q.Key, "%s", read.problem)
	case read.lines != len(read.want):
		c.find(Content, none, s.Name(), q.Key, "has %d records, and the manifest names %d", read.lines, len(read.want))
	default:
		c.count(func(r *Report) { r.QuarantineObjects++ })
	}
	return nil
}

// quarantineReader compares the lines of a quarantine object with what a manifest says of them.
type quarantineReader struct {
	hash    hash.Hash
	want    []state.Quarantined
	size    int64
	lines   int
	problem string // the first
}

func (r *quarantineReader) all(body io.Reader) error {
	in := bufio.NewReader(body)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		r.hash.Write(line)
		r.size += int64(len(line))
		if len(line) > 0 {
			r.line(line)
		}
		if err != nil {
			return nil
		}
	}
}

func (r *quarantineReader) line(line []byte) {
	r.lines++
	if r.problem != "" || r.lines > len(r.want) {
		return
	}
	var found state.Quarantined
	if err := json.Unmarshal(line, &found); err != nil {
		r.problem = fmt.Sprintf("line %d is no record: %v", r.lines, err)
		return
	}
	got, err := json.Marshal(found)
	want, wantErr := json.Marshal(r.want[r.lines-1])
	if err != nil || wantErr != nil || !bytes.Equal(got, want) {
		r.problem = fmt.Sprintf("line %d is not the record that the manifest names there (%s)", r.lines, r.want[r.lines-1].LogID)
	}
}

// strayQuarantine reports the objects of the quarantine that no manifest names, other than those that a killed run leaves: of a version
// that the partition had, or is going to have.
func (v *verifier) strayQuarantine(ctx context.Context, st *state.State, named map[string]bool) error {
	for _, s := range v.Sinks {
		for o, err := range s.List(ctx, quarantineFolder) {
			if err != nil {
				return err
			}
			if named[s.Name()+"\n"+o.Key] {
				continue
			}
			if project, partition, version, ok := parseQuarantineKey(o.Key); ok && version <= st.NextVersion(project, partition) {
				v.report.Leftovers++
				continue
			}
			v.find(Finding{Kind: Stray, Sink: s.Name(), Key: o.Key, Problem: "no manifest names it", Advice: "find out who put it there, and remove it"})
		}
	}
	return nil
}

// parseQuarantineKey takes _logferry/quarantine/[project=P/]<partition>[.<version>].ndjson apart.
func parseQuarantineKey(key string) (project, partition string, version int, ok bool) {
	name, isNDJSON := strings.CutSuffix(strings.TrimPrefix(key, quarantineFolder), ".ndjson")
	if rest, has := strings.CutPrefix(name, "project="); has {
		project, name, _ = strings.Cut(rest, "/")
	}
	partition, text, has := strings.Cut(name, ".")
	version = 1
	if has {
		n, err := strconv.Atoi(text)
		if err != nil || fmt.Sprintf("%05d", n) != text || n < 2 {
			return "", "", 0, false
		}
		version = n
	}
	_, err := window.ParsePartition(partition)
	return project, partition, version, isNDJSON && err == nil
}

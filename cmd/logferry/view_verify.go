package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/dustin/go-humanize"

	"logferry/internal/verify"
)

func (a *app) printReport(r *verify.Report) error {
	if a.json {
		enc := json.NewEncoder(a.stdout)
		for _, f := range r.Findings {
			if err := enc.Encode(f); err != nil {
				return err
			}
		}
		for _, kept := range r.Retained {
			if err := enc.Encode(kept); err != nil {
				return err
			}
		}
		return enc.Encode(r)
	}
	w := a.stdout
	for _, f := range r.Findings {
		color := red
		if f.Kind == verify.Late || f.Kind == verify.Undeclared {
			color = yellow
		}
		fmt.Fprintf(w, "%s %s %s\n", a.color(w, color, string(f.Kind)), place(f), printable(f.Problem))
		if f.Advice != "" {
			fmt.Fprintf(w, "  → %s\n", f.Advice)
		}
	}
	for _, kept := range r.Retained {
		fmt.Fprintf(w, "%s %s in sink %q: %s\n", a.color(w, yellow, "retained"), printable(kept.Key), kept.Sink, retainedText(kept))
	}
	head := a.color(w, green, "Verified.")
	if !r.OK {
		head = a.color(w, red, "Not as committed.")
	}
	if n := r.NotLookedAt(); r.OK && n > 0 {
		head = a.color(w, yellow, fmt.Sprintf("Verified, but for %s in sinks that were not given.", counted(n, "object")))
	}
	fmt.Fprintf(w, "%s %s, %s, %s, %s; %s\n", head, counted(r.Partitions, "partition"), counted(r.Rows, "record"),
		counted(r.Files, "file"), humanize.IBytes(uint64(r.Bytes)), counted(r.Commits, "commit"))
	if r.Head != "" {
		printLine(w, "head", "%d:%s (lineage %s)", r.Serial, r.Head, r.Lineage)
	}
	if r.AnchorsGiven > 0 {
		printLine(w, "against", "%d of %s in the history", r.Anchors, counted(r.AnchorsGiven, "anchor"))
	}
	printSignatures(w, r)
	if r.Deep {
		printLine(w, "rows read", "%s", humanize.Comma(r.RowsRead))
	}
	if r.Quarantined > 0 {
		printLine(w, "quarantined", "%s in %s, %s without a row", counted(r.Quarantined, "record"), counted(r.QuarantineObjects, "object"), humanize.Comma(r.Unreadable))
	}
	if r.Deep && r.WithoutRoot > 0 {
		printLine(w, "no root", "%s were committed before there were Merkle roots: their rows were compared by ids and counts", counted(r.WithoutRoot, "partition"))
	}
	if r.Erased > 0 {
		printLine(w, "erased", "%s that are not exported again", counted(r.Erased, "record"))
	}
	if r.Leftovers > 0 {
		printLine(w, "left over", "%s of killed runs, which nothing reads", counted(r.Leftovers, "object"))
	}
	if n := len(r.Retained); n > 0 {
		printLine(w, "retained", "%s of versions that were replaced: until they are gone, a glob reads their rows twice", counted(int64(n), "file"))
	}
	if c := r.Census; c != nil {
		printLine(w, "census", "%s listed again with %s: %s missing, %s late, %s extra%s", counted(c.Partitions, "partition"),
			counted(c.Requests, "request"), humanize.Comma(c.Missing), humanize.Comma(c.Late), humanize.Comma(c.Extra), erasedText(c.Erased))
	}
	printLine(w, "time", "%s", (time.Duration(r.DurationMS) * time.Millisecond).Round(10*time.Millisecond))
	return nil
}

// printSignatures says who signed the history, and where nobody looked.
func printSignatures(w io.Writer, r *verify.Report) {
	switch n := r.Signatures; {
	case n == nil && r.SignaturesUnchecked > 0:
		printLine(w, "signatures", "not checked: give the public key of %s with --public-key", counted(r.SignaturesUnchecked, "signed commit"))
	case n == nil:
	case n.Signed == 0:
		printLine(w, "signatures", "no commit signed by a key that was given; %s by another key, %s unsigned", humanize.Comma(n.OtherKey), humanize.Comma(n.Unsigned))
	default:
		printLine(w, "signatures", "%s signed, the newest of them %d; %s by another key, %s unsigned", counted(n.Signed, "commit"), n.Newest,
			humanize.Comma(n.OtherKey), humanize.Comma(n.Unsigned))
	}
}

// retainedText says what a file is that nothing names any more, and until when its bucket keeps it.
func retainedText(r verify.Retained) string {
	text := fmt.Sprintf("is of version %d of %s, which was replaced; its bucket keeps it", r.Version, r.Partition)
	if r.Until != nil {
		text += " until " + stamp(*r.Until)
	}
	return text
}

// erasedText tells of listed records that were erased, where there are any.
func erasedText(n int64) string {
	if n == 0 {
		return ""
	}
	return ", " + humanize.Comma(n) + " erased"
}

// place names what a finding is about.
func place(f verify.Finding) string {
	switch {
	case f.Key != "" && f.Sink != "":
		return fmt.Sprintf("%s in sink %q:", printable(f.Key), f.Sink)
	case f.Key != "":
		return printable(f.Key) + ":"
	case f.Sink != "":
		return fmt.Sprintf("%s in sink %q:", f.Partition, f.Sink)
	case f.Partition != "":
		return f.Partition + ":"
	}
	return "the history:"
}

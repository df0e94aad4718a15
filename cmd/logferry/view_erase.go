package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"

	"logferry/internal/apply"
	"logferry/internal/state"
)

// showErasable lists what was found, and what would go without having been searched.
func (a *app) showErasable(w io.Writer, found *apply.Erasable) {
	if len(found.Partitions) == 0 {
		fmt.Fprintf(w, "Nothing found in %s.\n", counted(int64(found.Searched), "partition"))
	} else {
		fmt.Fprintln(w, "This will be erased from the lake:")
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for i := range found.Partitions {
			p := &found.Partitions[i]
			fmt.Fprintf(table, "  %s\t%s of %s%s%s\n", p.Name(), humanize.Comma(p.Rows), counted(p.Of, "record"), quarantinedToo(p.Quarantined), alteredToo(p.Altered))
		}
		_ = table.Flush()
		fmt.Fprintf(w, "%s searched; the files of %s are written anew in all sinks. This can't be undone.\n",
			counted(int64(found.Searched), "partition"), counted(int64(len(found.Partitions)), "partition"))
	}
	var parts []string
	if n := found.Unfinished; n > 0 {
		parts = append(parts, counted(int64(n), "unfinished step")+" would begin again")
	}
	if n := found.Strays; n > 0 {
		parts = append(parts, counted(int64(n), "file")+" that no state names would be removed")
	}
	if len(parts) > 0 {
		fmt.Fprintf(w, "What killed runs have left goes too, whosever it is: %s. It was not searched.\n", strings.Join(parts, ", "))
	}
}

func alteredToo(altered bool) string {
	if !altered {
		return ""
	}
	return ", and files that are not as committed"
}

func quarantinedToo(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %s in quarantine", humanize.Comma(n))
}

// printDryRun ends an erasure that is only tried.
func (a *app) printDryRun(ctx context.Context, s *apply.Session, found *apply.Erasable) error {
	if a.json {
		enc := json.NewEncoder(a.stdout)
		for i := range found.Partitions {
			if err := enc.Encode(&found.Partitions[i]); err != nil {
				return err
			}
		}
		sum := s.NewErased(found)
		sum.DryRun, sum.Rows, sum.Quarantined = true, found.Rows, found.Quarantined
		sum.Unfinished, sum.StraysRemoved = found.Unfinished, found.Strays
		refused := a.beforeSummary(ctx, found.Refused)
		if err := enc.Encode(sum); err != nil {
			return err
		}
		return refused
	}
	if found.Nothing() {
		a.printNothingFound(found.Searched)
		return nil
	}
	a.showErasable(a.stdout, found)
	if found.Refused == nil {
		fmt.Fprintln(a.stdout, "Nothing was erased: this was a dry run.")
	}
	return found.Refused
}

func (a *app) printNothingFound(searched int) {
	fmt.Fprintf(a.stdout, "Nothing found: none of the records of %s has such a user_id.\n", counted(int64(searched), "partition"))
}

func (a *app) printErasedPartition(p *apply.ErasedPartition) {
	if a.json {
		_ = json.NewEncoder(a.stdout).Encode(p)
	}
}

// printErased tells the end of an erasure, of one that failed too: what was done is done.
func (a *app) printErased(s *apply.Session, e *apply.Erased) {
	if a.json {
		_ = json.NewEncoder(a.stdout).Encode(struct {
			*apply.Erased
			VersionsStay []string `json:"versions_stay"`
		}{e, s.Hiding()})
		return
	}
	w := a.stdout
	switch {
	case e.Of == 0:
		a.printNothingFound(e.Searched)
	case e.Partitions < e.Of:
		fmt.Fprintf(w, "%s %s in %d of %s; the rest is still there, until the same command is run again.\n", a.color(w, red, "Erased in part."), counted(e.Rows, "record"), e.Partitions, counted(int64(e.Of), "partition"))
	default:
		fmt.Fprintf(w, "%s %s in %s%s.\n", a.color(w, green, "Erased."), counted(e.Rows, "record"), counted(int64(e.Partitions), "partition"), quarantinedToo(e.Quarantined))
	}
	if e.Unfinished > 0 {
		fmt.Fprintf(w, "%s begin again, since nothing is kept of what was fetched.\n", counted(int64(e.Unfinished), "unfinished step"))
	}
	if e.StraysRemoved > 0 {
		fmt.Fprintf(w, "%s that no state names removed.\n", counted(int64(e.StraysRemoved), "file"))
	}
	if e.StraysKept > 0 {
		fmt.Fprintf(w, "%s, that no state names and buckets keep, were not searched.\n", counted(int64(e.StraysKept), "other file"))
	}
	if e.Unsearched > 0 {
		fmt.Fprintf(w, "%s, that no state names, were not searched: `logferry verify` lists them.\n", counted(int64(e.Unsearched), "other file"))
	}
	if e.Of > 0 {
		printLine(w, "head", "%d:%s", e.Serial, e.Head)
		for _, sink := range s.Hiding() {
			fmt.Fprintf(w, "Where the bucket of the sink %q keeps versions, those with the erased records stay until somebody, or a lifecycle rule, removes them.\n", sink)
		}
	}
}

// warnOfErased says of partitions that are forgotten that with them goes what tells which of their records must not come back.
func (a *app) warnOfErased(entries []state.Entry) {
	n := int64(0)
	for i := range entries {
		if entries[i].Erased > 0 {
			n++
		}
	}
	if n > 0 {
		fmt.Fprintf(a.stderr, "Records were erased from %s of these. That is forgotten too: what is exported there anew has them again.\n", humanize.Comma(n))
	}
}

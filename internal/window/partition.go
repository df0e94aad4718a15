package window

import (
	"fmt"
	"time"
)

// Granularity is the length of a partition.
type Granularity uint8

// The granularities, in UTC. The zero Granularity is none of them: its methods panic, but for String.
const (
	Hour Granularity = iota + 1
	Day
	Month
)

var granularities = [...]struct{ name, path string }{
	Hour:  {"hour", "dt=2006-01-02/hour=15"},
	Day:   {"day", "dt=2006-01-02"},
	Month: {"month", "month=2006-01"},
}

// ParseGranularity reads "hour", "day" or "month".
func ParseGranularity(s string) (Granularity, error) {
	for g := Hour; g <= Month; g++ {
		if granularities[g].name == s {
			return g, nil
		}
	}
	return 0, fmt.Errorf("granularity %q: want hour, day or month", s)
}

func (g Granularity) String() string {
	if g < Hour || g > Month {
		return fmt.Sprintf("window.Granularity(%d)", uint8(g))
	}
	return granularities[g].name
}

// Start is the start of the partition that t lies in: the last one not after t.
func (g Granularity) Start(t time.Time) time.Time {
	t = t.UTC()
	switch g {
	case Hour:
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), 0, 0, 0, time.UTC)
	case Day:
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	case Month:
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	}
	panic("window: no such granularity: " + g.String())
}

// Next is the start of the partition after the one that t lies in: the first one after t.
func (g Granularity) Next(t time.Time) time.Time {
	start := g.Start(t)
	switch g {
	case Hour:
		return start.Add(time.Hour)
	case Day:
		return start.AddDate(0, 0, 1)
	default:
		return start.AddDate(0, 1, 0)
	}
}

// Partition is one hour, day or month of UTC: the unit of plan and commit. Partitions may be compared with == and used as map keys.
type Partition struct {
	Granularity Granularity
	Start       time.Time // a start of the Granularity, UTC
}

// PartitionOf is the partition that t lies in.
func PartitionOf(t time.Time, g Granularity) Partition {
	return Partition{Granularity: g, Start: g.Start(t)}
}

// Interval is all the time of the partition.
func (p Partition) Interval() Interval {
	return Interval{From: p.Start, To: p.Granularity.Next(p.Start)}
}

// Path is the partition's folder in Hive notation, without a slash at either end: "dt=2026-04-17/hour=13",
// "dt=2026-04-17" or "month=2026-04". Within one granularity, paths of the years 0 to 9999 sort as their times do.
func (p Partition) Path() string {
	return p.Start.Format(granularities[p.Granularity].path)
}

// String is the Path.
func (p Partition) String() string { return p.Path() }

// ParsePartition is the inverse of Path, for the years 0 to 9999. The path alone tells the granularity.
func ParsePartition(path string) (Partition, error) {
	for g := Hour; g <= Month; g++ {
		start, err := time.Parse(granularities[g].path, path)
		if err != nil {
			continue
		}
		// time.Parse takes more than Format writes (one-digit hours, fractions): only the one spelling is a path.
		if p := (Partition{Granularity: g, Start: start}); p.Path() == path {
			return p, nil
		}
	}
	return Partition{}, fmt.Errorf("partition %q: want dt=YYYY-MM-DD, dt=YYYY-MM-DD/hour=HH or month=YYYY-MM", path)
}

// Slice is the part of a partition that lies in a range.
type Slice struct {
	Partition Partition
	Interval  Interval // never empty; the whole partition, or less at the ends of the range
}

// Whole says that the range covers all of the partition.
func (s Slice) Whole() bool { return s.Interval == s.Partition.Interval() }

// Partitions returns the partitions that the interval touches, ascending, each with its share of the interval. The
// shares tile the interval: no gap, no overlap. An empty interval has none.
func Partitions(i Interval, g Granularity) []Slice {
	var out []Slice
	for from := i.From; from.Before(i.To); {
		p := PartitionOf(from, g)
		part := Interval{From: from, To: earlier(p.Interval().To, i.To)}
		out = append(out, Slice{Partition: p, Interval: part})
		from = part.To
	}
	return out
}

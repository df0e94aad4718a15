package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"logferry/internal/logsim"
)

// settings are the flags that are no field of logsim.Options as they stand.
type settings struct {
	addr, addrFile string
	json           bool

	from, to, order, toMode, cursors, faults, skew, nested string
	projects                                               []string
	background                                             float64
	latency, jitter                                        time.Duration
	options                                                logsim.Options
}

func newCommand() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "logsim",
		Short: "Serve a simulated Logs API",
		Long: "Serve a simulated Logs API until SIGINT or SIGTERM. The first line on stdout is its base URL.\n" +
			"Every flag is a switch of the simulator; equal flags and seeds give equal records.",
		Args: cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.resolve(time.Now()); err != nil {
				return err
			}
			return serve(cmd.Context(), &s, cmd.OutOrStdout())
		},
	}
	s.addFlags(cmd)
	return cmd
}

func (s *settings) addFlags(cmd *cobra.Command) {
	f, o := cmd.Flags(), &s.options
	f.StringVar(&s.addr, "addr", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
	f.StringVar(&s.addrFile, "addr-file", "", "write the base URL to this file once the server listens")
	f.BoolVar(&s.json, "json", false, "print JSON: a line of type `ready` with the URL, and one of type summary at the end")

	f.Uint64Var(&o.Seed, "seed", 1, "seed of records and faults")
	f.IntVar(&o.Records.Count, "records", 1000, "records of each project")
	f.StringVar(&s.from, "from", "", "first timestamp: RFC 3339, a date, or how long ago, as 48h (default 24h)")
	f.StringVar(&s.to, "to", "", "end of the timestamps, exclusive, in the same forms (default now)")
	f.StringVar(&s.skew, "skew", "", "share:within, as 0.8:0.02 for 80 % of the records in 2 % of the time")
	f.BoolVar(&o.Records.NoPayload, "no-payload", false, "leave the data of details empty")
	f.IntVar(&o.Records.MedianPayload, "median-payload", 2048, "median size of a detail's data, bytes")
	f.IntVar(&o.Records.MaxPayload, "max-payload", 2<<20, "largest size of a detail's data, bytes")
	f.Float64Var(&o.Records.LargeShare, "large-payloads", 0, "share of details with data of a fifth of the largest size or more")
	f.Float64Var(&o.Records.Odd.Share, "odd", 0, "share of records unlike the documentation")
	f.Float64Var(&o.Records.Odd.Unreadable, "unreadable", 0, "share of records without usable id or timestamp")
	f.StringArrayVar(&s.projects, "project", nil, "name=key; repeat for several projects of one organisation (default "+
		logsim.DefaultProject+"="+logsim.DefaultKey+")")

	f.StringVar(&s.order, "order", "newest", "order of the list: newest, oldest, none")
	f.StringVar(&s.toMode, "to-mode", "exclusive", "what the end of a time range means: exclusive, inclusive, millisecond (inclusive of all its µs)")
	f.StringVar(&s.cursors, "cursors", "keyset", "cursors: keyset (stable), offset (shift while records arrive)")
	f.DurationVar(&o.CursorLifetime, "cursor-lifetime", 0, "how long a cursor is accepted; 0 is for ever")
	f.Float64Var(&o.Late.Share, "late", 0, "share of records that become visible late")
	f.DurationVar(&o.Late.After, "late-after", 0, "longest delay of a late record after its timestamp")
	f.IntVar(&o.Late.AfterRequests, "late-after-requests", 0, "late records wait for this many list requests")
	f.BoolVar(&o.Live, "live", false, "hide records until the clock reaches their timestamp")
	f.DurationVar(&o.Usage.Lag, "usage-lag", 0, "usage counts leave out records younger than this")
	f.StringVar(&s.nested, "usage-nested", "all", "nested calls in usage counts: all, outer, children")

	f.IntVar(&o.Rate.Limit, "rate-limit", 2000, "requests a window; negative is no limit")
	f.DurationVar(&o.Rate.Window, "rate-window", time.Minute, "length of the rate window")
	f.DurationVar(&o.Rate.Phase, "rate-phase", 0, "shift of the windows against multiples of their length")
	f.BoolVar(&o.Rate.Rolling, "rate-rolling", false, "limit any stretch of a window's length instead of fixed windows")
	f.StringVar(&o.Rate.HeaderWindow, "rate-header-window", "", "text of X-RateLimit-Window-Size (default the window in seconds)")
	f.BoolVar(&o.Rate.OmitHeaders, "no-rate-headers", false, "send no X-RateLimit headers")
	f.BoolVar(&o.Rate.OmitRetryAfter, "no-retry-after", false, "send no Retry-After with a 429")
	f.Float64Var(&s.background, "background", 0, "the organisation's own requests a second")
	f.DurationVar(&s.latency, "latency", 0, "delay of every answer")
	f.DurationVar(&s.jitter, "jitter", 0, "longest additional delay")
	f.StringVar(&s.faults, "faults", "none", "fault profile: "+strings.Join(logsim.ProfileNames(), ", "))
	f.BoolVar(&o.NoGzip, "no-gzip", false, "never compress")
}

// resolve fills options from the textual flags.
func (s *settings) resolve(now time.Time) error {
	o := &s.options
	var err error
	if o.Records.From, err = parseTime(s.from, now, now.Add(-24*time.Hour)); err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	if o.Records.To, err = parseTime(s.to, now, now); err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	if o.Order, err = pick("order", s.order, map[string]logsim.Order{"newest": logsim.Newest, "oldest": logsim.Oldest, "none": logsim.Shuffled}); err != nil {
		return err
	}
	if o.To, err = pick("to-mode", s.toMode, map[string]logsim.ToMode{
		"exclusive": logsim.ToExclusive, "inclusive": logsim.ToInclusive, "millisecond": logsim.ToMillisecond,
	}); err != nil {
		return err
	}
	if o.Cursors, err = pick("cursors", s.cursors, map[string]logsim.CursorStyle{"keyset": logsim.Keyset, "offset": logsim.Offset}); err != nil {
		return err
	}
	if o.Usage.Nested, err = pick("usage-nested", s.nested, map[string]logsim.NestedCount{
		"all": logsim.CountAll, "outer": logsim.CountOuter, "children": logsim.CountChildren,
	}); err != nil {
		return err
	}
	profile, err := logsim.NamedProfile(s.faults)
	if err != nil {
		return fmt.Errorf("--faults: %w", err)
	}
	o.Faults, o.Details = profile.Faults, profile.Details
	if s.background > 0 {
		o.Rate.Background = func(time.Duration) float64 { return s.background }
	}
	d := logsim.Delay{Base: s.latency, Jitter: s.jitter}
	o.Latency = logsim.Latency{List: d, Detail: d, Usage: d}
	if o.Records.Count == 0 {
		o.Records.Count = -1 // the flag's 0 means none; the option's means its default
	}
	return s.resolveLists()
}

func (s *settings) resolveLists() error {
	if s.skew != "" {
		share, within, _ := strings.Cut(s.skew, ":")
		var err1, err2 error
		s.options.Records.Skew.Share, err1 = strconv.ParseFloat(share, 64)
		s.options.Records.Skew.Within, err2 = strconv.ParseFloat(within, 64)
		if err1 != nil || err2 != nil {
			return fmt.Errorf("--skew %q: expected two numbers, as 0.8:0.02", s.skew)
		}
	}
	for _, declared := range s.projects {
		name, key, ok := strings.Cut(declared, "=")
		if !ok || name == "" || key == "" {
			return fmt.Errorf("--project %q: expected name=key", declared)
		}
		s.options.Projects = append(s.options.Projects, logsim.Project{Name: name, Key: key})
	}
	return nil
}

func pick[T any](flag, word string, words map[string]T) (T, error) {
	v, ok := words[word]
	if !ok {
		return v, fmt.Errorf("--%s %q is unknown: see logsim --help", flag, word)
	}
	return v, nil
}

// parseTime reads an RFC 3339 time, a date in UTC, or a duration before now.
func parseTime(s string, now, standard time.Time) (time.Time, error) {
	if s == "" {
		return standard, nil
	}
	if ago, err := time.ParseDuration(s); err == nil {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: expected RFC 3339, a date, or how long ago, as 48h", s)
}

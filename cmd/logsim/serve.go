package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"logferry/internal/logsim"
)

// serve listens, announces its URL and serves until ctx ends.
func serve(ctx context.Context, s *settings, out io.Writer) error {
	sim, err := logsim.New(s.options)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return fmt.Errorf("listen: %w: choose another --addr", err)
	}
	url := "http://" + listener.Addr().String()
	web := &http.Server{Handler: sim, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	done := make(chan error, 1)
	go func() { done <- web.Serve(listener) }()

	err = announce(s, out, url)
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-done:
		}
	}
	sim.Close() // ends what hangs, so that the shutdown need not wait for it
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if shut := web.Shutdown(grace); errors.Is(shut, context.DeadlineExceeded) {
		shut = web.Close()
		err = errors.Join(err, shut)
	} else {
		err = errors.Join(err, shut)
	}
	if err == nil && s.json {
		err = summarize(sim, out)
	}
	return err
}

func announce(s *settings, out io.Writer, url string) error {
	if s.addrFile != "" {
		// A reader that sees the file sees all of it.
		tmp := s.addrFile + ".tmp"
		if err := os.WriteFile(tmp, []byte(url+"\n"), 0o644); err != nil {
			return fmt.Errorf("write --addr-file: %w", err)
		}
		if err := os.Rename(tmp, s.addrFile); err != nil {
			return fmt.Errorf("write --addr-file: %w", err)
		}
	}
	if !s.json {
		_, err := fmt.Fprintln(out, url)
		return err
	}
	return json.NewEncoder(out).Encode(map[string]any{"type": "ready", "url": url})
}

// summarize prints what was served.
func summarize(sim *logsim.Server, out io.Writer) error {
	stats := sim.Stats()
	faults := map[string]int{}
	for kind, n := range stats.Faults {
		faults[kind.String()] = n
	}
	refused, backgroundRefused := 0, 0
	for _, w := range sim.Windows("") {
		refused += w.Refused
		backgroundRefused += w.BackgroundRefused
	}
	return json.NewEncoder(out).Encode(map[string]any{
		"type": "summary", "statuses": stats.Statuses, "faults": faults, "bytes_sent": stats.BytesSent,
		"lists": stats.Requests[logsim.List], "details": stats.Requests[logsim.Detail], "usage": stats.Requests[logsim.UsageCall],
		"rate_limited": refused, "background_refused": backgroundRefused,
	})
}

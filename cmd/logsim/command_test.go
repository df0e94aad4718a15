package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"logferry/internal/logsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run starts the command and returns its first line, the rest of its output once stop was called, and stop.
func run(t *testing.T, args ...string) (first string, stop func() (rest string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	cmd := newCommand()
	cmd.SetArgs(args)
	cmd.SetOut(out)
	ended := make(chan error, 1)
	go func() {
		err := cmd.ExecuteContext(ctx)
		_ = out.Close()
		ended <- err
	}()
	lines := bufio.NewReader(in)
	first, err := lines.ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(first), func() string {
		cancel()
		rest, err := io.ReadAll(lines)
		require.NoError(t, err)
		require.NoError(t, <-ended)
		http.DefaultClient.CloseIdleConnections()
		return string(rest)
	}
}

func list(t *testing.T, url, key string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+logsim.ListPath, nil)
	require.NoError(t, err)
	req.Header.Set("x-api-key", key)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp
}

func TestTheFirstLineAndTheFileNameTheURL(t *testing.T) {
	file := filepath.Join(t.TempDir(), "addr")
	url, stop := run(t, "--addr-file", file, "--records", "10")
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, url+"\n", string(written))
	require.Equal(t, http.StatusOK, list(t, url, logsim.DefaultKey).StatusCode)
	require.Empty(t, stop())
}

func TestJSONSaysReadyAndSumsUp(t *testing.T) {
	first, stop := run(t, "--json", "--project", "prod=k1", "--project", "staging=k2", "--rate-limit", "1", "--rate-window", "1h")
	var ready struct{ Type, URL string }
	require.NoError(t, json.Unmarshal([]byte(first), &ready))
	require.Equal(t, "ready", ready.Type)
	require.Equal(t, http.StatusOK, list(t, ready.URL, "k1").StatusCode)
	require.Equal(t, http.StatusTooManyRequests, list(t, ready.URL, "k2").StatusCode)
	var summary struct {
		Type    string
		Lists   int
		Refused int `json:"rate_limited"`
	}
	require.NoError(t, json.Unmarshal([]byte(stop()), &summary))
	require.Equal(t, "summary", summary.Type)
	require.Equal(t, []int{2, 1}, []int{summary.Lists, summary.Refused})
}

func TestAHangingRequestDoesNotDelayTheEnd(t *testing.T) {
	url, stop := run(t, "--faults", "hang", "--rate-limit", "-1")
	for range 49 {
		require.Equal(t, http.StatusOK, list(t, url, logsim.DefaultKey).StatusCode)
	}
	hung, written := make(chan error, 1), make(chan struct{})
	go func() {
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(written) }})
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+logsim.DetailPath+"log_0000000000000", nil)
		if err == nil {
			req.Header.Set("x-api-key", logsim.DefaultKey)
			_, err = http.DefaultTransport.RoundTrip(req)
		}
		hung <- err
	}()
	<-written
	require.Equal(t, http.StatusOK, list(t, url, logsim.DefaultKey).StatusCode)
	begun := time.Now()
	stop()
	require.Error(t, <-hung)
	require.Less(t, time.Since(begun), 4*time.Second)
}

func TestFlagsBecomeOptions(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	var s settings
	cmd := newCommand()
	require.NotNil(t, cmd.Flags().Lookup("late-after"))
	s.order, s.toMode, s.cursors, s.nested, s.faults = "none", "millisecond", "offset", "children", "heavy"
	s.from, s.to, s.skew = "48h", "2026-05-01", "0.8:0.02"
	require.NoError(t, s.resolve(now))
	o := s.options
	require.Equal(t, []any{logsim.Shuffled, logsim.ToMillisecond, logsim.Offset, logsim.CountChildren}, []any{o.Order, o.To, o.Cursors, o.Usage.Nested})
	require.Equal(t, now.Add(-48*time.Hour), o.Records.From)
	require.Equal(t, now.Add(-12*time.Hour), o.Records.To)
	require.Equal(t, logsim.Skew{Share: 0.8, Within: 0.02}, o.Records.Skew)
	require.NotEmpty(t, o.Faults)
}

func TestWrongFlagsSayWhatIsExpected(t *testing.T) {
	for want, args := range map[string][]string{
		"--order":           {"--order", "up"},
		"name=key":          {"--project", "x"},
		"RFC 3339":          {"--from", "yesterday"},
		"as 0.8:0.02":       {"--skew", "much"},
		"expected one of":   {"--faults", "some"},
		"end before":        {"--from", "1h", "--to", "2h"},
		"choose another":    {"--addr", "127.0.0.1:999999"},
		"unknown command":   {"extra"},
		"write --addr-file": {"--addr-file", filepath.Join(t.TempDir(), "no", "such")},
	} {
		cmd := newCommand()
		cmd.SetArgs(args)
		cmd.SetOut(io.Discard)
		require.ErrorContains(t, cmd.ExecuteContext(t.Context()), want)
	}
}

package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"

	"logferry/extract"
	"logferry/internal/logsim"
)

const floorWorkers = 32

// call is one request of an export, recorded to be played again.
type call struct {
	method, path string
	body         []byte
}

// minimal is the client of a floor: it sends requests, decompresses the answers and throws them away.
type minimal struct {
	url    string
	tuned  bool
	client *http.Client
}

// newPlain is the least client that Go's library makes: net/http as it comes, with connections for its workers.
func newPlain(url string) *minimal {
	return &minimal{url: url, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: floorWorkers, ForceAttemptHTTP2: true}}}
}

// newTuned has the export's own transport and its faster gzip: what is left above it is the export's own work.
func newTuned(url string) *minimal {
	return &minimal{url: url, tuned: true, client: &http.Client{Transport: extract.NewTransport(floorWorkers, nil)}}
}

func (m *minimal) do(c call, to io.Writer) error {
	req, err := http.NewRequest(c.method, m.url+c.path, bytes.NewReader(c.body))
	if err != nil {
		return err
	}
	req.Header.Set("x-api-key", logsim.DefaultKey)
	if m.tuned {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := m.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", c.method, c.path, res.Status)
	}
	if res.Header.Get("Content-Encoding") != "gzip" {
		_, err = io.Copy(to, res.Body)
		return err
	}
	z, _ := readers.Get().(*gzip.Reader)
	if z == nil {
		z = new(gzip.Reader)
	}
	defer readers.Put(z)
	if err := z.Reset(res.Body); err != nil {
		return err
	}
	_, err = io.Copy(to, z)
	return err
}

var readers sync.Pool

// record walks the day once and returns the requests of an export of it.
func (m *minimal) record(tb testing.TB, details bool) []call {
	var calls []call
	for cursor := "null"; ; {
		c := call{http.MethodPost, "/api/v3.1/logs/tool_execution", fmt.Appendf(nil,
			`{"limit":100,"cursor":%s,"time_range":{"from":%d,"to":%d}}`, cursor, dayFrom.UnixMilli(), dayTo.UnixMilli())}
		var body bytes.Buffer
		require.NoError(tb, m.do(c, &body))
		calls = append(calls, c)
		var page struct {
			Logs []struct{ ID string }
			Next *string `json:"next_cursor"`
		}
		require.NoError(tb, json.Unmarshal(body.Bytes(), &page))
		for _, e := range page.Logs {
			if details {
				calls = append(calls, call{method: http.MethodGet, path: "/api/v3.1/logs/tool_execution/" + e.ID})
			}
		}
		if page.Next == nil {
			return calls
		}
		quoted, err := json.Marshal(*page.Next)
		require.NoError(tb, err)
		cursor = string(quoted)
	}
}

// play sends the requests again from several workers.
func (m *minimal) play(tb testing.TB, calls []call) {
	next := make(chan call, len(calls))
	for _, c := range calls {
		next <- c
	}
	close(next)
	var wg sync.WaitGroup
	for range floorWorkers {
		wg.Go(func() {
			for c := range next {
				if err := m.do(c, io.Discard); err != nil {
					tb.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// cpu is what this process has used so far, in user and system mode.
func cpu(tb testing.TB) time.Duration {
	var u syscall.Rusage
	require.NoError(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

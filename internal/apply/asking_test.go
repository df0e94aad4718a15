package apply_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/extract"
	"logferry/internal/apply"
	"logferry/internal/config"
	"logferry/internal/logsim"
)

// answering is an API without a network: what it says by the path of a request, or why it can't be reached.
type answering func(r *http.Request) (status int, body string, err error)

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	status, body, err := a(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

var errDown = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}

// toLists answers lists with ok and usage counts with a status, 0 for an API that is not there.
func toLists(list, usage int) answering {
	return func(r *http.Request) (int, string, error) {
		status, body := list, `{"logs":[],"next_cursor":null}`
		if strings.Contains(r.URL.Path, "usage") {
			status, body = usage, `{"entities":{"tool_calls":{"unit":"calls","total_quantity":"300","event_count":300}}}`
		}
		switch {
		case status == 0:
			return 0, "", errDown
		case status != http.StatusOK:
			body = `{"error":{"message":"no"}}`
		}
		return status, body, nil
	}
}

// lakeOf is a pipeline of two days for projects.
func lakeOf(t *testing.T, more string, projects ...string) *config.Pipeline {
	t.Helper()
	source := `api_key: "${KEY}"`
	if len(projects) > 0 {
		source = "projects: ["
		for _, p := range projects {
			source += fmt.Sprintf(`{name: %s, api_key: "${KEY}"}, `, p)
		}
		source += "]"
	}
	p, err := config.Parse("pipeline.yaml", fmt.Appendf(nil, `version: 1
name: asking
source: {base_url: "http://127.0.0.1:1", %s}
range: {from: 2026-04-17, to: 2026-04-19}
extract: {spool: %q}
sinks: [{name: lake, url: "file://%s"}]
%s`, source, t.TempDir(), t.TempDir(), more), config.Options{Now: clock, Env: func(string) (string, bool) { return logsim.DefaultKey, true }})
	require.NoError(t, err)
	return p
}

func TestAPreviewSaysWhetherTheAPICanBeAsked(t *testing.T) {
	for _, c := range []struct {
		name        string
		list, usage int
		unasked     string // in the error; "" for none
		warned      string // in the warning; "" for none
	}{
		{"it answers", 200, 200, "", ""},
		{"it is not there", 0, 0, "connection refused", ""},
		{"it does not accept the key", 401, 401, "401", ""},
		{"usage counts are forbidden alone", 200, 403, "", "403"},
		{"everything is forbidden", 403, 403, "403", ""},
		{"usage counts fail alone", 200, 500, "", "500"},
		{"everything fails", 503, 500, "503", ""},
		{"all is refused for the budget's sake", 429, 429, "", "429"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := lakeOf(t, "")
			synctest.Test(t, func(t *testing.T) {
				s := openFor(t, p, toLists(c.list, c.usage))
				defer s.Close()
				began := time.Now()
				pl, err := s.Preview(context.Background(), apply.PlanOptions{})
				require.LessOrEqual(t, time.Since(began), 40*time.Second)
				require.NotNil(t, pl)
				require.Len(t, pl.Steps, 2, "what has to be done is known all the same")
				if c.unasked != "" {
					var unasked *apply.UnaskedError
					require.ErrorAs(t, err, &unasked)
					require.ErrorContains(t, err, c.unasked)
					require.Empty(t, pl.Warnings, "it is said once")
					return
				}
				require.NoError(t, err)
				if c.warned == "" {
					require.Empty(t, pl.Warnings)
					require.EqualValues(t, 300, pl.Estimate.Records)
					return
				}
				require.Len(t, pl.Warnings, 1)
				require.Contains(t, pl.Warnings[0], c.warned)
			})
		})
	}
}

func openFor(t *testing.T, p *config.Pipeline, api http.RoundTripper) *apply.Session {
	s, err := apply.Open(context.Background(), p, apply.Options{
		Now: clock, Version: "test", WrapTransport: func(http.RoundTripper) http.RoundTripper { return api },
	})
	require.NoError(t, err)
	return s
}

func TestAPreviewAsksWhereUsageCountsCanNot(t *testing.T) {
	p := lakeOf(t, `reconcile: off`)
	p.Source.Filters = []config.Filter{{Field: "status", Operator: "==", Value: "failed"}}
	synctest.Test(t, func(t *testing.T) {
		s := openFor(t, p, toLists(401, 200))
		defer s.Close()
		_, err := s.Preview(context.Background(), apply.PlanOptions{})
		var unasked *apply.UnaskedError
		require.ErrorAs(t, err, &unasked)
	})
}

func TestAPreviewNamesTheProjectWhoseKeyIsRefused(t *testing.T) {
	p := lakeOf(t, "", "prod", "staging")
	asked := 0
	api := answering(func(r *http.Request) (int, string, error) {
		if asked++; asked > 1 { // prod is asked first
			return toLists(401, 401)(r)
		}
		return toLists(200, 200)(r)
	})
	synctest.Test(t, func(t *testing.T) {
		s := openFor(t, p, api)
		defer s.Close()
		pl, err := s.Preview(context.Background(), apply.PlanOptions{})
		require.ErrorContains(t, err, "for the project staging")
		require.EqualValues(t, 150, pl.Steps[0].Estimate.Records, "what prod holds is known")
	})
}

// TestPlanningGivesUpLongBeforeTheRecordsDo: an API that fails costs a run its give_up_after once, and not twice.
func TestPlanningGivesUpLongBeforeTheRecordsDo(t *testing.T) {
	for name, status := range map[string]int{"not there": 0, "failing": 500} {
		t.Run(name, func(t *testing.T) {
			p := lakeOf(t, "")
			require.Equal(t, extract.DefaultGiveUpAfter, p.Extract.GiveUpAfter)
			synctest.Test(t, func(t *testing.T) {
				s := openFor(t, p, toLists(status, status))
				defer s.Close()
				began := time.Now()
				pl, err := s.Plan(context.Background(), apply.PlanOptions{})
				require.NoError(t, err, "the records may be had later")
				require.LessOrEqual(t, time.Since(began), 10*time.Second)
				require.Len(t, pl.Warnings, 1)
			})
		})
	}
}

// TestPartitionsDoNotWaitLongForTheirUsageCount: only where a disagreement is to fail the run they do.
func TestPartitionsDoNotWaitLongForTheirUsageCount(t *testing.T) {
	for mode, most := range map[config.Reconcile]time.Duration{config.ReconcileWarn: time.Minute, config.ReconcileFail: time.Hour} {
		t.Run(string(mode), func(t *testing.T) {
			p := lakeOf(t, "")
			p.Reconcile = mode
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				_, err := apply.Run(context.Background(), p, apply.Options{
					Now: clock, Version: "test", WrapTransport: func(http.RoundTripper) http.RoundTripper { return toLists(200, 500) },
				})
				require.NoError(t, err)
				require.LessOrEqual(t, time.Since(began), most)
				if mode == config.ReconcileFail {
					require.Greater(t, time.Since(began), 10*time.Minute, "as long as for records")
				}
			})
		})
	}
}

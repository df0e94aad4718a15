// Package bench measures whole exports beside the least that any client must spend: downloading the same bytes.
//
// The simulated API runs in a process of its own, so that its CPU is not counted. Everything goes over TLS with gzip and
// HTTP/2, as against the real service.
package bench

import (
	"bufio"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"logferry/internal/logsim"
)

// The day that is exported.
var (
	dayFrom = time.Date(2026, 4, 17, 0, 0, 0, 0, time.UTC)
	dayTo   = dayFrom.Add(24 * time.Hour)
)

const (
	serverVar = "LOGFERRY_BENCH_SERVER" // set in the server's process: what it simulates, as JSON
	certVar   = "LOGFERRY_BENCH_CERT"   // the file that its certificate is written to
	exportVar = "LOGFERRY_BENCH_EXPORT" // set in the process of an export: what it exports, as JSON
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(serverVar) != "":
		serve()
	case os.Getenv(exportVar) != "":
		exportAlone()
	default:
		os.Exit(m.Run())
	}
}

// simulated says what a server simulates: records of the day, and no rate limit.
type simulated struct {
	Records       int
	MedianPayload int           // bytes
	MaxPayload    int           // bytes; 0 is the simulator's default
	LargeShare    float64       // of payloads near MaxPayload
	Latency       time.Duration // of every answer
}

func (s simulated) options() logsim.Options {
	d := logsim.Delay{Base: s.Latency}
	return logsim.Options{
		Seed: 7,
		Records: logsim.Records{
			Count: s.Records, From: dayFrom, To: dayTo,
			MedianPayload: s.MedianPayload, MaxPayload: s.MaxPayload, LargeShare: s.LargeShare,
		},
		Rate:    logsim.Rate{Limit: -1},
		Latency: logsim.Latency{List: d, Detail: d, Usage: d},
	}
}

// serve is the server's process. It ends when its standard input does.
func serve() {
	var s simulated
	err := json.Unmarshal([]byte(os.Getenv(serverVar)), &s)
	if err != nil {
		panic(err)
	}
	sim, err := logsim.New(s.options())
	if err != nil {
		panic(err)
	}
	srv := httptest.NewUnstartedServer(sim)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(os.Getenv(certVar), block, 0o600); err != nil {
		panic(err)
	}
	fmt.Println(srv.URL)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// startServer starts the server's process and makes this one trust it.
func startServer(tb testing.TB, records, medianPayload int) (url string) {
	return startSimulated(tb, simulated{Records: records, MedianPayload: medianPayload})
}

func startSimulated(tb testing.TB, s simulated) (url string) {
	tb.Helper()
	what, err := json.Marshal(s)
	require.NoError(tb, err)
	cert := filepath.Join(tb.TempDir(), "cert.pem")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serverVar+"="+string(what), certVar+"="+cert)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(tb, err)
	out, err := cmd.StdoutPipe()
	require.NoError(tb, err)
	require.NoError(tb, cmd.Start())
	tb.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(tb, err)
	tb.Setenv("SSL_CERT_FILE", cert)
	return strings.TrimSpace(line)
}

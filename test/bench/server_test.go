// Package bench measures whole exports beside the least that any client must spend: downloading the same bytes.
//
// The simulated API runs in a process of its own, so that its CPU is not counted. Everything goes over TLS with gzip and
// HTTP/2, as against the real service.
package bench

import (
	"bufio"
	"encoding/pem"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
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
	serverVar  = "LOGFERRY_BENCH_RECORDS" // set in the server's process: how many records it has
	certVar    = "LOGFERRY_BENCH_CERT"    // the file that its certificate is written to
	payloadVar = "LOGFERRY_BENCH_PAYLOAD" // median payload, bytes
)

func TestMain(m *testing.M) {
	if os.Getenv(serverVar) != "" {
		serve()
		return
	}
	os.Exit(m.Run())
}

// serve is the server's process. It ends when its standard input does.
func serve() {
	count, _ := strconv.Atoi(os.Getenv(serverVar))
	payload, _ := strconv.Atoi(os.Getenv(payloadVar))
	sim, err := logsim.New(logsim.Options{
		Seed:    7,
		Records: logsim.Records{Count: count, From: dayFrom, To: dayTo, MedianPayload: payload},
		Rate:    logsim.Rate{Limit: -1},
	})
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
	tb.Helper()
	cert := filepath.Join(tb.TempDir(), "cert.pem")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", serverVar, records), fmt.Sprintf("%s=%d", payloadVar, medianPayload), certVar+"="+cert)
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

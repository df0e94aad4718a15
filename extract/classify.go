package extract

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"
)

// class is what to do after an attempt.
type class uint8

const (
	done       class = iota
	retry            // try again after a backoff
	retryAfter       // try again, not before the time that the answer named
	permanent        // this request never succeeds; others may
	fatal            // no request of this client succeeds
	stopped          // the caller's context ended
)

// verdict is the outcome of one attempt.
type verdict struct {
	class     class
	after     time.Duration // for retryAfter
	err       error         // nil for done
	malformed bool          // the API's own answer can't be read: worth few retries, see maxMalformed
	throttled bool          // a 429: waiting for the budget is not the request's failure, see maxThrottled
}

// classifyStatus decides by HTTP status. hasAfter says whether the answer carries a Retry-After.
func classifyStatus(op Op, status int, hasAfter bool) class {
	switch {
	case status/100 == 2:
		return done
	case status == http.StatusUnauthorized:
		return fatal
	case status == http.StatusForbidden:
		// A list that is forbidden stays so for every page; a single detail or the usage may be forbidden alone.
		if op == OpList {
			return fatal
		}
		return permanent
	case status == http.StatusTooManyRequests:
		return retryAfter
	case status == http.StatusServiceUnavailable && hasAfter:
		return retryAfter
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		return retry
	case status/100 == 3:
		return fatal // see transport.go: no redirect is followed
	}
	return permanent
}

// rejectsCursor says whether an error means that the request's cursor is expired or not accepted.
func rejectsCursor(err error) bool {
	var e *APIError
	if !errors.As(err, &e) || e.Op != OpList {
		return false
	}
	switch e.Status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusGone, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// classifyTransport wraps the error of a request that brought no complete answer, and decides.
func classifyTransport(op Op, host string, err error) verdict {
	e := &UnreachableError{Op: op, Host: host, Err: err}
	v := verdict{class: retry, err: e}
	var (
		dns       *net.DNSError
		verify    *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		alert     *net.OpError
	)
	switch {
	case errors.As(err, &verify), errors.As(err, &authority), errors.As(err, &name), errors.As(err, &invalid):
		v.class = fatal
		e.hint = "the server's certificate is not trusted here: check source.base_url, the clock, and the system's certificates (SSL_CERT_FILE)"
	case errors.As(err, &record):
		v.class = fatal
		e.hint = "the server does not speak TLS on this port: check the scheme and port of source.base_url"
	case errors.As(err, &alert) && alert.Op == "remote error": // an alert, whose type crypto/tls keeps to itself
		e.hint = "the server, or a proxy on the way, refuses this TLS connection: it has to speak TLS 1.2 or newer"
	case errors.As(err, &dns):
		e.hint = "the name can't be resolved: check source.base_url and the network"
	case errors.Is(err, syscall.ECONNREFUSED):
		e.hint = "nothing accepts connections there: check host and port of source.base_url, and HTTPS_PROXY"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		e.hint = "the connection took too long: check the network and HTTPS_PROXY"
	}
	return v
}

// neverReached says whether an error shows that no connection came about.
func neverReached(err error) bool {
	var dns *net.DNSError
	var op *net.OpError
	return errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial"
}

// maxRetryAfter bounds what a Retry-After may ask for. The largest window seen is 600 s.
const maxRetryAfter = 24 * time.Hour

// serverTime is what the server's clock showed when it sent the header, which may differ from ours by any amount; without
// a Date it is ours.
func serverTime(h http.Header, now time.Time) time.Time {
	if at, err := http.ParseTime(h.Get("Date")); err == nil {
		return at
	}
	return now
}

// parseRetryAfter reads a Retry-After value, seconds or an HTTP date (RFC 9110, 10.2.3), bounded to [0, maxRetryAfter]. now
// is the server's time.
func parseRetryAfter(value string, now time.Time) (time.Duration, bool) {
	if value == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		if !(seconds >= 0) { // negative or NaN
			return 0, false
		}
		return time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second)), true
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter), true
	}
	return 0, false
}

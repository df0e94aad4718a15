package bucket

import (
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// allowHTTP is the parameter of a bucket URL that allows plain http. It is taken out before Go CDK sees the URL.
const allowHTTP = "allow_http"

// PlainError says that a store would be spoken to without TLS.
type PlainError struct {
	Endpoint string // scheme and host
	From     string // what names it: a parameter of the URL or an environment variable
}

func (e *PlainError) Error() string {
	return fmt.Sprintf("%s (%s) has no TLS: what is exported, and perhaps a credential, would be readable on the way", e.Endpoint, e.From)
}

// Hint says what the user can do.
func (*PlainError) Hint() string {
	return "write an https endpoint, or allow plain http by allow_http=true in the bucket's URL"
}

// requireTLS refuses endpoints without TLS, but on this machine, and takes allow_http out of the URL.
func requireTLS(u *url.URL) error {
	query := u.Query()
	allowed := query.Get(allowHTTP) == "true"
	if query.Has(allowHTTP) {
		query.Del(allowHTTP)
		u.RawQuery = query.Encode()
	}
	endpoint, from := plainEndpoint(u.Scheme, query)
	if endpoint == "" || allowed || onThisMachine(endpoint) {
		return nil
	}
	return &PlainError{Endpoint: endpoint, From: from}
}

// named is an endpoint, or what decides over one, and what it stands in.
type named struct{ value, from string }

func variable(name string) named { return named{os.Getenv(name), name} }

// first returns the one that counts: the first that says anything.
func first(of ...named) named {
	for _, n := range of {
		if n.value != "" {
			return n
		}
	}
	return named{}
}

// plainEndpoint returns the endpoint of a store that would be spoken to in plain http, and what names it. Parameters and
// variables are those that Go CDK's drivers and the stores' clients read, in their order.
func plainEndpoint(scheme string, query url.Values) (endpoint, from string) {
	parameter := func(name string) named { return named{query.Get(name), name} }
	switch scheme {
	case "s3":
		at := first(parameter("endpoint"), variable("AWS_ENDPOINT_URL_S3"), variable("AWS_ENDPOINT_URL"))
		if strings.HasPrefix(strings.ToLower(at.value), "http://") {
			return at.value, at.from
		}
		if off, err := strconv.ParseBool(query.Get("disable_https")); err == nil && off && at.value == "" {
			return "http://amazonaws.com", "disable_https"
		}
	case "gs":
		if at := variable("STORAGE_EMULATOR_HOST"); at.value != "" && !strings.HasPrefix(at.value, "https://") {
			return "http://" + strings.TrimPrefix(at.value, "http://"), at.from
		}
	case "azblob":
		protocol := first(parameter("protocol"), variable("AZURE_STORAGE_PROTOCOL"))
		if protocol.value == "http" {
			return "http://" + first(parameter("domain"), variable("AZURE_STORAGE_DOMAIN"), named{value: "blob.core.windows.net"}).value, protocol.from
		}
		for _, at := range []named{variable("AZURE_STORAGE_CONNECTION_STRING"), variable("AZURE_STORAGEBLOB_CONNECTIONSTRING")} {
			if host, plain := plainAzure(at.value); plain && protocol.value == "" {
				return "http://" + host, at.from
			}
		}
	}
	return "", ""
}

// plainAzure reads an Azure connection string, and says whether it asks for http, and of which host.
func plainAzure(connection string) (host string, plain bool) {
	for part := range strings.SplitSeq(connection, ";") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "DefaultEndpointsProtocol":
			plain = plain || value == "http"
		case "BlobEndpoint":
			u, err := url.Parse(value)
			if err == nil {
				host = u.Host
			}
			plain = plain || err == nil && u.Scheme == "http"
		}
	}
	return host, plain
}

// onThisMachine says whether an endpoint is a loopback address.
func onThisMachine(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && addr.IsLoopback()
}

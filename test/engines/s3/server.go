// Package s3 runs a real S3 server inside of a test process.
package s3

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"
)

// What requests are signed with, in the variables that the vendor's client reads.
const (
	keyID  = "logferry"
	secret = "logferry-in-a-test"
	region = "us-east-1"
)

// startTime is how long the server may take until it listens, and startTries how many ports may be taken by others meanwhile.
const (
	startTime  = 30 * time.Second
	startTries = 10
)

// Server is an S3 server whose buckets are folders, and whose objects are plain files in them. A process can have one.
type Server struct {
	dir  string // holds a folder for each bucket
	addr string
}

// Start starts a server that keeps its buckets below dir, and returns when it listens. It changes the working folder of the
// process. The server ends with the process: asked to end, it waits for every idle connection.
func Start(dir string) (*Server, error) { return startAt(dir, freeAddr) }

// startAt tries addresses until one is not taken: the server takes no listener, so that another process may be faster.
func startAt(dir string, next func() (string, error)) (*Server, error) {
	var errs []error
	for range startTries {
		addr, err := next()
		if err != nil {
			return nil, err
		}
		s, err := listen(dir, addr)
		if err == nil || !errors.Is(err, syscall.EADDRINUSE) {
			return s, err
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// listen starts the server at an address.
func listen(dir, addr string) (*Server, error) {
	files, err := open(dir)
	if err != nil {
		return nil, err
	}
	listening, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- embedgw.RunVersityGW(context.Background(), layers(files), &embedgw.Config{
			RootUserAccess: keyID, RootUserSecret: secret, Ports: []string{addr}, KeepAlive: true,
			MaxConnections: 4096, MaxRequests: 4096, MultipartMaxParts: 10_000, Quiet: true,
			S3Options: []s3api.Option{s3api.WithOnListen(func() { close(listening) })},
		})
	}()
	select {
	case <-listening:
		return &Server{dir: bucketsOf(dir), addr: addr}, nil
	case err := <-ended:
		return nil, fmt.Errorf("the server has ended: %w", err)
	case <-time.After(startTime):
		return nil, fmt.Errorf("the server does not listen at %s", addr)
	}
}

func bucketsOf(dir string) string { return filepath.Join(dir, "buckets") }

// open makes the folders of a server and opens them.
func open(dir string) (backend.Backend, error) {
	attributed, versions := filepath.Join(dir, "attributes"), filepath.Join(dir, "versions")
	for _, folder := range []string{bucketsOf(dir), attributed, versions} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return nil, err
		}
	}
	store, err := attributes(bucketsOf(dir), attributed)
	if err != nil {
		return nil, err
	}
	files, err := posix.New(bucketsOf(dir), store, posix.PosixOpts{
		CopyObjectThreshold: 5 << 30, Concurrency: 256, VersioningDir: versions,
	})
	if err != nil {
		return nil, fmt.Errorf("open the server's folder: %w", err)
	}
	return files, nil
}

// layers are what some buckets do otherwise.
func layers(files backend.Backend) backend.Backend {
	return &indexed{Backend: forgetful{&marked{Backend: &keeping{Backend: files}}}, pages: map[string]page{}}
}

// attributes is where the server keeps what S3 knows of an object besides its content: in the file itself, where the file
// system can do that.
func attributes(buckets, otherwise string) (meta.MetadataStorer, error) {
	if err := (meta.XattrMeta{}).Test(buckets); err == nil {
		return meta.XattrMeta{}, nil
	}
	return meta.NewSideCar(otherwise)
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// Env are the environment variables that give the vendor's client its credentials, and keep it off those of this machine.
func Env() map[string]string {
	return map[string]string{
		"AWS_ACCESS_KEY_ID": keyID, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": "", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	}
}

// Make makes a bucket and returns its folder, in which a plain file is an object.
func (s *Server) Make(bucket string) (folder string, err error) {
	folder = filepath.Join(s.dir, bucket)
	return folder, os.Mkdir(folder, 0o755)
}

// Addr is where the server listens.
func (s *Server) Addr() string { return s.addr }

// URL is the URL of a prefix in a bucket, as a sink takes it, of the server or of what stands before it at addr.
func URL(addr, bucket, prefix string) string {
	query := url.Values{"region": {region}, "endpoint": {"http://" + addr}, "use_path_style": {"true"}}
	return (&url.URL{Scheme: "s3", Host: bucket, Path: prefix, RawQuery: query.Encode()}).String()
}

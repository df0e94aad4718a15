// Package s3 runs a real S3 server inside of a test process.
package s3

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

// What requests are signed with, in the variables that the vendor's client reads.
const (
	keyID  = "logferry"
	secret = "logferry-in-a-test"
	region = "us-east-1"
)

// startTime is how long the server may take to answer its first request.
const startTime = 30 * time.Second

// Server is an S3 server whose buckets are folders, and whose objects are plain files in them. A process can have one.
type Server struct {
	dir  string // holds a folder for each bucket
	addr string
}

// Start starts a server that keeps its buckets below dir, and returns when it answers. It changes the working folder of the
// process. The server ends with the process: asked to end, it waits for every idle connection.
func Start(dir string) (*Server, error) {
	folders := map[string]string{"buckets": "", "attributes": "", "versions": ""}
	for name := range folders {
		folders[name] = filepath.Join(dir, name)
		if err := os.MkdirAll(folders[name], 0o755); err != nil {
			return nil, err
		}
	}
	store, err := attributes(folders["buckets"], folders["attributes"])
	if err != nil {
		return nil, err
	}
	files, err := posix.New(folders["buckets"], store, posix.PosixOpts{
		CopyObjectThreshold: 5 << 30, Concurrency: 256, VersioningDir: folders["versions"],
	})
	if err != nil {
		return nil, fmt.Errorf("open the server's folder: %w", err)
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() {
		ended <- embedgw.RunVersityGW(context.Background(), &indexed{Backend: forgetful{&marked{Backend: files}}, pages: map[string]page{}}, &embedgw.Config{
			RootUserAccess: keyID, RootUserSecret: secret, Ports: []string{addr}, KeepAlive: true, HealthPath: "/healthz",
			MaxConnections: 4096, MaxRequests: 4096, MultipartMaxParts: 10_000, Quiet: true,
		})
	}()
	return &Server{dir: folders["buckets"], addr: addr}, answers(addr, ended)
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

// answers waits for the first answer of the server, or for its end.
func answers(addr string, ended <-chan error) error {
	end := time.Now().Add(startTime)
	for {
		r, err := http.Get("http://" + addr + "/healthz")
		if err == nil {
			return r.Body.Close()
		}
		select {
		case err := <-ended:
			return fmt.Errorf("the server has ended: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(end) {
			return fmt.Errorf("the server does not answer: %w", err)
		}
	}
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

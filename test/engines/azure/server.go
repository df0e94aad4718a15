// Package azure runs Azurite, the vendor's own server for tests, as a child process.
package azure

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

// The accounts of the server. The tests have the key of the first one.
const (
	Account = "logferry"
	Other   = "stranger"
)

var (
	key      = base64.StdEncoding.EncodeToString([]byte("logferry-in-a-test"))
	otherKey = base64.StdEncoding.EncodeToString([]byte("nobody-knows-it"))
)

// How long the server may take. They bound what tests wait for it.
var (
	startTime  = time.Minute      // until it listens
	answerTime = time.Minute      // for an answer, however busy it is
	lookEvery  = 5 * time.Second  // whether it answers
	endTime    = 10 * time.Second // until it has ended once its input has
)

// ErrAbsent says that there is nothing to start.
var ErrAbsent = errors.New("azurite is not installed: test/engines/azure/install.sh does that where node is present")

// Server keeps its containers in memory, and refuses what it does not know.
type Server struct {
	process *exec.Cmd
	input   io.Closer // the server ends with it
	said    *output
	addr    string
	ended   chan struct{} // closed once the process has
	closing chan struct{}
	watched chan struct{} // closed once nobody looks after it any more
	hung    error
}

// Start starts the server that is installed in the folder, on a port that it chooses itself, and returns when it listens.
// The caller closes it. It ends with this process too, and when it answers no more, so that whoever waits for it is told. The
// error is ErrAbsent where it is not installed.
func Start(folder string) (*Server, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, ErrAbsent
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules", ".installed-lock.json")); err != nil {
		return nil, ErrAbsent
	}
	process := exec.Command(node, filepath.Join(folder, "serve.cjs"), "--blobHost", "127.0.0.1", "--blobPort", "0",
		"--inMemoryPersistence", "--disableTelemetry", "--silent")
	process.Dir = os.TempDir()
	process.Env = append(os.Environ(), "AZURITE_ACCOUNTS="+Account+":"+key+";"+Other+":"+otherKey)
	process.WaitDelay = endTime // for children of its own that keep its output open
	s := &Server{process: process, said: newOutput(), ended: make(chan struct{}), closing: make(chan struct{}), watched: make(chan struct{})}
	process.Stdout, process.Stderr = s.said, s.said
	if s.input, err = process.StdinPipe(); err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(s.ended)
		_ = process.Wait() // what it said tells more
	}()
	select {
	case s.addr = <-s.said.listens:
		go s.watch()
		return s, nil
	case <-s.ended:
		select {
		case s.addr = <-s.said.listens: // it listened, and has ended since
			go s.watch()
			return s, nil
		default:
			return nil, s.failed("has ended")
		}
	case <-time.After(startTime):
		s.end()
		return nil, s.failed(fmt.Sprintf("does not listen after %v", startTime))
	}
}

func (s *Server) failed(what string) error {
	return fmt.Errorf("azurite %s; it said:\n%s", what, s.said)
}

// watch ends the server when it does not answer.
func (s *Server) watch() {
	defer close(s.watched)
	client := &http.Client{Timeout: answerTime}
	defer client.CloseIdleConnections()
	for {
		select {
		case <-s.closing:
			return
		case <-s.ended:
			s.hung = s.failed("has ended")
			return
		case <-time.After(lookEvery):
		}
		r, err := client.Get("http://" + s.addr + "/")
		if err == nil {
			err = r.Body.Close()
		}
		if err != nil {
			s.hung = s.failed("does not answer: " + err.Error())
			_ = s.process.Process.Kill()
			return
		}
	}
}

// end ends the process, and says whether it did so by itself.
func (s *Server) end() bool {
	_ = s.input.Close()
	select {
	case <-s.ended:
		return true
	case <-time.After(endTime):
	}
	_ = s.process.Process.Kill()
	<-s.ended
	return false
}

// Close ends the server. The error says that it had ended before, had to be ended, or did not end by itself, and what it has said.
func (s *Server) Close() error {
	close(s.closing)
	<-s.watched
	if !s.end() {
		return errors.Join(s.hung, s.failed(fmt.Sprintf("does not end within %v", endTime)))
	}
	return s.hung
}

// Addr is where it listens.
func (s *Server) Addr() string { return s.addr }

// Env are the environment variables that give the vendor's client its credentials. It reads them once in a process.
func Env() map[string]string {
	return map[string]string{
		"AZURE_STORAGE_ACCOUNT": Account, "AZURE_STORAGE_KEY": key, "AZURE_STORAGE_SAS_TOKEN": "",
		"AZURE_STORAGE_CONNECTION_STRING": "", "AZURE_STORAGEBLOB_CONNECTIONSTRING": "",
	}
}

// Make makes a container.
func (s *Server) Make(name string) error {
	c, err := s.client(name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	_, err = c.Create(ctx, nil)
	return err
}

// Unfinished are the keys of objects of which blocks were sent that belong to no object yet.
func (s *Server) Unfinished(ctx context.Context, name string) (keys []string, err error) {
	c, err := s.client(name)
	if err != nil {
		return nil, err
	}
	pages := c.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Include: container.ListBlobsInclude{UncommittedBlobs: true}})
	for pages.More() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, b := range page.Segment.BlobItems {
			if b.Properties.ETag == nil || *b.Properties.ETag == "" || *b.Properties.ContentLength == 0 {
				keys = append(keys, *b.Name)
			}
		}
	}
	return keys, nil
}

func (s *Server) client(name string) (*container.Client, error) {
	credential, err := container.NewSharedKeyCredential(Account, key)
	if err != nil {
		return nil, err
	}
	return container.NewClientWithSharedKeyCredential("http://"+s.addr+"/"+Account+"/"+name, credential, nil)
}

// URL is the URL of a prefix in a container, as a sink takes it, of an account of the server or what stands before it at addr.
func URL(addr, account, name, prefix string) string {
	query := url.Values{"protocol": {"http"}, "domain": {addr}, "localemu": {"true"}, "storage_account": {account}}
	return (&url.URL{Scheme: "azblob", Host: name, Path: "/" + strings.TrimPrefix(prefix, "/"), RawQuery: query.Encode()}).String()
}

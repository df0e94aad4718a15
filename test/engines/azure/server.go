// Package azure runs Azurite, the vendor's own server for tests, as a child process.
package azure

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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

// startTime is how long the server may take until it listens.
const startTime = time.Minute

// ErrAbsent says that there is nothing to start.
var ErrAbsent = errors.New("azurite is not installed: test/engines/azure/install.sh does that where node is present")

// Server keeps its containers in memory, and refuses what it does not know.
type Server struct {
	process *exec.Cmd
	input   io.Closer // the server ends with it
	addr    string
}

// Start starts the server that is installed in the folder, on a port that it chooses itself, and returns when it listens.
// The caller closes it. It ends with this process too. The error is ErrAbsent where it is not installed.
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
	input, err := process.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, err
	}
	s := &Server{process: process, input: input}
	if s.addr, err = listens(output); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

var listening = regexp.MustCompile(`listens on http://(\S+)`)

// listens waits for the server to say where it listens.
func listens(output io.Reader) (addr string, err error) {
	found, said := make(chan string, 1), make(chan string, 1)
	go func() {
		var all strings.Builder
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				found <- m[1]
				_, _ = io.Copy(io.Discard, output)
				return
			}
			fmt.Fprintln(&all, lines.Text())
		}
		said <- all.String()
	}()
	select {
	case addr := <-found:
		return addr, nil
	case text := <-said:
		return "", fmt.Errorf("azurite has ended: %s", text)
	case <-time.After(startTime):
		return "", errors.New("azurite does not listen")
	}
}

// Close ends the server.
func (s *Server) Close() {
	_ = s.input.Close()
	_ = s.process.Wait()
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
	if err == nil {
		_, err = c.Create(context.Background(), nil)
	}
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

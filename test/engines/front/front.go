// Package front stands before a server, and lets it die for its clients while they send something.
package front

import (
	"io"
	"net"
	"sync"
	"time"
)

// Front passes on what clients and a server say to one another.
type Front struct {
	listener net.Listener
	server   string

	mu    sync.Mutex
	left  int64 // bytes that clients may yet send; negative for any number
	dead  bool
	pairs map[net.Conn]net.Conn
}

// New stands before the server at an address. The caller closes it.
func New(server string) (*Front, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &Front{listener: listener, server: server, left: -1, pairs: map[net.Conn]net.Conn{}}
	go f.accept()
	return f, nil
}

// Addr is where it listens.
func (f *Front) Addr() string { return f.listener.Addr().String() }

// Close ends it, and all that goes through it.
func (f *Front) Close() {
	_ = f.listener.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.die()
}

// DieAfter lets the server be gone for its clients once they have sent it so many bytes more.
func (f *Front) DieAfter(bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = bytes
}

// Dead says whether the server is gone.
func (f *Front) Dead() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dead
}

// Revive lets the server be there again.
func (f *Front) Revive() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead, f.left = false, -1
}

// die ends all connections. f.mu is held.
func (f *Front) die() {
	f.dead = true
	for client, server := range f.pairs {
		_, _ = client.Close(), server.Close()
	}
	clear(f.pairs)
}

func (f *Front) accept() {
	for {
		client, err := f.listener.Accept()
		if err != nil {
			return
		}
		go f.serve(client)
	}
}

// serve passes on one connection.
func (f *Front) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.DialTimeout("tcp", f.server, 10*time.Second)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	f.mu.Lock()
	if f.dead {
		f.mu.Unlock()
		return
	}
	f.pairs[client] = server
	f.mu.Unlock()
	go func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}()
	_, _ = io.Copy(server, &counted{client, f})
	f.mu.Lock()
	delete(f.pairs, client)
	f.mu.Unlock()
}

// counted is what a client sends.
type counted struct {
	net.Conn
	front *Front
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	f := c.front
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.dead:
		return 0, net.ErrClosed
	case f.left < 0:
		return n, err
	case f.left <= int64(n):
		n = int(f.left)
		f.die()
		return n, net.ErrClosed
	}
	f.left -= int64(n)
	return n, err
}

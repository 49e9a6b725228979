package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/trace"
	"sync"
)

// fileSize is more than a reader reads of the file.
const fileSize = 64 << 10

// A site is what the crews share: a file, and a web server with a store.
type site struct {
	file   string
	url    string
	server *http.Server
	served chan error

	mu    sync.RWMutex
	store map[string][]byte
}

func openSite() (*site, error) {
	s := &site{store: make(map[string][]byte), served: make(chan error, 1)}
	f, err := os.CreateTemp("", "conctrace-big-*.data")
	if err != nil {
		return nil, err
	}
	s.file = f.Name()
	if err := errors.Join(f.Truncate(fileSize), f.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(s.file))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, os.Remove(s.file))
	}
	s.url = "http://" + l.Addr().String()
	s.server = &http.Server{Handler: s}
	go func() { s.served <- s.server.Serve(l) }()
	return s, nil
}

func (s *site) close() error {
	err := s.server.Close()
	if served := <-s.served; served != http.ErrServerClosed {
		err = errors.Join(err, served)
	}
	return errors.Join(err, os.Remove(s.file))
}

// ServeHTTP answers with what the store has, and now and then has it made anew,
// each request a task.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, task := trace.NewTask(r.Context(), "request")
	defer task.End()
	trace.Log(ctx, "path", r.URL.Path)
	var page []byte
	trace.WithRegion(ctx, "look up", func() { page = s.page(r.URL.Path) })
	if page == nil {
		page = s.render(ctx, r.URL.Path)
	}
	trace.WithRegion(ctx, "answer", func() {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write(page) // a client that is gone is the client's affair
	})
}

func (s *site) page(path string) []byte {
	s.mu.RLock()
	defer s.mu.RUnlock()
	stroke(4)
	return s.store[path]
}

// render makes a page out of parts from several goroutines.
func (s *site) render(ctx context.Context, path string) []byte {
	defer trace.StartRegion(ctx, "render").End()
	parts := make(chan string)
	for i := range 4 {
		go func() {
			stroke(4)
			parts <- fmt.Sprintf("%s: part %d\n", path, i)
		}()
	}
	var page []byte
	for range 4 {
		page = append(page, <-parts...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.store) > 100 {
		clear(s.store)
	}
	s.store[path] = page
	return page
}

// get asks for a page like a client of the server.
func (s *site) get(client *http.Client, key int) error {
	resp, err := client.Get(fmt.Sprintf("%s/item/%d", s.url, key))
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return errors.Join(err, resp.Body.Close())
}

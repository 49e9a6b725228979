// Server is a small web service under its own load, recorded for a second or
// less: a cache behind a mutex, a pool of workers, a slow backend behind two
// connections, garbage, and a task for each request.
//
//	server [-o FILE] [-requests N]
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/trace"
	"strings"
	"sync"
	"time"
)

const (
	clients      = 6
	workers      = 4
	backendConns = 2
	keys         = 40
	backendDelay = 2 * time.Millisecond
)

func main() {
	out := flag.String("o", "-", "write the trace to this `file`; - is standard output")
	requests := flag.Int("requests", 360, "requests in all")
	flag.Parse()
	if err := run(*out, *requests); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

func run(out string, requests int) error {
	runtime.GOMAXPROCS(2)
	debug.SetGCPercent(50)
	w := os.Stdout
	if out != "-" {
		var err error
		if w, err = os.Create(out); err != nil {
			return err
		}
	}
	s, err := newService()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go http.Serve(listener, s)

	if err := trace.Start(w); err != nil {
		return err
	}
	err = load("http://"+listener.Addr().String(), requests)
	trace.Stop()
	if err != nil {
		return err
	}
	return w.Close()
}

// load makes the requests from several clients, each of which keeps its
// connection.
func load(url string, requests int) error {
	errs := make(chan error, clients)
	for c := 0; c < clients; c++ {
		c := c
		go func() { errs <- client(url, c, requests/clients) }()
	}
	for c := 0; c < clients; c++ {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

func client(url string, c, requests int) error {
	h := &http.Client{Transport: &http.Transport{}}
	for i := 0; i < requests; i++ {
		resp, err := h.Get(fmt.Sprintf("%s/item/%d", url, (c*7+i*i)%keys))
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// A service answers with rendered items.
type service struct {
	cache   cache
	jobs    chan job
	backend chan *bufio.ReadWriter // the idle connections
}

type job struct {
	ctx   context.Context
	key   string
	reply chan string
}

func newService() (*service, error) {
	addr, err := startBackend()
	if err != nil {
		return nil, err
	}
	s := &service{
		cache:   cache{items: map[string]string{}},
		jobs:    make(chan job),
		backend: make(chan *bufio.ReadWriter, backendConns),
	}
	for i := 0; i < backendConns; i++ {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return nil, err
		}
		s.backend <- bufio.NewReadWriter(bufio.NewReader(c), bufio.NewWriter(c))
	}
	for i := 0; i < workers; i++ {
		go s.work()
	}
	return s, nil
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, task := trace.NewTask(r.Context(), "request")
	defer task.End()
	key := strings.TrimPrefix(r.URL.Path, "/item/")
	trace.Log(ctx, "key", key)

	item, ok := s.cache.get(key)
	if !ok {
		item = s.fetch(ctx, key)
		s.cache.put(key, item)
	}
	defer trace.StartRegion(ctx, "render").End()
	io.WriteString(w, render(item))
}

// fetch hands a key to a worker and waits for its reply.
func (s *service) fetch(ctx context.Context, key string) string {
	defer trace.StartRegion(ctx, "fetch").End()
	j := job{ctx, key, make(chan string, 1)}
	s.jobs <- j
	return <-j.reply
}

// work is the loop of a worker: it asks the backend over one of its connections.
func (s *service) work() {
	for j := range s.jobs {
		conn := <-s.backend
		trace.WithRegion(j.ctx, "query", func() {
			fmt.Fprintln(conn, j.key)
			conn.Flush()
			line, err := conn.ReadString('\n')
			if err != nil {
				line = err.Error()
			}
			j.reply <- line
		})
		s.backend <- conn
	}
}

// render makes some garbage.
func render(item string) string {
	var items []map[string]string
	for i := 0; i < 60; i++ {
		items = append(items, map[string]string{"item": item, "n": fmt.Sprint(i)})
	}
	b, err := json.Marshal(items)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// A cache forgets everything when it is half full, so that some requests miss.
type cache struct {
	mu    sync.Mutex
	items map[string]string
}

func (c *cache) get(key string) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A lock held too long, for someone to find.
	_ = render(key)
	item, ok := c.items[key]
	return item, ok
}

func (c *cache) put(key, item string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.items) > keys/2 {
		c.items = map[string]string{}
	}
	c.items[key] = item
}

// startBackend listens for lines and answers each after a delay, as a database
// might.
func startBackend() (addr string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answer(c)
		}
	}()
	return l.Addr().String(), nil
}

func answer(c net.Conn) {
	defer c.Close()
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		time.Sleep(backendDelay)
		fmt.Fprintf(c, "row of %s\n", lines.Text())
	}
}

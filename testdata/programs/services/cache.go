package main

import (
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

var cacheOneLock = service{
	Name: "cache-one-lock", Procs: 2,
	Doc:    "A web service whose handlers share a cache of pages with one mutex: (*PageCache).Get renders a page, 3 ms of computing and JSON, while it has the lock. Eight clients ask every 20 ms, which is 1.2 ms of work under the lock in a millisecond: the handlers queue for it while the second processor idles.",
	Expect: []string{"lock-serialises", "lock-convoy"}, Culprit: "main.(*PageCache).Get",
	idle:   true,
	before: func() { startServing(&pageCache, 8, 20*time.Millisecond, 0) },
	run:    serve,
}

var cacheSharded = service{
	Name: "cache-sharded", Procs: 2, Twin: "cache-one-lock",
	Doc:    "The same, but the cache has 16 locks, by the page's number, and renders before it takes one of them: 1.2 ms of work in a millisecond for two processors, and nobody waits for a lock. Healthy.",
	idle:   true,
	before: func() { startServing(&shardedCache, 8, 20*time.Millisecond, 0) },
	run:    serve,
}

// nextPage makes every request one for another page.
var nextPage atomic.Int64

type page struct {
	Number int64
	Words  []string
}

func renderPage(n int64) []byte {
	burn(2.8)
	p := page{Number: n}
	for range 200 {
		p.Words = append(p.Words, "lorem", "ipsum", "dolor")
	}
	return must(json.Marshal(p))
}

// PageCache has one lock for everything.
type PageCache struct {
	mu    sync.Mutex
	pages map[int64][]byte
}

var pageCache PageCache

// Get renders under the lock.
func (c *PageCache) Get(n int64) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.pages[n]; ok {
		return p
	}
	if c.pages == nil {
		c.pages = map[int64][]byte{}
	}
	p := renderPage(n)
	c.pages[n] = p
	return p
}

func (c *PageCache) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Write(c.Get(nextPage.Add(1)))
}

// ShardedCache has a lock for each of its shards, and only for the map.
type ShardedCache struct {
	shards [16]struct {
		mu    sync.Mutex
		pages map[int64][]byte
	}
}

var shardedCache ShardedCache

// Get renders without a lock.
func (c *ShardedCache) Get(n int64) []byte {
	s := &c.shards[n%int64(len(c.shards))]
	s.mu.Lock()
	p, ok := s.pages[n]
	s.mu.Unlock()
	if ok {
		return p
	}
	p = renderPage(n)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pages == nil {
		s.pages = map[int64][]byte{}
	}
	s.pages[n] = p
	return p
}

func (c *ShardedCache) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Write(c.Get(nextPage.Add(1)))
}

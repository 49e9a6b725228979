package main

import (
	"context"
	"net/http"
	"runtime/trace"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

var stampede = service{
	Name: "stampede", Procs: 2,
	Doc:    "A web service answers from a value that takes 5 ms to compute and is good for 5 ms. Twelve clients ask every 12 ms; all handlers that find it expired compute it, each for itself in computeRanking, up to twelve at once: both processors are busy with the same most of the time, and handlers are ready without one.",
	Expect: []string{"processors-saturated", "oversubscribed-fan-out", "cpu-hog-delays-io", "long-run"}, Culprit: "main.computeRanking",
	idle:   true,
	before: func() { startServing(http.HandlerFunc(ranking.serveEach), 12, 12*time.Millisecond, 0) },
	run:    serve,
}

var singleFlight = service{
	Name: "singleflight", Procs: 2, Twin: "stampede",
	Doc:    "The same with golang.org/x/sync/singleflight: the first handler that finds the value expired computes it, the others wait for that one computation, which they all need. Half a processor is busy with it. Healthy: what the handlers wait for is no lock that should be split, and not too narrow.",
	idle:   true,
	before: func() { startServing(http.HandlerFunc(ranking.serveOnce), 12, 12*time.Millisecond, 0) },
	run:    serve,
}

// expiring is a value that is good for a while.
type expiring struct {
	mu    sync.Mutex
	value []byte
	until time.Time

	flight singleflight.Group
}

var ranking expiring

func (e *expiring) get() ([]byte, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.value, time.Now().Before(e.until)
}

func (e *expiring) refresh() []byte {
	v := computeRanking()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.value, e.until = v, time.Now().Add(5*time.Millisecond)
	return v
}

func (e *expiring) serveEach(w http.ResponseWriter, r *http.Request) {
	v, ok := e.get()
	if !ok {
		v = e.refresh()
	}
	w.Write(v)
}

func (e *expiring) serveOnce(w http.ResponseWriter, r *http.Request) {
	v, ok := e.get()
	if !ok {
		fresh, _, _ := e.flight.Do("ranking", func() (any, error) { return e.refresh(), nil })
		v = fresh.([]byte)
	}
	w.Write(v)
}

// computeRanking has a region for each of its five parts of 1 ms.
func computeRanking() []byte {
	for range 5 {
		r := trace.StartRegion(context.Background(), "rank")
		burn(1)
		r.End()
	}
	return strconv.AppendInt(nil, time.Now().UnixNano(), 10)
}

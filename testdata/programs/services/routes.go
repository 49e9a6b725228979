package main

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

var routeTableLocked = service{
	Name: "route-table", Procs: 2,
	Doc:    "A web service looks up where to forward a request in a table behind an RWMutex, and holds it for reading during the whole request in (*router).ServeHTTP, which waits 2, 3 or 8 ms for a backend. Every 10 ms (*router).refresh takes it for writing, for 0.2 ms: it must wait for the slowest of the requests, and those that come meanwhile wait behind it, with both processors idle. Eight clients ask every 10 ms.",
	Expect: []string{"reader-writer-stall"}, Culprit: "main.(*router).ServeHTTP",
	idle: true,
	before: func() {
		startServing(&lockedRouter, 8, 10*time.Millisecond, 8)
		go lockedRouter.refreshLoop()
	},
	run: serve,
}

var routeTableSwapped = service{
	Name: "route-table-swapped", Procs: 2, Twin: "route-table",
	Doc:  "The same with an atomic.Pointer to the table: requests take no lock, and the refresher swaps a new table in. Healthy, bound by the backend.",
	idle: true,
	before: func() {
		swappedRouter.table.Store(makeTable())
		startServing(&swappedRouter, 8, 10*time.Millisecond, 8)
		go swappedRouter.refreshLoop()
	},
	run: serve,
}

const refreshEvery = 10 * time.Millisecond

// table says how long the backend takes for a route.
type table []byte

func makeTable() *table { return &table{2, 3, 2, 8} } // ms

// nextRoute makes every request one for another route.
var nextRoute atomic.Uint32

// forward asks the backend and computes a little.
func forward(w http.ResponseWriter, t *table) {
	burn(0.2)
	if err := callBackend((*t)[nextRoute.Add(1)%uint32(len(*t))]); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Write([]byte("forwarded"))
}

type router struct {
	mu    sync.RWMutex
	table table
}

var lockedRouter = router{table: *makeTable()}

// ServeHTTP holds the lock while it waits for the backend.
func (r *router) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	forward(w, &r.table)
}

func (r *router) refreshLoop() {
	for range time.Tick(refreshEvery) {
		r.refresh()
	}
}

func (r *router) refresh() {
	r.mu.Lock()
	defer r.mu.Unlock()
	burn(0.2)
	copy(r.table, *makeTable())
}

type swapRouter struct{ table atomic.Pointer[table] }

var swappedRouter swapRouter

func (r *swapRouter) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	forward(w, r.table.Load())
}

func (r *swapRouter) refreshLoop() {
	for range time.Tick(refreshEvery) {
		r.refresh()
	}
}

func (r *swapRouter) refresh() {
	burn(0.2)
	r.table.Store(makeTable())
}
